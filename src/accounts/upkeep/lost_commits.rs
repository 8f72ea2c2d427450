//! After a failover that lost commits: what memory still refuses and the database does not any more is ended again, and what was decided in
//! those commits of users and single tokens is decided again.

use std::collections::HashMap;
use std::sync::Arc;

use crate::accounts::context::{Accounts, Error};
use crate::accounts::people::state::disable_again;
use crate::accounts::sessions::end::end;
use crate::accounts::sessions::single_token;
use crate::blocklist::BlockedToken;
use crate::blocklist::change::{Change, Decision, RevokedToken};
use crate::domain::{Reason, SessionId, TokenId, TokenType, UnixTime, UserId};
use crate::store::session_ends::{self, Which};
use crate::store::token_blocklist::Entry;
use crate::store::{self, Conn, Upkeep, sessions, users};

/// Sessions in one transaction, so that other writes get their turn.
const CHUNK: usize = 100;

/// What the database does not know any more.
pub struct Lost {
    sessions: Vec<SessionId>,
    /// Those who are disabled, each with the identity claim of their tokens.
    users: Vec<(UserId, String)>,
    tokens: Vec<Entry>,
}

/// The sessions that are open in the database and have ended by what memory holds, and what was decided in commits that it has lost. To be
/// asked before memory is loaded anew.
pub fn find(accounts: &Accounts, conn: &mut Conn, decisions: Vec<Decision>) -> Result<Lost, store::Error> {
    let mut lost = Lost { sessions: Vec::new(), users: Vec::new(), tokens: Vec::new() };
    session_ends::each_open(conn, |sid| {
        if accounts.blocklist.refuses_session(sid) {
            lost.sessions.push(sid);
        }
    })?;
    // The last word counts.
    let mut is_disabled = HashMap::new();
    for decision in decisions {
        match decision {
            Decision::UserDisabled(user) => drop(is_disabled.insert(user, true)),
            Decision::UserEnabled(user) => drop(is_disabled.insert(user, false)),
            Decision::TokenRevoked(token) => lost.tokens.extend(entry(token)),
        }
    }
    for (user, _) in is_disabled.into_iter().filter(|(_, is_disabled)| *is_disabled) {
        if let Some(user) = users::find(conn, UserId(user))? {
            lost.users.push((user.id, accounts.standing(&user).subject().to_owned()));
        }
    }
    Ok(lost)
}

/// `None`: it is not spelled as this version knows it.
fn entry(token: RevokedToken) -> Option<Entry> {
    Some(Entry {
        jti: token.jti,
        token_type: TokenType::parse(&token.token_type)?,
        user: UserId(token.user),
        sid: token.sid,
        revoked_at: UnixTime(token.revoked_at),
        expires_at: token.expires_at.map(UnixTime),
        reason: Reason::parse(&token.reason)?,
        by: token.by.map(UserId),
    })
}

/// Hands all of it in once more, as acts of Portero's. To be called when memory was loaded anew, and before it is asked. Waits for nothing:
/// who calls is the thread that all acts wait for.
pub fn hand_in(accounts: &Arc<Accounts>, lost: Lost) {
    let Lost { sessions, users, tokens } = lost;
    // What was loaded has them as good, until those acts are committed.
    let until = accounts.now().plus(accounts.config.session.absolute);
    accounts.blocklist.end_sessions(sessions.iter().map(|sid| (*sid, until)));
    for (_, subject) in &users {
        accounts.blocklist.apply(Change::UserGone(subject.clone()));
    }
    for token in &tokens {
        let id = TokenId::from_jti(&token.jti);
        accounts.blocklist.block(BlockedToken::new(id, token.expires_at, token.reason.is_trap()));
    }
    tracing::error!(
        event = "lost_commits_replayed",
        sessions = sessions.len(),
        users = users.len(),
        tokens = tokens.len(),
        "what it had ended, disabled and revoked is so again"
    );
    for some in sessions.chunks(CHUNK) {
        let some = some.to_vec();
        drop(accounts.write(Upkeep, move |tx, _, by| {
            for sid in some {
                if sessions::find(tx.conn, sid)?.is_some_and(|session| session.end.is_none()) {
                    end(tx, Which::One(sid), Reason::Replayed, &by)?;
                }
            }
            Ok::<_, Error>(())
        }));
    }
    for (user, _) in users {
        drop(disable_again(accounts, user));
    }
    for token in tokens {
        drop(accounts.write(Upkeep, move |tx, _, _| {
            // Who was added in a lost commit is not there.
            if users::find(tx.conn, token.user)?.is_some() {
                single_token::block(tx, &token)?;
            }
            Ok::<_, Error>(())
        }));
    }
}
