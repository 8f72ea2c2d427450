//! The one writer and its many jobs: committed together, failing each alone. Also readers, the schema, and how SQLite is compiled.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use portero::domain::{Role, UnixTime, Username};
use portero::store::users::{self, NewUser};
use portero::store::{Db, Error, Pending, Tx, Upkeep};
use tempfile::TempDir;

fn open() -> (TempDir, Db) {
    let folder = TempDir::new().unwrap();
    let db = Db::open(&folder.path().join("test.db")).unwrap();
    (folder, db)
}

/// Hands the writer a change by Portero itself.
fn write<T: Send + 'static>(
    db: &Db,
    job: impl FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
) -> Pending<T, Error> {
    db.write(Upkeep, UnixTime(1), move |tx, _| job(tx))
}

fn add(tx: &mut Tx<'_>, name: &str) -> Result<(), Error> {
    let username = Username::parse(name).unwrap();
    let user = NewUser { username: &username, password_hash: None, role: Role::User, now: UnixTime(1) };
    assert!(users::add(tx.conn, &user)?.is_some(), "{name} is new");
    Ok(())
}

fn names(db: &Db) -> Vec<String> {
    let all = db.read(users::all).unwrap();
    all.into_iter().map(|user| user.username.to_string()).collect()
}

#[test]
fn a_job_that_fails_undoes_itself_and_no_other() {
    let (_folder, db) = open();
    let jobs: Vec<_> = (0..100)
        .map(|number| {
            write(&db, move |tx| {
                add(tx, &format!("user{number:03}"))?;
                if number % 3 == 0 { Err(Error::Unknown("on purpose".into())) } else { Ok(number) }
            })
        })
        .collect();
    for (number, job) in jobs.into_iter().enumerate() {
        assert_eq!(job.committed().is_ok(), number % 3 != 0, "{number}");
    }
    let expected: Vec<_> = (0..100).filter(|number| number % 3 != 0).map(|number| format!("user{number:03}")).collect();
    assert_eq!(names(&db), expected);
}

#[test]
fn a_job_that_panics_undoes_itself_and_the_writer_goes_on() {
    let (_folder, db) = open();
    let panicked: Pending<(), _> = write(&db, |tx| {
        add(tx, "ana")?;
        panic!("on purpose");
    });
    assert!(matches!(panicked.committed(), Err(Error::Panicked)));
    write(&db, |tx| add(tx, "bea")).committed().unwrap();
    assert_eq!(names(&db), ["bea"]);
}

#[test]
fn what_a_job_leaves_for_memory_is_done_before_its_answer_and_only_if_it_is_kept() {
    let (_folder, db) = open();
    let done = Arc::new(AtomicUsize::new(0));
    for kept in [true, false] {
        let count = Arc::clone(&done);
        let before = done.load(Ordering::SeqCst);
        let answer = write(&db, move |tx| {
            tx.after_commit(move || {
                count.fetch_add(1, Ordering::SeqCst);
            });
            if kept { Ok(()) } else { Err(Error::Unknown("on purpose".into())) }
        });
        assert_eq!(answer.committed().is_ok(), kept);
        assert_eq!(done.load(Ordering::SeqCst) - before, usize::from(kept));
    }
}

#[test]
fn a_job_runs_to_its_end_though_nobody_waits() {
    let (_folder, db) = open();
    drop(write(&db, |tx| add(tx, "ana")));
    write(&db, |tx| add(tx, "bea")).committed().unwrap();
    assert_eq!(names(&db), ["ana", "bea"]);
}

#[test]
fn a_reader_can_change_nothing() {
    let (_folder, db) = open();
    write(&db, |tx| add(tx, "ana")).committed().unwrap();
    let id = db.read(users::all).unwrap()[0].id;
    assert!(db.read(|conn| users::disable(conn, id, UnixTime(2))).is_err());
    assert_eq!(db.read(users::all).unwrap()[0].disabled_at, None);
}

#[test]
fn two_spellings_of_a_name_are_one_user_in_the_database_too() {
    let (_folder, db) = open();
    write(&db, |tx| add(tx, "Íñigo")).committed().unwrap();
    let taken = write(&db, |tx| {
        let username = Username::parse("íñigo").unwrap();
        users::add(tx.conn, &NewUser { username: &username, password_hash: None, role: Role::User, now: UnixTime(1) })
    });
    assert_eq!(taken.committed().unwrap(), None);
}

/// The options that `.cargo/config.toml` compiles SQLite with; it names the reasons.
#[test]
fn sqlite_keeps_its_statements_and_shares_no_lock_between_connections() {
    use diesel::prelude::*;
    use diesel::sql_types::Text;
    diesel::define_sql_function! {
        fn sqlite_compileoption_used(name: Text) -> Bool;
    }
    let (_folder, db) = open();
    for (option, is_wanted) in
        [("ENABLE_QPSG", true), ("DEFAULT_MEMSTATUS=0", true), ("ENABLE_MEMORY_MANAGEMENT", false)]
    {
        let used = diesel::select(sqlite_compileoption_used(option));
        let is_used: bool = db.read(|conn| Ok::<_, Error>(used.get_result(conn)?)).unwrap();
        assert_eq!(is_used, is_wanted, "{option}");
    }
}

#[test]
fn the_schema_can_be_taken_back_and_made_again() {
    use diesel::connection::SimpleConnection;
    use diesel::{Connection, SqliteConnection};
    use diesel_migrations::{FileBasedMigrations, MigrationHarness};
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("test.db");
    drop(Db::open(&path).unwrap());
    let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    // The database that was dropped above closes on a thread of its own.
    conn.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
    let migrations = FileBasedMigrations::from_path("migrations/sqlite").unwrap();
    conn.revert_all_migrations(migrations.clone()).unwrap();
    conn.run_pending_migrations(migrations).unwrap();
    assert!(!Db::open(&path).unwrap().read(users::any).unwrap());
}
