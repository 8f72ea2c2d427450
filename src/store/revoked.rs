//! What was revoked: ended sessions and single tokens as one list, newest first.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::session_lists::{self, Filter, Listed};
use super::{Conn, Error, token_blocklist, users};
use crate::domain::{Reason, TokenType, UnixTime, UserId, Username};

/// A whole session or a single token.
#[derive(Clone, Debug)]
pub struct Revoked {
    /// `None`: the whole session.
    pub token_type: Option<TokenType>,
    /// The session's id or the token's `jti`.
    pub id: String,
    pub user_id: UserId,
    pub user: Username,
    pub at: UnixTime,
    pub reason: Reason,
    /// `None`: the program itself or the command line.
    pub by: Option<UserId>,
    pub by_name: Option<String>,
    /// Until when a token of it could be shown; `None`: for ever.
    pub until: Option<UnixTime>,
    /// Tokens have none.
    pub receipt: Option<String>,
}

impl Revoked {
    /// What it is, in one word.
    pub fn what(&self) -> &'static str {
        self.token_type.map_or("session", TokenType::as_str)
    }

    fn of_session(one: Listed) -> Option<Self> {
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
}

/// Which of the two lists, or both as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kinds {
    Both,
    Sessions,
    Tokens,
}

/// At most as many as the filter's limit.
pub fn list(conn: &mut Conn, filter: &Filter, kinds: Kinds) -> Result<Vec<Revoked>, Error> {
    let mut rows: Vec<Revoked> = Vec::new();
    if kinds != Kinds::Tokens {
        rows.extend(session_lists::ended(conn, filter)?.into_iter().filter_map(Revoked::of_session));
    }
    // Tokens have no address of their own.
    if kinds != Kinds::Sessions && filter.ip.is_none() {
        rows.extend(token_blocklist::revoked(conn, filter)?);
    }
    // Two lists, each in order and each by its index: merged they are the one list.
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
