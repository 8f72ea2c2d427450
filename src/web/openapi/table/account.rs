//! One's own account and sessions.

use serde_json::json;

use super::A_TOKEN;
use crate::web::http::replies::Message;
use crate::web::openapi::access::{Access, SecondFactor};
use crate::web::openapi::operation::{Operation, Shape, get, post};
use crate::web::pages::audit_view::EventsShown;
use crate::web::pages::ended::Ended;
use crate::web::pages::list_query::ListQuery;
use crate::web::rooms::account::account::AccountShown;
use crate::web::rooms::account::change_password::{ChangeJson, PasswordChanged, PasswordChangedTokens};
use crate::web::rooms::account::own_address::AddressJson;
use crate::web::rooms::account::receipt::ReceiptShown;
use crate::web::rooms::account::story::Story;

pub(in crate::web::openapi) fn operations() -> Vec<Operation> {
    vec![
        get("/account", "account", "One’s own account")
            .by(Access::USER)
            .query::<ListQuery>(&["before"])
            .answers::<AccountShown<'_>>(200, "The user, and 50 of their open sessions, the newest first.")
            .and_browsers(),
        get("/account/activity", "activity", "What happened to one’s own account")
            .by(Access::USER)
            .query::<ListQuery>(&["q", "what", "ip", "session", "from", "until", "before"])
            .answers::<EventsShown<'_>>(200, "50 events, the newest first.")
            .and_browsers(),
        post("/change-password", "change_password", "Change one’s password")
            .by(Access { second_factor: SecondFactor::InSession, ..Access::FRESH })
            .more("Both tokens that the caller had are refused from then on.")
            .takes::<ChangeJson>()
            .example(json!({
                "current_password": "correct horse battery",
                "new_password": "verde que te quiero verde",
                "end_others": true,
            }))
            .answers_one_of(
                200,
                "The tokens of a new session. For cookies: new cookies.",
                vec![Shape::of::<PasswordChangedTokens<'_>>(), Shape::of::<PasswordChanged>()],
            )
            .such_as(json!({ "access_token": A_TOKEN, "refresh_token": A_TOKEN, "sessions_ended": 2 }))
            .errors(&[429])
            .and_browsers(),
        post("/account/mail", "ask_for_address", "Ask for a link to one’s new email address")
            .by(Access::FACTOR)
            .more("Only where Portero sends mail. The address counts once the link was used.")
            .takes::<AddressJson>()
            .example(json!({ "mail": "ana@example.org" }))
            .answers::<Message<'_>>(202, "The link was sent.")
            .such_as(json!({ "msg": "A link was sent to the address" }))
            .answers::<Message<'_>>(200, "It is one’s address already.")
            .errors(&[404, 429])
            .and_browsers(),
        post("/account/mail/{token}", "confirm_address", "Confirm one’s new email address by the link")
            .by(Access::USER)
            .answers::<Message<'_>>(200, "The address counts.")
            .errors(&[409, 410, 429])
            .and_browsers(),
        get("/account/sessions/{sid}", "own_session", "The history of a session of one’s own")
            .by(Access::USER)
            .answers::<Story<'_>>(200, "Its steps, how it ended, and the apps that were entered in it.")
            .and_browsers(),
        post("/account/sessions/{sid}/end", "end_own_session", "End a session of one’s own")
            .by(Access::FRESH)
            .answers::<Ended<'_>>(200, "It is refused from now on.")
            .and_browsers(),
        post("/account/browsers/{id}/forget", "forget_browser", "Forget a remembered browser")
            .by(Access::USER)
            .answers_nothing(204, "It stands in for the second factor no longer.")
            .and_browsers(),
        get("/receipts/{id}", "receipt", "What an act ended")
            .by(Access::USER)
            .more("Of somebody else's sessions only for admins.")
            .answers::<ReceiptShown<'_>>(200, "The sessions, since when they are refused, and what apps know of it.")
            .and_browsers(),
    ]
}
