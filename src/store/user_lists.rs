//! The admin's list of users. One index finds the rows of a page, from its first one on; what else is asked for is compared row by
//! row, and a page looks at a bounded number of rows, so every page costs about the same.

use std::collections::{BTreeSet, HashMap};

use diesel::dsl::{count_star, sql};
use diesel::sql_types::{Bool, Text};
use diesel::{BoolExpressionMethods, ExpressionMethods, JoinOnDsl, QueryDsl, RunQueryDsl, TextExpressionMethods};

use super::connection::{Conn, Error};
use super::name_parts;
use super::schema::{name_parts as parts, sessions, users, users_present};
use super::sessions::is_open;
use super::users::{self as people, StateDates, User};
use crate::domain::{Role, Search, UnixTime, UserId, UserState, first_with, spelled};

/// How many rows a page looks at, at most. After that it says so instead of searching on.
pub const MOST_LOOKED_AT: usize = 1000;
/// How many rows are asked for at a time.
const CHUNK: usize = 60;

#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    pub search: Search,
    pub role: Option<Role>,
    /// `None`: all users but deleted ones.
    pub state: Option<UserState>,
    pub factor: Option<HasFactor>,
    pub imported: Option<Imported>,
    /// The last row of the previous page; `None`: the first page.
    pub after: Option<Place>,
    pub limit: usize,
}

/// Whether a user has a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HasFactor {
    Yes,
    No,
}

spelled!(HasFactor { Yes = "yes", No = "no" });

/// A user who was imported from another system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    /// They have not signed in here yet.
    Waiting,
    /// They have signed in since.
    SignedIn,
}

spelled!(Imported { Waiting = "waiting", SignedIn = "signed_in" });

/// Where a row stands in the list: by the part of the name that was searched for, or by the canonical name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub key: String,
    pub user: UserId,
}

/// A user, and how many open sessions they have.
#[derive(Clone, Debug)]
pub struct ListedUser {
    pub user: User,
    pub open_sessions: i64,
}

/// A page of the list.
#[derive(Debug, Default)]
pub struct Found {
    pub rows: Vec<ListedUser>,
    /// Where the next page begins; `None`: this is the last one.
    pub next: Option<Place>,
    /// Whether the page ends because it has looked at [`MOST_LOOKED_AT`] rows, not because it is full.
    pub stopped: bool,
}

/// How many users a filter lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    Exactly(i64),
    /// That many were found before counting stopped.
    MoreThan(i64),
}

/// How many users are counted where each has to be looked at.
pub const MOST_COUNTED: usize = 200;

/// One page of the list. `filter.limit`: how many rows it has at most.
pub fn page(conn: &mut Conn, filter: &UserFilter, now: UnixTime) -> Result<Found, Error> {
    let matches = Matches::find(conn, filter, filter.limit, now)?;
    rows(conn, filter, &matches, now)
}

/// The same, and how many users the filter lets through, whatever page it asks for.
pub fn page_and_total(conn: &mut Conn, filter: &UserFilter, now: UnixTime) -> Result<(Found, Total), Error> {
    if !filter.is_set() {
        let total = users_present::table.select(users_present::users).get_result(conn)?;
        return Ok((page(conn, filter, now)?, Total::Exactly(total)));
    }
    let whole = UserFilter { after: None, ..filter.clone() };
    let matches = Matches::find(conn, &whole, MOST_COUNTED.max(filter.limit), now)?;
    // The first page is the beginning of what was counted.
    let found = if filter.after.is_none() { rows(conn, filter, &matches, now)? } else { page(conn, filter, now)? };
    let count = i64::try_from(matches.places.len()).unwrap_or(i64::MAX);
    Ok((found, if matches.are_all() { Total::Exactly(count) } else { Total::MoreThan(count) }))
}

/// The page that begins with the first of these matches.
fn rows(conn: &mut Conn, filter: &UserFilter, matches: &Matches, now: UnixTime) -> Result<Found, Error> {
    let places: Vec<_> = matches.places.iter().take(filter.limit).collect();
    let is_cut = matches.places.len() > places.len() || matches.has_more;
    let mut found = Found {
        rows: Vec::with_capacity(places.len()),
        next: if is_cut { places.last().map(|place| (*place).clone()) } else { matches.stopped_at.clone() },
        stopped: !is_cut && matches.stopped_at.is_some(),
    };
    for place in places {
        if let Some(user) = people::find(conn, place.user)? {
            found.rows.push(ListedUser { open_sessions: open_sessions(conn, user.id, now)?, user });
        }
    }
    Ok(found)
}

impl UserFilter {
    /// Whether it leaves anybody out but deleted users.
    pub fn is_set(&self) -> bool {
        self.searches()
            || self.role.is_some()
            || self.state.is_some()
            || self.factor.is_some()
            || self.imported.is_some()
    }

    fn searches(&self) -> bool {
        self.search.longest_word().is_some()
    }

