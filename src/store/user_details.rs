//! What is noted about a user besides the name: display name, email address, and admins' notes.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};

use super::connection::{Conn, Error};
use super::schema::users;
use super::users::note_name_parts;
use crate::domain::{DisplayName, Mail, UnixTime, UserId};

/// What admins note about a user, but for their notes.
#[derive(Clone, Debug, Default)]
pub struct NewDetails {
    pub display_name: Option<DisplayName>,
    pub mail: Option<Mail>,
    pub mail_verified_at: Option<UnixTime>,
}

/// Replaces the details. Nobody else may have the address ([`with_mail`](super::users::with_mail)).
pub fn set_details(conn: &mut Conn, id: UserId, new: &NewDetails) -> Result<(), Error> {
    let new = (
        users::display_name.eq(new.display_name.as_ref().map(DisplayName::as_str)),
        users::mail.eq(new.mail.as_ref().map(Mail::as_str)),
        users::mail_canonical.eq(new.mail.as_ref().map(Mail::canonical)),
        users::mail_verified_at.eq(new.mail_verified_at.map(|moment| moment.0)),
    );
    diesel::update(users::table.find(id.0)).set(new).execute(conn)?;
    note_name_parts(conn, id)
}

/// Notes that the address is the user's, unless that was noted before.
pub fn note_mail_verified(conn: &mut Conn, id: UserId, now: UnixTime) -> Result<(), Error> {
    let unknown = users::table.find(id.0).filter(users::mail.is_not_null()).filter(users::mail_verified_at.is_null());
    diesel::update(unknown).set(users::mail_verified_at.eq(now.0)).execute(conn)?;
    Ok(())
}

/// Notes that nobody knows whether the address is the user's.
pub fn doubt_mail(conn: &mut Conn, id: UserId) -> Result<(), Error> {
    diesel::update(users::table.find(id.0)).set(users::mail_verified_at.eq(None::<i64>)).execute(conn)?;
    Ok(())
}

/// What admins have noted about the user.
pub fn notes(conn: &mut Conn, id: UserId) -> Result<Option<String>, Error> {
    let notes: Option<Option<String>> = users::table.find(id.0).select(users::notes).get_result(conn).optional()?;
    Ok(notes.flatten())
}

pub fn set_notes(conn: &mut Conn, id: UserId, notes: Option<&str>) -> Result<(), Error> {
    diesel::update(users::table.find(id.0)).set(users::notes.eq(notes)).execute(conn)?;
    Ok(())
}
