//! The nodes that serve this database: a row for each, from its joining until it leaves or is struck off.

use std::time::Duration;

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, Queryable, RunQueryDsl};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::connection::{Conn, Error, known, on};
use super::dialect;
use super::schema::nodes;
use super::shared_keys::MasterKeyName;
use crate::domain::UnixTime;

/// A node as its row tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Made at random at each start.
    pub id: Uuid,
    pub name: String,
    pub version: String,
    /// Its settings that all nodes must agree upon.
    pub settings: String,
    pub lease: Duration,
    /// The number of the last commit that it follows. `None`: it is still loading.
    pub follows: Option<i64>,
    /// Counts its beats.
    pub beat: i64,
    /// When the last one was, by the database's clock.
    pub beat_at: UnixTime,
    /// How long ago that was, by the same clock.
    pub silent_for: Duration,
    /// The number of the last commit before it joined.
    pub joined_after: i64,
}

/// How a node does, as far as its row tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It loads memory, and answers nothing yet.
    Joining,
    Serving,
    /// It was not heard of for longer than its lease lasts: it answers nothing, and is struck off soon.
    Silent,
}

impl Node {
    pub fn state(&self) -> State {
        if self.silent_for > self.lease {
            State::Silent
        } else if self.follows.is_none() {
            State::Joining
        } else {
            State::Serving
        }
    }

    /// How many commits it has not followed yet, of which the last one has this number. `None`: it is still loading.
    pub fn behind(&self, newest: i64) -> Option<i64> {
        // What it has followed meanwhile is no lag.
        self.follows.map(|number| newest.saturating_sub(number).max(0))
    }

    /// How long after a commit no lease of this node can be left that began before it.
    pub fn longest_wait(&self) -> Duration {
        longest_wait(self.lease)
    }
}

/// A little more than the lease, as clocks of machines don't go at quite the same speed.
pub(super) fn longest_wait(lease: Duration) -> Duration {
    lease.mul_f64(1.02) + Duration::from_millis(50)
}

#[derive(Queryable)]
struct Row {
    id: String,
    name: String,
    version: String,
    settings: String,
    lease: i64,
    follows: Option<i64>,
    beat: i64,
    beat_at: i64,
    silent_for: i64,
    joined_after: i64,
}

impl TryFrom<Row> for Node {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: known(Uuid::parse_str(&row.id).ok(), "node", &row.id)?,
            name: row.name,
            version: row.version,
            settings: row.settings,
            lease: seconds(row.lease),
            follows: row.follows,
            beat: row.beat,
            beat_at: UnixTime(row.beat_at),
            silent_for: seconds(row.silent_for),
            joined_after: row.joined_after,
        })
    }
}

/// A length of time, of which rows have whole seconds.
pub(super) fn seconds(count: i64) -> Duration {
    Duration::from_secs(u64::try_from(count).unwrap_or(0))
}

/// How a node presents itself.
#[derive(Clone, Debug)]
pub struct Presented {
    pub name: String,
    pub settings: String,
}

/// The name under which a node presents its master keys: a list of [`MasterKeyName`]s, of which the first one seals.
pub const MASTER_KEYS: &str = "cluster.master_keys";

/// The settings that are not the same in both.
pub fn differing(one: &str, other: &str) -> Vec<String> {
    let (one, other) = (read_settings(one), read_settings(other));
    // One that another version does not have is no difference.
    let differs = |key: &str, value: &Value| {
        other.get(key).is_some_and(|its| if key == MASTER_KEYS { !open_each_other(value, its) } else { its != value })
    };
    one.into_iter().filter(|(key, value)| differs(key, value)).map(|(key, _)| key).collect()
}

fn read_settings(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap_or_default()
}

/// Whether each of two nodes has the master key under which the other seals. While master keys change, their lists differ for a while.
fn open_each_other(one: &Value, other: &Value) -> bool {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let (one, other) = (list(one), list(other));
    one.is_empty() == other.is_empty()
        && one.first().is_none_or(|key| other.contains(key))
        && other.first().is_none_or(|key| one.contains(key))
}

/// A node that may still answer and could not open what is sealed under this master key. `None`: there is none.
pub fn lacks_master_key(conn: &mut Conn, key: &MasterKeyName) -> Result<Option<String>, Error> {
    let name = Value::from(key.to_string());
    let has = |node: &Node| {
        let keys = read_settings(&node.settings).remove(MASTER_KEYS);
        keys.is_some_and(|keys| keys.as_array().is_some_and(|keys| keys.contains(&name)))
    };
    let there = all(conn)?.into_iter().filter(|node| node.silent_for <= node.longest_wait() * 2);
    Ok(there.into_iter().find(|node| !has(node)).map(|node| node.name))
}

