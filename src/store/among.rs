//! `column IN (…)` as one parameter. Diesel writes a list as one parameter each, so that SQLite would have to compile the statement anew each time.

use std::fmt::Display;

use diesel::expression::ValidGrouping;
#[cfg(feature = "postgres")]
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Text};
use diesel::sqlite::Sqlite;
use diesel::{AppearsOnTable, Expression, QueryResult};

use super::connection::Error;

/// Whether the column holds one of these texts.
pub(super) fn among<C>(column: C, texts: impl IntoIterator<Item = impl Display>) -> Result<Among<C>, Error> {
    let texts: Vec<String> = texts.into_iter().map(|text| text.to_string()).collect();
    let json =
        serde_json::to_string(&texts).map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
    Ok(Among { column, texts, json })
}

#[derive(QueryId)]
pub(super) struct Among<C> {
    column: C,
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "SQLite has no arrays"))]
    texts: Vec<String>,
    json: String,
}

impl<C: Expression> Expression for Among<C> {
    type SqlType = Bool;
}

impl<C: AppearsOnTable<T>, T> AppearsOnTable<T> for Among<C> where Self: Expression {}

impl<C: ValidGrouping<G>, G> ValidGrouping<G> for Among<C> {
    type IsAggregate = C::IsAggregate;
}

impl<C: QueryFragment<Sqlite>> QueryFragment<Sqlite> for Among<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" IN (SELECT value FROM json_each(");
        out.push_bind_param::<Text, _>(&self.json)?;
        out.push_sql("))");
        Ok(())
    }
}

#[cfg(feature = "postgres")]
impl<C: QueryFragment<Pg>> QueryFragment<Pg> for Among<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" = ANY(");
        out.push_bind_param::<diesel::sql_types::Array<Text>, _>(&self.texts)?;
        out.push_sql(")");
        Ok(())
    }
}
