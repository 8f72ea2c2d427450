//! The lists by which apps learn, without asking about each request, which sessions have ended. (Token Status List,
//! draft-ietf-oauth-status-list) A list is built from memory and signed when it is fetched, once for each change.

use std::sync::atomic::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use miniz_oxide::deflate::compress_to_vec_zlib;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::accounts::context::Accounts;
use crate::blocklist::status::StatusList;
use crate::domain::{StatusListId, StatusPlace, UnixTime};

/// In the header of a list, so that nothing else is taken for one. (§5.1)
pub const TYP: &str = "statuslist+jwt";
/// Where the lists are, at Portero's address. Each has its own name behind it.
pub const PATH: &str = "/status-lists";
/// How well a list is compressed. A full one with one session in a hundred ended takes 19 kB and 1.3 ms; at level 6 it would take 16 kB and
/// 5 ms, or 25 ms with one in ten.
const COMPRESSION: u8 = 3;
/// A list can be used for twice as long as it may be kept: it may be signed that long before it is fetched. To this is added, in seconds,
/// how wrong clocks may be.
const WRONG_CLOCKS: i64 = 60;

impl Accounts {
    /// What a list is called in its address. After a backup was restored it is another one: sessions that began after the backup have
    /// places that will be given again.
    pub fn status_list_name(&self, list: StatusListId) -> Uuid {
        self.keyed_ids.status_list(list, self.restored.load(Ordering::Relaxed))
    }

    /// The list with this name.
    pub fn status_list_named(&self, name: Uuid) -> Option<StatusListId> {
        self.blocklist.status_lists().into_iter().find(|list| self.status_list_name(*list) == name)
    }

    /// The address of a list. `issuer`: Portero's own.
    pub fn status_list_uri(&self, issuer: &str, list: StatusListId) -> String {
        format!("{issuer}{PATH}/{}", self.status_list_name(list))
    }

    /// The claim `status` of a token: where to look up whether its session has ended. (§6.1)
    pub(in crate::accounts) fn status_claim(&self, issuer: &str, place: StatusPlace) -> Value {
        let uri = self.status_list_uri(issuer, place.list());
        json!({ "status_list": { "idx": place.index(), "uri": uri } })
    }
}

/// What a list says. (§5.1) Takes milliseconds.
pub fn claims(list: &StatusList, issuer: &str, uri: &str, ttl: i64, now: UnixTime) -> Map<String, Value> {
    let compressed = compress_to_vec_zlib(&list.bytes(), COMPRESSION);
    let mut claims = Map::new();
    let mut put = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
    put("iss", issuer.into());
    put("sub", uri.into());
    put("iat", now.0.into());
    put("exp", now.plus(2 * ttl + WRONG_CLOCKS).0.into());
    put("ttl", ttl.into());
    let entries = URL_SAFE_NO_PAD.encode(compressed);
    put("status_list", json!({ "bits": 1, "lst": entries, "aggregation_uri": format!("{issuer}{PATH}") }));
    claims
}
