//! A transcript of every function of the store that others can call: the call, what it answered, and what it changed in the tables. On
//! SQLite and on PostgreSQL it is compared with the same snapshots, so whatever the databases do differently shows.
//!
//! A snapshot that changed is a change for review; `cargo insta review` accepts it. What others rely on that nobody orders, such as the
//! rows that one statement changed, is written in the order of the text.

mod apps;
mod audit;
mod completeness;
mod details;
mod entries;
mod factors;
mod groups;
mod keys;
mod links;
mod mails;
mod names;
mod people;
mod sessions;
mod signing_in;
mod stories;
mod tables;
mod tokens;
mod upkeep;

use std::fmt::Debug;

use diesel::connection::SimpleConnection;
use diesel::result::Error as DatabaseError;
use portero::domain::{Role, SessionId, UnixTime, UserId, Username};
use portero::store::audit::head::HeadFile;
use portero::store::audit::seal::Seal;
use portero::store::sessions::Session;
use portero::store::users::{self, NewUser, User};
use portero::store::{Conn, Db, Error, Tx, Upkeep};
use tempfile::TempDir;

use self::tables::{Contents, Highest, Tables};
use crate::support::database::database_in_another_collation;
use crate::support::new_session::new_session;

/// Calls a function of the store in a transaction and writes down the call, the answer and what has changed. Behind `=>`: how the answer
/// is written, if not by `Debug`. Returns the answer; `None`: it was an error.
macro_rules! call {
    ($t:ident, $($path:ident)::+ ($($arg:expr),* $(,)?)) => {
        call!($t, $($path)::+ ($($arg),*) => |answer| format!("{answer:?}"))
    };
    ($t:ident, $($path:ident)::+ ($($arg:expr),* $(,)?) => $shown:expr) => {{
        $t.begin();
        let answer = $($path)::+ (&mut *$t.tx.conn, $($arg),*);
        $t.end(stringify!($($path)::+), stringify!($($arg),*), answer, $shown)
    }};
}

/// The same for a function that takes the whole transaction.
macro_rules! call_in {
    ($t:ident, $($path:ident)::+ ($($arg:expr),* $(,)?)) => {{
        $t.begin();
        let answer = $($path)::+ (&mut *$t.tx, $($arg),*);
        $t.end(stringify!($($path)::+), stringify!($($arg),*), answer, |answer| format!("{answer:?}"))
    }};
}

/// The same for a function that hands over one thing after the other. What it hands over in no certain order is sorted.
macro_rules! each {
    ($t:ident, $($path:ident)::+ ($($arg:expr),* $(,)?), |$($item:ident),+|) => {{
        let mut found = Vec::new();
        $t.begin();
        let answer = $($path)::+ (&mut *$t.tx.conn, $($arg,)* |$($item),+| found.push(format!("{:?}", ($($item),+))));
        found.sort();
        $t.end(stringify!($($path)::+), stringify!($($arg),*), answer, |()| format!("[{}]", found.join(", ")))
    }};
}

/// Writes down what a function answers that asks no database. `$name`: as it is listed.
macro_rules! known {
    ($t:ident, $($name:ident)::+, $call:expr) => {
        $t.known(stringify!($($name)::+), stringify!($call), &$call)
    };
}

/// The same as [`call`] on a connection that reads, outside of any transaction.
macro_rules! read {
    ($transcript:ident, $($path:ident)::+ ($($arg:expr),* $(,)?) => $shown:expr) => {{
        let answer = $transcript.db.read(|conn| $($path)::+ (conn, $($arg),*));
        $transcript.written.note(stringify!($($path)::+), stringify!($($arg),*), &$crate::transcript::shown_or_refused(&answer, $shown));
        answer.ok()
    }};
    ($transcript:ident, $($path:ident)::+ ($($arg:expr),* $(,)?)) => {
        read!($transcript, $($path)::+ ($($arg),*) => |answer| format!("{answer:?}"))
    };
}

use {call, call_in, each, known, read};

/// A transcript, and the database that it is of.
struct Transcript {
    db: Db,
    written: Written,
    folder: TempDir,
}

impl Transcript {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let head = HeadFile::beside(&folder.path().join("log"));
        let db = Db::open(&database_in_another_collation(folder.path())).unwrap();
        Self { db: db.sealing(Seal::new(&[7; 32], &[8; 32], head)), written: Written::default(), folder }
    }

    /// Runs calls in one transaction, at the moment 1000.
    fn write(&mut self, calls: impl FnOnce(&mut Calls<'_, '_>) + Send + 'static) {
        let mut written = std::mem::take(&mut self.written);
        let done = self.db.write(Upkeep, at(1000), move |tx, _| {
            written.look(tx.conn);
            calls(&mut Calls { tx, written: &mut written });
            Ok::<_, Error>(written)
        });
        self.written = done.committed().unwrap();
    }

    fn known(&mut self, function: &str, call: &str, answer: &impl Debug) {
        self.written.note(function, call, &format!("{answer:?}"));
    }

    /// Compares with the snapshot of this name.
    fn compare(self, name: &str) {
        let Self { db, written, folder } = self;
        drop(db);
        crate::support::database::remove(folder.path());
        insta::assert_snapshot!(name, written.text);
    }
}

