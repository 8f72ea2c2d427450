//! The exact answer, from memory, to "is this revoked?", and what else a request's check needs of users with open sessions.
//! Changed only after a commit, so it never runs ahead of the database or behind an answer. Whoever asks waits for nobody.

mod ids;

use std::collections::HashMap as StdHashMap;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use foldhash::quality::RandomState;
use papaya::HashMap;

use crate::domain::{Role, SessionId, TokenId, UnixTime, UserId, Username};
use ids::{Ids, Refused};

/// What a checked token says that matters here.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The identity claim.
    pub subject: &'a str,
    pub jti: Option<TokenId>,
    /// Session and generation; `None` in a token of a peer.
    pub session: Option<(SessionId, i64)>,
    pub issued_at: Option<UnixTime>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Good {
        standing: Arc<Standing>,
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

/// Everything that the database says must be kept here, to be filled in and [loaded](Blocklist::load).
#[derive(Default)]
pub struct Contents {
    rest: OfDatabase,
    tokens: Vec<Refused>,
    sessions: Vec<Refused>,
}

impl Contents {
    /// Room for so many users.
    pub fn for_users(count: usize) -> Self {
        let contents = Self::default();
        contents.rest.users.pin().reserve(count);
        contents
    }

    /// Somebody who has an open session. Each once.
    pub fn user(&mut self, standing: Standing) {
        self.rest.keep(standing);
    }

    pub fn token(&mut self, BlockedToken(refused): BlockedToken) {
        self.tokens.push(refused);
    }

    /// One that has ended, and until when a token of it could be shown.
    pub fn ended_session(&mut self, sid: SessionId, until: UnixTime) {
        self.sessions.push(Refused::new(sid.as_u128(), Some(until), false));
    }

    /// An open one whose current generation was never seen in use.
    pub fn unseen(&mut self, sid: SessionId, generation: i64) {
        self.rest.unseen.pin().insert(sid, generation);
    }
}

/// A token that is refused by itself.
#[derive(Clone, Copy, Debug)]
pub struct BlockedToken(Refused);

impl BlockedToken {
    /// `until`: until when it could be shown; `None`: it never expires. `is_trap`: whoever shows it has stolen it.
    pub fn new(jti: TokenId, until: Option<UnixTime>, is_trap: bool) -> Self {
        Self(Refused::new(jti.as_u128(), until, is_trap))
    }
}

#[derive(Default)]
pub struct Blocklist {
    of_database: ArcSwap<OfDatabase>,
    /// Sights that the database does not know of yet: ahead of it, so that no load takes them away.
    just_seen: Mutex<StdHashMap<SessionId, i64>>,
}

/// What the database holds too.
#[derive(Default)]
struct OfDatabase {
    /// By what stands in the identity claim.
    users: HashMap<String, Arc<Standing>, RandomState>,
    tokens: Ids,
    sessions: Ids,
    unseen: HashMap<SessionId, i64, RandomState>,
    in_doubt: AtomicBool,
}

impl Blocklist {
    pub fn judge(&self, question: Question<'_>) -> Verdict {
        let memory = self.of_database.load();
        if memory.in_doubt.load(Ordering::Acquire) {
            return Verdict::Unknowable;
        }
        let ended = question.session.is_some_and(|(sid, _)| memory.sessions.contains(sid.as_u128()));
        if let Some(refused) = question.jti.and_then(|jti| memory.tokens.get(jti.as_u128())) {
            return if refused.is_trap() && !ended { Verdict::Stolen } else { Verdict::Revoked };
        }
        if ended {
            return Verdict::Revoked;
        }
        let users = memory.users.pin();
        match (users.get(question.subject), question.session) {
            (Some(standing), Some((sid, generation))) => Verdict::Good {
                standing: Arc::clone(standing),
                first_seen: memory.unseen.pin().get(&sid) == Some(&generation),
            },
            // Whoever has an open session is in here. So this one is not open, whatever else it is.
            (None, Some(_)) => Verdict::Revoked,
            (None, None) => Verdict::UnknownUser,
            // Within the same second nobody can tell which came first: refused.
            (Some(standing), None) if question.issued_at.is_some_and(|moment| moment > standing.tokens_valid_from) => {
                Verdict::Good { standing: Arc::clone(standing), first_seen: false }
            }
            (Some(_), None) => Verdict::Revoked,
        }
    }

    /// Of the user with this identity claim.
    pub fn standing(&self, subject: &str) -> Option<Arc<Standing>> {
        self.of_database.load().users.pin().get(subject).cloned()
    }

    /// Takes everything in place of what was there.
    pub fn load(&self, contents: Contents) {
        let Contents { rest, tokens, sessions } = contents;
        rest.tokens.insert(tokens);
        rest.sessions.insert(sessions);
        self.of_database.store(Arc::new(rest));
    }

    /// Until the next [`load`](Self::load), every question is answered with [`Verdict::Unknowable`].
    pub fn doubt(&self) {
        self.of_database.load().in_doubt.store(true, Ordering::Release);
    }

    pub fn is_in_doubt(&self) -> bool {
        self.of_database.load().in_doubt.load(Ordering::Acquire)
    }

    /// A user has an open session now, or changed.
    pub fn remember(&self, standing: Standing) {
        self.of_database.load().remember(standing);
    }

    /// A user may do nothing any more, or has no open session.
    pub fn forget(&self, subject: &str) {
        self.of_database.load().users.pin().remove(subject);
    }

    /// Those of whom something is kept and who are not among these.
    pub fn users_except(&self, these: &HashSet<UserId>) -> Vec<Arc<Standing>> {
        let memory = self.of_database.load();
        let users = memory.users.pin();
        users.values().filter(|standing| !these.contains(&standing.user)).cloned().collect()
    }

    pub fn block(&self, BlockedToken(refused): BlockedToken) {
        self.of_database.load().tokens.insert(vec![refused]);
    }

    /// These are refused from now on, each until the moment from which none of its tokens can be shown.
    pub fn end_sessions(&self, ended: impl Iterator<Item = (SessionId, UnixTime)>) {
        self.of_database.load().end_sessions(ended);
    }

    /// Whether this session was ended. `false` also for one that nobody can show any more.
    pub fn refuses_session(&self, sid: SessionId) -> bool {
        self.of_database.load().sessions.contains(sid.as_u128())
    }

    /// The session rotated: whether the new generation arrives is still to be seen.
    pub fn await_sight(&self, sid: SessionId, generation: i64) {
        self.of_database.load().unseen.pin().insert(sid, generation);
    }

    /// `true` for exactly one caller per generation.
    pub fn note_seen(&self, sid: SessionId, generation: i64) -> bool {
        let memory = self.of_database.load();
        // Held over both, so that nobody finds the sight in neither.
        let mut just_seen = self.just_seen();
        let is_awaited =
            memory.unseen.pin().remove_if(&sid, |_, awaited| *awaited == generation).is_ok_and(|gone| gone.is_some());
        if is_awaited {
            just_seen.insert(sid, generation);
        }
        is_awaited
    }

    /// A sight that the database may not know of yet.
    pub fn was_just_seen(&self, sid: SessionId, generation: i64) -> bool {
        self.just_seen().get(&sid) == Some(&generation)
    }

    /// The database knows of that sight now.
    pub fn forget_sight(&self, sid: SessionId, generation: i64) {
        let mut just_seen = self.just_seen();
        if just_seen.get(&sid) == Some(&generation) {
            just_seen.remove(&sid);
        }
    }

    /// Lets go of what could not be shown any more since `before`.
    pub fn forget_expired(&self, before: UnixTime) {
        let memory = self.of_database.load();
        memory.tokens.forget_expired(before);
        memory.sessions.forget_expired(before);
    }

    // Each change under this lock is one call: a panic can't leave it half done.
    fn just_seen(&self) -> MutexGuard<'_, StdHashMap<SessionId, i64>> {
        self.just_seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OfDatabase {
    fn remember(&self, standing: Standing) {
        // As a rule it is known already: every renewal comes by here.
        if self.users.pin().get(&standing.subject).is_some_and(|known| **known == standing) {
            return;
        }
        self.keep(standing);
    }

    fn keep(&self, standing: Standing) {
        self.users.pin().insert(standing.subject.clone(), Arc::new(standing));
    }

    fn end_sessions(&self, ended: impl Iterator<Item = (SessionId, UnixTime)>) {
        let ended: Vec<_> = ended.collect();
        let refused = ended.iter().map(|(sid, until)| Refused::new(sid.as_u128(), Some(*until), false));
        self.sessions.insert(refused.collect());
        let unseen = self.unseen.pin();
        for (sid, _) in ended {
            unseen.remove(&sid);
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
        Question {
            subject: "ana",
            jti: Some(TokenId::of(JTI)),
            session: Some((sid, 3)),
            issued_at: Some(UnixTime(200)),
        }
    }

    fn of_peer(issued_at: i64) -> Question<'static> {
        Question { subject: "ana", jti: None, session: None, issued_at: Some(UnixTime(issued_at)) }
    }

    #[test]
    fn an_ended_session_is_refused_and_no_other() {
        let (list, ended, open) = (list(), SessionId::random(), SessionId::random());
        list.end_sessions([(ended, UnixTime(900))].into_iter());
        assert_eq!(list.judge(of_session(ended)), Verdict::Revoked);
        assert_eq!(list.judge(of_session(open)), Verdict::Good { standing: Arc::new(ana()), first_seen: false });
    }

    #[test]
    fn a_user_who_is_forgotten_is_refused() {
        let list = list();
        list.forget("ana");
        assert_eq!(list.judge(of_session(SessionId::random())), Verdict::Revoked);
        assert_eq!(list.judge(of_peer(200)), Verdict::UnknownUser);
    }

    #[test]
    fn a_peers_token_from_before_the_cut_off_is_refused() {
        let list = list();
        assert_eq!(list.judge(of_peer(100)), Verdict::Revoked);
        assert_eq!(list.judge(of_peer(101)), Verdict::Good { standing: Arc::new(ana()), first_seen: false });
    }

    #[test]
    fn a_trap_tells_of_theft_until_its_session_has_ended() {
        let (list, sid) = (list(), SessionId::random());
        list.block(BlockedToken::new(TokenId::of(JTI), None, true));
        assert_eq!(list.judge(of_session(sid)), Verdict::Stolen);
        list.end_sessions([(sid, UnixTime(900))].into_iter());
        assert_eq!(list.judge(of_session(sid)), Verdict::Revoked);
    }

    #[test]
    fn a_generation_is_seen_for_the_first_time_once() {
        let (list, sid) = (list(), SessionId::random());
        list.await_sight(sid, 3);
        assert_eq!(list.judge(of_session(sid)), Verdict::Good { standing: Arc::new(ana()), first_seen: true });
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
        let mut contents = Contents::default();
        contents.user(ana());
        list.load(contents);
        assert!(matches!(list.judge(of_session(SessionId::random())), Verdict::Good { .. }));
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
