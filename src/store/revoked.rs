//! The list of what was revoked: ended sessions and single tokens together, newest first.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::connection::{Conn, Error};
use super::list_filter::ListFilter;
use super::session_lists::{self, ListedSession};
use super::token_blocklist::{self, ListedToken};
use super::users;
use crate::domain::{Reason, TokenType, UnixTime, UserId, Username};

/// An entry of the list: a session that has ended or a single revoked token.
#[derive(Clone, Debug)]
pub struct Revoked {
    /// `None`: a session.
    pub token_type: Option<TokenType>,
    /// The session's id or the token's `jti`.
    pub id: String,
    pub user_id: UserId,
    pub user: Username,
    pub at: UnixTime,
    pub reason: Reason,
    /// The user who did it; `None`: Portero itself, the command line or an app.
    pub by: Option<UserId>,
    pub by_name: Option<String>,
    /// The moment by which the token, or all tokens of the session, have expired; `None`: never.
    pub until: Option<UnixTime>,
    /// Names the act that ended the session; single tokens have none.
    pub receipt: Option<String>,
}

impl Revoked {
    /// "session", or the token's type.
    pub fn what(&self) -> &'static str {
        self.token_type.map_or("session", TokenType::as_str)
    }

    fn session(one: ListedSession) -> Option<Self> {
        let end = one.session.end?;
        Some(Self {
            token_type: None,
            id: one.session.sid.to_string(),
            user_id: one.session.user,
            user: one.user,
            at: end.at,
            reason: end.reason,
            by: end.by,
            by_name: None,
            until: Some(one.session.shown_until()),
            receipt: one.session.receipt,
        })
    }

    fn token(ListedToken { entry, user }: ListedToken) -> Self {
        Self {
            token_type: Some(entry.token_type),
            id: entry.jti,
            user_id: entry.user,
            user,
            at: entry.revoked_at,
            reason: entry.reason,
            by: entry.by,
            by_name: None,
            until: entry.expires_at,
            receipt: None,
        }
    }
}

/// Which of the two kinds the list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kinds {
    Both,
    Sessions,
    Tokens,
}

/// One page of the list.
pub fn page(conn: &mut Conn, filter: &ListFilter, kinds: Kinds) -> Result<Vec<Revoked>, Error> {
    let mut rows: Vec<Revoked> = Vec::new();
    if kinds != Kinds::Tokens {
        let ended = session_lists::page(conn, session_lists::List::Ended, filter)?;
        rows.extend(ended.into_iter().filter_map(Revoked::session));
    }
    // Tokens have no address of their own.
    if kinds != Kinds::Sessions && filter.ip.is_none() {
        rows.extend(token_blocklist::page(conn, filter)?.into_iter().map(Revoked::token));
    }
    // Each kind came from an index of its own, newest first, with up to a page of rows: the newest of both make the page.
    rows.sort_by(|one, other| (other.at, &other.id).cmp(&(one.at, &one.id)));
    rows.truncate(usize::try_from(filter.limit).unwrap_or(usize::MAX));
    let mut names: HashMap<UserId, Option<String>> = HashMap::new();
    for row in &mut rows {
        let Some(by) = row.by else { continue };
        if let Entry::Vacant(unknown) = names.entry(by) {
            unknown.insert(users::name_of(conn, by)?);
        }
        row.by_name = names.get(&by).cloned().flatten();
    }
    Ok(rows)
}
