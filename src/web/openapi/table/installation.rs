//! Apps, nodes, the audit log and the installation itself, for admins.

use super::sessions::{FILES, WHOLE_LIST};
use crate::web::http::export::As;
use crate::web::openapi::access::Access;
use crate::web::openapi::operation::{Operation, get};
use crate::web::pages::audit_view::EventsShown;
use crate::web::pages::list_query::ListQuery;
use crate::web::rooms::admin::about::About;
use crate::web::rooms::admin::apps::Apps;
use crate::web::rooms::admin::doctor::Checks;
use crate::web::rooms::admin::nodes::Nodes;
use crate::web::rooms::admin::overview::OverviewShown;

pub(in crate::web::openapi) fn operations() -> Vec<Operation> {
    vec![
        get("/admin", "overview", "What goes on")
            .by(Access::ADMIN)
            .answers::<OverviewShown>(200, "Open sessions, what was counted, and what wants attention.")
            .and_browsers(),
        get("/admin/apps", "apps", "All apps")
            .by(Access::ADMIN)
            .answers::<Apps<'_>>(200, "The apps, and how each is set up.")
            .and_browsers(),
        get("/admin/nodes", "nodes", "All nodes")
            .by(Access::ADMIN)
            .answers::<Nodes<'_>>(200, "The nodes that serve one database.")
            .and_browsers(),
        get("/admin/audit", "audit_events", "The audit log")
            .by(Access::ADMIN)
            .query::<ListQuery>(&["q", "user", "by", "what", "ip", "session", "from", "until", "before"])
            .answers::<EventsShown<'_>>(200, "50 events, the newest first.")
            .answers_nothing(303, "A session's id was typed: `Location` is its history.")
            .headers(&["Location"])
            .and_browsers(),
        get("/admin/audit/export", "export_audit", "The audit log as a file")
            .by(Access::ADMIN)
            .query::<ListQuery>(&["user", "by", "what", "ip", "session", "from", "until"])
            .query::<As>(&["format"])
            .answers_text(&FILES, WHOLE_LIST)
            .headers(&["Content-Disposition"]),
        get("/admin/about", "about", "The installation")
            .by(Access::ADMIN)
            .answers::<About<'_>>(200, "Version, settings, and how this request reached Portero.")
            .and_browsers(),
        get("/admin/doctor", "doctor", "What is wrong with the installation")
            .by(Access::ADMIN)
            .answers::<Checks>(200, "What can be seen on its machine, without asking any other.")
            .and_browsers(),
    ]
}
