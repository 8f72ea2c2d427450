//! Groups of people (`user_groups`), and who is in them (`user_group_members`).

use std::collections::HashMap;

use diesel::connection::DefaultLoadingMode;
use diesel::dsl::count_star;
use diesel::{ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, RunQueryDsl};

use super::connection::{Conn, Error, known, on};
use super::schema::{user_group_members, user_groups, users};
use crate::domain::{GroupId, GroupName, UnixTime, UserId, Username};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub id: GroupId,
    pub name: GroupName,
    pub created_at: UnixTime,
}

/// A group in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedGroup {
    pub group: Group,
    /// How many people are in it.
    pub members: i64,
}

type Row = (i64, String, i64);

fn group((id, name, created_at): Row) -> Group {
    Group { id: GroupId(id), name: GroupName::stored(name), created_at: UnixTime(created_at) }
}

/// `None`: the name is taken.
pub fn add(conn: &mut Conn, name: &GroupName, now: UnixTime) -> Result<Option<GroupId>, Error> {
    let row = (
        user_groups::name.eq(name.as_str()),
        user_groups::canonical.eq(name.canonical()),
        user_groups::created_at.eq(now.0),
    );
    let insert = diesel::insert_into(user_groups::table).values(row).on_conflict_do_nothing();
    if on!(conn, c => insert.execute(c))? == 0 {
        return Ok(None);
    }
    Ok(find_by_name(conn, name)?.map(|group| group.id))
}

pub fn find(conn: &mut Conn, id: GroupId) -> Result<Option<Group>, Error> {
    let columns = (user_groups::id, user_groups::name, user_groups::created_at);
    Ok(user_groups::table.find(id.0).select(columns).get_result::<Row>(conn).optional()?.map(group))
}

pub fn find_by_name(conn: &mut Conn, name: &GroupName) -> Result<Option<Group>, Error> {
    let columns = (user_groups::id, user_groups::name, user_groups::created_at);
    let named = user_groups::table.filter(user_groups::canonical.eq(name.canonical())).select(columns);
    Ok(named.get_result::<Row>(conn).optional()?.map(group))
}

/// All groups, in the order of their names.
pub fn all(conn: &mut Conn) -> Result<Vec<ListedGroup>, Error> {
    let columns = (user_groups::id, user_groups::name, user_groups::created_at);
    let rows: Vec<Row> = user_groups::table.order(user_groups::canonical).select(columns).load(conn)?;
    let counts: Vec<(i64, i64)> = user_group_members::table
        .group_by(user_group_members::group_id)
        .select((user_group_members::group_id, count_star()))
        .load(conn)?;
    let counts: HashMap<i64, i64> = counts.into_iter().collect();
    let listed = |row: Row| ListedGroup { members: counts.get(&row.0).copied().unwrap_or(0), group: group(row) };
    Ok(rows.into_iter().map(listed).collect())
}

/// How many people are in a group.
pub fn count(conn: &mut Conn, group: GroupId) -> Result<i64, Error> {
    Ok(user_group_members::table.filter(user_group_members::group_id.eq(group.0)).count().get_result(conn)?)
}

/// The first so many people of a group, in the order of their names.
pub fn members(conn: &mut Conn, group: GroupId, most: i64) -> Result<Vec<(UserId, Username)>, Error> {
    let rows: Vec<(i64, String)> = user_group_members::table
        .inner_join(users::table.on(users::id.eq(user_group_members::user_id)))
        .filter(user_group_members::group_id.eq(group.0))
        .order(users::canonical)
        .limit(most)
        .select((users::id, users::username))
        .load(conn)?;
    rows.into_iter()
        .map(|(id, name)| Ok((UserId(id), known(Username::parse(&name).ok(), "user name", &name)?)))
        .collect()
}

/// Nobody is in it from then on; [`prune`] deletes who was, because there may be many. `false`: there is no such group.
pub fn remove(conn: &mut Conn, id: GroupId) -> Result<bool, Error> {
    Ok(diesel::delete(user_groups::table.find(id.0)).execute(conn)? == 1)
}

