//! Ids that only the holder of a key can make: the same input gives the same id, so that none has to be stored.

use aws_lc_rs::hmac;
use uuid::Uuid;

use crate::domain::{NameKey, SessionId, StatusListId, TokenType, UserId};
use crate::throttle::LinkKey;

/// The key for the ids of tokens, CSRF values, device cookies and names. It is apart from the signing keys, which may be shared with
/// peers and change.
pub struct KeyedIds(hmac::Key);

impl KeyedIds {
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The id for `input`, in UUID form. Ids for different purposes have nothing to do with each other.
    fn id(&self, purpose: &str, input: &str) -> Uuid {
        let tag = hmac::sign(&self.0, format!("{purpose} {input}").as_bytes());
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// The CSRF value of the session with this seed.
    pub(super) fn csrf(&self, seed: &str) -> String {
        self.id("csrf", seed).hyphenated().to_string()
    }

    /// The id of the token of this type that came with the session's `issue`-th refresh token.
    pub(super) fn jti(&self, sid: SessionId, generation: i64, issue: i64, token_type: TokenType) -> Uuid {
        self.id(token_type.as_str(), &format!("{sid} {generation} {issue}"))
    }

    /// The id of an access token that took the place of the one that [`jti`](Self::jti) names, when the session had been confirmed this
    /// often since. `confirmed`: whether the confirmation itself was answered with it, or a renewal after it.
    pub(super) fn replacement_jti(
        &self,
        sid: SessionId,
        generation: i64,
        issue: i64,
        confirmations: i64,
        confirmed: bool,
    ) -> Uuid {
        let purpose = if confirmed { "confirmed" } else { "repeated" };
        self.id(purpose, &format!("{sid} {generation} {issue} {confirmations}"))
    }

    /// The tag that makes a device cookie one of ours, as long as this version of the password is the user's.
    pub(super) fn device_tag(&self, says: &str, password_version: i64) -> String {
        self.id("device", &format!("{says} {password_version}")).simple().to_string()
    }

    /// The tag of a device cookie that goes with this version of the user's second factors.
    pub(super) fn factor_tag(&self, says: &str, factors_version: i64) -> String {
        self.id("device factors", &format!("{says} {factors_version}")).simple().to_string()
    }

    /// What stands for all browsers in which an account is known. `canonical`: its name as names are compared.
    pub(super) fn devices_of(&self, canonical: &str) -> NameKey {
        NameKey(self.id("devices", canonical).as_u128())
    }

    /// What stands for a name in the throttle. `canonical`: as names are compared.
    pub(super) fn name(&self, canonical: &str) -> NameKey {
        NameKey(self.id("name", canonical).as_u128())
    }

    /// What stands for a network in which an account is known. `canonical`: its name as names are compared.
    pub(super) fn network_of(&self, canonical: &str, network: &str) -> NameKey {
        NameKey(self.id("network", &format!("{network} {canonical}")).as_u128())
    }

    /// Where a name that nobody bears falls among the users whose hashes decoys imitate. `canonical`: as names are compared.
    pub(super) fn decoy(&self, canonical: &str) -> u64 {
        self.id("decoy", canonical).as_u64_pair().0
    }

    /// What is stored of a recovery code. `code`: in its one spelling.
    pub(super) fn recovery_code(&self, user: UserId, code: &str) -> String {
        self.id("recovery code", &format!("{user} {code}")).simple().to_string()
    }

    /// The session as this app knows it, so that two apps can't tell that they speak of the same one.
    pub(super) fn session_for_app(&self, app: &str, sid: SessionId) -> Uuid {
        self.id("session at app", &format!("{sid} {app}"))
    }

    /// What a status list is called in its address. `restored`: when the database was last restored from a backup.
    pub(super) fn status_list(&self, list: StatusListId, restored: i64) -> Uuid {
        self.id("status list", &format!("{} {restored}", list.0))
    }

    /// The index of the session that is the `nth` in a status list: another one for each, in an order that tells nothing.
    pub(super) fn status_index(&self, list: StatusListId, nth: u32) -> u32 {
        const BITS: u32 = StatusListId::PLACE_BITS / 2;
        const MASK: u32 = (1 << BITS) - 1;
        let (mut left, mut right) = (nth >> BITS, nth & MASK);
        // A Feistel network: each round can be undone, so no two get the same index.
        for round in 0..4 {
            let [.., high, low] = *self.id("status index", &format!("{} {round} {right}", list.0)).as_bytes();
            (left, right) = (right, left ^ (u32::from(u16::from_be_bytes([high, low])) & MASK));
        }
        (left << BITS) | right
    }

    /// What stands for an attempt to sign in, in the throttle.
    pub fn attempt(&self, id: Uuid) -> LinkKey {
        LinkKey(self.id("attempt", &id.to_string()).as_u128())
    }

    /// What stands for a one-time link in the throttle. `token`: its secret.
    pub fn link(&self, token: &str) -> LinkKey {
        LinkKey(self.id("link", token).as_u128())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_session_of_a_status_list_has_an_index_of_its_own() {
        let (ids, list) = (KeyedIds::new(b"secret"), StatusListId(1));
        let mut taken = vec![false; StatusListId::PLACES as usize];
        // All of them take minutes, unoptimised.
        let some = (0..40).chain((0..StatusListId::PLACES).step_by(97));
        let mut after_another = 0;
        let mut last = 0;
        for nth in some.collect::<std::collections::BTreeSet<_>>() {
            let index = ids.status_index(list, nth);
            assert!(!std::mem::replace(&mut taken[index as usize], true), "{nth}");
            after_another += u32::from(index == last + 1);
            last = index;
        }
        assert!(after_another < 5, "in no order that tells anything: {after_another}");
        assert_ne!(ids.status_index(list, 0), ids.status_index(StatusListId(2), 0));
    }
}
