//! What names look like is worked out for the rows of before, a few at a time, and once.

use portero::accounts::people::links::{Invited, invite};
use portero::accounts::people::rename::rename;
use portero::accounts::upkeep::skeletons::fill;
use portero::domain::{Role, UserId, Username};
use portero::store::names::{self, Taken};

use crate::support::database::execute;
use crate::support::{TestApp, operator};

/// As an older version leaves the database.
fn without_skeletons(app: &TestApp) {
    execute(
        app.folder(),
        "INSERT INTO users (uid, username, canonical, password_version, role, tokens_valid_from, created_at, failed_attempts)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
            SELECT 'uid' || i, 'user' || i, 'user' || i, 0, 'user', 0, 0, 0 FROM n;
         UPDATE users SET skeleton = NULL; UPDATE past_names SET skeleton = NULL;",
    );
}

fn lacking(app: &TestApp) -> usize {
    app.accounts.db.read(|conn| names::without_skeleton(conn, 10_000)).unwrap().len()
}

#[test]
fn names_from_before_are_compared_once_they_are_worked_out() {
    let app = TestApp::start();
    app.add_user("ana");
    app.add_user("old");
    rename(&app.accounts, operator(), UserId(2), Username::parse("new").unwrap()).committed().unwrap();
    without_skeletons(&app);
    assert_eq!(lacking(&app), 1203);
    assert_eq!(fill(&app.accounts).unwrap(), 1203);
    assert_eq!((fill(&app.accounts).unwrap(), lacking(&app)), (0, 0));
    for (name, like) in [("аna", "ana"), ("оld", "old"), ("nеw", "new"), ("usеr1200", "user1200")] {
        let name = Username::parse(name).unwrap();
        let invited = invite(&app.accounts, operator(), name, Role::User, None).committed().unwrap();
        let like = Username::parse(like).unwrap();
        assert!(matches!(invited, Invited::NameTaken(Taken::LooksLike(other)) if other == like), "{like}");
    }
}

#[test]
fn a_server_works_them_out_when_it_starts() {
    let app = TestApp::start();
    app.add_user("ana");
    without_skeletons(&app);
    let folder = app.stop().unwrap();
    let app = TestApp::in_folder(folder.path(), &[]);
    let begin = std::time::Instant::now();
    while lacking(&app) > 0 {
        assert!(begin.elapsed() < std::time::Duration::from_secs(20), "{} are lacking", lacking(&app));
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
