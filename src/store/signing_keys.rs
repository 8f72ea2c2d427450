//! The rings of signing keys, one for each purpose. The keys themselves are in files of the data folder.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

use super::connection::{Conn, Error, known};
use super::schema::signing_keys;
use crate::domain::{AppAlgorithm, UnixTime, spelled};

/// What a key is used for. A key goes through these states in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Peers can read it already; nothing is signed with it yet.
    Pending,
    /// New tokens are signed with it. There is exactly one.
    Signing,
    /// It signs no more; tokens that it signed are still good.
    VerifyOnly,
}

spelled!(KeyState { Pending = "pending", Signing = "signing", VerifyOnly = "verify_only" });

/// What a key signs. No key has two purposes, so that nothing that one ring signed is ever good for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPurpose {
    /// The tokens of Portero's own sessions.
    Sessions,
    /// What apps read, and nobody else, signed by ES256.
    Apps,
    /// The same, signed by RS256.
    AppsRs256,
}

spelled!(KeyPurpose { Sessions = "sessions", Apps = "apps", AppsRs256 = "apps_rs256" });

impl KeyPurpose {
    /// Of the keys that sign for apps by this algorithm.
    pub fn for_apps(algorithm: AppAlgorithm) -> Self {
        match algorithm {
            AppAlgorithm::ES256 => Self::Apps,
            AppAlgorithm::RS256 => Self::AppsRs256,
        }
    }
}

#[derive(Clone, Debug)]
pub struct KeyRow {
    pub purpose: KeyPurpose,
    pub kid: String,
    /// As a token's `alg` header names it.
    pub algorithm: String,
    pub state: KeyState,
    /// The name of its file in the data folder.
    pub file: String,
    pub created_at: UnixTime,
    /// Since when it is in this state.
    pub since: UnixTime,
}

/// The keys for this purpose, oldest first.
pub fn all(conn: &mut Conn, purpose: KeyPurpose) -> Result<Vec<KeyRow>, Error> {
    Ok(every(conn)?.into_iter().filter(|key| key.purpose == purpose).collect())
}

/// The keys of all rings, oldest first.
pub fn every(conn: &mut Conn) -> Result<Vec<KeyRow>, Error> {
    type Row = (i64, String, String, String, String, i64, i64, String);
    let rows: Vec<Row> = signing_keys::table.order(signing_keys::id).load(conn)?;
    rows.into_iter()
        .map(|(_, kid, algorithm, state, file, created_at, since, purpose)| {
            let purpose = known(KeyPurpose::parse(&purpose), "key purpose", &purpose)?;
            let state = known(KeyState::parse(&state), "key state", &state)?;
            Ok(KeyRow {
                purpose,
                kid,
                algorithm,
                state,
                file,
                created_at: UnixTime(created_at),
                since: UnixTime(since),
            })
        })
        .collect()
}

pub fn add(conn: &mut Conn, key: &KeyRow) -> Result<(), Error> {
    diesel::insert_into(signing_keys::table)
        .values((
            signing_keys::purpose.eq(key.purpose.as_str()),
            signing_keys::kid.eq(&key.kid),
            signing_keys::algorithm.eq(&key.algorithm),
            signing_keys::state.eq(key.state.as_str()),
            signing_keys::file.eq(&key.file),
            signing_keys::created_at.eq(key.created_at.0),
            signing_keys::since.eq(key.since.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// Makes `kid` the key that signs for this purpose, and the previous one verify-only. `false`: `kid` is not pending (any more); the caller then has to
/// roll back, for no key would sign.
pub fn promote(conn: &mut Conn, purpose: KeyPurpose, kid: &str, now: UnixTime) -> Result<bool, Error> {
    let moved = |state: KeyState| (signing_keys::state.eq(state.as_str()), signing_keys::since.eq(now.0));
    let ring = || signing_keys::table.filter(signing_keys::purpose.eq(purpose.as_str()));
    diesel::update(ring().filter(signing_keys::state.eq(KeyState::Signing.as_str())))
        .set(moved(KeyState::VerifyOnly))
        .execute(conn)?;
    let waiting = ring().filter(signing_keys::kid.eq(kid)).filter(signing_keys::state.eq(KeyState::Pending.as_str()));
    Ok(diesel::update(waiting).set(moved(KeyState::Signing)).execute(conn)? == 1)
}

/// Deletes a key that does not sign. `false`: there is no such key, or it signs.
pub fn remove(conn: &mut Conn, kid: &str) -> Result<bool, Error> {
    let idle = signing_keys::table
        .filter(signing_keys::kid.eq(kid))
        .filter(signing_keys::state.ne(KeyState::Signing.as_str()));
    Ok(diesel::delete(idle).execute(conn)? == 1)
}
