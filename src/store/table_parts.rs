//! Parts of a table, by a key that rises as rows are added, so that several connections can read one table at the same time.

use std::ops::RangeInclusive;

use diesel::dsl::{max, min, sql};
use diesel::sql_types::{BigInt, Nullable};
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

use super::connection::{Conn, Error};
use super::schema::{sessions, token_blocklist, users};
use crate::domain::UnixTime;

/// Keys of one part, the first and the last included.
pub type Keys = RangeInclusive<i64>;

/// Rows of a part, where no keys are missing: they are read in some 20 ms.
const ROWS: i64 = 16_384;
/// Where many keys are missing, parts are wider instead of more.
const MOST_PARTS: i64 = 256;
/// The number that SQLite gives each refused token. (SQLite, ROWID) By the table's own key, which is random, each row would be on another
/// page.
pub(super) const TOKEN_ROW: &str = "token_blocklist.rowid";

/// The users, by their ids.
pub fn users(conn: &mut Conn) -> Result<Vec<Keys>, Error> {
    let first = users::table.select(min(users::id)).get_result(conn)?;
    let last = users::table.select(max(users::id)).get_result(conn)?;
    Ok(by_number(first, last))
}

/// The refused tokens, in the order in which they were added.
pub fn tokens(conn: &mut Conn) -> Result<Vec<Keys>, Error> {
    // Two statements: of each SQLite reads one row.
    let first = token_blocklist::table.select(sql::<Nullable<BigInt>>("min(rowid)")).get_result(conn)?;
    let last = token_blocklist::table.select(sql::<Nullable<BigInt>>("max(rowid)")).get_result(conn)?;
    Ok(by_number(first, last))
}

/// The ended sessions that expire at `since` or later, by when they expire.
pub fn ended_sessions(conn: &mut Conn, since: UnixTime) -> Result<Vec<Keys>, Error> {
    let in_force = || sessions::table.filter(sessions::ended_at.is_not_null()).filter(sessions::expires_at.ge(since.0));
    let rows: i64 = in_force().count().get_result(conn)?;
    let first = in_force().select(min(sessions::expires_at)).get_result(conn)?;
    let last = in_force().select(max(sessions::expires_at)).get_result(conn)?;
    Ok(divided(first, last, rows / ROWS + 1))
}

pub(super) fn by_number(first: Option<i64>, last: Option<i64>) -> Vec<Keys> {
    divided(first, last, last.unwrap_or(0).saturating_sub(first.unwrap_or(0)) / ROWS + 1)
}

/// The keys from the first to the last, in so many parts, but not more than [`MOST_PARTS`]. `None`: there are no rows.
fn divided(first: Option<i64>, last: Option<i64>, parts: i64) -> Vec<Keys> {
    let (Some(first), Some(last)) = (first, last) else { return Vec::new() };
    let width = last.saturating_sub(first) / parts.clamp(1, MOST_PARTS) + 1;
    let ends = |begin: i64| begin.saturating_add(width - 1).min(last);
    let mut divided = vec![first..=ends(first)];
    while let Some(before) = divided.last().map(|part| *part.end()).filter(|end| *end < last) {
        divided.push(before + 1..=ends(before + 1));
    }
    divided
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_table_hold_each_key_once() {
        assert_eq!(by_number(None, None), []);
        assert_eq!(by_number(Some(7), Some(7)), [7..=7]);
        assert_eq!(by_number(Some(1), Some(ROWS)), [1..=ROWS]);
        for (first, last) in [(1, 1_000_000), (-5, 3 * ROWS), (0, i64::MAX - 1)] {
            let parts = by_number(Some(first), Some(last));
            assert!(parts.len() <= usize::try_from(MOST_PARTS).unwrap() + 1, "{}", parts.len());
            assert_eq!((*parts[0].start(), *parts[parts.len() - 1].end()), (first, last));
            assert!(parts.is_sorted_by(|one, next| one.end() + 1 == *next.start()));
        }
    }
}
