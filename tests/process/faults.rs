//! What the tests of faults share: a server started under odd conditions, browsers and programs that
//! visit it, and checks of what is left.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection};

use crate::portero::{PASSWORD, Server, portero};
use crate::support::{Answer, Browser, Client};

/// A command that starts the server by another program, which gets these arguments and then the server's path.
pub(crate) fn portero_by(folder: &Path, program: &str, arguments: &[&str]) -> Command {
    let alone = portero(folder);
    let mut command = Command::new(program);
    command.args(arguments).arg(alone.get_program()).current_dir(folder);
    for (name, value) in alone.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// How often a test kills the server: `usually`, or as `PORTERO_TEST_KILLS` says.
pub(crate) fn kills(usually: u32) -> u32 {
    std::env::var("PORTERO_TEST_KILLS").map_or(usually, |text| text.parse().expect("PORTERO_TEST_KILLS is a number"))
}

/// Another connection to the server's database.
pub(crate) fn database(folder: &Path) -> SqliteConnection {
    SqliteConnection::establish(folder.join("data/portero.db").to_str().unwrap()).unwrap()
}

#[derive(QueryableByName)]
struct Check {
    #[diesel(sql_type = diesel::sql_types::Text)]
    integrity_check: String,
}

pub(crate) fn assert_is_whole(folder: &Path) {
    let found = diesel::sql_query("PRAGMA integrity_check").get_result::<Check>(&mut database(folder)).unwrap();
    assert_eq!(found.integrity_check, "ok");
}

/// Asserts that this is the right answer of a server that can change nothing right now: 503 with `Retry-After`.
pub(crate) fn assert_try_again(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert!(answer.header("retry-after").is_some(), "{:?}", answer.headers);
}

impl Server {
    pub(crate) fn browser(&self) -> Browser {
        Browser::at(self.address)
    }

    pub(crate) fn client(&self) -> Client {
        Client::at(self.address)
    }

    /// A browser in which this user has just signed in.
    pub(crate) fn signed_in(&self, name: &str) -> Browser {
        let mut browser = self.browser();
        let answer = browser.sign_in(name, PASSWORD);
        assert_eq!(answer.status, 303, "{}", answer.body);
        browser
    }

    /// Asks again and again until `is_so`, which must happen within `most`; returns how long it took.
    pub(crate) fn wait_until(&self, most: Duration, is_so: impl Fn(&Client) -> bool) -> Duration {
        let begin = Instant::now();
        while !is_so(&self.client()) {
            assert!(begin.elapsed() < most, "not within {most:?}: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        begin.elapsed()
    }

    pub(crate) fn assert_never_panicked(&self) {
        assert!(!self.log().contains("panicked"), "{}", self.log());
    }

    /// The server's resident memory in kilobytes.
    pub(crate) fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}
