//! What commits have changed in memory is told to other nodes, row by row: whoever loads memory and follows the rows has what the database
//! holds.

use std::sync::Arc;

use portero::accounts::Accounts;
use portero::accounts::apps::manage;
use portero::accounts::people::{groups as people, rename, state};
use portero::accounts::upkeep::{memory, prune};
use portero::blocklist::Question;
use portero::blocklist::change::Change;
use portero::blocklist::gate::Apps;
use portero::blocklist::told::{self, Told};
use portero::domain::{AppName, AppOrigin, AppRules, GroupName, Role, SessionId, TokenId, UserId, Username};
use portero::installation::Installation;
use portero::store::changes::{self, Since};
use portero::store::{apps, groups};

use crate::support::database::Behind;
use crate::support::{TestApp, Tokens, claims, operator};

const NAMES: [&str; 6] = ["ana", "bea", "caro", "dora", "eva", "flor"];

fn with_lease() -> TestApp {
    TestApp::with(&[("cluster.lease", "5s"), ("throttle", "off"), ("password.min_length", "8")])
}

/// What another process on the same database would work with, its memory loaded.
struct Reader {
    accounts: Arc<Accounts>,
    place: changes::Place,
}

impl Reader {
    fn load(app: &TestApp) -> Self {
        let accounts = Installation::open(&app.accounts.config, app.clock.clone()).unwrap().accounts;
        let mut conn = accounts.db.connect_reader().unwrap();
        let place = changes::newest(&mut conn).unwrap();
        memory::load(&accounts, &mut conn, accounts.now()).unwrap();
        Self { accounts, place }
    }

    /// Follows what was committed since. Returns how many commits that were.
    fn follow(&mut self) -> usize {
        let blocklist = &self.accounts.blocklist;
        let mut conn = self.accounts.db.connect_reader().unwrap();
        let mut followed = 0;
        loop {
            let Since::Commits { commits, is_all } = changes::since(&mut conn, self.place).unwrap() else {
                panic!("a gap")
            };
            for commit in commits {
                for told in told::read(&commit.words, |subject| blocklist.standing(subject)).unwrap() {
                    match told {
                        Told::Change(change) => blocklist.apply(change),
                        Told::LookUpApps => {
                            blocklist.apply(Change::AppsChanged(Arc::new(Apps::new(apps::all(&mut conn).unwrap()))));
                        }
                        Told::ReadKeys => {}
                    }
                }
                self.place = changes::Place::at(&commit);
                followed += 1;
            }
            if is_all {
                return followed;
            }
        }
    }

    /// Asks memory for everything that the database knows of.
    fn holds(&self, app: &TestApp) -> Vec<String> {
        let blocklist = &self.accounts.blocklist;
        let mut behind = Behind::of(app.folder());
        let mut held = Vec::new();
        let sessions =
            "SELECT sid || ' ' || canonical AS row FROM sessions JOIN users ON users.id = user_id ORDER BY sid";
        for row in behind.rows(sessions) {
            let (sid, subject) = row.split_once(' ').unwrap();
            // No generation: whose first use is awaited is for the node alone that made it.
            let session = Some((SessionId::parse(sid).unwrap(), -1));
            let verdict = blocklist.judge(Question { subject, jti: None, session, issued_at: None });
            held.push(format!("{row} {verdict:?}"));
        }
        for jti in behind.rows("SELECT jti AS row FROM token_blocklist ORDER BY jti") {
            let question =
                Question { subject: "ana", jti: Some(TokenId::from_stored(&jti)), session: None, issued_at: None };
            held.push(format!("{jti} {:?}", blocklist.judge(question)));
        }
        for row in behind.rows("SELECT canonical || ' ' || CAST(id AS TEXT) AS row FROM users ORDER BY id") {
            let (subject, id) = row.split_once(' ').unwrap();
            let user = UserId(id.parse().unwrap());
            held.push(format!("{row} {:?} {:?}", blocklist.standing(subject), blocklist.groups(user)));
        }
        for id in behind.rows("SELECT client_id AS row FROM apps ORDER BY id") {
            held.push(format!("{:?}", blocklist.app_with_client_id(&id)));
        }
        held.push(format!("{} users, {} passes", blocklist.users(), blocklist.passes()));
        held
    }
}

