//! The exact answer, from memory, to "is this revoked?", and what else a request's check needs of users with open sessions.
//! Changed only on the writer's side, after a commit, so it never runs ahead of the database or behind an answer.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use aws_lc_rs::digest;
use uuid::Uuid;

use crate::domain::{Role, SessionId, UnixTime, UserId, Username};

/// What a checked token says that matters here.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The identity claim.
    pub subject: &'a str,
    pub jti: Option<&'a str>,
    /// Session and generation; `None` in a token of a peer.
    pub session: Option<(SessionId, i64)>,
    pub issued_at: Option<UnixTime>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Good {
        standing: Standing,
        /// The first sight of its generation: worth a note in the database.
        first_seen: bool,
    },
    Revoked,
    /// A token that only a thief can hold: its session has to end.
    Stolen,
    /// A peer's token, of a user we keep nothing about in memory: the store has to be asked.
    UnknownUser,
    /// The database knows more than memory, and did not answer: nobody can tell.
    Unknowable,
}

/// What a user may do, as far as a request's check needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub user: UserId,
    pub username: Username,
    /// What stands in the identity claim of the user's tokens.
    pub subject: String,
    pub role: Role,
    /// The cut-off: a peer's token issued up to this moment is refused.
    pub tokens_valid_from: UnixTime,
    /// From when on the user is shut out.
    pub disable_at: Option<UnixTime>,
}

/// Everything that the database says must be kept here.
#[derive(Debug, Default)]
pub struct Contents {
    pub users: Vec<Standing>,
    pub tokens: Vec<BlockedToken>,
    /// Ended sessions, and until when a token of theirs could be shown.
    pub sessions: Vec<(SessionId, UnixTime)>,
    /// Open sessions whose current generation was never seen in use.
    pub unseen: Vec<(SessionId, i64)>,
}

#[derive(Clone, Debug)]
pub struct BlockedToken {
    pub jti: String,
    /// Until when it could be shown; `None`: it never expires.
    pub until: Option<UnixTime>,
    /// Whoever shows it has stolen it.
    pub is_trap: bool,
}

#[derive(Default)]
pub struct Blocklist {
    inner: RwLock<Inner>,
}

#[derive(Default)]
struct Inner {
    users: HashMap<UserId, Standing>,
    by_subject: HashMap<String, UserId>,
    tokens: HashMap<u128, Blocked>,
    sessions: HashMap<u128, UnixTime>,
    unseen: HashMap<SessionId, i64>,
    /// Sights that the database does not know of yet.
    just_seen: HashMap<SessionId, i64>,
    in_doubt: bool,
}

#[derive(Clone, Copy)]
struct Blocked {
    until: Option<UnixTime>,
    is_trap: bool,
}

impl Blocklist {
    pub fn judge(&self, question: Question<'_>) -> Verdict {
        let inner = self.read();
        if inner.in_doubt {
            return Verdict::Unknowable;
        }
        if let Some(blocked) = question.jti.and_then(|jti| inner.tokens.get(&token_key(jti))) {
            let ended = question.session.is_some_and(|(sid, _)| inner.sessions.contains_key(&sid.as_u128()));
            return if blocked.is_trap && !ended { Verdict::Stolen } else { Verdict::Revoked };
        }
        let standing = inner.by_subject.get(question.subject).and_then(|id| inner.users.get(id));
        match question.session {
            Some((sid, _)) if inner.sessions.contains_key(&sid.as_u128()) => Verdict::Revoked,
            Some((sid, generation)) => match standing {
                // Whoever has an open session is in here. So this one is not open, whatever else it is.
                None => Verdict::Revoked,
                Some(standing) => Verdict::Good {
                    standing: standing.clone(),
                    first_seen: inner.unseen.get(&sid) == Some(&generation),
                },
            },
            None => match standing {
                None => Verdict::UnknownUser,
                // Within the same second nobody can tell which came first: refused.
                Some(standing) if question.issued_at.is_some_and(|moment| moment > standing.tokens_valid_from) => {
                    Verdict::Good { standing: standing.clone(), first_seen: false }
                }
                Some(_) => Verdict::Revoked,
            },
        }
    }

    pub fn standing(&self, user: UserId) -> Option<Standing> {
        self.read().users.get(&user).cloned()
    }

