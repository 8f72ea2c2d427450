//! Whose a name is. It stays its user's for good, through deletion and renaming: no other may be mistaken for whoever had it.

use diesel::{BoolExpressionMethods, ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, RunQueryDsl};

use super::connection::{Conn, Error, known};
use super::prepared::update;
use super::schema::{past_names, users};
use super::users::note_name_parts;
use crate::domain::{UnixTime, UserId, Username};

/// Why somebody can't have a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// A user has it.
    InUse,
    /// Its user was deleted at this moment, and can be restored.
    Deleted(UnixTime),
    /// A user had it who has another name now.
    Past { now_called: Username, until: UnixTime },
    /// It looks like this name, which somebody has or had.
    LooksLike(Username),
}

/// Why this user can't have the name; `None`: it is free, or theirs. `who`: `None` for somebody who is no user yet.
pub fn taken(conn: &mut Conn, name: &Username, who: Option<UserId>) -> Result<Option<Taken>, Error> {
    // No row has this number.
    let who = who.map_or(-1, |user| user.0);
    let same = users::table.filter(users::canonical.eq(name.canonical())).filter(users::id.ne(who));
    let found: Option<Option<i64>> = same.select(users::deleted_at).get_result(conn).optional()?;
    if let Some(deleted_at) = found {
        return Ok(Some(deleted_at.map_or(Taken::InUse, |at| Taken::Deleted(UnixTime(at)))));
    }
    let same = past_names::table.filter(past_names::canonical.eq(name.canonical())).filter(past_names::user_id.ne(who));
    let with_user = same.inner_join(users::table.on(users::id.eq(past_names::user_id)));
    let past: Option<(String, i64)> =
        with_user.select((users::username, past_names::until)).get_result(conn).optional()?;
    if let Some((now_called, until)) = past {
        return Ok(Some(Taken::Past { now_called: parsed(&now_called)?, until: UnixTime(until) }));
    }
    Ok(lookalike(conn, name, who)?.map(Taken::LooksLike))
}

/// A name that somebody else has or had and that this one could be mistaken for.
fn lookalike(conn: &mut Conn, name: &Username, who: i64) -> Result<Option<Username>, Error> {
    let skeleton = name.skeleton();
    let alike = users::table.filter(users::skeleton.eq(&skeleton)).filter(users::id.ne(who));
    let mut names: Vec<String> = alike.select(users::username).load(conn)?;
    let alike = past_names::table.filter(past_names::skeleton.eq(&skeleton)).filter(past_names::user_id.ne(who));
    names.extend(alike.select(past_names::username).load::<String>(conn)?);
    for other in names {
        let other = parsed(&other)?;
        if name.looks_like(&other) {
            return Ok(Some(other));
        }
    }
    Ok(None)
}

fn parsed(name: &str) -> Result<Username, Error> {
    known(Username::parse(name).ok(), "user name", name)
}

/// Gives the user another name, which must be free or theirs ([`taken`]), and keeps the old one for them. Moves the cut-off for peers'
/// tokens to `now`.
pub fn rename(conn: &mut Conn, user: UserId, from: &Username, to: &Username, now: UnixTime) -> Result<(), Error> {
    let own = past_names::table.filter(past_names::user_id.eq(user.0));
    diesel::delete(own.filter(past_names::canonical.eq(to.canonical()))).execute(conn)?;
    let new = (
        users::username.eq(to.as_str()),
        users::canonical.eq(to.canonical()),
        users::skeleton.eq(to.skeleton()),
        users::tokens_valid_from.eq(now.0),
    );
    diesel::update(users::table.find(user.0)).set(new).execute(conn)?;
    if from.canonical() != to.canonical() {
        let past = (
            past_names::canonical.eq(from.canonical()),
            past_names::username.eq(from.as_str()),
            past_names::skeleton.eq(from.skeleton()),
            past_names::user_id.eq(user.0),
            past_names::until.eq(now.0),
        );
        diesel::insert_into(past_names::table).values(past).execute(conn)?;
    }
    note_name_parts(conn, user)
}

/// The names that a user had before, the latest first.
pub fn past(conn: &mut Conn, user: UserId) -> Result<Vec<String>, Error> {
    let own = past_names::table.filter(past_names::user_id.eq(user.0));
    Ok(own.order((past_names::until.desc(), past_names::canonical)).select(past_names::username).load(conn)?)
}

/// A name whose skeleton is not stored yet.
#[derive(Clone, Debug)]
pub struct WithoutSkeleton {
    pub name: Username,
    /// `None`: a past name.
    user: Option<UserId>,
}

/// Some names whose skeletons are not stored yet; none is left if there are none.
pub fn without_skeleton(conn: &mut Conn, limit: i64) -> Result<Vec<WithoutSkeleton>, Error> {
    let lacking = users::table.filter(users::skeleton.is_null()).select((users::id, users::username));
    let mut found = Vec::new();
    for (id, name) in lacking.limit(limit).load::<(i64, String)>(conn)? {
        found.push(WithoutSkeleton { name: parsed(&name)?, user: Some(UserId(id)) });
    }
    let lacking = past_names::table.filter(past_names::skeleton.is_null()).select(past_names::username);
    for name in lacking.limit(limit).load::<String>(conn)? {
        found.push(WithoutSkeleton { name: parsed(&name)?, user: None });
    }
    Ok(found)
}

/// Stores a skeleton, unless the user has another name by now.
pub fn set_skeleton(conn: &mut Conn, of: &WithoutSkeleton, skeleton: &str) -> Result<(), Error> {
    match of.user {
        Some(user) => update!(
            users::table,
            users::skeleton.eq(skeleton),
            users::id.eq(user.0).and(users::username.eq(of.name.as_str())),
        )
        .execute(conn)?,
        None => {
            update!(past_names::table, past_names::skeleton.eq(skeleton), past_names::canonical.eq(of.name.canonical()))
                .execute(conn)?
        }
    };
    Ok(())
}
