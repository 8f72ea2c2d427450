//! Everybody's sessions, for admins.

use crate::web::http::export::As;
use crate::web::openapi::access::Access;
use crate::web::openapi::operation::{Operation, Shape, get, post};
use crate::web::pages::ended::Ended;
use crate::web::pages::find_session::AlikeSessions;
use crate::web::pages::list_query::ListQuery;
use crate::web::rooms::account::story::Story;
use crate::web::rooms::admin::end_sessions;
use crate::web::rooms::admin::revoked::RevokedList;
use crate::web::rooms::admin::sessions::OpenSessions;

/// The media types of a list as a file.
pub(super) const FILES: [&str; 2] = ["text/csv", "application/jsonl"];
pub(super) const WHOLE_LIST: &str =
    "The whole list, sent part by part. It breaks off if the caller may have it no longer.";

pub(in crate::web::openapi) fn operations() -> Vec<Operation> {
    vec![
        get("/admin/sessions", "open_sessions", "All open sessions")
            .by(Access::ADMIN)
            .query::<ListQuery>(&["q", "user", "ip", "state", "from", "until", "before"])
            .answers::<OpenSessions<'_>>(200, "50 sessions, the newest first.")
            .answers_nothing(303, "A session's id was typed: `Location` is its history.")
            .headers(&["Location"])
            .and_browsers(),
        get("/admin/sessions/export", "export_sessions", "All open sessions as a file")
            .by(Access::ADMIN)
            .query::<ListQuery>(&["user", "ip", "state", "from", "until"])
            .query::<As>(&["format"])
            .answers_text(&FILES, WHOLE_LIST)
            .headers(&["Content-Disposition"]),
        get("/admin/sessions/{sid}", "session", "The history of anybody’s session")
            .by(Access::ADMIN)
            .answers_one_of(
                200,
                "Its history; several sessions, if the id is short and fits several.",
                vec![Shape::of::<Story<'_>>(), Shape::of::<AlikeSessions<'_>>()],
            )
            .and_browsers(),
        post("/admin/sessions/{sid}/end", "end_session", "End anybody’s session")
            .by(Access::FRESH_ADMIN)
            .answers::<Ended<'_>>(200, "It is refused from now on.")
            .and_browsers(),
        post("/admin/sessions/end", "end_sessions", "End all sessions of a user, or all since a moment")
            .by(Access::FRESH_ADMIN)
            .more("The caller's own session stays.")
            .query::<end_sessions::Asked>(&["user", "since"])
            .answers::<Ended<'_>>(200, "They are refused from now on.")
            .errors(&[404])
            .and_browsers(),
        get("/admin/revoked", "revoked", "What is refused")
            .by(Access::ADMIN)
            .query::<ListQuery>(&["q", "user", "ip", "reason", "from", "until", "before"])
            .answers::<RevokedList<'_>>(200, "50 sessions and tokens, the newest first.")
            .answers_nothing(303, "A session's id was typed: `Location` is its history.")
            .headers(&["Location"])
            .and_browsers(),
        get("/admin/revoked/export", "export_revoked", "What is refused as a file")
            .by(Access::ADMIN)
            .query::<ListQuery>(&["user", "ip", "reason", "from", "until"])
            .query::<As>(&["format"])
            .answers_text(&FILES, WHOLE_LIST)
            .headers(&["Content-Disposition"]),
    ]
}