/// An act at random, of those that change memory.
fn act(app: &TestApp, ids: &[UserId], sessions: &mut Vec<Tokens>, number: usize) {
    let which = fastrand::usize(..NAMES.len());
    let (name, user) = (NAMES[which], ids[which]);
    let username = Username::parse(name).unwrap();
    match fastrand::u32(..22) {
        0..8 => {
            let body = serde_json::json!({ "username": name, "password": crate::support::PASSWORD });
            let answer = app.client().post_json("/login", None, &body);
            if answer.status == 200 {
                let token = |key: &str| answer.json()[key].as_str().unwrap().to_owned();
                sessions.push(Tokens { access: token("access_token"), refresh: token("refresh_token") });
            }
        }
        8..12 if !sessions.is_empty() => {
            let ended = sessions.swap_remove(fastrand::usize(..sessions.len()));
            app.client().delete("/logout", Some(&ended.access));
        }
        12 if !sessions.is_empty() => {
            let renewed = &sessions[fastrand::usize(..sessions.len())];
            app.client().post("/refresh", Some(&renewed.refresh));
        }
        13 => drop(state::disable(&app.accounts, operator(), username).committed().unwrap()),
        14 | 15 => drop(state::enable(&app.accounts, operator(), username).committed().unwrap()),
        16 => {
            let role = [Role::User, Role::Admin][fastrand::usize(..2)];
            drop(state::set_role(&app.accounts, operator(), username, role).committed().unwrap());
        }
        17 => {
            let group = GroupName::parse(["cooks", "readers"][fastrand::usize(..2)]).unwrap();
            people::add(&app.accounts, operator(), group.clone()).committed().unwrap();
            let found = app.accounts.db.read(|conn| groups::find_by_name(conn, &group)).unwrap().unwrap();
            let to = [people::Membership::In, people::Membership::Out][fastrand::usize(..2)];
            people::change_members(&app.accounts, operator(), found.id, vec![user], to).committed().unwrap();
        }
        18 => {
            let group = GroupName::parse("cooks").unwrap();
            if let Some(found) = app.accounts.db.read(|conn| groups::find_by_name(conn, &group)).unwrap() {
                people::remove(&app.accounts, operator(), found.id).committed().unwrap();
            }
        }
        19 => {
            let name = AppName::parse(&format!("app {number}")).unwrap();
            let origins = vec![AppOrigin::parse(&format!("https://app{number}.example.org")).unwrap()];
            let rules = AppRules { origins, ..AppRules::default() };
            assert!(manage::add(&app.accounts, operator(), name, rules).committed().unwrap().is_ok());
        }
        20 => {
            for to in [format!("{name}{number}"), name.to_owned()] {
                let to = Username::parse(&to).unwrap();
                rename::rename(&app.accounts, operator(), user, to).committed().unwrap();
            }
        }
        _ => app.clock.advance(30),
    }
}

/// `PORTERO_TEST_ACTS` asks for more of them.
#[test]
fn whoever_loaded_earlier_and_follows_the_rows_has_the_same_memory_as_whoever_loads_now() {
    let acts: usize = std::env::var("PORTERO_TEST_ACTS").map_or(200, |text| text.parse().unwrap());
    let app = with_lease();
    for name in NAMES {
        app.add_user(name);
    }
    let mut sessions = vec![app.tokens("ana")];
    let mut reader = Reader::load(&app);
    let ids = Behind::of(app.folder()).rows("SELECT CAST(id AS TEXT) AS row FROM users ORDER BY id");
    let ids: Vec<_> = ids.iter().map(|id| UserId(id.parse().unwrap())).collect();
    for number in 0..acts {
        act(&app, &ids, &mut sessions, number);
    }
    // The last acts may have ended everybody's.
    app.add_user("zoe");
    app.tokens("zoe");
    prune::prune(&app.accounts).unwrap();
    assert!(reader.follow() > acts / 4);
    let fresh = Reader::load(&app);
    let (followed, loaded) = (reader.holds(&app), fresh.holds(&app));
    for (followed, loaded) in followed.iter().zip(&loaded) {
        assert_eq!(followed, loaded);
    }
    assert_eq!(followed.len(), loaded.len());
    let ended = loaded.iter().filter(|held| held.contains("Revoked")).count();
    let open = loaded.iter().filter(|held| held.contains("Good")).count();
    assert!(ended > 0 && open > 0, "{ended} ended, {open} open");
}

