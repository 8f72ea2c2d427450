//! Users, for admins.

use serde_json::json;

use super::sessions::{FILES, WHOLE_LIST};
use crate::web::http::export::As;
use crate::web::http::replies::{UserChanged, WasChanged};
use crate::web::openapi::access::Access;
use crate::web::openapi::operation::{Operation, Shape, get, post};
use crate::web::pages::made_link::LinkShown;
use crate::web::rooms::admin::add_user;
use crate::web::rooms::admin::edit_details::DetailsJson;
use crate::web::rooms::admin::rename_user;
use crate::web::rooms::admin::user::UserDetails;
use crate::web::rooms::admin::user_act::{ActForm, ResetWithLink};
use crate::web::rooms::admin::user_groups::GroupsJson;
use crate::web::rooms::admin::users::{self, Users};

pub(in crate::web::openapi) fn operations() -> Vec<Operation> {
    vec![
        get("/admin/users", "users", "All users")
            .by(Access::ADMIN)
            .query::<users::Asked>(&["name", "role", "state", "factor", "imported", "after"])
            .answers::<Users<'_>>(200, "50 users, by name.")
            .and_browsers(),
        get("/admin/users/export", "export_users", "All users as a file")
            .by(Access::ADMIN)
            .query::<users::Asked>(&["name", "role", "state", "factor", "imported"])
            .query::<As>(&["format"])
            .answers_text(&FILES, WHOLE_LIST)
            .headers(&["Content-Disposition"]),
        post("/admin/users/add", "add_user", "Add a user")
            .by(Access::FRESH_ADMIN)
            .more("`mail` only if Portero sends mail.")
            .takes_only::<add_user::Asked>(&["username", "role", "mail"])
            .example(json!({ "username": "jordi", "role": "user" }))
            .answers::<LinkShown<'_>>(201, "The link by which they choose a password.")
            .such_as(json!({
                "username": "jordi",
                "link": "https://login.example.org/invitation#t=Zm9yIG9uZSBwZXJzb24",
                "expires_at": 1_796_376_600,
            }))
            .and_browsers(),
        get("/admin/users/{id}", "user", "A user")
            .by(Access::ADMIN)
            .answers::<UserDetails<'_>>(200, "The user, with their groups and second factors.")
            .and_browsers(),
        post("/admin/users/{id}/rename", "rename_user", "Rename a user")
            .by(Access::FRESH_ADMIN)
            .takes_only::<rename_user::Asked>(&["new_name"])
            .example(json!({ "new_name": "beatriz" }))
            .answers::<UserChanged>(200, "Their sessions have ended.")
            .such_as(json!({ "changed": true, "sessions_ended": 1 }))
            .and_browsers(),
        post("/admin/users/{id}/details", "edit_user", "Change what is noted of a user")
            .by(Access::FRESH_ADMIN)
            .more("A member that is missing stays as it is; one that is empty is taken away.")
            .takes::<DetailsJson>()
            .example(json!({ "display_name": "Beatriz Puig", "notes": "Office 12" }))
            .answers::<WasChanged>(200, "Whether there was anything to change.")
            .such_as(json!({ "changed": true }))
            .and_browsers(),
        post("/admin/users/{id}/groups", "set_user_groups", "Put a user into groups")
            .by(Access::FRESH_ADMIN)
            .takes::<GroupsJson>()
            .example(json!({ "groups": ["readers"] }))
            .answers::<WasChanged>(200, "They are in these groups and in no others.")
            .such_as(json!({ "changed": true }))
            .and_browsers(),
        post("/admin/users/{id}/reset-factors", "reset_factors", "Take a user’s second factors away")
            .by(Access::STRONG_ADMIN)
            .answers_one_of(
                200,
                "They are gone, and so are the user's sessions. Where policy asks for a second factor: a link to set up another.",
                vec![Shape::of::<UserChanged>(), Shape::of::<ResetWithLink>()],
            )
            .and_browsers(),
        post("/admin/users/{id}/enrolment-link", "new_enrolment_link", "Make a link to set up a second factor")
            .by(Access::STRONG_ADMIN)
            .answers::<LinkShown<'_>>(201, "The link. Those before it are void.")
            .and_browsers(),
        post("/admin/users/{id}/{act}", "user_act", "Do something about a user")
            .by(Access::FRESH_ADMIN)
            .more(
                "`link`: make a new one-time link. `make-admin`, `make-user`: set the role. `schedule`: shut out from `date` on; \
                 empty takes that back. `disable`, `enable`. `forget-browsers`: remember none of their browsers. `delete`, with their \
                 `name` typed; `restore`.",
            )
            .may_take::<ActForm>(&[])
            .answers::<UserChanged>(200, "Whether there was anything to change, and how many sessions ended.")
            .answers::<LinkShown<'_>>(201, "After `link` and `restore`: the link.")
            .and_browsers(),
    ]
}
