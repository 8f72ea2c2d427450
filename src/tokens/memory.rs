//! Access tokens whose signature was found good, so that it is not computed again for each request that shows the very same
//! bytes. Holds only what never changes about a token: expiry, freshness, CSRF value and revocation are checked each time.
//!
//! A token's place depends on its owner (the session, or the identity in a foreign token), not on its text: whoever collects good
//! tokens, one renewal after the other, pushes out their own and those of the few owners in the same row. No token gets in here
//! without a good signature.

use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::fast;
use foldhash::quality::RandomState;
use papaya::HashMap;

use super::claims::Claims;
use crate::domain::{TokenType, UnixTime};

/// How many rows there are: 16,384 tokens in all, of a few kilobytes each.
const ROWS: usize = 2048;
/// How many tokens a row holds, which its owners share.
const PLACES: usize = 8;

/// The remembered tokens, in a table that is read without waiting.
pub(super) struct Memory {
    /// By a hash of the token's text. Of two texts with one hash, the later takes the other's place; which one it is, the text in
    /// the claims tells.
    known: HashMap<u64, Arc<Claims>, fast::RandomState>,
    /// The hashes in the table, oldest first in each row. One that expired stays here until it is pushed out.
    rows: Box<[Mutex<Row>]>,
    /// For texts and for owners. Keyed at random, so that nobody can choose tokens with one hash.
    hash: RandomState,
}

type Row = [Option<u64>; PLACES];

impl Default for Memory {
    fn default() -> Self {
        Self {
            known: HashMap::with_hasher(fast::RandomState::default()),
            rows: (0..ROWS).map(|_| Mutex::default()).collect(),
            hash: RandomState::default(),
        }
    }
}

impl Memory {
    /// Returns what is remembered of the token with this very text, unless it had expired at `earliest` (now less the leeway).
    pub(super) fn recall(&self, text: &[u8], earliest: UnixTime) -> Option<Arc<Claims>> {
        let (table, hash) = (self.known.pin(), self.hash.hash_one(text));
        let claims = table.get(&hash).filter(|claims| claims.text.0.as_bytes() == text)?;
        if claims.is_expired(earliest) {
            table.remove(&hash);
            return None;
        }
        Some(Arc::clone(claims))
    }

    /// Remembers an access token in place of the oldest in its owner's row. Refresh tokens are shown too seldom to need a place.
    pub(super) fn remember(&self, claims: &Arc<Claims>) {
        if claims.token_type != TokenType::Access {
            return;
        }
        let owner = match claims.session {
            Some(session) => self.hash.hash_one(session.sid),
            None => self.hash.hash_one(&claims.identity),
        };
        let (table, hash) = (self.known.pin(), self.hash.hash_one(claims.text.0.as_bytes()));
        #[expect(clippy::cast_possible_truncation, reason = "the remainder is small")]
        let row = &self.rows[(owner % ROWS as u64) as usize];
        let mut row = row.lock().unwrap_or_else(PoisonError::into_inner);
        // Two requests may have brought the same token at once.
        if row.contains(&Some(hash)) && table.get(&hash).is_some_and(|known| known.text == claims.text) {
            return;
        }
        row.rotate_left(1);
        if let Some(oldest) = row[PLACES - 1].replace(hash) {
            table.remove(&oldest);
        }
        table.insert(hash, Arc::clone(claims));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;
    use crate::domain::{Methods, SessionId, Transport};
    use crate::tokens::claims::{Kept, TokenText};
    use crate::tokens::{Fresh, SessionClaims};

    fn known(text: &str, session: Option<SessionId>) -> Arc<Claims> {
        let session = session.map(|sid| SessionClaims {
            sid,
            generation: 0,
            auth_time: UnixTime(0),
            transport: Transport::Cookie,
            methods: Methods::PASSWORD,
            factor_time: None,
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
            text: TokenText(text.into()),
            kept: Kept::default(),
        })
    }

    fn is_known(memory: &Memory, token: &str) -> bool {
        memory.recall(token.as_bytes(), UnixTime(0)).is_some()
    }

    #[test]
    fn an_owner_of_many_tokens_pushes_out_only_their_own() {
        let memory = Memory::default();
        let victims: Vec<_> = (0..200).map(|number| format!("victim {number}")).collect();
        for victim in &victims {
            memory.remember(&known(victim, Some(SessionId::random())));
        }
        let attacker = Some(SessionId::random());
        for number in 0..100_000 {
            memory.remember(&known(&format!("attack {number}"), attacker));
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
            memory.remember(&known(&number.to_string(), Some(SessionId::random())));
        }
        let count = memory.known.len();
        assert!(count <= ROWS * PLACES && count > ROWS * PLACES / 2, "{count}");
    }

    #[test]
    fn an_expired_token_is_dropped_and_one_token_takes_one_place() {
        let memory = Memory::default();
        for _ in 0..3 {
            memory.remember(&known("token", None));
        }
        memory.remember(&known("other", None));
        assert_eq!(memory.rows.iter().flat_map(|row| *row.lock().unwrap()).flatten().count(), 2);
        assert!(memory.recall(b"token", UnixTime(899)).is_some());
        assert!(memory.recall(b"token", UnixTime(900)).is_none());
        assert_eq!(memory.known.len(), 1);
    }

    #[test]
    fn of_two_texts_with_one_hash_neither_is_taken_for_the_other() {
        let memory = Memory::default();
        let (one, other) = (known("one", None), known("other", None));
        memory.remember(&one);
        // As if the other's text had the hash of the first.
        memory.known.pin().insert(memory.hash.hash_one("one".as_bytes()), other);
        assert!(!is_known(&memory, "one") && !is_known(&memory, "other"));
        memory.remember(&one);
        assert!(is_known(&memory, "one"));
    }
}
