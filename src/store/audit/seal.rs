//! The seal of the audit log: each event carries a MAC over itself and the MAC of the one before, under a key that is not in the
//! database. [docs/audit.md](../../../docs/audit.md) gives the bytes.

use aws_lc_rs::hmac;
use diesel::{Insertable, Queryable, Selectable};

use super::head::{HeadFile, MAC_BYTES};
use crate::store::schema::audit_events;

/// Length of the keyed hash of an address, in bytes.
const IP_HASH_BYTES: usize = 16;
/// The MAC before the first event.
pub(super) const NONE_BEFORE: [u8; MAC_BYTES] = [0; MAC_BYTES];

/// The keys of the log, and the file that remembers its newest event outside the database.
pub struct Seal {
    events: hmac::Key,
    addresses: hmac::Key,
    pub(super) file: HeadFile,
}

/// An event as it is stored, but for its MAC.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
// An insert has the same text whatever is missing, so that its statement is found again without writing that text.
#[diesel(table_name = audit_events, treat_none_as_default_value = false)]
pub(in crate::store) struct Row {
    pub(super) n: i64,
    pub(super) at: i64,
    pub(super) what: String,
    pub(super) user_id: Option<i64>,
    pub(super) by_user: Option<i64>,
    pub(super) sid: Option<String>,
    pub(super) ip: Option<String>,
    pub(super) ip_hash: Option<Vec<u8>>,
    pub(super) details: Option<String>,
}

impl Seal {
    /// `events` and `addresses`: keys of 32 random bytes, kept outside the database.
    pub fn new(events: &[u8], addresses: &[u8], file: HeadFile) -> Self {
        Self {
            events: hmac::Key::new(hmac::HMAC_SHA256, events),
            addresses: hmac::Key::new(hmac::HMAC_SHA256, addresses),
            file,
        }
    }

    /// What stands for an address once the address itself is cleared.
    pub fn ip_hash(&self, ip: &str) -> Vec<u8> {
        let tag = hmac::sign(&self.addresses, ip.as_bytes());
        tag.as_ref().iter().take(IP_HASH_BYTES).copied().collect()
    }

    pub(super) fn mac(&self, before: &[u8], row: &Row) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.events);
        context.update(before);
        for number in [Some(row.n), Some(row.at), row.user_id, row.by_user] {
            field(&mut context, number.map(i64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice));
        }
        for text in [Some(row.what.as_bytes()), row.sid.as_deref().map(str::as_bytes)] {
            field(&mut context, text);
        }
        field(&mut context, row.ip_hash.as_deref());
        field(&mut context, row.details.as_deref().map(str::as_bytes));
        context.sign().as_ref().to_vec()
    }

    pub(super) fn checkpoint_seal(&self, n: i64, mac: &[u8]) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.events);
        context.update(b"checkpoint");
        context.update(&n.to_be_bytes());
        context.update(mac);
        context.sign().as_ref().to_vec()
    }

    /// Writes down a newest event that was not written yet, because others came shortly before it.
    pub fn write_head(&self) {
        self.file.write_rest();
    }
}

/// Length and bytes of a field, so that no two events give the same input. `None` differs from empty.
fn field(context: &mut hmac::Context, value: Option<&[u8]>) {
    match value {
        None => context.update(&[0]),
        Some(bytes) => {
            context.update(&[1]);
            context.update(&(bytes.len() as u64).to_be_bytes());
            context.update(bytes);
        }
    }
}
