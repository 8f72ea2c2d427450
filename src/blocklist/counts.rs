//! Counts the changes to what verdicts rest on. A token that was good at a count is good for as long as the count is the same, without
//! a look at anything else: not refused then, and nothing refused since.
//!
//! A change is made, then counted, then acknowledged. Whoever looks reads the count first and looks then. So a verdict kept at a count
//! knows every change in that count, and every change acknowledged since makes the count another one.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::quality::RandomState;

use super::Question;

/// The number of counters: so many that one change has few other tokens looked up again (three in 512), so few that they stay in a
/// core's first cache.
const SHARDS: usize = 512;

pub(super) struct Counts {
    counters: Box<[AtomicU64]>,
    by_subject: RandomState,
}

impl Default for Counts {
    fn default() -> Self {
        Self { counters: (0..SHARDS).map(|_| AtomicU64::new(0)).collect(), by_subject: RandomState::default() }
    }
}

impl Counts {
    /// How many changes there were to what the answer rests on, and to others that share its counters. Each counter only grows, so the
    /// sum is the same only if none of them has.
    pub(super) fn of(&self, question: &Question<'_>) -> u64 {
        let count = |place: usize| self.counters[place].load(Ordering::Acquire);
        let of_session = question.session.map_or(0, |(sid, _)| count(place_of(sid.as_u128())));
        let of_token = question.jti.map_or(0, |jti| count(place_of(jti.as_u128())));
        count(self.place_of_subject(question.subject)).wrapping_add(of_session).wrapping_add(of_token)
    }

    /// Counts a change to a session or token.
    pub(super) fn count_id(&self, id: u128) {
        self.counters[place_of(id)].fetch_add(1, Ordering::Release);
    }

    /// Counts a change to a user's standing.
    pub(super) fn count_subject(&self, subject: &str) {
        self.counters[self.place_of_subject(subject)].fetch_add(1, Ordering::Release);
    }

    /// Counts a change to everything.
    pub(super) fn count_all(&self) {
        for counter in &self.counters {
            counter.fetch_add(1, Ordering::Release);
        }
    }

    fn place_of_subject(&self, subject: &str) -> usize {
        place_of(u128::from(self.by_subject.hash_one(subject)))
    }
}