    /// Whether role, state, factors and where they come from are those that are asked for.
    fn asks_for(&self, one: &Candidate) -> bool {
        self.role.is_none_or(|role| one.role == role.as_str())
            && self.factor.is_none_or(|factor| one.factor == factor)
            && self.imported.is_none_or(|imported| one.imported == Some(imported))
            && self.state.map_or(one.state != UserState::Deleted, |asked| one.state == asked)
    }

    /// What the users are found by, of those whose role and state are asked for, if anything is searched for.
    fn parts(&self, conn: &mut Conn, chunk: &[Candidate]) -> Result<HashMap<UserId, BTreeSet<String>>, Error> {
        let searched = chunk.iter().filter(|one| self.searches() && self.asks_for(one));
        name_parts::of(conn, searched.map(|one| one.place.user))
    }

    /// Whether what is asked for besides names may leave few users.
    fn narrows(&self) -> bool {
        self.role == Some(Role::Admin)
            || self.imported.is_some()
            || self.state.is_some_and(|state| state != UserState::Enabled)
    }
}

/// The users whom a filter lets through, in the order of the list.
#[derive(Default)]
struct Matches {
    places: Vec<Place>,
    /// Whether there are more than were asked for.
    has_more: bool,
    /// The last row that was looked at, if there were too many to look at.
    stopped_at: Option<Place>,
}

impl Matches {
    /// At most `limit` of them.
    fn find(conn: &mut Conn, filter: &UserFilter, limit: usize, now: UnixTime) -> Result<Self, Error> {
        let order = Order::of(conn, filter, now)?;
        let (mut matches, mut looked_at, mut last) = (Self::default(), 0, filter.after.clone());
        loop {
            let chunk = order.after(conn, filter, last.as_ref(), now)?;
            let is_last = chunk.len() < CHUNK;
            let parts = filter.parts(conn, &chunk)?;
            for candidate in chunk {
                if looked_at == MOST_LOOKED_AT {
                    matches.stopped_at = last;
                    return Ok(matches);
                }
                looked_at += 1;
                if order.lets_through(filter, &candidate, &parts) {
                    if matches.places.len() == limit {
                        matches.has_more = true;
                        return Ok(matches);
                    }
                    matches.places.push(candidate.place.clone());
                }
                last = Some(candidate.place);
            }
            if is_last {
                return Ok(matches);
            }
        }
    }

    fn are_all(&self) -> bool {
        !self.has_more && self.stopped_at.is_none()
    }
}

/// A row that is looked at.
struct Candidate {
    place: Place,
    role: String,
    factor: HasFactor,
    /// `None`: they were not imported.
    imported: Option<Imported>,
    state: UserState,
}

/// The columns of one: key, id, role, how many factors, when they were imported and when they signed in last, and what decides the state.
type CandidateRow = (String, i64, String, i64, (Option<i64>, Option<i64>), StateDates);

/// By what the list is ordered, and so by which index its rows are found.
enum Order {
    Name,
    /// The parts of names that begin with this word.
    Part(String),
}

impl Order {
    fn of(conn: &mut Conn, filter: &UserFilter, now: UnixTime) -> Result<Self, Error> {
        match filter.search.longest_word() {
            // Few users, who can all be looked at: a word that many names have would take longer.
            Some(_)
                if filter.narrows()
                    && by_name(conn, filter, None, MOST_LOOKED_AT + 1, now)?.len() <= MOST_LOOKED_AT =>
            {
                Ok(Self::Name)
            }
            Some(word) => Ok(Self::Part(word.to_owned())),
            None => Ok(Self::Name),
        }
    }

    /// The next rows, at most [`CHUNK`].
    fn after(
        &self,
        conn: &mut Conn,
        filter: &UserFilter,
        place: Option<&Place>,
        now: UnixTime,
    ) -> Result<Vec<Candidate>, Error> {
        let rows = match self {
            Self::Name => by_name(conn, filter, place, CHUNK, now)?,
            Self::Part(word) => by_part(conn, word, place, CHUNK)?,
        };
        let candidate = |(key, user, role, factors, (imported_at, last_login_at), dates): CandidateRow| Candidate {
            place: Place { key, user: UserId(user) },
            role,
            factor: if factors > 0 { HasFactor::Yes } else { HasFactor::No },
            imported: imported_at.map(|_| if last_login_at.is_none() { Imported::Waiting } else { Imported::SignedIn }),
            state: dates.state(now),
        };
        Ok(rows.into_iter().map(candidate).collect())
    }

    /// `parts`: those of [`UserFilter::parts`].
    fn lets_through(&self, filter: &UserFilter, one: &Candidate, parts: &HashMap<UserId, BTreeSet<String>>) -> bool {
        let is_asked_for = filter.asks_for(one);
        if !is_asked_for || !filter.searches() {
            return is_asked_for;
        }
        let Some(parts) = parts.get(&one.place.user) else { return false };
        // Somebody with several parts that begin so is listed once, by the first of them.
        let is_first = match self {
            Self::Name => true,
            Self::Part(word) => first_with(parts, word) == Some(&one.place.key),
        };
        is_first && filter.search.finds(parts)
    }
}

