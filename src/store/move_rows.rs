//! Moves every row of an SQLite database into an empty database of a PostgreSQL server, in one transaction there. The tables and their
//! columns are read from the databases themselves, so that a table that is added later moves, too.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use diesel::connection::SimpleConnection;
use diesel::pg::PgRowByRowLoadingMode;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};

use super::audit::seal::Seal;
use super::audit::verify::verify;
use super::connection::{Conn, ConnectFault, Error, OpenError};
use super::dialect::migrate;
use super::{postgres, sqlite};
use crate::domain::{DatabaseUrl, PostgresUrl};

/// How many rows one statement inserts, and at which size in bytes it stops sooner. Larger ones are not faster.
const MOST_ROWS: usize = 2000;
const MOST_BYTES: usize = 1 << 20;
/// What the migrations of PostgreSQL alone make: how far they have come, and the lock of whoever writes.
const ONLY_THERE: [&str; 2] = ["__diesel_schema_migrations", "feed_head"];
/// A table to which the migrations give a row, with a count that is 0 while there is nobody.
const COUNT_OF_NOBODY: &str = "users_present";

/// A table that was moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovedTable {
    pub name: String,
    pub rows: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovedRows {
    pub tables: Vec<MovedTable>,
    /// Whether an earlier try had moved them, which ended before it could say so.
    pub were_there: bool,
    /// Whether the audit log is whole. The rows are the same in both databases, so if it is not, it was not before.
    pub audit_is_whole: bool,
}

