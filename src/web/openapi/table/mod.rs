//! Every operation that answers programs, group by group.

mod account;
mod factors;
mod for_apps;
mod groups;
mod installation;
mod monitoring;
mod sessions;
mod signing_in;
mod users;

use super::operation::Operation;

/// In examples: it has the form of a token.
const A_TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbmEifQ.c2lnbmF0dXJl";

/// Operations that belong together.
pub(super) struct Group {
    /// What the catalogue's keys and the page's anchors call it.
    pub(super) key: &'static str,
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) operations: fn() -> Vec<Operation>,
}

pub(super) const TABLE: [Group; 9] = [
    Group {
        key: "signing-in",
        name: "Signing in",
        about: "Tokens: getting, renewing and giving them up.",
        operations: signing_in::operations,
    },
    Group {
        key: "account",
        name: "Account",
        about: "One's own account and sessions.",
        operations: account::operations,
    },
    Group {
        key: "factors",
        name: "Second factors",
        about: "One's own second factors.",
        operations: factors::operations,
    },
    Group {
        key: "sessions",
        name: "Sessions",
        about: "Everybody's sessions, for admins.",
        operations: sessions::operations,
    },
    Group { key: "users", name: "Users", about: "Users, for admins.", operations: users::operations },
    Group { key: "groups", name: "Groups", about: "Groups of people, for admins.", operations: groups::operations },
    Group {
        key: "installation",
        name: "Installation",
        about: "Apps, nodes, the audit log and the installation itself, for admins.",
        operations: installation::operations,
    },
    Group {
        key: "for-apps",
        name: "For apps",
        about: "For apps, with their credentials or a token that they were given.",
        operations: for_apps::operations,
    },
    Group {
        key: "monitoring",
        name: "Monitoring",
        about: "For monitoring, and for what looks around by itself.",
        operations: monitoring::operations,
    },
];
