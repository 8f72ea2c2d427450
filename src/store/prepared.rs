//! What SQLite compiles once per connection where Diesel has it compiled each time: updates, of which one could have any shape (those
//! here have one or two), and what begins and ends transactions. Compiling them took the writer a third of its time at a renewal.

use diesel::query_builder::{AsChangeset, AstPass, QueryFragment, QueryId};
use diesel::sql_types::Bool;
use diesel::sqlite::Sqlite;
use diesel::{AppearsOnTable, QueryResult, QuerySource, RunQueryDsl};

use super::Conn;

/// `UPDATE table SET set WHERE which`, to be executed. Its text may depend on the types of its parts, not on their values.
pub(super) fn update<T, S, W>(table: T, set: S, which: W) -> Update<T::FromClause, S::Changeset, W>
where
    T: QuerySource,
    S: AsChangeset<Target = T>,
    W: AppearsOnTable<T, SqlType = Bool>,
{
    Update { table: table.from_clause(), set: set.as_changeset(), which }
}

pub(super) struct Update<T, S, W> {
    table: T,
    set: S,
    which: W,
}

impl<T, S, W> QueryId for Update<T, S, W> {
    type QueryId = ();
    // What is prepared is found again by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<T, S, W> QueryFragment<Sqlite> for Update<T, S, W>
where
    T: QueryFragment<Sqlite>,
    S: QueryFragment<Sqlite>,
    W: QueryFragment<Sqlite>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("UPDATE ");
        self.table.walk_ast(out.reborrow())?;
        out.push_sql(" SET ");
        self.set.walk_ast(out.reborrow())?;
        out.push_sql(" WHERE ");
        self.which.walk_ast(out)
    }
}

impl<T, S, W> RunQueryDsl<Conn> for Update<T, S, W> {}

/// A statement without values, to be executed.
pub(super) struct Plain(pub(super) &'static str);

impl QueryId for Plain {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Sqlite> for Plain {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(self.0);
        Ok(())
    }
}

impl RunQueryDsl<Conn> for Plain {}