/// Why nothing was moved. The messages are for the operator.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("another Portero serves the database {database}, or another move into it is under way")]
    Served { database: Box<PostgresUrl> },
    #[error(
        "the database {database} holds a Portero already (its table {table:?} has rows): name an empty one, such as \
         `createdb` makes it"
    )]
    NotEmpty { database: Box<PostgresUrl>, table: String },
    #[error(
        "the database {database} has tables that are not Portero's, such as {table:?}: name an empty one, such as `createdb` makes it"
    )]
    OfOthers { database: Box<PostgresUrl>, table: String },
    #[error("the table {table:?} is not the same in both databases: is either from another version of Portero?")]
    OtherShape { table: String },
    #[error("could not read the table {table:?}")]
    NotRead { table: String, source: diesel::result::Error },
    #[error("PostgreSQL did not take rows of the table {table:?}")]
    NotTaken { table: String, source: diesel::result::Error },
    #[error("the rows of the table {table:?} are not the same in both databases after they were copied")]
    Different { table: String },
    #[error("a database could not answer")]
    Database(#[from] diesel::result::Error),
    #[error("the audit log could not be verified in the new database")]
    Audit(#[from] Error),
}

/// Moves all rows from the file, which no server uses, into the database of the server. While this runs, nobody can write to the file,
/// which stays as it is. If this fails or is killed, there are no rows in the new database. `progress` is called with the name of a table, how many
/// of its rows are there, and how many it has.
pub fn move_rows(
    from: &Path,
    to: &PostgresUrl,
    seal: &Seal,
    mut progress: impl FnMut(&str, u64, u64),
) -> Result<MovedRows, MoveError> {
    let file = DatabaseUrl::Sqlite(from.to_owned());
    let database = || Box::new(to.clone());
    let mut source = sqlite::connect(from).map_err(|fault| fault.at(&file))?;
    // Nobody may add a row that would stay behind.
    sqlite::BEGIN.execute(&mut source)?;
    let tables = in_order(tables(&mut source)?);

    let server = DatabaseUrl::Postgres(database());
    let open = |fault: ConnectFault| fault.at(&server);
    let mut conn = postgres::connect(to, &Arc::default()).map_err(open)?;
    let was_used = postgres::exists(&mut conn)?;
    if !was_used {
        refuse_others_tables(&mut conn, to)?;
    }
    let mut target = Conn::Postgres(conn);
    if !was_used {
        migrate(&mut target, &server)?;
    }
    target.transaction(|target| {
        let conn = on_server(target);
        // Between two statements, the file is read: on a slow disk for longer than anybody else may stand still.
        conn.batch_execute("SET LOCAL idle_in_transaction_session_timeout = 0")?;
        if postgres::lock_to_serve(conn, None, false)?.is_none() {
            return Err(MoveError::Served { database: database() });
        }
        let mut moved = Vec::new();
        if was_used {
            same_rows(&mut source, conn, &tables, to, &mut moved)?;
        } else {
            check_shapes(conn, &tables)?;
            refuse_rows(conn, &tables, to)?;
            for table in &tables {
                moved.push(copy(&mut source, conn, table, &mut progress)?);
            }
            for table in &tables {
                continue_numbers(&mut source, conn, table)?;
            }
            // Without it, the first queries would be planned for empty tables.
            let names = tables.iter().map(|table| quoted(&table.name)).collect::<Vec<_>>().join(", ");
            conn.batch_execute(&format!("ANALYZE {names}"))?;
        }
        let audit_is_whole = verify(target, seal, 1, None, |_| {})?.findings.is_empty();
        Ok(MovedRows { tables: moved, were_there: was_used, audit_is_whole })
    })
}

fn on_server(conn: &mut Conn) -> &mut PgConnection {
    match conn {
        Conn::Postgres(conn) => conn,
        Conn::Sqlite(_) => unreachable!("this connection was opened to a server"),
    }
}

/// A table of the file.
#[derive(Debug)]
struct Table {
    name: String,
    columns: Vec<String>,
    /// The tables that its rows refer to.
    refers_to: BTreeSet<String>,
    /// Whether SQLite numbers its rows by itself.
    has_row_numbers: bool,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn tables(source: &mut SqliteConnection) -> Result<Vec<Table>, diesel::result::Error> {
    let names = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
                 AND name <> '__diesel_schema_migrations' ORDER BY name";
    let names: Vec<Name> = sql_query(names).load(source)?;
    names
        .into_iter()
        .map(|Name { name }| {
            let of = |query: &str, source: &mut SqliteConnection| {
                let rows: Vec<Name> = sql_query(query).bind::<Text, _>(&name).load(source)?;
                Ok::<_, diesel::result::Error>(rows.into_iter().map(|row| row.name))
            };
            let columns = of("SELECT name FROM pragma_table_info(?) ORDER BY cid", source)?.collect();
            let refers_to = of("SELECT \"table\" AS name FROM pragma_foreign_key_list(?)", source)?;
            let refers_to = refers_to.filter(|other| *other != name).collect();
            let numbered = "SELECT name FROM pragma_table_list(?) WHERE schema = 'main' AND NOT wr";
            let has_row_numbers = of(numbered, source)?.next().is_some();
            Ok(Table { name, columns, refers_to, has_row_numbers })
        })
        .collect()
}

/// Each table after those that its rows refer to.
fn in_order(mut tables: Vec<Table>) -> Vec<Table> {
    let mut ordered: Vec<Table> = Vec::new();
    while !tables.is_empty() {
        let is_placed = |name: &String| ordered.iter().any(|table| table.name == *name);
        let next = tables.iter().position(|table| table.refers_to.iter().all(is_placed));
        // Where tables refer to each other in a circle, no order would do; PostgreSQL then says which row it does not take.
        ordered.push(tables.remove(next.unwrap_or(0)));
    }
    ordered
}

/// A migration would fail at the first table that is there already, and say less.
fn refuse_others_tables(conn: &mut PgConnection, to: &PostgresUrl) -> Result<(), MoveError> {
    let names = their_tables(conn)?;
    if names.iter().any(|name| ONLY_THERE.contains(&name.as_str())) {
        return Ok(());
    }
    match names.into_iter().next() {
        Some(table) => Err(MoveError::OfOthers { database: Box::new(to.clone()), table }),
        None => Ok(()),
    }
}

fn their_tables(conn: &mut PgConnection) -> Result<Vec<String>, diesel::result::Error> {
    let names = "SELECT table_name::text AS name FROM information_schema.tables \
                 WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY 1";
    Ok(sql_query(names).load::<Name>(conn)?.into_iter().map(|row| row.name).collect())
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = diesel::sql_types::Bool)]
    is_numbered: bool,
}

fn their_columns(conn: &mut PgConnection, table: &str) -> Result<Vec<Column>, diesel::result::Error> {
    sql_query(
        "SELECT column_name::text AS name, data_type::text AS kind, is_identity = 'YES' AS is_numbered \
         FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1",
    )
    .bind::<Text, _>(table)
    .load(conn)
}

/// Whether both databases have the same tables with the same columns. What numbers rows by itself may be in one only.
fn check_shapes(conn: &mut PgConnection, tables: &[Table]) -> Result<(), MoveError> {
    let theirs = their_tables(conn)?;
    let is_known =
        |name: &&String| ONLY_THERE.contains(&name.as_str()) || tables.iter().any(|table| table.name == **name);
    if let Some(table) = theirs.iter().find(|name| !is_known(name)) {
        return Err(MoveError::OtherShape { table: table.clone() });
    }
    for table in tables {
        let columns = their_columns(conn, &table.name)?;
        let is_there = |name: &String| columns.iter().any(|column| column.name == *name);
        let is_extra = |column: &Column| !column.is_numbered && !table.columns.contains(&column.name);
        if !table.columns.iter().all(is_there) || columns.iter().any(is_extra) {
            return Err(MoveError::OtherShape { table: table.name.clone() });
        }
    }
    Ok(())
}

