//! Access tokens whose signature was found good, so that it is not computed again for each request that shows the very same
//! bytes. Holds only what never changes about a token: expiry, freshness, CSRF value and revocation are checked each time.
//!
//! A token's place depends on its owner (the session, or the identity in a foreign token), not on its text: whoever collects good
//! tokens, one renewal after the other, pushes out their own and those of the few owners in the same row. No token gets in here
//! without a good signature.

use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::quality::RandomState;
use papaya::HashMap;

use super::claims::Claims;
use crate::domain::{TokenType, UnixTime};

/// How many rows there are: 16,384 tokens in all, of a few kilobytes each.
const ROWS: usize = 2048;
/// How many tokens a row holds, which its owners share.
const PLACES: usize = 8;

/// The remembered tokens by their whole text, in a table that is read without waiting.
pub(super) struct Memory {
    known: HashMap<Arc<str>, Arc<Claims>, RandomState>,
    /// The texts in the table, oldest first in each row. One that expired stays here until it is pushed out.
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
    /// Returns what is remembered of the token with this very text, unless it had expired at `earliest` (now less the leeway).
    pub(super) fn recall(&self, token: &str, earliest: UnixTime) -> Option<Arc<Claims>> {
        let table = self.known.pin();
        let claims = table.get(token)?;
        if claims.is_expired(earliest) {
            table.remove(token);
            return None;
        }
        Some(Arc::clone(claims))
    }

    /// Remembers an access token in place of the oldest in its owner's row. Refresh tokens are shown too seldom to need a place.
    pub(super) fn remember(&self, token: &str, claims: &Arc<Claims>) {
        if claims.token_type != TokenType::Access {
            return;
        }
        let owner = match claims.session {
            Some(session) => self.row_of.hash_one(session.sid),
            None => self.row_of.hash_one(&claims.identity),
        };
        #[expect(clippy::cast_possible_truncation, reason = "the remainder is small")]
        let row = &self.rows[(owner % ROWS as u64) as usize];
        let mut row = row.lock().unwrap_or_else(PoisonError::into_inner);
        // Two requests may have brought the same token at once.
        if row.iter().flatten().any(|other| **other == *token) && self.known.pin().contains_key(token) {
            return;
        }
        let token: Arc<str> = token.into();
        row.rotate_left(1);
        if let Some(oldest) = row[PLACES - 1].replace(Arc::clone(&token)) {
            self.known.pin().remove(&oldest);
        }
        self.known.pin().insert(token, Arc::clone(claims));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;
    use crate::domain::{SessionId, Transport};
    use crate::tokens::{Fresh, SessionClaims};

    fn known(session: Option<SessionId>) -> Arc<Claims> {
        let session = session.map(|sid| SessionClaims {
            sid,
            generation: 0,
            auth_time: UnixTime(0),
            transport: Transport::Cookie,
        });
        Arc::new(Claims {
            identity: "ana".into(),
            jti: None,
            id: None,
            token_type: TokenType::Access,
            fresh: Fresh::No,
            issued_at: None,
            not_before: None,
            expires_at: Some(UnixTime(900)),
            csrf: None,
            session,
            all: Map::new(),
            header: Map::new(),
        })
    }

    fn is_known(memory: &Memory, token: &str) -> bool {
        memory.recall(token, UnixTime(0)).is_some()
    }

    #[test]
    fn an_owner_of_many_tokens_pushes_out_only_their_own() {
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
    fn tokens_of_any_number_of_owners_never_exceed_the_places() {
        let memory = Memory::default();
        for number in 0..3 * ROWS * PLACES {
            memory.remember(&number.to_string(), &known(Some(SessionId::random())));
        }
        let count = memory.known.len();
        assert!(count <= ROWS * PLACES && count > ROWS * PLACES / 2, "{count}");
    }

    #[test]
    fn an_expired_token_is_dropped_and_one_token_takes_one_place() {
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
