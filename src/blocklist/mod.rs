//! The exact answer, from memory, to "is this revoked?", and what else a request's check needs to know of users with open
//! sessions. It changes after an act's commit and before its answer, so it is never ahead of the database and never behind an
//! answer; only the first use of a generation is known here first. A look-up waits for nobody.

pub mod change;
mod counts;
pub mod gate;
mod ids;
mod standing;
pub mod status;
pub mod told;

use std::collections::HashMap as StdHashMap;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use foldhash::quality::RandomState;
use papaya::HashMap;

pub use self::standing::{Contact, Standing};
use crate::domain::{SessionId, TokenId, UnixTime, UserId};
use crate::lease::Lease;
use counts::Counts;
use gate::Gate;
use ids::{Ids, Refused};
use standing::BySubject;
use status::StatusLists;

/// What a token that passed its own checks says, as far as the blocklist needs it.
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
        /// Whether this is the first use of the token's generation, which has to be noted in the database.
        is_first_use: bool,
    },
    /// The same, unless an act on everybody's sessions has ended this one: memory does not know all of those yet, and the store has to
    /// be asked.
    GoodIfOpen {
        standing: Arc<Standing>,
        is_first_use: bool,
    },
    Revoked,
    /// Only a thief can hold this token: its session has to end.
    Stolen,
    /// A token of a peer, for a user of whom memory holds nothing: the store has to be asked.
    UnknownUser,
    /// Memory is behind the database, or may be: nobody can tell whether the token is revoked.
    Unknowable,
}

/// Everything that memory has to hold of the database, to be filled in, by several threads at a time, and [loaded](Blocklist::load).
#[derive(Default)]
pub struct Contents {
    others: DatabaseCopy,
    tokens: Mutex<Vec<Refused>>,
    sessions: Mutex<Vec<Refused>>,
}

impl Contents {
    /// Empty, with room for so many.
    pub fn with_room(users: usize, passes: usize) -> Self {
        let contents = Self::default();
        contents.others.users.pin().reserve(users);
        contents.others.gate.passes.pin().reserve(passes);
        contents
    }

    /// Adds a user who has an open session.
    pub fn user(&self, standing: Standing) -> Arc<Standing> {
        self.others.keep(standing)
    }

    pub fn tokens(&self, some: &[BlockedToken]) {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.extend(some.iter().map(|BlockedToken(refused)| refused));
    }

    /// Adds sessions that have ended, each with the moment by which all its tokens have expired.
    pub fn ended_sessions(&self, some: &[(SessionId, UnixTime)]) {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.extend(some.iter().map(|(sid, until)| Refused::new(sid.as_u128(), Some(*until), false)));
    }

    /// Adds an open session whose current generation was never seen in use.
    pub fn expected_first_use(&self, sid: SessionId, generation: i64) {
        self.others.awaiting_first_use.pin().insert(sid, generation);
    }
}

/// A single token that is refused, whatever becomes of its session.
#[derive(Clone, Copy, Debug)]
pub struct BlockedToken(Refused);

impl BlockedToken {
    /// `until`: when the token expires; `None`: never. `is_trap`: whoever shows it must have stolen it.
    pub fn new(jti: TokenId, until: Option<UnixTime>, is_trap: bool) -> Self {
        Self::of_id(jti.as_u128(), until, is_trap)
    }

    fn of_id(id: u128, until: Option<UnixTime>, is_trap: bool) -> Self {
        Self(Refused::new(id, until, is_trap))
    }
}

/// What is refused, and the users with open sessions.
#[derive(Default)]
pub struct Blocklist {
    /// Until when its answers count, where several nodes serve the database. Whoever asks reads it first, and looks last whether it is over.
    pub lease: Lease,
    database_copy: ArcSwap<DatabaseCopy>,
    /// First uses that the database does not know of yet: the generation for each session. Not in the copy, so that loading it
    /// again does not lose them.
    just_used: Mutex<StdHashMap<SessionId, i64>>,
    /// Every change is counted here when it is made, and before it is acknowledged.
    counts: Counts,
    /// The newest version of any status list. Not in the copy, so that none comes twice.
    status_versions: AtomicU64,
}

