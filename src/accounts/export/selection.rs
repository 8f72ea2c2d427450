//! What is exported: a list, with the filter that it is narrowed to.

use serde_json::{Map, Value};

use crate::domain::UserId;
use crate::store::audit::list::AuditFilter;
use crate::store::list_filter::ListFilter;
use crate::store::revoked::Kinds;
use crate::store::user_lists::UserFilter;
use crate::store::{Conn, Error, users};

/// Where a filter says where its page begins and how long it is, that does not matter here: an export has all pages.
#[derive(Clone, Debug)]
pub enum Selection {
    Audit(AuditFilter),
    /// Open sessions.
    Sessions(ListFilter),
    /// Ended sessions and revoked tokens.
    Revoked(ListFilter, Kinds),
    Users(UserFilter),
    /// The same with the hashes of their passwords: for the operator alone.
    UsersWithHashes(UserFilter),
}

impl Selection {
    /// The list's name, as in its path and its command.
    pub fn list(&self) -> &'static str {
        match self {
            Self::Audit(_) => "audit",
            Self::Sessions(_) => "sessions",
            Self::Revoked(..) => "revoked",
            Self::Users(_) | Self::UsersWithHashes(_) => "users",
        }
    }

    /// The filters by their names on the page, for the audit log. Users by name, moments in seconds since the epoch.
    pub(super) fn filters(&self, conn: &mut Conn) -> Result<Map<String, Value>, Error> {
        let mut filters = Filters { conn, named: Map::new() };
        match self {
            Self::Audit(filter) => {
                filters.user("user", filter.user)?;
                filters.user("by", filter.by)?;
                filters.add("what", filter.what.map(|what| what.as_str()));
                filters.add("ip", filter.ip.as_deref());
                filters.add("session", filter.session.map(|sid| sid.to_string()));
                filters.add("from", filter.from.map(|moment| moment.0));
                filters.add("until", filter.until.map(|moment| moment.0));
            }
            Self::Sessions(filter) => filters.list(filter)?,
            Self::Revoked(filter, kinds) => {
                filters.list(filter)?;
                filters.add(
                    "state",
                    match kinds {
                        Kinds::Both => None,
                        Kinds::Sessions => Some("session"),
                        Kinds::Tokens => Some("token"),
                    },
                );
            }
            Self::Users(filter) | Self::UsersWithHashes(filter) => {
                let words = filter.search.words();
                filters.add("name", (!words.is_empty()).then(|| words.join(" ")));
                filters.add("role", filter.role.map(|role| role.as_str()));
                filters.add("state", filter.state.map(|state| state.as_str()));
                filters.add("factor", filter.factor.map(|factor| factor.as_str()));
                filters.add("hashes", matches!(self, Self::UsersWithHashes(_)).then_some(true));
            }
        }
        Ok(filters.named)
    }
}

struct Filters<'a> {
    conn: &'a mut Conn,
    named: Map<String, Value>,
}

impl Filters<'_> {
    fn list(&mut self, filter: &ListFilter) -> Result<(), Error> {
        self.user("user", filter.user)?;
        self.add("ip", filter.ip.as_deref());
        self.add("state", filter.odd.then_some("odd"));
        self.add("reason", filter.reason.map(|reason| reason.as_str()));
        self.add("from", filter.from.map(|moment| moment.0));
        self.add("until", filter.until.map(|moment| moment.0));
        Ok(())
    }

    fn user(&mut self, name: &str, user: Option<UserId>) -> Result<(), Error> {
        if let Some(user) = user {
            let called = users::name_of(self.conn, user)?;
            self.add(name, called);
        }
        Ok(())
    }

    fn add(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.named.insert(name.into(), value.into());
        }
    }
}