/// Deletes who was in groups that are gone, at most `limit`. Returns how many.
pub fn prune(conn: &mut Conn, limit: i64) -> Result<usize, Error> {
    let left: Vec<i64> = user_groups::table.select(user_groups::id).load(conn)?;
    let lost: Vec<i64> = user_group_members::table
        .filter(user_group_members::group_id.ne_all(left))
        .select(user_group_members::id)
        .limit(limit)
        .load(conn)?;
    Ok(diesel::delete(user_group_members::table.filter(user_group_members::id.eq_any(lost))).execute(conn)?)
}

/// `false`: the user is in it already.
pub fn add_member(conn: &mut Conn, group: GroupId, user: UserId, now: UnixTime) -> Result<bool, Error> {
    let row = (
        user_group_members::group_id.eq(group.0),
        user_group_members::user_id.eq(user.0),
        user_group_members::since.eq(now.0),
    );
    let insert = diesel::insert_into(user_group_members::table).values(row).on_conflict_do_nothing();
    Ok(on!(conn, c => insert.execute(c))? == 1)
}

/// `false`: the user is not in it.
pub fn remove_member(conn: &mut Conn, group: GroupId, user: UserId) -> Result<bool, Error> {
    let membership = user_group_members::table
        .filter(user_group_members::group_id.eq(group.0))
        .filter(user_group_members::user_id.eq(user.0));
    Ok(diesel::delete(membership).execute(conn)? == 1)
}

/// Takes a user out of all groups.
pub fn leave_all(conn: &mut Conn, user: UserId) -> Result<(), Error> {
    diesel::delete(user_group_members::table.filter(user_group_members::user_id.eq(user.0))).execute(conn)?;
    Ok(())
}

/// The groups that a user is in, in the order of their names.
pub fn of_user(conn: &mut Conn, user: UserId) -> Result<Vec<Group>, Error> {
    let own = user_group_members::table
        .inner_join(user_groups::table.on(user_groups::id.eq(user_group_members::group_id)))
        .filter(user_group_members::user_id.eq(user.0))
        .order(user_groups::canonical)
        .select((user_groups::id, user_groups::name, user_groups::created_at));
    let rows: Vec<Row> = on!(conn, c => own.load(c))?;
    Ok(rows.into_iter().map(group).collect())
}

/// The names of the groups that a user is in, in their order.
pub fn names_of(conn: &mut Conn, user: UserId) -> Result<Vec<GroupName>, Error> {
    Ok(of_user(conn, user)?.into_iter().map(|group| group.name).collect())
}

/// The same for each of these users who is in any.
pub fn names_of_each(conn: &mut Conn, people: &[UserId]) -> Result<HashMap<UserId, Vec<GroupName>>, Error> {
    let ids: Vec<i64> = people.iter().map(|user| user.0).collect();
    let rows: Vec<(i64, String)> = user_group_members::table
        .inner_join(user_groups::table.on(user_groups::id.eq(user_group_members::group_id)))
        .filter(user_group_members::user_id.eq_any(ids))
        .order(user_groups::canonical)
        .select((user_group_members::user_id, user_groups::name))
        .load(conn)?;
    let mut names: HashMap<UserId, Vec<GroupName>> = HashMap::new();
    for (user, name) in rows {
        names.entry(UserId(user)).or_default().push(GroupName::stored(name));
    }
    Ok(names)
}

/// Calls `each` for everybody who is in a group, with one group at a time: for each user in the order of the groups' names.
pub fn each_membership(conn: &mut Conn, mut each: impl FnMut(UserId, GroupName)) -> Result<(), Error> {
    let all = user_group_members::table
        .inner_join(user_groups::table.on(user_groups::id.eq(user_group_members::group_id)))
        .order((user_group_members::user_id, user_groups::canonical))
        .select((user_group_members::user_id, user_groups::name));
    for row in all.load_iter::<(i64, String), DefaultLoadingMode>(conn)? {
        let (user, name) = row?;
        each(UserId(user), GroupName::stored(name));
    }
    Ok(())
}
