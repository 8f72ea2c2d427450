//! The one writer and its many jobs: committed together, failing each alone. Also readers, the schema, and how SQLite is compiled.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use portero::blocklist::change::Change;
use portero::domain::{DatabaseUrl, Role, SessionId, UnixTime, Username};
use portero::store::users::{self, NewUser};
use portero::store::{Conn, Db, Error, Memory, Pending, Tx, Upkeep, at_one_moment};
use tempfile::TempDir;

use crate::support::database::{Behind, database};

fn open() -> (TempDir, Db) {
    let folder = TempDir::new().unwrap();
    let db = Db::open(&database(folder.path())).unwrap();
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

/// Keeps whoever lets go of it waiting until the other end is gone.
struct HeldUp(Receiver<()>);

impl Drop for HeldUp {
    fn drop(&mut self) {
        assert!(self.0.recv().is_err(), "nothing is sent");
    }
}

#[test]
fn whoever_was_refused_while_the_database_was_locked_is_not_refused_with_those_before_once_it_is_free() {
    let (folder, db) = open();
    let mut other = Behind::of(folder.path());
    other.lock();
    let first = write(&db, |tx| add(tx, "ana"));
    let (has_tried_again, held_up) = channel();
    let held_up = HeldUp(held_up);
    let second: Pending<(), _> = write(&db, move |_| {
        drop(held_up);
        Ok(())
    });
    assert!(first.committed().is_err(), "the lock is not given in time");
    other.let_go();
    let again = write(&db, |tx| add(tx, "ana"));
    drop(has_tried_again);
    again.committed().unwrap();
    assert!(second.committed().is_err(), "those who wait together are refused together");
    assert_eq!(names(&db), ["ana"]);
}

/// Memory that only keeps the sessions it is told of, by their place in the order of jobs.
fn follow(db: &Db, told: &Arc<Mutex<Vec<i64>>>) {
    let told = Arc::clone(told);
    let apply = move |change| match change {
        Change::SessionsEnded(ended) => told.lock().unwrap().extend(ended.iter().map(|(_, until)| until.0)),
        other => panic!("not asked for: {other:?}"),
    };
    db.follow_changes(Memory {
        reload: Box::new(|_| Ok(())),
        apply: Arc::new(apply),
        doubt: Box::new(|| {}),
        has_gaps: Box::new(|| false),
        rest: Box::new(|| {}),
    })
    .unwrap();
}

#[test]
fn memory_learns_of_changes_in_the_order_of_the_commits_before_the_answers_and_only_of_what_is_kept() {
    let (_folder, db) = open();
    let told = Arc::default();
    follow(&db, &told);
    let jobs: Vec<_> = (0..100)
        .map(|number| {
            write(&db, move |tx| {
                for part in [0, 1] {
                    tx.change(Change::SessionsEnded(vec![(SessionId::random(), UnixTime(10 * number + part))]));
                }
                if number % 3 == 0 { Err(Error::Unknown("on purpose".into())) } else { Ok(()) }
            })
        })
        .collect();
    for (number, job) in (0..).zip(jobs) {
        let is_kept = job.committed().is_ok();
        assert_eq!(is_kept, number % 3 != 0, "{number}");
        assert_eq!(told.lock().unwrap().contains(&(10 * number + 1)), is_kept, "{number}");
    }
    let kept = (0..100).filter(|number| number % 3 != 0);
    assert_eq!(*told.lock().unwrap(), kept.flat_map(|number| [10 * number, 10 * number + 1]).collect::<Vec<_>>());
}

#[test]
fn what_a_job_has_logged_comes_after_memory_and_a_panic_there_stops_nothing() {
    let (_folder, db) = open();
    let told = Arc::default();
    follow(&db, &told);
    let seen = Arc::new(Mutex::new(None));
    let (note, known) = (Arc::clone(&seen), Arc::clone(&told));
    let answer = write(&db, move |tx| {
        tx.after_commit(|| panic!("on purpose"));
        tx.after_commit(move || *note.lock().unwrap() = Some(known.lock().unwrap().len()));
        tx.change(Change::SessionsEnded(vec![(SessionId::random(), UnixTime(7))]));
        Ok(())
    });
    assert!(answer.committed().is_ok());
    assert_eq!(*seen.lock().unwrap(), Some(1));
    write(&db, |tx| add(tx, "bea")).committed().unwrap();
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

#[test]
fn a_look_up_that_panics_in_a_transaction_leaves_nobody_an_old_state() {
    let (_folder, db) = open();
    for _ in 0..db.most_readers() {
        let look = |conn: &mut Conn| {
            at_one_moment(conn, |conn| -> Result<(), Error> {
                users::any(conn)?;
                panic!("on purpose")
            })
        };
        assert!(catch_unwind(AssertUnwindSafe(|| db.read(look))).is_err());
    }
    write(&db, |tx| add(tx, "ana")).committed().unwrap();
    for _ in 0..2 * db.most_readers() {
        assert_eq!(names(&db), ["ana"]);
    }
}

/// The options that `.cargo/config.toml` compiles SQLite with; it names the reasons.
#[test]
fn sqlite_keeps_its_statements_and_shares_no_lock_between_connections() {
    use diesel::prelude::*;
    use diesel::sql_types::Text;
    diesel::define_sql_function! {
        fn sqlite_compileoption_used(name: Text) -> Bool;
    }
    let folder = TempDir::new().unwrap();
    let db = Db::open(&DatabaseUrl::Sqlite(folder.path().join("test.db"))).unwrap();
    for (option, is_wanted) in
        [("ENABLE_QPSG", true), ("DEFAULT_MEMSTATUS=0", true), ("ENABLE_MEMORY_MANAGEMENT", false)]
    {
        let used = diesel::select(sqlite_compileoption_used(option));
        let is_used: bool = db.read(|conn| Ok::<_, Error>(used.get_result(conn)?)).unwrap();
        assert_eq!(is_used, is_wanted, "{option}");
    }
}

/// Diesel knows migrations by their versions, and silently makes only one of two that have the same.
#[test]
fn each_migration_has_a_version_of_its_own_and_stands_beside_its_like_for_the_other_database() {
    let names = |database: &str| -> BTreeSet<String> {
        let folder = std::fs::read_dir(format!("migrations/{database}")).unwrap();
        folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let ours = names("sqlite");
    assert_eq!(ours, names("postgres"));
    let mut versions: Vec<_> = ours.iter().map(|name| name.split_once('_').unwrap().0).collect();
    let count = versions.len();
    versions.sort_unstable();
    versions.dedup();
    assert_eq!(versions.len(), count, "{ours:?}");
}

#[test]
fn an_upgrade_that_fails_at_its_last_changes_leaves_the_database_as_it_was() {
    use diesel::connection::SimpleConnection;
    use diesel::sql_types::BigInt;
    use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
    #[derive(QueryableByName)]
    struct Tables {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("test.db");
    let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    // In the way of one of the last migrations.
    conn.batch_execute("CREATE TABLE claimed_jobs (id INTEGER)").unwrap();
    let refused = Db::open(&DatabaseUrl::Sqlite(path)).err().unwrap();
    assert!(refused.to_string().contains("claimed_jobs"), "{refused}");
    // Beside that table, the empty list of the migrations that were made.
    let tables = sql_query("SELECT count(*) AS number FROM sqlite_master WHERE type = 'table'");
    assert_eq!(tables.get_result::<Tables>(&mut conn).unwrap().number, 2);
    conn.batch_execute("DROP TABLE claimed_jobs").unwrap();
    drop(conn);
    Db::open(&DatabaseUrl::Sqlite(folder.path().join("test.db"))).unwrap();
}

#[test]
fn the_schema_can_be_taken_back_and_made_again() {
    use diesel::connection::SimpleConnection;
    use diesel::{Connection, SqliteConnection};
    use diesel_migrations::{FileBasedMigrations, MigrationHarness};
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("test.db");
    let url = DatabaseUrl::Sqlite(path.clone());
    drop(Db::open(&url).unwrap());
    let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    // The database that was dropped above closes on a thread of its own.
    conn.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
    let migrations = FileBasedMigrations::from_path("migrations/sqlite").unwrap();
    conn.revert_all_migrations(migrations.clone()).unwrap();
    conn.run_pending_migrations(migrations).unwrap();
    assert!(!Db::open(&url).unwrap().read(users::any).unwrap());
}
