//! One-time links: only the hash of each is kept.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};

use super::schema::one_time_links;
use super::{Conn, Error};
use crate::domain::UnixTime;

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Create the first admin.
    Setup,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Setup => "setup",
        }
    }
}

/// Makes a link good until `expires_at` and voids the earlier ones for the same purpose.
pub fn replace(
    conn: &mut Conn,
    hash: &str,
    purpose: Purpose,
    now: UnixTime,
    expires_at: UnixTime,
) -> Result<(), Error> {
    diesel::delete(one_time_links::table.filter(one_time_links::purpose.eq(purpose.as_str()))).execute(conn)?;
    diesel::insert_into(one_time_links::table)
        .values((
            one_time_links::hash.eq(hash),
            one_time_links::purpose.eq(purpose.as_str()),
            one_time_links::created_at.eq(now.0),
            one_time_links::expires_at.eq(expires_at.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// Whether the link could be used now.
pub fn is_good(conn: &mut Conn, hash: &str, purpose: Purpose, now: UnixTime) -> Result<bool, Error> {
    let link = one_time_links::table
        .find(hash.to_owned())
        .filter(one_time_links::purpose.eq(purpose.as_str()))
        .filter(one_time_links::used_at.is_null())
        .filter(one_time_links::expires_at.gt(now.0))
        .select(one_time_links::hash)
        .first::<String>(conn)
        .optional()?;
    Ok(link.is_some())
}

/// Uses the link up. `false`: it could not be used, or somebody was quicker.
pub fn consume(conn: &mut Conn, hash: &str, purpose: Purpose, now: UnixTime) -> Result<bool, Error> {
    let good = one_time_links::table
        .find(hash.to_owned())
        .filter(one_time_links::purpose.eq(purpose.as_str()))
        .filter(one_time_links::used_at.is_null())
        .filter(one_time_links::expires_at.gt(now.0));
    Ok(diesel::update(good).set(one_time_links::used_at.eq(now.0)).execute(conn)? == 1)
}
