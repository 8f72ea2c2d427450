//! The list of what was revoked: ended sessions and single tokens together, newest first.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::connection::{Conn, Error};
use super::list_filter::ListFilter;
use super::session_lists::{self, ListedSession};
use super::sessions::Session;
use super::token_blocklist::{self, ListedToken};
use super::{steps, users};
use crate::domain::{Reason, SessionId, TokenType, UnixTime, UserId, Username};

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
    /// The id of the session, or of the token's session; tokens of peers have none.
    pub session: Option<SessionId>,
    /// The session that has ended. `None`: a single token.
    pub ended: Option<Session>,
    /// The number of the step in the session's story, from 1, that tells of it. `None`: the end of the story does, or nothing.
    pub step: Option<i64>,
}

impl Revoked {
    /// "session", or the token's type.
    pub fn what(&self) -> &'static str {
        self.token_type.map_or("session", TokenType::as_str)
    }

    fn session(one: ListedSession) -> Option<Self> {
        let end = one.session.end?;
        // A reused token is the last step of its session's story.
        let step = (end.reason == Reason::Reuse).then_some(one.session.steps);
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
            session: Some(one.session.sid),
            step,
            receipt: one.session.receipt.clone(),
            ended: Some(one.session),
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
            session: entry.sid,
            ended: None,
            step: None,
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

impl Kinds {
    fn has_sessions(self) -> bool {
        self != Self::Tokens
    }

    /// Tokens have no address of their own, so none is from the one that is asked for.
    fn has_tokens(self, filter: &ListFilter) -> bool {
        self != Self::Sessions && filter.ip.is_none()
    }
}

/// How many rows the list has on all its pages; more than [`COUNTED`](super::list_filter::COUNTED) stands for any number beyond that.
pub fn count(conn: &mut Conn, filter: &ListFilter, kinds: Kinds) -> Result<usize, Error> {
    let sessions =
        if kinds.has_sessions() { session_lists::count(conn, session_lists::List::Ended, filter)? } else { 0 };
    let tokens = if kinds.has_tokens(filter) { token_blocklist::count(conn, filter)? } else { 0 };
    Ok(sessions + tokens)
}

/// One page of the list.
pub fn page(conn: &mut Conn, filter: &ListFilter, kinds: Kinds) -> Result<Vec<Revoked>, Error> {
    let mut rows: Vec<Revoked> = Vec::new();
    if kinds.has_sessions() {
        let ended = session_lists::page(conn, session_lists::List::Ended, filter)?;
        rows.extend(ended.into_iter().filter_map(Revoked::session));
    }
    if kinds.has_tokens(filter) {
        rows.extend(token_blocklist::page(conn, filter)?.into_iter().map(Revoked::token));
    }
    // Each kind came from an index of its own, newest first, with up to a page of rows: the newest of both make the page.
    rows.sort_by(|one, other| (other.at, &other.id).cmp(&(one.at, &one.id)));
    rows.truncate(usize::try_from(filter.limit).unwrap_or(usize::MAX));
    let mut names: HashMap<UserId, Option<String>> = HashMap::new();
    for row in &mut rows {
        if let (Some(_), Some(session)) = (row.token_type, row.session) {
            row.step = steps::number_at(conn, session, row.at)?;
        }
        let Some(by) = row.by else { continue };
        if let Entry::Vacant(unknown) = names.entry(by) {
            unknown.insert(users::name_of(conn, by)?);
        }
        row.by_name = names.get(&by).cloned().flatten();
    }
    Ok(rows)
}
