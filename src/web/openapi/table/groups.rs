//! Groups of people, for admins.

use serde_json::json;

use crate::web::http::replies::WasChanged;
use crate::web::openapi::access::Access;
use crate::web::openapi::operation::{Operation, get, post};
use crate::web::rooms::admin::add_group::{self, AddedGroup};
use crate::web::rooms::admin::group::{GroupDetails, MembersChanged, PeopleJson};
use crate::web::rooms::admin::groups::Groups;

pub(in crate::web::openapi) fn operations() -> Vec<Operation> {
    vec![
        get("/admin/groups", "groups", "All groups")
            .by(Access::ADMIN)
            .answers::<Groups<'_>>(200, "All groups, by name.")
            .and_browsers(),
        post("/admin/groups/add", "add_group", "Add a group")
            .by(Access::FRESH_ADMIN)
            .takes::<add_group::Asked>()
            .example(json!({ "name": "writers" }))
            .answers::<AddedGroup<'_>>(201, "It is there, and nobody is in it.")
            .such_as(json!({ "id": 2, "name": "writers" }))
            .and_browsers(),
        get("/admin/groups/{id}", "group", "A group")
            .by(Access::ADMIN)
            .answers::<GroupDetails<'_>>(200, "The group, with the first 200 people in it.")
            .and_browsers(),
        post("/admin/groups/{id}", "add_to_group", "Put people into a group")
            .by(Access::FRESH_ADMIN)
            .takes::<PeopleJson>()
            .example(json!({ "people": ["ana"] }))
            .answers::<MembersChanged>(200, "How many were put in.")
            .such_as(json!({ "changed": 1 }))
            .and_browsers(),
        post("/admin/groups/{id}/people/{user}/remove", "take_out_of_group", "Take somebody out of a group")
            .by(Access::FRESH_ADMIN)
            .answers::<MembersChanged>(200, "How many were taken out: one, or nobody.")
            .and_browsers(),
        post("/admin/groups/{id}/remove", "remove_group", "Remove a group")
            .by(Access::FRESH_ADMIN)
            .answers::<WasChanged>(200, "It is gone.")
            .errors(&[400])
            .and_browsers(),
    ]
}