/// All rows, in the order in which they were made.
pub fn all(conn: &mut Conn) -> Result<Vec<Node>, Error> {
    let silent_for = dialect::clock_of(conn) - nodes::beat_at;
    let query = nodes::table.order((nodes::joined_at, nodes::node)).select((
        nodes::node,
        nodes::name,
        nodes::version,
        nodes::settings,
        nodes::lease,
        nodes::follows,
        nodes::beat,
        nodes::beat_at,
        silent_for,
        nodes::joined_after,
    ));
    let rows: Vec<Row> = on!(conn, c => query.load(c))?;
    rows.into_iter().map(Node::try_from).collect()
}

/// What a node's row shows of whether it is there and follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sign {
    pub(super) node: Uuid,
    pub(super) name: String,
    /// A little longer than its lease lasts: see [`Node::longest_wait`].
    pub(super) longest_wait: Duration,
    pub(super) follows: Option<i64>,
    pub(super) beat: i64,
}

/// That of all rows.
pub(super) fn signs(conn: &mut Conn) -> Result<Vec<Sign>, Error> {
    let query = nodes::table.select((nodes::node, nodes::name, nodes::lease, nodes::follows, nodes::beat));
    let rows: Vec<(String, String, i64, Option<i64>, i64)> = on!(conn, c => query.load(c))?;
    let sign = |(id, name, lease, follows, beat): (String, String, i64, Option<i64>, i64)| {
        let node = known(Uuid::parse_str(&id).ok(), "node", &id)?;
        Ok::<_, Error>(Sign { node, name, longest_wait: longest_wait(seconds(lease)), follows, beat })
    };
    rows.into_iter().map(sign).collect()
}

/// The last commit that all nodes follow. `None`: there is no node. `Some(None)`: one of them is still loading.
pub fn followed_by_all(conn: &mut Conn) -> Result<Option<Option<i64>>, Error> {
    let follows: Vec<Option<i64>> = on!(conn, c => nodes::table.select(nodes::follows).load(c))?;
    // `None` is less than any number.
    Ok(follows.into_iter().min())
}

/// Makes a node's row, from which on all acts wait for it.
pub(super) fn join(conn: &mut Conn, id: Uuid, node: &Presented, lease: Duration) -> Result<(), Error> {
    let joined_after = dialect::version(conn)?;
    let row = (
        nodes::node.eq(id.to_string()),
        nodes::name.eq(&node.name),
        nodes::version.eq(env!("CARGO_PKG_VERSION")),
        nodes::settings.eq(&node.settings),
        nodes::lease.eq(i64::try_from(lease.as_secs()).unwrap_or(i64::MAX)),
        // Somewhere else each time: by an equal count of an earlier time, others would think that it stands still.
        nodes::beat.eq(fastrand::i64(0..i64::MAX / 2)),
        nodes::beat_at.eq(dialect::clock()),
        nodes::joined_at.eq(dialect::clock()),
        nodes::joined_after.eq(joined_after),
    );
    let insert = diesel::insert_into(nodes::table).values(row);
    // It may be there: nobody knows of a commit whose answer was lost.
    on!(conn, c => insert.on_conflict_do_nothing().execute(c))?;
    Ok(())
}

/// Shows that a node is there. Returns what the database's clock says, in seconds since the epoch. `None`: it was struck off.
pub(super) fn beat(conn: &mut Conn, id: Uuid) -> Result<Option<i64>, Error> {
    let row = nodes::table.find(id.to_string());
    let update = diesel::update(row).set((nodes::beat.eq(nodes::beat + 1), nodes::beat_at.eq(dialect::clock())));
    Ok(on!(conn, c => update.returning(nodes::beat_at).get_result(c)).optional()?)
}

/// Takes a node's row away: nobody waits for it any more.
pub(super) fn leave(conn: &mut Conn, id: Uuid) -> Result<(), Error> {
    dialect::take_node_away(conn, id, None)?;
    Ok(())
}

/// The same for a node that is silent, unless it has beaten since. `false`: it has.
pub(super) fn strike_off(conn: &mut Conn, id: Uuid, beat: i64) -> Result<bool, Error> {
    Ok(dialect::take_node_away(conn, id, Some(beat))?)
}