#[test]
fn without_a_lease_no_row_is_written_and_with_one_each_act_writes_one() {
    let rows = |app: &TestApp| Behind::of(app.folder()).rows("SELECT CAST(count(*) AS TEXT) AS row FROM changes");
    let app = TestApp::start();
    app.add_user("ana");
    app.tokens("ana");
    assert_eq!(rows(&app), ["0"]);
    let app = with_lease();
    app.add_user("ana");
    let before: usize = rows(&app)[0].parse().unwrap();
    let tokens = app.tokens("ana");
    assert_eq!(app.client().delete("/logout", Some(&tokens.access)).status, 200);
    app.wait_until_all_is_stored();
    let written: usize = rows(&app)[0].parse().unwrap();
    assert!(written >= before + 2, "{before} {written}");
    let gaps = "SELECT CAST(max(number) - min(number) + 1 - count(*) AS TEXT) AS row FROM changes";
    assert_eq!(Behind::of(app.folder()).rows(gaps), ["0"]);
    let newest = "SELECT CAST(max(number) - (SELECT seq FROM feed_head) AS TEXT) AS row FROM changes";
    assert_eq!(Behind::of(app.folder()).rows(newest), ["0"]);
}

#[test]
fn a_commit_that_nobody_tells_of_and_one_that_was_lost_are_noticed() {
    let app = with_lease();
    app.add_user("ana");
    let mut conn = app.accounts.db.connect_reader().unwrap();
    let mut since = |place| changes::since(&mut conn, place).unwrap();
    let mut other = app.accounts.db.connect_reader().unwrap();
    let place = changes::newest(&mut other).unwrap();
    assert_eq!(since(place), Since::Commits { commits: Vec::new(), is_all: true });
    app.tokens("ana");
    assert!(matches!(since(place), Since::Commits { commits, .. } if !commits.is_empty()));
    // As a program does that was not told of the cluster.
    Behind::of(app.folder()).execute("UPDATE users SET locale = 'es'");
    assert_eq!(since(place), Since::Gap);
    let place = changes::newest(&mut other).unwrap();
    assert_eq!(since(place), Since::Commits { commits: Vec::new(), is_all: true });
    app.tokens("ana");
    let place = changes::newest(&mut other).unwrap();
    let mut behind = Behind::of(app.folder());
    behind.execute("UPDATE changes SET id = id + 1 WHERE number = (SELECT max(number) FROM changes)");
    assert_eq!(since(place), Since::Elsewhere, "another commit of the same number");
    behind.execute("DELETE FROM changes; UPDATE feed_head SET seq = seq - 4");
    assert_eq!(since(place), Since::Elsewhere, "fewer commits");
}

#[test]
fn rows_of_an_hour_ago_are_let_go_of_but_not_the_newest() {
    let app = with_lease();
    app.add_user("ana");
    app.tokens("ana");
    Behind::of(app.folder()).execute("UPDATE changes SET at = at - 3601");
    prune::prune(&app.accounts).unwrap();
    let rows = Behind::of(app.folder()).rows("SELECT CAST(count(*) AS TEXT) AS row FROM changes");
    let rows: usize = rows[0].parse().unwrap();
    assert!((1..30).contains(&rows), "{rows}");
    let mut conn = app.accounts.db.connect_reader().unwrap();
    let place = changes::newest(&mut conn).unwrap();
    assert_eq!(changes::since(&mut conn, place).unwrap(), Since::Commits { commits: Vec::new(), is_all: true });
}

