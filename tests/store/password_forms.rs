//! The counts from which decoys are drawn are those of the users, whatever was done to them.

use diesel::connection::SimpleConnection;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use portero::accounts::people::add::add_user;
use portero::accounts::people::state::delete_user;
use portero::domain::{NewPassword, PasswordRules, Role, Username};
use portero::store::{Upkeep, password_forms, users};

use crate::support::{OTHER_PASSWORD, PASSWORD, TestApp, operator};

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = diesel::sql_types::Text)]
    form: String,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    users: i64,
}

/// The counts, after making sure that a look at every user finds the same.
fn counts(app: &TestApp) -> Vec<(String, i64)> {
    let every = "SELECT substr(password_hash, 1, length(password_hash) - 53) AS form, count(*) AS users FROM users
                 WHERE password_hash IS NOT NULL GROUP BY 1";
    let (kept, mut found) = app
        .accounts
        .db
        .read(|conn| {
            Ok::<_, portero::store::Error>((password_forms::all(conn)?, sql_query(every).load::<Counted>(conn)?))
        })
        .unwrap();
    let mut kept: Vec<_> = kept.into_iter().map(|one| (one.form, one.users)).collect();
    kept.sort();
    found.sort_by(|one, other| one.form.cmp(&other.form));
    assert_eq!(kept, found.into_iter().map(|one| (one.form, one.users)).collect::<Vec<_>>());
    kept
}

/// Without the forms, highest first.
fn only_counts(app: &TestApp) -> Vec<i64> {
    let mut users: Vec<_> = counts(app).into_iter().map(|(_, users)| users).collect();
    users.sort_by_key(|users| std::cmp::Reverse(*users));
    users
}

/// Runs SQL as another program would.
fn run(app: &TestApp, sql: &'static str) {
    let done = app.accounts.db.write(Upkeep, app.clock.now(), move |tx, _| {
        tx.conn.batch_execute(sql)?;
        Ok::<_, portero::store::Error>(())
    });
    done.committed().unwrap();
}

#[test]
fn the_counts_follow_every_way_in_which_a_hash_comes_changes_or_goes() {
    let app = TestApp::start();
    assert!(counts(&app).is_empty());
    for name in ["ana", "bea", "eva"] {
        app.add_user(name);
    }
    assert_eq!(only_counts(&app), [3]);

    // Twice the same name, and somebody who has no password yet, change nothing.
    let rules = PasswordRules { min_length: 8, context: &[] };
    let password = NewPassword::parse(PASSWORD.into(), None, rules).unwrap();
    add_user(&app.accounts, operator(), Username::parse("ana").unwrap(), &password, Role::User, None)
        .committed()
        .unwrap();
    let invited = app.accounts.db.write(Upkeep, app.clock.now(), |tx, _| {
        let username = Username::parse("ida").unwrap();
        users::add(tx.conn, &users::NewUser { username: &username, password_hash: None, role: Role::User, now: tx.now })
    });
    invited.committed().unwrap();
    assert_eq!(only_counts(&app), [3]);
    app.set_password("ida", OTHER_PASSWORD);
    app.set_password("ana", OTHER_PASSWORD);
    assert_eq!(only_counts(&app), [4]);

    // Brought along from elsewhere, and made again at the next sign-in.
    run(
        &app,
        "UPDATE users SET password_hash = '$2y$05$' || substr(password_hash, -53) WHERE username IN ('bea', 'eva')",
    );
    assert_eq!(only_counts(&app), [2, 2]);
    run(
        &app,
        "UPDATE users SET password_hash = '$2y$04$M/0SUJ4wdgYLsQa4T.oIduO4Ryb9GXzuz1iWHkbSZHKRnVIDv6v9a' WHERE username = 'bea'",
    );
    assert_eq!(only_counts(&app), [2, 1, 1]);
    app.disable("eva");
    assert_eq!(only_counts(&app), [2, 1, 1]);
    delete_user(&app.accounts, operator(), Username::parse("eva").unwrap()).committed().unwrap();
    assert_eq!(only_counts(&app), [2, 1]);
    run(&app, "INSERT INTO users (username, canonical, password_hash, password_version, role, tokens_valid_from, created_at,
                   failed_attempts) SELECT 'uma', 'uma', password_hash, 0, 'user', 0, 0, 0 FROM users WHERE username = 'bea'");
    assert_eq!(only_counts(&app), [2, 2]);
    run(&app, "DELETE FROM users WHERE username = 'uma'");
    assert_eq!(only_counts(&app), [2, 1]);
}

#[test]
fn what_is_undone_is_not_counted() {
    let app = TestApp::start();
    app.add_user("ana");
    let undone = app.accounts.db.write(Upkeep, app.clock.now(), |tx, _| {
        tx.conn.batch_execute("UPDATE users SET password_hash = '$2b$10$x'")?;
        Err::<(), _>(portero::store::Error::NotTaken)
    });
    assert!(undone.committed().is_err());
    assert_eq!(only_counts(&app), [1]);
}