/// Ids are random, so that any of their bits do for a hash. A peer who chooses its tokens' ids can only have its own looked up more often.
fn place_of(id: u128) -> usize {
    (id % SHARDS as u128) as usize
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;
    use std::sync::atomic::Ordering;

    use proptest::prelude::*;

    use crate::blocklist::{BlockedToken, Blocklist, Contents, Question, Standing, Verdict};
    use crate::domain::{Role, SessionId, TokenId, UnixTime, UserId, Username};

    const LATER: UnixTime = UnixTime(900);

    fn user(number: usize, role: Role) -> Standing {
        let name = format!("user{number}");
        Standing {
            user: UserId(1),
            uid: uuid::Uuid::nil(),
            username: Username::parse(&name).unwrap(),
            other_subject: None,
            role,
            tokens_valid_from: UnixTime(100),
            disable_at: None,
            has_factor: false,
            contact: None,
        }
    }

    /// A token, and what was kept of its last verdict.
    struct Token {
        subject: String,
        jti: TokenId,
        session: Option<(SessionId, i64)>,
        kept: Option<(u64, Arc<Standing>)>,
    }

    impl Token {
        fn new(user: usize, session: Option<SessionId>) -> Self {
            let jti = TokenId::from_jti(&SessionId::random().to_string());
            Self { subject: format!("user{user}"), jti, session: session.map(|sid| (sid, 3)), kept: None }
        }

        fn question(&self) -> Question<'_> {
            let issued_at = Some(UnixTime(200));
            Question { subject: &self.subject, jti: Some(self.jti), session: self.session, issued_at }
        }

        fn kept_at(&self, count: u64) -> Option<Arc<Standing>> {
            self.kept.as_ref().filter(|(then, _)| *then == count).map(|(_, standing)| Arc::clone(standing))
        }

        fn keep(&mut self, count: u64, verdict: &Verdict) {
            if let Verdict::Good { standing, is_first_use: false } = verdict {
                self.kept = Some((count, Arc::clone(standing)));
            }
        }

        /// The verdict in the quick way.
        fn judged(&mut self, list: &Blocklist) -> Verdict {
            let count = list.changes_to(&self.question());
            if let Some(standing) = self.kept_at(count) {
                return Verdict::Good { standing, is_first_use: false };
            }
            let verdict = list.judge(self.question());
            self.keep(count, &verdict);
            verdict
        }
    }

    /// Every order of these numbers of steps: each is a list of who takes the next one.
    fn orders(left: [usize; 3]) -> Vec<Vec<usize>> {
        if left == [0; 3] {
            return vec![Vec::new()];
        }
        let mut all = Vec::new();
        for who in (0..3).filter(|who| left[*who] > 0) {
            let mut rest = left;
            rest[who] -= 1;
            all.extend(orders(rest).into_iter().map(|order| [vec![who], order].concat()));
        }
        all
    }

    type Step = fn(&Blocklist, &Token);

    /// The two steps of each kind of change.
    const CHANGES: [(Step, Step); 5] = [
        (
            |list, token| {
                list.database_copy.load().end_sessions(token.session.map(|(sid, _)| (sid, LATER)).into_iter());
            },
            |list, token| list.counts.count_id(token.session.unwrap().0.as_u128()),
        ),
        (
            |list, token| {
                list.database_copy.load().tokens.insert(vec![BlockedToken::new(token.jti, None, false).0]);
            },
            |list, token| list.counts.count_id(token.jti.as_u128()),
        ),
        (
            |list, token| {
                list.database_copy.load().users.pin().remove(token.subject.as_str());
            },
            |list, token| list.counts.count_subject(&token.subject),
        ),
        (
            |list, _| list.database_copy.load().in_doubt.store(true, Ordering::Release),
            |list, _| list.counts.count_all(),
        ),
        // What is loaded anew does not have the user.
        (
            |list, token| {
                list.database_copy.load().users.pin().remove(token.subject.as_str());
            },
            |list, _| list.counts.count_all(),
        ),
    ];

    #[test]
    fn in_every_order_of_a_change_and_two_looks_no_acknowledged_change_is_overlooked_and_none_is_foreseen() {
        let orders = orders([2, 3, 3]);
        assert_eq!(orders.len(), 560);
        let list = Blocklist::default();
        for (change, count) in CHANGES {
            for order in &orders {
                list.database_copy.load().in_doubt.store(false, Ordering::Release);
                list.database_copy.load().keep(user(1, Role::User));
                let mut token = Token::new(1, Some(SessionId::random()));
                // A token that was good before all this.
                assert!(matches!(token.judged(&list), Verdict::Good { .. }));
                let (mut made, mut acknowledged) = (false, false);
                let mut looks = [(0, 0_u64, None, false), (0, 0, None, false)];
                for who in order {
                    if *who == 0 {
                        if made {
                            count(&list, &token)
                        } else {
                            change(&list, &token)
                        }
                        (made, acknowledged) = (true, made);
                        continue;
                    }
                    // Both looks are of one token, and share what is kept of it.
                    let (step, counted, verdict, must_refuse) = &mut looks[*who - 1];
                    match step {
                        0 => (*counted, *must_refuse) = (list.changes_to(&token.question()), acknowledged),
                        1 => {
                            let kept = token.kept_at(*counted);
                            let found = kept.map(|standing| Verdict::Good { standing, is_first_use: false });
                            *verdict = Some(found.unwrap_or_else(|| list.judge(token.question())));
                        }
                        _ => {
                            let verdict = verdict.take().unwrap();
                            token.keep(*counted, &verdict);
                            let is_good = matches!(verdict, Verdict::Good { .. });
                            assert!(!(is_good && *must_refuse), "overlooked, in the order {order:?}");
                            assert!(is_good || made, "foreseen, in the order {order:?}");
                        }
                    }
                    *step += 1;
                }
                assert!(!matches!(token.judged(&list), Verdict::Good { .. }), "overlooked after {order:?}");
            }
        }
    }

    #[derive(Clone, Debug)]
    enum Act {
        Look(usize),
        EndSession(usize),
        Block(usize, bool),
        Forget(usize),
        Remember(usize, bool),
        ExpectFirstUse(usize),
        NoteFirstUse(usize),
        ForgetExpired(bool),
        Doubt,
        Load,
    }

    fn acts() -> impl Strategy<Value = Vec<Act>> {
        let one = prop_oneof![
            8 => (0..12_usize).prop_map(Act::Look),
            2 => (0..12_usize).prop_map(Act::EndSession),
            2 => (0..12_usize, any::<bool>()).prop_map(|(token, is_trap)| Act::Block(token, is_trap)),
            1 => (0..3_usize).prop_map(Act::Forget),
            2 => (0..3_usize, any::<bool>()).prop_map(|(user, is_admin)| Act::Remember(user, is_admin)),
            1 => (0..12_usize).prop_map(Act::ExpectFirstUse),
            1 => (0..12_usize).prop_map(Act::NoteFirstUse),
            1 => any::<bool>().prop_map(Act::ForgetExpired),
            1 => Just(Act::Doubt),
            1 => Just(Act::Load),
        ];
        prop::collection::vec(one, 1..200)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn whatever_is_done_the_quick_verdict_is_that_of_a_plain_look(acts in acts()) {
            let list = Blocklist::default();
            // Some sessions have two tokens, and some tokens no session.
            let sids: HashMap<usize, SessionId> = (0..4).map(|number| (number, SessionId::random())).collect();
            let mut tokens: Vec<_> = (0..12).map(|token| Token::new(token % 3, sids.get(&(token / 2)).copied())).collect();
            for act in acts {
                let sid = |token: usize| tokens[token].session.map(|(sid, _)| sid);
                match act {
                    Act::Look(_) => {}
                    Act::EndSession(token) => list.end_sessions(sid(token).map(|sid| (sid, LATER)).into_iter()),
                    Act::Block(token, is_trap) => list.block(BlockedToken::new(tokens[token].jti, Some(LATER), is_trap)),
                    Act::Forget(number) => list.forget(&format!("user{number}")),
                    Act::Remember(number, true) => list.remember(user(number, Role::Admin)),
                    Act::Remember(number, false) => list.remember(user(number, Role::User)),
                    Act::ExpectFirstUse(token) => sid(token).into_iter().for_each(|sid| list.expect_first_use(sid, 3)),
                    Act::NoteFirstUse(token) => {
                        sid(token).map(|sid| list.note_first_use(sid, 3));
                    }
                    Act::ForgetExpired(all) => list.forget_expired(if all { LATER.plus(1) } else { LATER }),
                    Act::Doubt => list.doubt(),
                    Act::Load => {
                        let contents = Contents::default();
                        contents.user(user(0, Role::User));
                        contents.user(user(1, Role::Admin));
                        list.load(contents);
                    }
                }
                let looked_at: Vec<usize> = if let Act::Look(token) = act { vec![token] } else { (0..12).collect() };
                for token in looked_at {
                    let plain = list.judge(tokens[token].question());
                    prop_assert_eq!(tokens[token].judged(&list), plain);
                }
            }
        }
    }
}
