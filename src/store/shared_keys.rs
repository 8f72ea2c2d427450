//! Keys that several nodes share, sealed: under a master key that each node is given or, for the files in their data folders, with the pepper.

use std::fmt;

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, Queryable, RunQueryDsl};

use super::connection::{Conn, Error, known};
use super::schema::shared_keys;
use super::text_order::sorted_by;

/// A master key without the key: its id, and a fingerprint that tells it from another with the same id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MasterKeyName {
    /// It holds no colon.
    pub id: String,
    pub fingerprint: String,
}

impl fmt::Display for MasterKeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.id, self.fingerprint)
    }
}

impl MasterKeyName {
    /// The reverse of `Display`.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, fingerprint) = text.split_once(':')?;
        Some(Self { id: id.to_owned(), fingerprint: fingerprint.to_owned() })
    }
}

/// A key that is sealed under a master key.
#[derive(Clone, Debug)]
pub struct SealedKey {
    /// The name of the file that it would be in.
    pub file: String,
    pub sealed: Vec<u8>,
    pub under: MasterKeyName,
}

#[derive(Queryable)]
struct Row {
    file: String,
    sealed: Vec<u8>,
    master_key: Option<String>,
}

impl Row {
    /// `None`: it is sealed with the pepper.
    fn under_master_key(self) -> Result<Option<SealedKey>, Error> {
        let Self { file, sealed, master_key } = self;
        let Some(text) = master_key else { return Ok(None) };
        let under = known(MasterKeyName::parse(&text), "master key", &text)?;
        Ok(Some(SealedKey { file, sealed, under }))
    }
}

/// Adds a key that is sealed with the pepper.
pub fn add(conn: &mut Conn, file: &str, sealed: &[u8]) -> Result<(), Error> {
    diesel::insert_into(shared_keys::table)
        .values((shared_keys::file.eq(file), shared_keys::sealed.eq(sealed)))
        .execute(conn)?;
    Ok(())
}

/// A key that is sealed with the pepper. `None`: that file was made before there were several nodes, and copied with the data folder.
pub fn find(conn: &mut Conn, file: &str) -> Result<Option<Vec<u8>>, Error> {
    let row = shared_keys::table.find(file.to_owned()).filter(shared_keys::master_key.is_null());
    Ok(row.select(shared_keys::sealed).get_result(conn).optional()?)
}

pub fn remove(conn: &mut Conn, file: &str) -> Result<(), Error> {
    diesel::delete(shared_keys::table.find(file.to_owned())).execute(conn)?;
    Ok(())
}

/// Removes all that is sealed with the pepper.
pub fn remove_those_for_folders(conn: &mut Conn) -> Result<(), Error> {
    diesel::delete(shared_keys::table.filter(shared_keys::master_key.is_null())).execute(conn)?;
    Ok(())
}

pub fn add_under_master_key(conn: &mut Conn, key: &SealedKey) -> Result<(), Error> {
    diesel::insert_into(shared_keys::table)
        .values((
            shared_keys::file.eq(&key.file),
            shared_keys::sealed.eq(&key.sealed),
            shared_keys::master_key.eq(key.under.to_string()),
        ))
        .execute(conn)?;
    Ok(())
}

/// Puts the same key, sealed anew, in the place of the row with its name.
pub fn replace(conn: &mut Conn, key: &SealedKey) -> Result<(), Error> {
    diesel::update(shared_keys::table.find(key.file.clone()))
        .set((shared_keys::sealed.eq(&key.sealed), shared_keys::master_key.eq(key.under.to_string())))
        .execute(conn)?;
    Ok(())
}

/// `None`: there is no such key under a master key.
pub fn under_master_key(conn: &mut Conn, file: &str) -> Result<Option<SealedKey>, Error> {
    let row: Option<Row> = shared_keys::table.find(file.to_owned()).get_result(conn).optional()?;
    row.map_or(Ok(None), Row::under_master_key)
}

/// All keys under master keys, by name.
pub fn all_under_master_keys(conn: &mut Conn) -> Result<Vec<SealedKey>, Error> {
    let rows: Vec<Row> = shared_keys::table.load(conn)?;
    let rows = sorted_by(rows, |one, other| one.file.cmp(&other.file));
    rows.into_iter().filter_map(|row| row.under_master_key().transpose()).collect()
}
