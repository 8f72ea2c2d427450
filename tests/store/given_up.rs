//! Mails and sign-outs that are given up while somebody tries them: what the try comes to is noted, and there is no other.

use portero::accounts::apps::manage::add;
use portero::domain::{AppName, AppRules, LogoutUri, UnixTime};
use portero::store::outbox::{self, Kind, NewMail};
use portero::store::{Upkeep, apps, logout_deliveries, users};
use uuid::Uuid;

use crate::support::database::Behind;
use crate::support::{TestApp, operator};

/// Writes a mail to ana and claims it, as whoever sends mails does. Returns its number and the claim.
fn mail_under_way(app: &TestApp) -> (i64, UnixTime) {
    app.add_user("ana");
    let user = app.accounts.db.read(users::all).unwrap()[0].id;
    let written = app.accounts.db.write(Upkeep, app.accounts.now(), move |tx, _| {
        let mail = NewMail {
            uid: Uuid::new_v4(),
            act: "a test".into(),
            user,
            kind: Kind::PasswordChanged,
            expires_at: tx.now.plus(3600),
            sealed: b"sealed".to_vec(),
            link_hash: None,
            address_hash: String::new(),
            report_hash: None,
        };
        outbox::add(tx.conn, &mail, tx.now)?;
        let id = outbox::due(tx.conn, tx.now, 1)?[0].id;
        Ok::<_, portero::store::Error>((id, outbox::claim(tx.conn, id, tx.now)?.unwrap()))
    });
    written.committed().unwrap()
}

/// Notes that the try failed and is to be repeated. Returns when it will be; outer `None`: nothing was noted.
fn note_failed_mail(app: &TestApp, id: i64, claimed_until: UnixTime) -> Option<Option<UnixTime>> {
    let noted = app.accounts.db.write(Upkeep, app.accounts.now(), move |tx, _| {
        let next_try_at = Some(tx.now.plus(5));
        let tried = outbox::Tried { outcome: outbox::Outcome::NoAnswer, status: None, at: tx.now, next_try_at };
        outbox::note(tx.conn, id, claimed_until, tried)
    });
    noted.committed().unwrap().map(|tried| tried.next_try_at)
}

const MAIL: &str =
    "SELECT COALESCE(CAST(next_try_at AS TEXT), 'no more') || ' ' || tries || ' ' || outcome AS row FROM outbox";

#[test]
fn a_mail_that_was_given_up_while_it_was_tried_is_not_tried_again() {
    let app = TestApp::start();
    let (id, claim) = mail_under_way(&app);
    let user = app.accounts.db.read(users::all).unwrap()[0].id;
    let given_up = app.accounts.db.write(Upkeep, app.accounts.now(), move |tx, _| outbox::give_up(tx.conn, user));
    given_up.committed().unwrap();
    assert_eq!(note_failed_mail(&app, id, claim), Some(None));
    assert_eq!(Behind::of(app.folder()).rows(MAIL), ["no more 1 no_answer"]);
    app.clock.advance(24 * 60 * 60);
    let now = app.accounts.now();
    assert!(app.accounts.db.read(|conn| outbox::due(conn, now, 9)).unwrap().is_empty());
}

#[test]
fn whose_claim_of_a_mail_has_lapsed_notes_nothing_over_the_one_who_has_it() {
    let app = TestApp::start();
    let (id, first) = mail_under_way(&app);
    app.clock.advance(60 * 60);
    let claimed =
        app.accounts.db.write(Upkeep, app.accounts.now(), move |tx, _| outbox::claim(tx.conn, id, tx.now)).committed();
    let second = claimed.unwrap().expect("the first claim has lapsed");
    assert_eq!(note_failed_mail(&app, id, first), None);
    assert!(note_failed_mail(&app, id, second).unwrap().is_some(), "the second goes on");
}

#[test]
fn a_sign_out_that_was_given_up_while_it_was_tried_is_not_tried_again() {
    let app = TestApp::start();
    let rules = AppRules {
        backchannel_logout: Some(LogoutUri::parse("http://127.0.0.1:9/logout", true).unwrap()),
        ..AppRules::default()
    };
    let added = add(&app.accounts, operator(), AppName::parse("wiki").unwrap(), rules).committed().unwrap();
    let wiki = added.ok().unwrap().id;
    let under_way = app.accounts.db.write(Upkeep, app.accounts.now(), move |tx, _| {
        logout_deliveries::add_test(tx.conn, wiki, "wiki", tx.now)?;
        let id = logout_deliveries::due(tx.conn, wiki, tx.now, 1)?[0].id;
        Ok::<_, portero::store::Error>((id, logout_deliveries::claim(tx.conn, id, tx.now)?.unwrap()))
    });
    let (id, claimed_until) = under_way.committed().unwrap();
    let noted = app.accounts.db.write(Upkeep, app.accounts.now(), move |tx, _| {
        apps::remove(tx.conn, wiki, tx.now)?;
        let tried = logout_deliveries::Tried {
            outcome: logout_deliveries::Outcome::NoAnswer,
            status: None,
            at: tx.now,
            next_try_at: Some(tx.now.plus(1)),
        };
        logout_deliveries::note(tx.conn, id, claimed_until, tried)
    });
    assert!(noted.committed().unwrap().is_some_and(|tried| tried.next_try_at.is_none()));
    let rows = Behind::of(app.folder())
        .rows("SELECT COALESCE(CAST(next_try_at AS TEXT), 'no more') || ' ' || outcome AS row FROM logout_deliveries");
    assert_eq!(rows, ["no more no_answer"]);
}