/// What a check is answered once the node answers again: after a loss it asks the database first.
fn checked(app: &TestApp, tokens: &Tokens) -> u16 {
    let begin = std::time::Instant::now();
    loop {
        match app.client().get("/protected", Some(&tokens.access)).status {
            503 if begin.elapsed() < std::time::Duration::from_secs(20) => {
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            status => return status,
        }
    }
}

#[test]
fn what_the_database_has_lost_and_memory_still_knows_is_ended_again() {
    let app = with_lease();
    app.add_user("ana");
    let (kept, ended) = (app.tokens("ana"), app.tokens("ana"));
    assert_eq!(app.client().delete("/logout", Some(&ended.access)).status, 200);
    let sid = claims(&ended.access)["sid"].as_str().unwrap().to_owned();
    // As after a failover to a server that lacked the last commits.
    let mut behind = Behind::of(app.folder());
    behind.execute(&format!(
        "UPDATE sessions SET ended_at = NULL, end_reason = NULL, ended_by = NULL, receipt = NULL WHERE sid = '{sid}'; \
         DELETE FROM changes WHERE number > (SELECT seq FROM feed_head) - 3; UPDATE feed_head SET seq = seq - 3"
    ));
    let reason = format!("SELECT COALESCE(end_reason, '') AS row FROM sessions WHERE sid = '{sid}'");
    let begin = std::time::Instant::now();
    while behind.rows(&reason) != ["replayed"] {
        assert_ne!(app.client().get("/protected", Some(&ended.access)).status, 200);
        assert!(begin.elapsed() < std::time::Duration::from_secs(20), "it lives again");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(checked(&app, &ended), 401);
    assert_eq!(checked(&app, &kept), 200);
}

#[test]
fn who_was_disabled_and_a_token_that_was_revoked_in_commits_that_were_lost_are_so_again() {
    let app = with_lease();
    ["ana", "bea", "caro"].into_iter().for_each(|name| app.add_user(name));
    let tokens = ["ana", "bea", "caro"].map(|name| app.tokens(name));
    let mut behind = Behind::of(app.folder());
    let head = behind.rows("SELECT CAST(seq AS TEXT) AS row FROM feed_head").remove(0);
    let body = serde_json::json!({ "password": crate::support::PASSWORD });
    assert_eq!(app.client().post_json("/confirm", Some(&tokens[0].access), &body).status, 200);
    app.disable("bea");
    app.disable("caro");
    state::enable(&app.accounts, operator(), Username::parse("caro").unwrap()).committed().unwrap();
    // As after a failover to a server that lacked these commits.
    behind.execute(&format!(
        "DELETE FROM token_blocklist; UPDATE users SET disabled_at = NULL; \
         UPDATE sessions SET ended_at = NULL, end_reason = NULL, ended_by = NULL, receipt = NULL; \
         DELETE FROM changes WHERE number > {head}; UPDATE feed_head SET seq = {head}"
    ));
    let again = "SELECT username AS row FROM users WHERE disabled_at IS NOT NULL \
                 UNION ALL SELECT reason AS row FROM token_blocklist ORDER BY 1";
    let begin = std::time::Instant::now();
    while behind.rows(again) != ["bea", "superseded"] {
        assert_ne!(app.client().get("/protected", Some(&tokens[0].access)).status, 200);
        assert_ne!(app.client().get("/protected", Some(&tokens[1].access)).status, 200);
        assert!(begin.elapsed() < std::time::Duration::from_secs(20), "{:?}", behind.rows(again));
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    for token in &tokens {
        assert_eq!(checked(&app, token), 401);
    }
    assert_eq!(
        app.client()
            .post_json("/login", None, &serde_json::json!({ "username": "caro", "password": crate::support::PASSWORD }))
            .status,
        200
    );
}