fn refuse_rows(conn: &mut PgConnection, tables: &[Table], to: &PostgresUrl) -> Result<(), MoveError> {
    for table in tables {
        let which = if table.name == COUNT_OF_NOBODY { " WHERE users <> 0" } else { "" };
        let any =
            format!("SELECT count(*) AS count FROM (SELECT 1 FROM {}{which} LIMIT 1) AS found", quoted(&table.name));
        if sql_query(any).get_result::<Count>(conn)?.count > 0 {
            return Err(MoveError::NotEmpty { database: Box::new(to.clone()), table: table.name.clone() });
        }
    }
    Ok(conn.batch_execute(&format!("DELETE FROM {}", quoted(COUNT_OF_NOBODY)))?)
}

/// An earlier try may have got as far as the commit. Its rows are then those of the file.
fn same_rows(
    source: &mut SqliteConnection,
    conn: &mut PgConnection,
    tables: &[Table],
    to: &PostgresUrl,
    moved: &mut Vec<MovedTable>,
) -> Result<(), MoveError> {
    let other = |table: &Table| MoveError::NotEmpty { database: Box::new(to.clone()), table: table.name.clone() };
    if let (Err(MoveError::OtherShape { .. }), Some(table)) = (check_shapes(conn, tables), tables.first()) {
        return Err(other(table));
    }
    for table in tables {
        let mut sum = Sum::default();
        each_row(source, table, |row| {
            sum.add(&row.line);
            Ok(())
        })?;
        if their_sum(conn, table)? != sum {
            return Err(other(table));
        }
        moved.push(MovedTable { name: table.name.clone(), rows: sum.rows });
    }
    Ok(())
}

/// Copies a table, and looks whether both databases then have the same rows.
fn copy(
    source: &mut SqliteConnection,
    conn: &mut PgConnection,
    table: &Table,
    progress: &mut impl FnMut(&str, u64, u64),
) -> Result<MovedTable, MoveError> {
    let name = quoted(&table.name);
    let not_taken = |source| MoveError::NotTaken { table: table.name.clone(), source };
    let total = sql_query(format!("SELECT count(*) AS count FROM {name}")).get_result::<Count>(source)?.count;
    let total = total.unsigned_abs();
    let columns = table.columns.iter().map(|column| quoted(column)).collect::<Vec<_>>().join(", ");
    let insert =
        format!("INSERT INTO {name} ({columns}) SELECT {columns} FROM json_populate_recordset(NULL::{name}, $1::json)");
    // What triggers keep is a table or a column too, and moves as it is.
    conn.batch_execute(&format!("ALTER TABLE {name} DISABLE TRIGGER USER")).map_err(not_taken)?;
    let mut sum = Sum::default();
    let mut batch = Batch::default();
    let mut store = |batch: &mut Batch, rows: u64| {
        if batch.rows > 0 {
            sql_query(&insert).bind::<Text, _>(batch.finish()).execute(conn).map_err(not_taken)?;
        }
        progress(&table.name, rows, total);
        Ok::<_, MoveError>(())
    };
    each_row(source, table, |row| {
        sum.add(&row.line);
        batch.add(&row.json);
        if batch.is_full() { store(&mut batch, sum.rows) } else { Ok(()) }
    })?;
    store(&mut batch, sum.rows)?;
    conn.batch_execute(&format!("ALTER TABLE {name} ENABLE TRIGGER USER")).map_err(not_taken)?;
    if their_sum(conn, table)? != sum {
        return Err(MoveError::Different { table: table.name.clone() });
    }
    Ok(MovedTable { name: table.name.clone(), rows: sum.rows })
}

/// Rows as a JSON array.
#[derive(Default)]
struct Batch {
    rows: usize,
    json: String,
}

impl Batch {
    fn add(&mut self, row: &str) {
        self.json.push_str(if self.rows == 0 { "[" } else { "," });
        self.json.push_str(row);
        self.rows += 1;
    }

    fn is_full(&self) -> bool {
        self.rows >= MOST_ROWS || self.json.len() >= MOST_BYTES
    }

