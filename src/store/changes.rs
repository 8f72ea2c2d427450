//! What commits have changed in memory, numbered without gaps in their order, for the nodes that did not make them.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, Queryable, RunQueryDsl};
use uuid::Uuid;

use super::connection::{Conn, Error, known, on};
use super::dialect;
use super::schema::changes;
use crate::blocklist::change::Change;
use crate::blocklist::told;

/// For how long a row is kept, in seconds: many times as long as a node can be silent and still take up where it was.
const KEPT_FOR: i64 = 60 * 60;
/// So many rows are read at a time.
const AT_ONCE: i64 = 500;

/// A commit as its row tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    pub number: i64,
    /// Random, so that another commit of the same number, after a failover that lost some, is another one.
    pub id: i64,
    /// Which process made it.
    pub node: Uuid,
    /// To be read by [`told::read`].
    pub words: String,
}

#[derive(Queryable)]
struct Row {
    number: i64,
    id: i64,
    node: String,
    words: String,
}

impl TryFrom<Row> for Commit {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let node = known(Uuid::parse_str(&row.node).ok(), "node", &row.node)?;
        Ok(Self { number: row.number, id: row.id, node, words: row.words })
    }
}

/// Up to which commit somebody knows what was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub number: i64,
    /// `None`: no row tells of that commit.
    id: Option<i64>,
}

impl Place {
    pub fn at(commit: &Commit) -> Self {
        Self { number: commit.number, id: Some(commit.id) }
    }
}

/// Tells of the open transaction, whose number is to be this one.
pub(super) fn tell<'a>(
    conn: &mut Conn,
    node: Uuid,
    number: i64,
    changes: impl Iterator<Item = &'a Change>,
) -> Result<(), Error> {
    let row = (
        changes::number.eq(number),
        changes::id.eq(fastrand::i64(..)),
        changes::node.eq(node.to_string()),
        changes::at.eq(dialect::clock()),
        changes::words.eq(told::text_of(changes)),
    );
    let insert = diesel::insert_into(changes::table).values(row);
    on!(conn, c => insert.execute(c))?;
    Ok(())
}

/// Where the database is. To be read before what memory is loaded from: what is committed in between is told by rows after this place.
pub fn newest(conn: &mut Conn) -> Result<Place, Error> {
    let number = dialect::version(conn)?;
    let id = changes::table.find(number).select(changes::id).get_result(conn).optional()?;
    Ok(Place { number, id })
}

/// What somebody who is at a place finds.
#[derive(Debug, PartialEq, Eq)]
pub enum Since {
    /// The commits after it, at most some hundred. `is_all`: there were no more.
    Commits { commits: Vec<Commit>, is_all: bool },
    /// Not all commits after it are told of: a program has made one that was not set to, or rows were let go of.
    Gap,
    /// The commit of that place is not there: another server has taken over that did not have it, or the database was put back.
    Elsewhere,
}

/// What was committed after a place.
pub fn since(conn: &mut Conn, place: Place) -> Result<Since, Error> {
    // The head first: each row up to it is there, unless nobody has written it.
    let head = dialect::version(conn)?;
    let from = changes::table.filter(changes::number.ge(place.number)).order(changes::number).limit(AT_ONCE);
    let query = from.select((changes::number, changes::id, changes::node, changes::words));
    let mut rows: Vec<Row> = on!(conn, c => query.load(c))?;
    let at_place = rows.first().filter(|row| row.number == place.number).map(|row| row.id);
    if head < place.number || at_place != place.id {
        return Ok(Since::Elsewhere);
    }
    if at_place.is_some() {
        rows.remove(0);
    }
    let is_in_order = rows.iter().zip(place.number + 1..).all(|(row, number)| row.number == number);
    let last = rows.last().map_or(place.number, |row| row.number);
    let is_whole = last >= head || i64::try_from(rows.len()).is_ok_and(|count| count + 1 >= AT_ONCE);
    if !is_in_order || !is_whole {
        return Ok(Since::Gap);
    }
    Ok(Since::Commits {
        is_all: last >= head,
        commits: rows.into_iter().map(Commit::try_from).collect::<Result<_, _>>()?,
    })
}

/// The numbers of the commits from this one on, each with its random id.
pub(super) fn ids_from(conn: &mut Conn, number: i64) -> Result<Vec<(i64, i64)>, Error> {
    let from = changes::table.filter(changes::number.ge(number)).select((changes::number, changes::id));
    Ok(from.load(conn)?)
}

/// Lets go of rows that nobody can be waiting for, some at a time: those of an hour ago by the database's clock, except the newest. Returns
/// how many went.
pub fn prune(conn: &mut Conn, at_most: i64) -> Result<usize, Error> {
    let head = dialect::version(conn)?;
    let old = changes::at.lt(dialect::ago(KEPT_FOR));
    let which = changes::table.filter(old).filter(changes::number.lt(head)).order(changes::number).limit(at_most);
    let numbers: Vec<i64> = which.select(changes::number).load(conn)?;
    Ok(diesel::delete(changes::table.filter(changes::number.eq_any(numbers))).execute(conn)?)
}
