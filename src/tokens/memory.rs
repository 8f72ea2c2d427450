//! Access tokens whose signature was found good, so that it is not computed again for each request that shows the very same
//! bytes. Holds what never changes about a token: expiry, freshness, CSRF value and revocation are looked at each time.
//!
//! A place is chosen by whose token it is, not by what it is: who collects good tokens, one renewal after the other, pushes out
//! his own, and those of the few who share his row of places. Nobody gets a token in here without a good signature.

use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::quality::RandomState;
use papaya::HashMap;
use serde_json::{Map, Value};

use super::{Claims, Keys};
use crate::domain::{TokenType, UnixTime};

/// 16,384 tokens in all; each takes about 4 kB.
const ROWS: usize = 2048;
/// Tokens that owners of one row can have in here at a time.
const PLACES: usize = 8;

/// A token that passed every check that does not depend on the moment or on the request.
pub(super) struct Known {
    /// By which it was verified.
    pub(super) keys: Arc<Keys>,
    pub(super) header: Arc<Map<String, Value>>,
    pub(super) claims: Arc<Claims>,
    /// Claim `nbf`.
    pub(super) not_before: Option<UnixTime>,
}

/// Known tokens by their whole text, in a table that readers never wait for.
pub(super) struct Memory {
    known: HashMap<Arc<str>, Arc<Known>, RandomState>,
    /// What is in the table, oldest first in each row.
    rows: Box<[Mutex<Row>]>,
    row_of: RandomState,
}

type Row = [Option<Arc<str>>; PLACES];

impl Default for Memory {
    fn default() -> Self {
        Self {
            known: HashMap::with_hasher(RandomState::default()),
            rows: (0..ROWS).map(|_| Mutex::default()).collect(),
            row_of: RandomState::default(),
        }
    }
}

impl Memory {
    /// What is known of the token with this very text, unless it expired before `earliest`.
    pub(super) fn recall(&self, token: &str, earliest: UnixTime) -> Option<Arc<Known>> {
        let table = self.known.pin();
        let known = table.get(token)?;
        if known.claims.is_expired(earliest) {
            table.remove(token);
            return None;
        }
        Some(Arc::clone(known))
    }

    /// Keeps an access token in place of the oldest in its row. Refresh tokens are shown too seldom to be worth a place.
    pub(super) fn remember(&self, token: &str, known: &Arc<Known>) {
        if known.claims.token_type != TokenType::Access {
            return;
        }
        let owner = match known.claims.session {
            Some(session) => self.row_of.hash_one(session.sid),
            None => self.row_of.hash_one(&known.claims.identity),
        };
        #[expect(clippy::cast_possible_truncation, reason = "the remainder is small")]
        let row = &self.rows[(owner % ROWS as u64) as usize];
        let mut row = row.lock().unwrap_or_else(PoisonError::into_inner);
        // Two requests may have brought it at once.
        if row.iter().flatten().any(|other| **other == *token) && self.known.pin().contains_key(token) {
            return;
        }
        let token: Arc<str> = token.into();
        row.rotate_left(1);
        if let Some(oldest) = row[PLACES - 1].replace(Arc::clone(&token)) {
            self.known.pin().remove(&oldest);
        }
        self.known.pin().insert(token, Arc::clone(known));
    }
}

#[cfg(test)]
mod tests {
    use super::super::options::Secret;
    use super::super::{Algorithm, Fresh, Key, SessionClaims};
    use super::*;
    use crate::domain::{SessionId, Transport};

    fn known(session: Option<SessionId>) -> Arc<Known> {
        let key = Key::new(Algorithm::HS256, &Secret::new("thirty-two bytes are the least for HS256")).unwrap();
        let session = session.map(|sid| SessionClaims {
            sid,
            generation: 0,
            auth_time: UnixTime(0),
            transport: Transport::Cookie,
        });
        let claims = Claims {
            identity: "ana".into(),
            jti: None,
            token_type: TokenType::Access,
            fresh: Fresh::No,
            issued_at: None,
            expires_at: Some(UnixTime(900)),
            csrf: None,
            session,
            all: Map::new(),
        };
        Arc::new(Known {
            keys: Arc::new(Keys::one(key)),
            header: Arc::default(),
            claims: Arc::new(claims),
            not_before: None,
        })
    }

    fn is_known(memory: &Memory, token: &str) -> bool {
        memory.recall(token, UnixTime(0)).is_some()
    }

    #[test]
    fn who_collects_tokens_pushes_out_his_own() {
        let memory = Memory::default();
        let victims: Vec<_> = (0..200).map(|number| format!("victim {number}")).collect();
        for victim in &victims {
            memory.remember(victim, &known(Some(SessionId::random())));
        }
        let attacker = known(Some(SessionId::random()));
        for number in 0..100_000 {
            memory.remember(&format!("attack {number}"), &attacker);
        }
        let lost = victims.iter().filter(|victim| !is_known(&memory, victim)).count();
        // One in 2,048 shares the attacker's row.
        assert!(lost <= 3, "{lost} of 200");
        assert!(memory.known.len() <= victims.len() + PLACES);
        assert!(is_known(&memory, "attack 99999") && !is_known(&memory, "attack 99000"));
    }

    #[test]
    fn however_many_owners_there_are_no_more_fit_than_there_are_places() {
        let memory = Memory::default();
        for number in 0..3 * ROWS * PLACES {
            memory.remember(&number.to_string(), &known(Some(SessionId::random())));
        }
        let count = memory.known.len();
        assert!(count <= ROWS * PLACES && count > ROWS * PLACES / 2, "{count}");
    }

    #[test]
    fn what_has_expired_is_let_go_and_one_token_has_one_place() {
        let memory = Memory::default();
        let ana = known(None);
        for _ in 0..3 {
            memory.remember("token", &ana);
        }
        memory.remember("other", &ana);
        assert_eq!(memory.rows.iter().flat_map(|row| row.lock().unwrap().clone()).flatten().count(), 2);
        assert!(memory.recall("token", UnixTime(899)).is_some());
        assert!(memory.recall("token", UnixTime(900)).is_none());
        assert_eq!(memory.known.len(), 1);
    }
}