    fn finish(&mut self) -> String {
        self.rows = 0;
        std::mem::take(&mut self.json) + "]"
    }
}

/// How many rows a table has, and the sum of what their lines hash to: it does not depend on their order, which each database has its
/// own of.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sum {
    rows: u64,
    hashes: u128,
}

impl Sum {
    fn add(&mut self, line: &str) {
        let hash = digest(&SHA256, line.as_bytes());
        let first = hash.as_ref().first_chunk().copied().map_or(0, u128::from_be_bytes);
        self.rows += 1;
        self.hashes = self.hashes.wrapping_add(first);
    }
}

#[derive(QueryableByName)]
struct SourceRow {
    /// An object that PostgreSQL can read.
    #[diesel(sql_type = Text)]
    json: String,
    #[diesel(sql_type = Text)]
    line: String,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Reads the rows in the order in which they were added, as far as SQLite knows it. A row's line has the length of each value in
/// characters, a colon and the value, or `-` for NULL; bytes are written in hexadecimal, true and false as 1 and 0.
fn each_row(
    source: &mut SqliteConnection,
    table: &Table,
    mut each: impl FnMut(SourceRow) -> Result<(), MoveError>,
) -> Result<(), MoveError> {
    let members = table.columns.iter().map(|column| {
        let (text, column) = (column.replace('\'', "''"), quoted(column));
        format!("'\"{text}\":' || CASE typeof({column}) WHEN 'blob' THEN json_quote('\\x' || hex({column})) ELSE json_quote({column}) END")
    });
    let values = table.columns.iter().map(|column| {
        let column = quoted(column);
        format!(
            "CASE typeof({column}) WHEN 'null' THEN '-' WHEN 'blob' THEN length(hex({column})) || ':' || lower(hex({column})) \
             ELSE length({column}) || ':' || {column} END"
        )
    });
    let query = format!(
        "SELECT '{{' || {} || '}}' AS json, {} AS line FROM {}{}",
        members.collect::<Vec<_>>().join(" || ',' || "),
        values.collect::<Vec<_>>().join(" || "),
        quoted(&table.name),
        if table.has_row_numbers { " ORDER BY rowid" } else { "" },
    );
    let not_read = |source| MoveError::NotRead { table: table.name.clone(), source };
    for row in sql_query(query).load_iter::<SourceRow, _>(source).map_err(not_read)? {
        each(row.map_err(not_read)?)?;
    }
    Ok(())
}

/// The same lines as PostgreSQL writes them.
fn their_sum(conn: &mut PgConnection, table: &Table) -> Result<Sum, MoveError> {
    let kinds = their_columns(conn, &table.name)?;
    let values = table.columns.iter().map(|name| {
        let kind = kinds.iter().find(|column| column.name == *name).map_or("", |column| column.kind.as_str());
        let name = quoted(name);
        let text = match kind {
            "boolean" => format!("{name}::int::text"),
            "bytea" => format!("encode({name}, 'hex')"),
            _ => format!("{name}::text"),
        };
        format!("coalesce(length({text}) || ':' || {text}, '-')")
    });
    let values = values.collect::<Vec<_>>().join(" || ");
    let query = sql_query(format!("SELECT {values} AS line FROM {}", quoted(&table.name)));
    let mut sum = Sum::default();
    for row in query.load_iter::<Line, PgRowByRowLoadingMode>(conn)? {
        sum.add(&row?.line);
    }
    Ok(sum)
}

/// Lets the numbers that PostgreSQL gives begin after the highest that was ever given: that of a row which is gone never comes to mean
/// another.
fn continue_numbers(source: &mut SqliteConnection, conn: &mut PgConnection, table: &Table) -> Result<(), MoveError> {
    let columns = their_columns(conn, &table.name)?;
    let Some(column) = columns.iter().find(|column| column.is_numbered) else { return Ok(()) };
    let given = "SELECT coalesce(max(seq), 0) AS count FROM sqlite_sequence WHERE name = ?";
    let given = sql_query(given).bind::<Text, _>(&table.name).get_result::<Count>(source)?.count;
    let highest = format!(
        "SELECT setval(pg_get_serial_sequence($1, $2), greatest($3, max({0}), 1), greatest($3, max({0}), 0) > 0) AS count FROM {1}",
        quoted(&column.name),
        quoted(&table.name),
    );
    sql_query(highest)
        .bind::<Text, _>(quoted(&table.name))
        .bind::<Text, _>(&column.name)
        .bind::<BigInt, _>(given)
        .get_result::<Count>(conn)?;
    Ok(())
}

/// A name as both databases take it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
