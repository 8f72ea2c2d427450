//! The nodes that have left or were struck off, for pages and receipts about a time when they were there.

use std::time::Duration;

use diesel::{ExpressionMethods, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper};
use uuid::Uuid;

use super::connection::{Conn, Error, known};
use super::nodes::seconds;
use super::schema::past_nodes;
use crate::domain::UnixTime;

/// A node as its last row tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastNode {
    pub id: Uuid,
    pub name: String,
    pub version: String,
    pub lease: Duration,
    /// The number of the last commit that it followed. `None`: it was still loading.
    pub follows: Option<i64>,
    /// When its last beat was, by the database's clock.
    pub beat_at: UnixTime,
    /// The number of the last commit before it joined.
    pub joined_after: i64,
    /// When it went, by the database's clock.
    pub gone_at: UnixTime,
    /// The number of the last commit before it went.
    pub gone_after: i64,
    /// Whether others have struck it off, because it was silent.
    pub struck_off: bool,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = past_nodes)]
struct Row {
    node: String,
    name: String,
    version: String,
    lease: i64,
    follows: Option<i64>,
    beat_at: i64,
    joined_after: i64,
    gone_at: i64,
    gone_after: i64,
    struck_off: bool,
}

impl TryFrom<Row> for PastNode {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: known(Uuid::parse_str(&row.node).ok(), "node", &row.node)?,
            name: row.name,
            version: row.version,
            lease: seconds(row.lease),
            follows: row.follows,
            beat_at: UnixTime(row.beat_at),
            joined_after: row.joined_after,
            gone_at: UnixTime(row.gone_at),
            gone_after: row.gone_after,
            struck_off: row.struck_off,
        })
    }
}

/// Those that went at this moment or later, the last one first.
pub fn gone_since(conn: &mut Conn, moment: UnixTime) -> Result<Vec<PastNode>, Error> {
    let gone = past_nodes::table.filter(past_nodes::gone_at.ge(moment.0));
    let order = (past_nodes::gone_at.desc(), past_nodes::id.desc());
    let rows: Vec<Row> = gone.order(order).select(Row::as_select()).load(conn)?;
    rows.into_iter().map(PastNode::try_from).collect()
}

/// Those that were there when the commit of this number was made, in the order in which they went.
pub fn at_commit(conn: &mut Conn, number: i64) -> Result<Vec<PastNode>, Error> {
    let there = past_nodes::table.filter(past_nodes::joined_after.lt(number)).filter(past_nodes::gone_after.ge(number));
    let rows: Vec<Row> = there.order(past_nodes::id).select(Row::as_select()).load(conn)?;
    rows.into_iter().map(PastNode::try_from).collect()
}

/// Lets go of those that went before this moment. Returns how many.
pub fn prune(conn: &mut Conn, before: UnixTime) -> Result<usize, Error> {
    Ok(diesel::delete(past_nodes::table.filter(past_nodes::gone_at.lt(before.0))).execute(conn)?)
}