    /// Takes everything in place of what was there.
    pub fn load(&self, contents: Contents) {
        let mut fresh = Inner::default();
        for standing in contents.users {
            fresh.remember(standing);
        }
        for token in &contents.tokens {
            fresh.block(token);
        }
        fresh.sessions = contents.sessions.into_iter().map(|(sid, until)| (sid.as_u128(), until)).collect();
        fresh.unseen = contents.unseen.into_iter().collect();
        let mut inner = self.write();
        // These are ahead of the database, not behind it.
        fresh.just_seen = std::mem::take(&mut inner.just_seen);
        *inner = fresh;
    }

    /// Until the next [`load`](Self::load), every question is answered with [`Verdict::Unknowable`].
    pub fn doubt(&self) {
        self.write().in_doubt = true;
    }

    pub fn is_in_doubt(&self) -> bool {
        self.read().in_doubt
    }

    /// A user has an open session now, or changed.
    pub fn remember(&self, standing: Standing) {
        self.write().remember(standing);
    }

    /// A user may do nothing any more.
    pub fn forget(&self, user: UserId) {
        let mut inner = self.write();
        if let Some(standing) = inner.users.remove(&user) {
            inner.by_subject.remove(&standing.subject);
        }
    }

    /// Only these users have an open session; of others nothing need be kept.
    pub fn keep_only(&self, users: &[Standing]) {
        let mut inner = self.write();
        inner.users.clear();
        inner.by_subject.clear();
        for standing in users {
            inner.remember(standing.clone());
        }
    }

    pub fn block(&self, token: &BlockedToken) {
        self.write().block(token);
    }

    /// These are refused from now on, each until the moment from which none of its tokens can be shown.
    pub fn end_sessions(&self, ended: impl Iterator<Item = (SessionId, UnixTime)>) {
        let mut inner = self.write();
        for (sid, until) in ended {
            inner.sessions.insert(sid.as_u128(), until);
            inner.unseen.remove(&sid);
        }
    }

    /// Whether this session was ended. `false` also for one that nobody can show any more.
    pub fn refuses_session(&self, sid: SessionId) -> bool {
        self.read().sessions.contains_key(&sid.as_u128())
    }

    /// The session rotated: whether the new generation arrives is still to be seen.
    pub fn await_sight(&self, sid: SessionId, generation: i64) {
        self.write().unseen.insert(sid, generation);
    }

    /// `true` for exactly one caller per generation.
    pub fn note_seen(&self, sid: SessionId, generation: i64) -> bool {
        let mut inner = self.write();
        if inner.unseen.get(&sid) == Some(&generation) {
            inner.unseen.remove(&sid);
            inner.just_seen.insert(sid, generation);
            true
        } else {
            false
        }
    }

    /// A sight that the database may not know of yet.
    pub fn was_just_seen(&self, sid: SessionId, generation: i64) -> bool {
        self.read().just_seen.get(&sid) == Some(&generation)
    }

    /// The database knows of that sight now.
    pub fn forget_sight(&self, sid: SessionId, generation: i64) {
        let mut inner = self.write();
        if inner.just_seen.get(&sid) == Some(&generation) {
            inner.just_seen.remove(&sid);
        }
    }

    /// Lets go of what could not be shown any more since `before`.
    pub fn forget_expired(&self, before: UnixTime) {
        let mut inner = self.write();
        inner.tokens.retain(|_, blocked| blocked.until.is_none_or(|until| until >= before));
        inner.sessions.retain(|_, until| *until >= before);
    }

    // A panic while the lock is held can't leave the maps half changed in a way that matters: each change is one call.
    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn remember(&mut self, standing: Standing) {
        self.by_subject.insert(standing.subject.clone(), standing.user);
        self.users.insert(standing.user, standing);
    }

    fn block(&mut self, token: &BlockedToken) {
        self.tokens.insert(token_key(&token.jti), Blocked { until: token.until, is_trap: token.is_trap });
    }
}