/// What memory holds of the database. Replaced as a whole by [`Blocklist::load`].
#[derive(Default)]
struct DatabaseCopy {
    users: HashMap<BySubject, Arc<Standing>, RandomState>,
    tokens: Ids,
    sessions: Ids,
    /// Generations of open sessions that were never seen in use.
    awaiting_first_use: HashMap<SessionId, i64, RandomState>,
    /// Acts, by their receipts, that have ended sessions which are not all known here yet.
    unlearned: HashMap<String, (), RandomState>,
    gate: Gate,
    status_lists: StatusLists,
    in_doubt: AtomicBool,
}

impl Blocklist {
    /// How many changes there were so far to what the answer to this question rests on. Read before [`judge`](Self::judge) is asked: for
    /// as long as it stays the same, a token that was good, and not in its first use, is good.
    pub fn changes_to(&self, question: &Question<'_>) -> u64 {
        self.counts.of(question)
    }

    /// Whether the token may be accepted.
    pub fn judge(&self, question: Question<'_>) -> Verdict {
        let memory = self.database_copy.load();
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
            (Some(standing), Some((sid, generation))) => {
                let standing = Arc::clone(standing);
                let is_first_use = memory.awaiting_first_use.pin().get(&sid) == Some(&generation);
                if memory.unlearned.is_empty() {
                    Verdict::Good { standing, is_first_use }
                } else {
                    Verdict::GoodIfOpen { standing, is_first_use }
                }
            }
            // Memory holds every user with an open session, so this session is not open, whatever else it is.
            (None, Some(_)) => Verdict::Revoked,
            (None, None) => Verdict::UnknownUser,
            // A token issued in the very second of the cut-off may be from before or after it: refused.
            (Some(standing), None) if question.issued_at.is_some_and(|moment| moment > standing.tokens_valid_from) => {
                Verdict::Good { standing: Arc::clone(standing), is_first_use: false }
            }
            (Some(_), None) => Verdict::Revoked,
        }
    }

    /// The standing of the user with this identity claim; `None`: memory holds nothing of them.
    pub fn standing(&self, subject: &str) -> Option<Arc<Standing>> {
        self.database_copy.load().users.pin().get(subject).cloned()
    }

    /// Replaces everything that memory held of the database.
    pub fn load(&self, contents: Contents) {
        let Contents { others, tokens, sessions } = contents;
        others.tokens.insert(tokens.into_inner().unwrap_or_else(PoisonError::into_inner));
        others.sessions.insert(sessions.into_inner().unwrap_or_else(PoisonError::into_inner));
        self.renumber(&others.status_lists);
        self.database_copy.store(Arc::new(others));
        self.counts.count_all();
    }

    /// Answers every question with [`Verdict::Unknowable`] until the next [`load`](Self::load).
    pub fn doubt(&self) {
        self.database_copy.load().in_doubt.store(true, Ordering::Release);
        self.counts.count_all();
    }

    /// Whether memory may be behind the database.
    pub fn is_in_doubt(&self) -> bool {
        self.database_copy.load().in_doubt.load(Ordering::Acquire)
    }

    /// Keeps a user's standing: they have an open session now, their standing has changed, or a peer's token needs it.
    pub fn remember(&self, standing: Standing) {
        let memory = self.database_copy.load();
        // Mostly it is held already: every renewal comes by here.
        if memory.users.pin().get(standing.subject()).is_some_and(|known| **known == standing) {
            return;
        }
        let subject = standing.subject().to_owned();
        memory.keep(standing);
        self.counts.count_subject(&subject);
    }

    /// Drops a user's standing: they may do nothing any more, or have no open session.
    pub fn forget(&self, subject: &str) {
        self.database_copy.load().users.pin().remove(subject);
        self.counts.count_subject(subject);
    }

    /// How many users memory holds: those with open sessions and, for some minutes, those whose last one is over.
    pub fn users(&self) -> usize {
        self.database_copy.load().users.pin().len()
    }

    /// How many single tokens memory refuses.
    pub fn refused_tokens(&self) -> usize {
        self.database_copy.load().tokens.count()
    }

    /// How many ended sessions memory refuses.
    pub fn refused_sessions(&self) -> usize {
        self.database_copy.load().sessions.count()
    }

    /// The users held in memory who are not among `these`.
    pub fn users_except(&self, these: &HashSet<UserId>) -> Vec<Arc<Standing>> {
        let memory = self.database_copy.load();
        let users = memory.users.pin();
        users.values().filter(|standing| !these.contains(&standing.user)).cloned().collect()
    }

    /// Refuses a single token from now on.
    pub fn block(&self, BlockedToken(refused): BlockedToken) {
        self.database_copy.load().tokens.insert(vec![refused]);
        self.counts.count_id(refused.id());
    }

    /// Refuses these sessions from now on. The moment with each is the one by which all its tokens have expired.
    pub fn end_sessions(&self, ended: impl Iterator<Item = (SessionId, UnixTime)>) {
        let ended: Vec<_> = ended.collect();
        self.database_copy.load().end_sessions(ended.iter().copied());
        for (sid, _) in ended {
            self.counts.count_id(sid.as_u128());
        }
    }

    /// From now on, until memory [has learned](Self::has_learned) which sessions the act with this receipt has ended, no session is good
    /// by memory alone.
    fn ask_store_about_sessions(&self, receipt: String) {
        self.database_copy.load().unlearned.pin().insert(receipt, ());
        self.counts.count_all();
    }

    fn has_learned(&self, receipt: &str) {
        self.database_copy.load().unlearned.pin().remove(receipt);
    }

    /// Whether this session is refused because it has ended. Also `false` for one that was dropped because all its tokens had
    /// expired.
    pub fn refuses_session(&self, sid: SessionId) -> bool {
        self.database_copy.load().sessions.contains(sid.as_u128())
    }

    /// Notes that the session has rotated, and that the first use of its new generation is still to come.
    pub fn expect_first_use(&self, sid: SessionId, generation: i64) {
        let memory = self.database_copy.load();
        memory.awaiting_first_use.pin().insert(sid, generation);
        // It may have ended meanwhile, by an act that did not wait for this; whoever ends one looks here after that is known.
        if memory.sessions.contains(sid.as_u128()) {
            memory.awaiting_first_use.pin().remove(&sid);
        }
        self.counts.count_id(sid.as_u128());
    }

    /// Notes that a token of this generation was used. `true` if it was the first use, for exactly one caller per generation.
    pub fn note_first_use(&self, sid: SessionId, generation: i64) -> bool {
        let memory = self.database_copy.load();
        // Locked for both changes, so that nobody finds the first use in neither place.
        let mut just_used = self.just_used();
        let is_expected = memory
            .awaiting_first_use
            .pin()
            .remove_if(&sid, |_, expected| *expected == generation)
            .is_ok_and(|gone| gone.is_some());
        if is_expected {
            just_used.insert(sid, generation);
        }
        is_expected
    }

    /// Whether this generation was used and the database may not know it yet.
    pub fn was_just_used(&self, sid: SessionId, generation: i64) -> bool {
        self.just_used().get(&sid) == Some(&generation)
    }

    /// Drops a first use: the database knows of it now.
    pub fn forget_first_use(&self, sid: SessionId, generation: i64) {
        let mut just_used = self.just_used();
        if just_used.get(&sid) == Some(&generation) {
            just_used.remove(&sid);
        }
    }

    /// Drops tokens and sessions that expired before `before`.
    pub fn forget_expired(&self, before: UnixTime) {
        let memory = self.database_copy.load();
        memory.tokens.forget_expired(before);
        // Before the sessions: none of their passes lives longer than they do.
        self.forget_passes(before);
        memory.sessions.forget_expired(before);
    }

    // A poisoned lock can be used on: each change under it is one call, so a panic can't leave it half done.
    fn just_used(&self) -> MutexGuard<'_, StdHashMap<SessionId, i64>> {
        self.just_used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DatabaseCopy {
    fn keep(&self, standing: Standing) -> Arc<Standing> {
        let standing = Arc::new(standing);
        self.users.pin().insert(BySubject(Arc::clone(&standing)), Arc::clone(&standing));
        standing
    }

    fn end_sessions(&self, ended: impl Iterator<Item = (SessionId, UnixTime)>) {
        let ended: Vec<_> = ended.collect();
        let refused = ended.iter().map(|(sid, until)| Refused::new(sid.as_u128(), Some(*until), false));
        self.sessions.insert(refused.collect());
        let awaiting_first_use = self.awaiting_first_use.pin();
        for (sid, _) in ended {
            awaiting_first_use.remove(&sid);
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::change::Change;
    use super::*;
    use crate::domain::{Role, Username};

    const JTI: &str = "5116c888-512e-48e3-9949-c87e30a6b899";

    fn ana() -> Standing {
        Standing {
            user: UserId(1),
            uid: Uuid::nil(),
            username: Username::parse("ana").unwrap(),
            other_subject: None,
            role: Role::User,
            tokens_valid_from: UnixTime(100),
            disable_at: None,
            has_factor: false,
            contact: None,
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
            jti: Some(TokenId::from_jti(JTI)),
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
        assert_eq!(list.judge(of_session(open)), Verdict::Good { standing: Arc::new(ana()), is_first_use: false });
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
        assert_eq!(list.judge(of_peer(101)), Verdict::Good { standing: Arc::new(ana()), is_first_use: false });
    }

    #[test]
    fn a_trap_tells_of_theft_until_its_session_has_ended() {
        let (list, sid) = (list(), SessionId::random());
        list.block(BlockedToken::new(TokenId::from_jti(JTI), None, true));
        assert_eq!(list.judge(of_session(sid)), Verdict::Stolen);
        list.end_sessions([(sid, UnixTime(900))].into_iter());
        assert_eq!(list.judge(of_session(sid)), Verdict::Revoked);
    }

    #[test]
    fn a_generation_is_seen_for_the_first_time_once() {
        let (list, sid) = (list(), SessionId::random());
        list.expect_first_use(sid, 3);
        assert_eq!(list.judge(of_session(sid)), Verdict::Good { standing: Arc::new(ana()), is_first_use: true });
        assert!(!list.note_first_use(sid, 2), "another generation");
        assert!(list.note_first_use(sid, 3));
        assert!(list.was_just_used(sid, 3));
        list.forget_first_use(sid, 3);
        assert!(!list.was_just_used(sid, 3));
        assert!(!list.note_first_use(sid, 3));
    }

    #[test]
    fn in_doubt_nobody_is_admitted_until_everything_is_loaded_anew() {
        let list = list();
        list.doubt();
        assert_eq!(list.judge(of_session(SessionId::random())), Verdict::Unknowable);
        let contents = Contents::default();
        contents.user(ana());
        list.load(contents);
        assert!(matches!(list.judge(of_session(SessionId::random())), Verdict::Good { .. }));
    }

    #[test]
    fn while_it_is_unknown_whom_an_act_has_ended_the_store_is_asked() {
        let (list, ended, open) = (list(), SessionId::random(), SessionId::random());
        let changes = list.changes_to(&of_session(open));
        list.apply(Change::MassEndBegan("one".into()));
        list.apply(Change::MassEndBegan("another".into()));
        assert_ne!(list.changes_to(&of_session(open)), changes, "what was found before does not count any more");
        list.end_sessions([(ended, UnixTime(900))].into_iter());
        let if_open = Verdict::GoodIfOpen { standing: Arc::new(ana()), is_first_use: false };
        for receipt in ["one", "another"] {
            assert_eq!(
                (list.judge(of_session(ended)), list.judge(of_session(open))),
                (Verdict::Revoked, if_open.clone())
            );
            list.apply(Change::MassEndLearned(receipt.into()));
        }
        assert!(matches!(list.judge(of_session(open)), Verdict::Good { .. }));
        assert_eq!(list.judge(of_session(ended)), Verdict::Revoked);
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
