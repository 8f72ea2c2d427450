//! What users are found by is worked out for the rows of before, once, and a search looks at a bounded number of rows.

use std::time::{Duration, Instant};

use portero::accounts::upkeep::name_parts::fill;
use portero::domain::{Role, Search, UnixTime, UserState};
use portero::store::name_parts::without;
use portero::store::user_lists::{self, Found, MOST_LOOKED_AT, Total, UserFilter};

use crate::support::TestApp;
use crate::support::database::execute;

const MANY: usize = 1200;

/// Adds users as an older version leaves them in the database. The last one is disabled.
fn with_users_of_before(app: &TestApp) {
    let users: Vec<_> =
        (1..=MANY).map(|i| format!("('uid{i}', 'Joan-{i:04}', 'joan-{i:04}', 0, 'user', 0, 0, 0)")).collect();
    let sql = format!(
        "INSERT INTO users (uid, username, canonical, password_version, role, tokens_valid_from, created_at, failed_attempts)
            VALUES {};
         UPDATE users SET password_hash = 'x' WHERE id > 1;
         DELETE FROM name_parts;
         INSERT INTO name_parts SELECT '', id FROM users;",
        users.join(",")
    );
    execute(app.folder(), &sql);
}

fn lacking(app: &TestApp) -> usize {
    app.accounts.db.read(|conn| without(conn, 10_000)).unwrap().len()
}

fn list(app: &TestApp, filter: &UserFilter) -> (Found, Total) {
    let now = UnixTime(0);
    app.accounts.db.read(|conn| user_lists::page_and_total(conn, filter, now)).unwrap()
}

#[test]
fn names_from_before_are_found_once_they_are_worked_out() {
    let app = TestApp::start();
    app.add_user("ana");
    with_users_of_before(&app);
    assert_eq!(lacking(&app), MANY + 1);
    assert_eq!(fill(&app.accounts).unwrap(), MANY + 1);
    assert_eq!((fill(&app.accounts).unwrap(), lacking(&app)), (0, 0));
    let filter = UserFilter { search: Search::parse("0042"), limit: 50, ..UserFilter::default() };
    let (found, total) = list(&app, &filter);
    assert_eq!(found.rows[0].user.username.as_str(), "Joan-0042");
    assert_eq!(total, Total::Exactly(1));
    let (_, total) = list(&app, &UserFilter { limit: 50, ..UserFilter::default() });
    assert_eq!(total, Total::Exactly(i64::try_from(MANY).unwrap() + 1));
}

#[test]
fn a_server_works_them_out_when_it_starts() {
    let app = TestApp::start();
    app.add_user("ana");
    with_users_of_before(&app);
    let folder = app.stop().unwrap();
    let app = TestApp::in_folder(folder.path(), &[]);
    let begin = Instant::now();
    while lacking(&app) > 0 {
        assert!(begin.elapsed() < Duration::from_secs(20), "{} are lacking", lacking(&app));
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_search_that_looked_at_many_in_vain_says_so_and_goes_on_from_there() {
    let app = TestApp::start();
    app.add_user("ana");
    with_users_of_before(&app);
    fill(&app.accounts).unwrap();
    app.disable("joan-1190");
    // Most users have the longest word.
    let filter =
        UserFilter { search: Search::parse("joan 119"), role: Some(Role::User), limit: 50, ..UserFilter::default() };
    let (found, total) = list(&app, &filter);
    assert!(found.rows.is_empty() && found.stopped, "{found:?}");
    assert_eq!(total, Total::MoreThan(0));
    let (found, _) = list(&app, &UserFilter { after: found.next, ..filter });
    assert_eq!((found.rows.len(), found.next, found.stopped), (10, None, false));
    // Of few users each is looked at, however many have the word.
    let filter = UserFilter {
        search: Search::parse("joan"),
        state: Some(UserState::Disabled),
        limit: 50,
        ..UserFilter::default()
    };
    let (found, total) = list(&app, &filter);
    assert_eq!((found.rows.len(), total), (1, Total::Exactly(1)));
    const { assert!(MOST_LOOKED_AT < MANY) };
}