/// Sixteen bytes for a token id: a UUID in its one spelling as it is, anything else by the first half of its SHA-256.
fn token_key(jti: &str) -> u128 {
    match Uuid::try_parse(jti) {
        Ok(id) if id.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == jti => id.as_u128(),
        Ok(_) | Err(_) => {
            let hash = digest::digest(&digest::SHA256, jti.as_bytes());
            hash.as_ref().iter().take(16).fold(0, |key, byte| key << 8 | u128::from(*byte))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JTI: &str = "5116c888-512e-48e3-9949-c87e30a6b899";

    fn ana() -> Standing {
        Standing {
            user: UserId(1),
            username: Username::parse("ana").unwrap(),
            subject: "ana".into(),
            role: Role::User,
            tokens_valid_from: UnixTime(100),
            disable_at: None,
        }
    }

    fn list() -> Blocklist {
        let list = Blocklist::default();
        list.remember(ana());
        list
    }

    fn of_session(sid: SessionId) -> Question<'static> {
        Question { subject: "ana", jti: Some(JTI), session: Some((sid, 3)), issued_at: Some(UnixTime(200)) }
    }

    fn of_peer(issued_at: i64) -> Question<'static> {
        Question { subject: "ana", jti: None, session: None, issued_at: Some(UnixTime(issued_at)) }
    }

    #[test]
    fn an_ended_session_is_refused_and_no_other() {
        let (list, ended, open) = (list(), SessionId::random(), SessionId::random());
        list.end_sessions([(ended, UnixTime(900))].into_iter());
        assert_eq!(list.judge(of_session(ended)), Verdict::Revoked);
        assert_eq!(list.judge(of_session(open)), Verdict::Good { standing: ana(), first_seen: false });
    }

    #[test]
    fn a_user_who_is_forgotten_is_refused() {
        let list = list();
        list.forget(UserId(1));
        assert_eq!(list.judge(of_session(SessionId::random())), Verdict::Revoked);
        assert_eq!(list.judge(of_peer(200)), Verdict::UnknownUser);
    }

    #[test]
    fn a_peers_token_from_before_the_cut_off_is_refused() {
        let list = list();
        assert_eq!(list.judge(of_peer(100)), Verdict::Revoked);
        assert_eq!(list.judge(of_peer(101)), Verdict::Good { standing: ana(), first_seen: false });
    }

    #[test]
    fn a_trap_tells_of_theft_until_its_session_has_ended() {
        let (list, sid) = (list(), SessionId::random());
        list.block(&BlockedToken { jti: JTI.into(), until: None, is_trap: true });
        assert_eq!(list.judge(of_session(sid)), Verdict::Stolen);
        list.end_sessions([(sid, UnixTime(900))].into_iter());
        assert_eq!(list.judge(of_session(sid)), Verdict::Revoked);
    }

    #[test]
    fn a_generation_is_seen_for_the_first_time_once() {
        let (list, sid) = (list(), SessionId::random());
        list.await_sight(sid, 3);
        assert_eq!(list.judge(of_session(sid)), Verdict::Good { standing: ana(), first_seen: true });
        assert!(!list.note_seen(sid, 2), "another generation");
        assert!(list.note_seen(sid, 3));
        assert!(list.was_just_seen(sid, 3));
        list.forget_sight(sid, 3);
        assert!(!list.was_just_seen(sid, 3));
        assert!(!list.note_seen(sid, 3));
    }

    #[test]
    fn in_doubt_nobody_is_admitted_until_everything_is_loaded_anew() {
        let list = list();
        list.doubt();
        assert_eq!(list.judge(of_session(SessionId::random())), Verdict::Unknowable);
        list.load(Contents { users: vec![ana()], ..Contents::default() });
        assert!(matches!(list.judge(of_session(SessionId::random())), Verdict::Good { .. }));
    }

    #[test]
    fn two_spellings_of_a_uuid_are_two_tokens() {
        assert_ne!(token_key(JTI), token_key(&JTI.to_uppercase()));
        assert_ne!(token_key("a"), token_key("b"));
    }

    #[test]
    fn what_could_still_be_shown_is_not_let_go() {
        let (list, early, late) = (list(), SessionId::random(), SessionId::random());
        list.end_sessions([(early, UnixTime(500)), (late, UnixTime(600))].into_iter());
        list.forget_expired(UnixTime(600));
        assert_eq!(list.judge(of_session(late)), Verdict::Revoked);
        assert_ne!(list.judge(of_session(early)), Verdict::Revoked);
    }
}
