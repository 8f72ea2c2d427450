//! A database of its own for each test that asks for one, copied from one that has the tables already.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use portero::domain::{DatabaseUrl, PostgresUrl};
use portero::store::Db;

use super::Behind;

/// Such as `postgres://portero@127.0.0.1:5433`. `None`: tests run on SQLite.
fn server() -> Option<String> {
    std::env::var("PORTERO_TEST_POSTGRES").ok()
}

pub fn is_on() -> bool {
    server().is_some()
}

pub fn database(folder: &Path) -> Option<DatabaseUrl> {
    server()?;
    make_once(folder, &TEMPLATE)
}

pub fn database_in_another_collation(folder: &Path) -> Option<DatabaseUrl> {
    server()?;
    make_once(folder, &IN_ANOTHER_COLLATION)
}

fn make_once(folder: &Path, template: &Template) -> Option<DatabaseUrl> {
    let name = name_of(folder);
    if !known().contains(&name) {
        make(&name, template);
        known().insert(name.clone());
    }
    Some(url(&name))
}

/// The databases that this process knows to be there: it asks for one with every command that it runs.
fn known() -> std::sync::MutexGuard<'static, BTreeSet<String>> {
    static KNOWN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

pub fn remove(folder: &Path) {
    if server().is_some() {
        known().remove(&name_of(folder));
        let drop = format!("DROP DATABASE IF EXISTS \"{}\" WITH (FORCE)", name_of(folder));
        connect("postgres").batch_execute(&drop).unwrap();
    }
}

pub fn behind(folder: &Path) -> Option<Behind> {
    server()?;
    Some(Behind::Postgres(connect(&name_of(folder))))
}

/// Folders of tests have random names.
fn name_of(folder: &Path) -> String {
    let path = folder.to_str().unwrap();
    path.rsplit('/').take(2).collect::<String>().replace(|c: char| !c.is_ascii_alphanumeric(), "")
}

fn url(database: &str) -> DatabaseUrl {
    let server = url::Url::parse(&server().unwrap()).unwrap();
    DatabaseUrl::Postgres(Box::new(PostgresUrl {
        host: server.host_str().map(str::to_owned),
        port: server.port(),
        user: Some(server.username().to_owned()),
        database: database.to_owned(),
        ..PostgresUrl::default()
    }))
}

fn connect(database: &str) -> PgConnection {
    PgConnection::establish(&format!("{}/{database}", server().unwrap())).unwrap()
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

fn exists(conn: &mut PgConnection, database: &str) -> bool {
    let named = sql_query("SELECT count(*) AS number FROM pg_database WHERE datname = $1").bind::<Text, _>(database);
    named.get_result::<Found>(conn).unwrap().number == 1
}

/// A database that has the tables, from which others are copied.
struct Template {
    name: &'static str,
    /// How texts are compared in it.
    locale: &'static str,
}

const TEMPLATE: Template = Template { name: "portero_template", locale: "" };
const IN_ANOTHER_COLLATION: Template =
    Template { name: "portero_template_icu", locale: "LOCALE_PROVIDER icu ICU_LOCALE 'en-US'" };

/// Makes the database, unless it is there.
fn make(name: &str, template: &Template) {
    let Template { name: original, locale } = template;
    let mut conn = connect("postgres");
    if exists(&mut conn, name) {
        return;
    }
    if !exists(&mut conn, original) {
        // Tests run in many processes; the first of them makes it.
        conn.batch_execute("SELECT pg_advisory_lock(1)").unwrap();
        if !exists(&mut conn, original) {
            let new = format!("{original}_new");
            conn.batch_execute(&format!("CREATE DATABASE {new} TEMPLATE template0 {locale}")).unwrap();
            Db::open(&url(&new)).unwrap().close();
            conn.batch_execute(&format!("ALTER DATABASE {new} RENAME TO {original}")).unwrap();
        }
        conn.batch_execute("SELECT pg_advisory_unlock(1)").unwrap();
    }
    // Since version 15 it would write every block to its log, too: 52 ms of CPU time for a database, made and removed, instead of 36.
    let version = sql_query("SELECT current_setting('server_version_num')::bigint AS number");
    let strategy =
        if version.get_result::<Found>(&mut conn).unwrap().number < 150_000 { "" } else { "STRATEGY file_copy" };
    conn.batch_execute(&format!("CREATE DATABASE \"{name}\" TEMPLATE {original} {strategy}")).unwrap();
}