/// The state as the columns say it, in the words of [`UserState`]: the expression of the index `users_by_state`. A date that has come
/// is written into the columns later (`accounts/upkeep/due.rs`).
const STATE: &str = "CASE WHEN deleted_at IS NOT NULL THEN 'deleted' WHEN disabled_at IS NOT NULL THEN 'disabled' \
                     WHEN password_hash IS NULL THEN 'invited' ELSE 'enabled' END";

const ORIGIN: (users::imported_at, users::last_login_at) = (users::imported_at, users::last_login_at);

/// In the order of the names, by canonical name: all whom the filter might let through, and others.
fn by_name(
    conn: &mut Conn,
    filter: &UserFilter,
    place: Option<&Place>,
    limit: usize,
    now: UnixTime,
) -> Result<Vec<CandidateRow>, Error> {
    let after = place.map_or("", |place| &place.key);
    let query = users::table.filter(users::canonical.gt(after)).order(users::canonical).limit(most(limit));
    let dates = (users::deleted_at, users::disabled_at, users::disable_at, users::password_hash.is_null());
    let query = query.select((users::canonical, users::id, users::role, users::factors, ORIGIN, dates));
    // By one index: which of two a database would take depends on what it knows of the rows.
    let not_deleted = "users.imported_at IS NOT NULL AND users.deleted_at IS NULL";
    let not_in = "users.imported_at IS NOT NULL AND users.last_login_at IS NULL AND users.deleted_at IS NULL";
    let mut rows: Vec<CandidateRow> = match (filter.role, filter.state) {
        _ if filter.imported == Some(Imported::Waiting) => query.filter(sql::<Bool>(not_in)).load(conn)?,
        _ if filter.imported.is_some() => query.filter(sql::<Bool>(not_deleted)).load(conn)?,
        (Some(Role::Admin), _) => query.filter(users::role.eq(Role::Admin.as_str())).load(conn)?,
        (Some(Role::User) | None, Some(state)) => query.filter(sql::<Text>(STATE).eq(state.as_str())).load(conn)?,
        (Some(Role::User) | None, None) => query.filter(users::deleted_at.is_null()).load(conn)?,
    };
    if filter.state == Some(UserState::Disabled) {
        rows.extend(due_by_name(conn, after, limit, now)?);
        rows.sort_by(|(one, ..), (other, ..)| one.cmp(other));
        rows.dedup_by(|(one, ..), (other, ..)| one == other);
        rows.truncate(limit);
    }
    Ok(rows)
}

/// The users whose date to be disabled has come and is not written down yet, in the order of the names.
fn due_by_name(conn: &mut Conn, after: &str, limit: usize, now: UnixTime) -> Result<Vec<CandidateRow>, Error> {
    // Joined with nothing, so that no index has the names in this order: SQLite would read all users by it, in search of the few that the
    // index of the dates finds at once.
    let name = users::canonical.concat("");
    let due = users::disabled_at.is_null().and(users::disable_at.le(now.0));
    let dates = (users::deleted_at, users::disabled_at, users::disable_at, users::password_hash.is_null());
    let query = users::table.filter(due).filter(name.gt(after)).order(name).limit(most(limit));
    Ok(query.select((users::canonical, users::id, users::role, users::factors, ORIGIN, dates)).load(conn)?)
}

/// The parts of names that begin with `word`, in their order, and whose they are.
fn by_part(conn: &mut Conn, word: &str, place: Option<&Place>, limit: usize) -> Result<Vec<CandidateRow>, Error> {
    // They sort between the word and the word followed by the last of all characters.
    let end = format!("{word}\u{10FFFF}");
    let dates = (users::deleted_at, users::disabled_at, users::disable_at, users::password_hash.is_null());
    let mut query = parts::table
        .inner_join(users::table.on(users::id.eq(parts::user_id)))
        .filter(parts::part.lt(end))
        .select((parts::part, parts::user_id, users::role, users::factors, ORIGIN, dates))
        .into_boxed();
    query = match place {
        // The first bound is one column's, so that every database starts in the index at the right row.
        Some(Place { key, user }) if key.as_str() >= word => {
            query.filter(parts::part.ge(key)).filter(parts::part.gt(key).or(parts::user_id.gt(user.0)))
        }
        Some(_) | None => query.filter(parts::part.ge(word)),
    };
    Ok(query.order((parts::part, parts::user_id)).limit(most(limit)).load(conn)?)
}

fn most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

pub fn open_sessions(conn: &mut Conn, user: UserId, now: UnixTime) -> Result<i64, Error> {
    let open = sessions::table.filter(sessions::user_id.eq(user.0)).filter(is_open(now.0));
    Ok(open.select(count_star()).get_result(conn)?)
}
