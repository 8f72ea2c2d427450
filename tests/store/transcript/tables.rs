//! What is in the tables, and how it changes.

use std::collections::BTreeMap;

use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use portero::store::Conn;

/// Tables of the nodes that share a database on PostgreSQL, which it fills by itself.
const OF_NODES: [&str; 2] = ["changes", "claimed_jobs"];
const BETWEEN: char = '\u{1f}';
const NULL: &str = "\u{1e}";

struct Table {
    name: String,
    /// How many of the columns are its key: the first ones here.
    keys: usize,
    /// Each with its type.
    columns: Vec<(String, String)>,
}

impl Table {
    /// Whether the database numbers its rows.
    fn is_numbered(&self) -> bool {
        self.keys == 1 && self.columns[0] == ("id".into(), "BigInt".into())
    }
}

/// All tables, as `schema.rs` names them.
pub(super) struct Tables(Vec<Table>);

impl Default for Tables {
    fn default() -> Self {
        let schema = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/schema.rs")).unwrap();
        let tables = schema.split("diesel::table! {").skip(1).map(table);
        Self(tables.filter(|table| !OF_NODES.contains(&table.name.as_str())).collect())
    }
}

/// Reads `name (key, ..) { column -> Type, .. }`.
fn table(text: &str) -> Table {
    let (name, rest) = text.trim_start().split_once(" (").unwrap();
    let (keys, rest) = rest.split_once(") {").unwrap();
    let mut columns = Vec::new();
    let mut spelled = None;
    for line in rest.split('}').next().unwrap().lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("#[sql_name = \"") {
            spelled = rest.split('"').next();
        } else if let Some((column, kind)) = line.trim_end_matches(',').split_once(" -> ") {
            columns.push((spelled.take().unwrap_or(column).to_owned(), kind.to_owned()));
        }
    }
    let keys: Vec<&str> = keys.split(", ").collect();
    // `false` sorts before `true`, and nothing else is moved.
    columns.sort_by_key(|(column, _)| !keys.contains(&column.as_str()));
    Table { name: name.to_owned(), keys: keys.len(), columns }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    of: String,
    #[diesel(sql_type = Text)]
    row: String,
}

/// The rows of all tables, each by its table and key.
#[derive(Default)]
pub(super) struct Contents {
    rows: BTreeMap<(String, Vec<String>), Vec<String>>,
}

/// The highest number that any row of a table has had so far.
pub(super) type Highest = BTreeMap<String, i64>;

impl Tables {
    pub(super) fn read(&self, conn: &mut Conn) -> Contents {
        let is_postgres = is_postgres(conn);
        let hex = |column: &str| match is_postgres {
            true => format!("upper(encode(\"{column}\", 'hex'))"),
            // Of NULL it is an empty text.
            false => format!("CASE WHEN \"{column}\" IS NOT NULL THEN hex(\"{column}\") END"),
        };
        let column = |(column, kind): &(String, String)| {
            let text = match kind.trim_start_matches("Nullable<").trim_end_matches('>') {
                "Bool" => format!("CASE WHEN \"{column}\" THEN 'true' WHEN NOT \"{column}\" THEN 'false' END"),
                "Binary" => hex(column),
                "Text" => format!("\"{column}\""),
                _ => format!("CAST(\"{column}\" AS TEXT)"),
            };
            format!("COALESCE({text}, '{NULL}')")
        };
        let selects = self.0.iter().map(|table| {
            let columns: Vec<String> = table.columns.iter().map(column).collect();
            let row = columns.join(&format!(" || '{BETWEEN}' || "));
            format!("SELECT '{0}' AS \"of\", {row} AS \"row\" FROM {0}", table.name)
        });
        let sql = selects.collect::<Vec<_>>().join(" UNION ALL ");
        let mut contents = Contents::default();
        for Row { of, row } in rows(conn, &sql) {
            let table = self.named(&of);
            let row: Vec<String> = row.split(BETWEEN).map(str::to_owned).collect();
            let key = row[..table.keys].to_vec();
            contents.rows.insert((of, key), row);
        }
        contents
    }

    fn named(&self, name: &str) -> &Table {
        self.0.iter().find(|table| table.name == name).unwrap()
    }

    /// Has each table number its next row by the one after the highest that it ever had.
    pub(super) fn number_on(&self, conn: &mut Conn, highest: &Highest) {
        let numbered = self.0.iter().filter(|table| table.is_numbered()).map(|Table { name, .. }| {
            let highest = highest.get(name).copied().unwrap_or(0);
            if is_postgres(conn) {
                let sequence = format!("pg_get_serial_sequence('{name}', 'id')");
                format!("SELECT setval({sequence}, {}, {});", highest.max(1), highest > 0)
            } else {
                format!("UPDATE sqlite_sequence SET seq = {highest} WHERE name = '{name}';")
            }
        });
        let numbered: String = numbered.collect();
        conn.batch_execute(&numbered).unwrap();
    }
}

impl Contents {
    /// Notes how high numbers are.
    pub(super) fn raise(&self, tables: &Tables, highest: &mut Highest) {
        for (of, key) in self.rows.keys().filter(|(of, _)| tables.named(of).is_numbered()) {
            let highest = highest.entry(of.clone()).or_default();
            *highest = key[0].parse().map_or(*highest, |number: i64| number.max(*highest));
        }
    }

    /// What is different in `now`.
    pub(super) fn changes_to(&self, now: &Self, tables: &Tables) -> Vec<String> {
        let mut lines = Vec::new();
        let mut keys: Vec<_> = self.rows.keys().chain(now.rows.keys()).collect();
        keys.sort();
        keys.dedup();
        for (of, key) in keys {
            let place = (of.clone(), key.clone());
            let columns = &tables.named(of).columns;
            let title = format!("{of} {}", key.join(" "));
            match (self.rows.get(&place), now.rows.get(&place)) {
                (Some(before), Some(after)) => {
                    let both =
                        columns.iter().zip(before.iter().zip(after)).filter(|(_, (before, after))| before != after);
                    let changed: Vec<String> = both
                        .map(|((column, _), (before, after))| format!("{column} {} → {}", shown(before), shown(after)))
                        .collect();
                    if !changed.is_empty() {
                        lines.push(format!("~ {title}: {}", changed.join(", ")));
                    }
                }
                (None, Some(after)) => {
                    let set = columns.iter().zip(after).skip(key.len()).filter(|(_, value)| *value != NULL);
                    let set: Vec<String> =
                        set.map(|((column, _), value)| format!("{column} {}", shown(value))).collect();
                    lines.push(format!("+ {title}: {}", set.join(", ")));
                }
                (Some(_), None) => lines.push(format!("- {title}")),
                (None, None) => {}
            }
        }
        lines
    }
}

fn shown(value: &str) -> &str {
    match value {
        NULL => "NULL",
        "" => "''",
        other => other,
    }
}

fn is_postgres(conn: &Conn) -> bool {
    #[cfg(feature = "postgres")]
    return matches!(conn, Conn::Postgres(_));
    #[cfg(not(feature = "postgres"))]
    {
        let _sqlite = conn;
        false
    }
}

fn rows(conn: &mut Conn, sql: &str) -> Vec<Row> {
    #[cfg(feature = "postgres")]
    match conn {
        Conn::Sqlite(conn) => sql_query(sql).load(conn).unwrap(),
        Conn::Postgres(conn) => sql_query(sql).load(conn).unwrap(),
    }
    #[cfg(not(feature = "postgres"))]
    sql_query(sql).load(conn).unwrap()
}
