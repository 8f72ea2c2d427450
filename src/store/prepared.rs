//! Statements that the database compiles once per connection, where Diesel would have them compiled each time: updates, because Diesel
//! has to expect that one update in the code gives statements of any shape (those here give one or two), and the statements that
//! begin and end transactions. Compiling them took a third of the writer's time for a renewal.

use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::query_builder::{AsChangeset, AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool};
use diesel::{AppearsOnTable, Connection, QueryResult, QuerySource, RunQueryDsl};

/// `UPDATE table SET set WHERE which`, to be executed: `update!(table, set, which)`. Its text may depend on the types of its parts, but not
/// on their values, for Diesel writes it once and finds the prepared statement again by the place in the code where this stands.
macro_rules! update {
    ($table:expr, $set:expr, $which:expr $(,)?) => {
        // Each closure has a type of its own.
        $crate::store::prepared::update_at(|| (), $table, $set, $which)
    };
}

pub(super) use update;

/// What the macro `update` makes. `P` is the type of a place in the code.
pub(super) fn update_at<P, T, S, W>(_: P, table: T, set: S, which: W) -> Update<P, T::FromClause, S::Changeset, W>
where
    T: QuerySource,
    S: AsChangeset<Target = T>,
    W: AppearsOnTable<T, SqlType = Bool>,
{
    Update { place: PhantomData, table: table.from_clause(), set: set.as_changeset(), which }
}

pub(super) struct Update<P, T, S, W> {
    place: PhantomData<P>,
    table: T,
    set: S,
    which: W,
}

impl<P: 'static, T, S, W> QueryId for Update<P, T, S, W> {
    type QueryId = P;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<P, DB, T, S, W> QueryFragment<DB> for Update<P, T, S, W>
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

impl<P, C: Connection, T, S, W> RunQueryDsl<C> for Update<P, T, S, W> {}

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
