//! The one-time links. Only the hash of each is kept.

use diesel::{BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};

use super::connection::{Conn, Error, known};
use super::schema::one_time_links;
use crate::domain::{Mail, UnixTime, UserId, spelled};

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To create the first admin.
    Setup,
    /// To choose a first password.
    Invitation,
    /// To choose a new password.
    NewPassword,
    /// To choose a new password, mailed to somebody who said that they forgot theirs.
    ForgottenPassword,
    /// To set up a second factor, beside the password.
    Enrolment,
    /// To have the address that it was mailed to, beside a session.
    ConfirmAddress,
}

spelled!(Purpose {
    Setup = "setup",
    Invitation = "invitation",
    NewPassword = "new_password",
    ForgottenPassword = "forgotten_password",
    Enrolment = "enrolment",
    ConfirmAddress = "confirm_address",
});

/// A link that can be used.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    pub purpose: Purpose,
    /// `None`: for whoever holds the link, who becomes the first admin.
    pub user: Option<UserId>,
    pub expires_at: UnixTime,
}

/// Stores a link and deletes the earlier ones of the same user, or, if it has no user, those without one.
pub fn replace(conn: &mut Conn, hash: &str, link: Link, now: UnixTime) -> Result<(), Error> {
    void(conn, link.user)?;
    add(conn, hash, link, now)
}

/// Stores a link and deletes those of the same user for the same purpose. The others stay: anybody can have this one made.
pub fn replace_same(conn: &mut Conn, hash: &str, user: UserId, link: Link, now: UnixTime) -> Result<(), Error> {
    void_same(conn, user, link.purpose)?;
    add(conn, hash, Link { user: Some(user), ..link }, now)
}

/// The same for a link that is mailed to this address, so that its user has it.
pub fn replace_address(
    conn: &mut Conn,
    hash: &str,
    user: UserId,
    address: &str,
    expires_at: UnixTime,
    now: UnixTime,
) -> Result<(), Error> {
    let link = Link { purpose: Purpose::ConfirmAddress, user: Some(user), expires_at };
    replace_same(conn, hash, user, link, now)?;
    diesel::update(one_time_links::table.find(hash)).set(one_time_links::address.eq(address)).execute(conn)?;
    Ok(())
}

/// The address that a link was mailed to, unless it is another user's, has been used or has expired.
pub fn address(conn: &mut Conn, hash: &str, user: UserId, now: UnixTime) -> Result<Option<Mail>, Error> {
    let address: Option<Option<String>> = one_time_links::table
        .find(hash.to_owned())
        .filter(one_time_links::user_id.eq(user.0))
        .filter(one_time_links::used_at.is_null())
        .filter(one_time_links::expires_at.gt(now.0))
        .select(one_time_links::address)
        .get_result(conn)
        .optional()?;
    Ok(address.flatten().map(Mail::stored))
}

fn add(conn: &mut Conn, hash: &str, link: Link, now: UnixTime) -> Result<(), Error> {
    diesel::insert_into(one_time_links::table)
        .values((
            one_time_links::hash.eq(hash),
            one_time_links::purpose.eq(link.purpose.as_str()),
            one_time_links::user_id.eq(link.user.map(|user| user.0)),
            one_time_links::created_at.eq(now.0),
            one_time_links::expires_at.eq(link.expires_at.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// Deletes the user's links for this purpose.
pub fn void_same(conn: &mut Conn, user: UserId, purpose: Purpose) -> Result<(), Error> {
    let same = one_time_links::user_id.eq(user.0).and(one_time_links::purpose.eq(purpose.as_str()));
    diesel::delete(one_time_links::table.filter(same)).execute(conn)?;
    Ok(())
}

/// Deletes the user's links; `None`: those without a user.
pub fn void(conn: &mut Conn, user: Option<UserId>) -> Result<(), Error> {
    match user {
        Some(user) => diesel::delete(one_time_links::table.filter(one_time_links::user_id.eq(user.0))).execute(conn)?,
        None => diesel::delete(one_time_links::table.filter(one_time_links::user_id.is_null())).execute(conn)?,
    };
    Ok(())
}

/// Deletes all links.
pub fn void_all(conn: &mut Conn) -> Result<(), Error> {
    diesel::delete(one_time_links::table).execute(conn)?;
    Ok(())
}

/// The link, unless it has been used or has expired.
pub fn find(conn: &mut Conn, hash: &str, now: UnixTime) -> Result<Option<Link>, Error> {
    let row: Option<(String, Option<i64>, i64)> = one_time_links::table
        .find(hash.to_owned())
        .filter(one_time_links::used_at.is_null())
        .filter(one_time_links::expires_at.gt(now.0))
        .select((one_time_links::purpose, one_time_links::user_id, one_time_links::expires_at))
        .get_result(conn)
        .optional()?;
    row.map(|(purpose, user, expires_at)| {
        Ok(Link {
            purpose: known(Purpose::parse(&purpose), "purpose", &purpose)?,
            user: user.map(UserId),
            expires_at: UnixTime(expires_at),
        })
    })
    .transpose()
}

/// Marks the link as used. `false`: it was used already, perhaps a moment ago, has expired, or does not exist.
pub fn consume(conn: &mut Conn, hash: &str, now: UnixTime) -> Result<bool, Error> {
    let good = one_time_links::table
        .find(hash.to_owned())
        .filter(one_time_links::used_at.is_null())
        .filter(one_time_links::expires_at.gt(now.0));
    Ok(diesel::update(good).set(one_time_links::used_at.eq(now.0)).execute(conn)? == 1)
}

/// Deletes links that expired before `before`. Returns how many.
pub fn prune(conn: &mut Conn, before: UnixTime) -> Result<usize, Error> {
    Ok(diesel::delete(one_time_links::table.filter(one_time_links::expires_at.lt(before.0))).execute(conn)?)
}