/// What has been written down so far.
#[derive(Default)]
struct Written {
    text: String,
    tables: Tables,
    contents: Contents,
    highest: Highest,
    /// The random ids that have appeared, in that order.
    ids: Vec<String>,
    /// Whether numbers are used up by what was not added. Otherwise each row has the number after the last one, since it is no promise which
    /// ones are left out.
    uses_up_numbers: bool,
}

impl Written {
    fn note(&mut self, function: &str, arguments: &str, answer: &str) {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let function = function.replace(' ', "");
        let line = self.steady(&format!("{function}({}) → {answer}\n", words(arguments)));
        self.text.push_str(&line);
    }

    fn note_changes(&mut self, conn: &mut Conn) {
        let before = std::mem::take(&mut self.contents);
        self.look(conn);
        for line in before.changes_to(&self.contents, &self.tables) {
            let line = self.steady(&line);
            self.text.push_str(&format!("    {line}\n"));
        }
    }

    /// Takes what is in the tables as known.
    fn look(&mut self, conn: &mut Conn) {
        self.contents = self.tables.read(conn);
        self.contents.raise(&self.tables, &mut self.highest);
        if !self.uses_up_numbers {
            self.tables.number_on(conn, &self.highest);
        }
    }

    /// The text with its random ids replaced by their numbers.
    fn steady(&mut self, text: &str) -> String {
        let mut steady = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            match rest.get(..36).filter(|id| is_random(id)) {
                Some(id) => {
                    let nth = self.ids.iter().position(|known| known == id).unwrap_or_else(|| {
                        self.ids.push(id.to_owned());
                        self.ids.len() - 1
                    });
                    steady.push_str(&format!("<id {}>", nth + 1));
                    rest = &rest[36..];
                }
                None => {
                    steady.push(first);
                    rest = &rest[first.len_utf8()..];
                }
            }
        }
        steady
    }
}

/// How the ids of tests end.
const FIXED: &str = "-0000-4000-8000-000000000000";

fn is_random(id: &str) -> bool {
    let fits = |(nth, byte): (usize, u8)| match nth {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    id.bytes().enumerate().all(fits) && !id.ends_with(FIXED)
}

/// An answer as it is written down.
fn shown_or_refused<A>(answer: &Result<A, Error>, shown: impl FnOnce(&A) -> String) -> String {
    match answer {
        Ok(answer) => shown(answer),
        // What else each database says of it is for the log.
        Err(Error::Database(DatabaseError::DatabaseError(kind, _))) => format!("refused: {kind:?}"),
        Err(Error::Database(other)) => format!("refused: {other:?}"),
        Err(other) => format!("refused: {other}"),
    }
}

/// Calls in one transaction.
struct Calls<'a, 'b> {
    tx: &'a mut Tx<'b>,
    written: &'a mut Written,
}

impl Calls<'_, '_> {
    fn begin(&mut self) {
        self.tx.conn.batch_execute("SAVEPOINT one_call").unwrap();
    }

    fn end<A>(
        &mut self,
        function: &str,
        arguments: &str,
        answer: Result<A, Error>,
        shown: impl FnOnce(&A) -> String,
    ) -> Option<A> {
        if answer.is_err() {
            self.tx.conn.batch_execute("ROLLBACK TO SAVEPOINT one_call").unwrap();
        }
        self.tx.conn.batch_execute("RELEASE SAVEPOINT one_call").unwrap();
        self.written.note(function, arguments, &shown_or_refused(&answer, shown));
        self.written.note_changes(self.tx.conn);
        answer.ok()
    }

    fn known(&mut self, function: &str, call: &str, answer: &impl Debug) {
        self.written.note(function, call, &format!("{answer:?}"));
    }

    /// Does what has to be there already, without a word.
    fn set_up<T>(&mut self, job: impl FnOnce(&mut Conn) -> Result<T, Error>) -> T {
        let done = job(self.tx.conn).unwrap();
        self.written.look(self.tx.conn);
        done
    }

    /// Runs statements as somebody else does who has the database.
    fn execute(&mut self, sql: &str) {
        self.set_up(|conn| Ok(conn.batch_execute(sql)?));
    }

    /// Adds a user with a password.
    fn person(&mut self, name: &str) -> User {
        let username = self::name(name);
        self.set_up(|conn| {
            let id = users::add(conn, &with_password(&username))?.unwrap();
            Ok(users::find(conn, id)?.unwrap())
        })
    }

    fn session(&mut self, session: &Session) {
        self.set_up(|conn| portero::store::sessions::add(conn, session));
    }
}

fn at(moment: i64) -> UnixTime {
    UnixTime(moment)
}

fn name(text: &str) -> Username {
    Username::parse(text).unwrap()
}

fn with_password(username: &Username) -> NewUser<'_> {
    NewUser { username, password_hash: Some("$2b$04$x"), role: Role::User, now: at(100) }
}

fn sid(number: u32) -> SessionId {
    SessionId::parse(&format!("{number:08x}{FIXED}")).unwrap()
}

/// A session that began at the moment 200 and expires at 2000.
fn session(number: u32, user: UserId) -> Session {
    Session { expires_at: at(2000), access_until: at(1100), ..new_session(sid(number), user, at(200)) }
}

/// What nobody orders, in the order of its text.
fn sorted<T: Debug>(found: impl IntoIterator<Item = T>) -> String {
    let mut found: Vec<String> = found.into_iter().map(|one| format!("{one:?}")).collect();
    found.sort();
    format!("[{}]", found.join(", "))
}
