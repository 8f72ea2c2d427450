//! Races: hashing takes time, and a change that somebody else makes meanwhile wins; of two last admins, one stays.

use std::sync::{Arc, Barrier};

use portero::accounts::people::rename::{Renamed, rename};
use portero::accounts::people::set_password::set_password;
use portero::accounts::people::state::{self, StateChange};
use portero::accounts::sessions::sign_in::{Credentials, Outcome, SignIn, sign_in};
use portero::accounts::{Accounts, Visitor};
use portero::domain::{NewPassword, Password, PasswordRules, Role, Transport, Username};
use portero::store::session_ends::{self, Which};
use portero::store::users;

use crate::support::{OTHER_PASSWORD, PASSWORD, TestApp, operator};

fn name() -> Username {
    Username::parse("ana").unwrap()
}

fn log_in(accounts: &Arc<Accounts>) -> bool {
    let asked = SignIn {
        credentials: Credentials { username: "ana".into(), password: Password::parse(PASSWORD.into()).unwrap() },
        transport: Transport::Bearer,
        remembered: true,
        replaces: None,
        own_typos: Vec::new(),
        devices: Vec::new(),
        visitor: Visitor::new("127.0.0.1".into(), "test"),
    };
    matches!(sign_in(accounts, asked).committed().unwrap(), Outcome::SignedIn(_))
}

/// Runs four logins against one change, 15 times over, and asserts that no session outlives the change.
fn logins_against(change: impl Fn(&Arc<Accounts>)) {
    for _ in 0..15 {
        let app = TestApp::start();
        app.add_user("ana");
        let begin = Barrier::new(5);
        let signed_in: usize = std::thread::scope(|scope| {
            let logins: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        begin.wait();
                        usize::from(log_in(&app.accounts))
                    })
                })
                .collect();
            begin.wait();
            change(&app.accounts);
            logins.into_iter().map(|login| login.join().unwrap()).sum()
        });
        let [user] = &app.accounts.db.read(users::all).unwrap()[..] else { panic!("there is one user") };
        let id = user.id;
        let now = app.clock.now();
        let every = Which::OfUser { user: id, except: None };
        let open = app.accounts.db.read(|conn| session_ends::count(conn, every, now)).unwrap();
        assert_eq!(open, 0, "of {signed_in} logins outlived the change");
    }
}

#[test]
fn no_login_with_the_old_password_outlives_its_change() {
    logins_against(|accounts| {
        let rules = PasswordRules { min_length: 8, context: &[] };
        let new = NewPassword::parse(OTHER_PASSWORD.into(), Some(&name()), rules).unwrap();
        set_password(accounts, operator(), name(), &new).committed().unwrap();
    });
}

#[test]
fn no_login_outlives_a_disabling() {
    logins_against(|accounts| {
        state::disable(accounts, operator(), name()).committed().unwrap();
    });
}

#[test]
fn no_login_by_the_old_name_outlives_a_renaming() {
    logins_against(|accounts| {
        let user = accounts.db.read(|conn| users::find_by_name(conn, &name())).unwrap().unwrap().id;
        let to = Username::parse("bea").unwrap();
        let renamed = rename(accounts, operator(), user, to).committed().unwrap();
        assert!(matches!(renamed, Renamed::Done { .. }), "{renamed:?}");
    });
}

#[test]
fn of_two_last_admins_one_stays() {
    for _ in 0..20 {
        let app = TestApp::start();
        app.add_admin("ana");
        app.add_admin("bea");
        let begin = Barrier::new(2);
        let results: Vec<StateChange> = std::thread::scope(|scope| {
            let changes: Vec<_> = ["ana", "bea"]
                .map(|name| {
                    let (app, begin) = (&app, &begin);
                    scope.spawn(move || {
                        begin.wait();
                        let name = Username::parse(name).unwrap();
                        state::set_role(&app.accounts, operator(), name, Role::User).committed().unwrap()
                    })
                })
                .into_iter()
                .collect();
            changes.into_iter().map(|change| change.join().unwrap()).collect()
        });
        assert!(results.contains(&StateChange::LastAdmin), "{results:?}");
        assert_eq!(app.accounts.db.read(|conn| users::enabled_admins(conn, None)).unwrap(), 1);
    }
}
