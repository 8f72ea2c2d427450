//! Statements that the database compiles once per connection, where Diesel would have them compiled each time: updates, because Diesel
//! has to expect that one update in the code gives statements of any shape (those here give one or two), and the statements that
//! begin and end transactions. Compiling them took a third of the writer's time for a renewal.

use diesel::backend::Backend;
use diesel::query_builder::{AsChangeset, AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool};
use diesel::{AppearsOnTable, Connection, QueryResult, QuerySource, RunQueryDsl};

/// `UPDATE table SET set WHERE which`, to be executed. Its text may depend on the types of its parts, but not on their values.
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
    // So Diesel finds the prepared statement again by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB, T, S, W> QueryFragment<DB> for Update<T, S, W>
where
    DB: Backend,
    T: QueryFragment<DB>,
    S: QueryFragment<DB>,
    W: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("UPDATE ");
        self.table.walk_ast(out.reborrow())?;
        out.push_sql(" SET ");
        self.set.walk_ast(out.reborrow())?;
        out.push_sql(" WHERE ");
        self.which.walk_ast(out)
    }
}

impl<C: Connection, T, S, W> RunQueryDsl<C> for Update<T, S, W> {}

/// A statement without parameters, to be executed.
pub(super) struct Plain(pub(super) &'static str);

impl QueryId for Plain {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB: Backend> QueryFragment<DB> for Plain {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(self.0);
        Ok(())
    }
}

impl<C: Connection> RunQueryDsl<C> for Plain {}

/// A statement without parameters whose only answer is a whole number.
pub(super) struct PlainNumber(pub(super) &'static str);

impl QueryId for PlainNumber {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for PlainNumber {
    type SqlType = BigInt;
}

impl<DB: Backend> QueryFragment<DB> for PlainNumber {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(self.0);
        Ok(())
    }
}

impl<C: Connection> RunQueryDsl<C> for PlainNumber {}
