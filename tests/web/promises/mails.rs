//! Promise: a person is told by mail of what matters, once, in their language; and where Portero sends no mail, nothing speaks of it.

use std::time::{Duration, Instant};

use portero::accounts::people::details::{Change, Changes, Edited, edit};
use portero::domain::{Mail, Username};
use portero::store::{Upkeep, instance, users};

use crate::common::{act, add_by_form, app, link_on, path_of, second_factor};
use crate::support::database::Behind;
use crate::support::mail_server::{MailServer, Received};
use crate::support::{Browser, OTHER_PASSWORD, PASSWORD, TestApp, operator, totp};

const AN_HOUR: i64 = 60 * 60;

/// A server that sends mail, with the user ana, whose address is known to be hers, and the admin adm, who has none.
fn with_mail() -> (TestApp, MailServer) {
    let mail = MailServer::start();
    let app =
        TestApp::with(&[("mail.url", &mail.url()), ("mail.from", "Casa <login@example.org>"), ("site_name", "Casa")]);
    app.add_user("ana");
    app.add_admin("adm");
    give_address(&app, "ana", "ana@example.org", true);
    (app, mail)
}

fn give_address(app: &TestApp, name: &str, address: &str, is_verified: bool) {
    let changes = Changes {
        mail: Change::To(Mail::parse(address).unwrap()),
        mail_is_verified: Some(is_verified),
        ..Changes::default()
    };
    let done = edit(&app.accounts, operator(), user(app, name).id, changes).committed().unwrap();
    assert_eq!(done, Edited::Done);
}

fn user(app: &TestApp, name: &str) -> users::User {
    let name = Username::parse(name).unwrap();
    app.accounts.db.read(|conn| users::find_by_name(conn, &name)).unwrap().unwrap()
}

fn in_spanish(app: &TestApp, name: &str) -> Browser {
    let mut browser = app.signed_in(name);
    browser.get("/account");
    assert_eq!(browser.post("/language", &[("lang", "es"), ("back", "/account")]).status, 303);
    browser
}

/// Waits until the query finds this: what came of a mail is noted after the mail server has it.
fn wait_until(app: &TestApp, query: &str, expected: &[&str]) {
    let (mut behind, begin) = (Behind::of(app.folder()), Instant::now());
    while behind.rows(query) != expected {
        assert!(begin.elapsed() < Duration::from_secs(30), "{query}: {:?}", behind.rows(query));
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The mail that comes next.
fn next(mail: &MailServer, before: usize) -> Received {
    mail.wait_for(before + 1)[before].clone()
}

fn ask(browser: &mut Browser, who: &str) -> crate::support::Answer {
    assert_eq!(browser.get("/forgot-password").status, 200);
    browser.post("/forgot-password", &[("who", who)])
}

#[test]
fn without_a_mail_server_nothing_speaks_of_mail_and_nothing_is_kept() {
    let app = app();
    give_address(&app, "ana", "ana@example.org", true);
    app.add_admin("adm");
    let mut browser = app.browser();
    assert!(!browser.get("/login").body.contains("forgot"), "a link to nowhere");
    assert_eq!(browser.get("/forgot-password").status, 404);
    assert_eq!(browser.post("/forgot-password", &[("who", "ana")]).status, 404);
    let mut ana = app.signed_in("ana");
    assert!(!ana.get("/account").body.contains("/account/mail"));
    assert_eq!([ana.get("/account/mail").status, ana.get("/account/mail/x").status], [404, 410]);
    app.set_password("ana", OTHER_PASSWORD);
    let mut adm = app.signed_in("adm");
    assert!(!adm.get("/admin/about").body.contains("id=\"mail\""));
    assert!(!adm.get("/admin/users/add").body.contains("name=\"mail\""));
    let about = app.client().get("/admin/about", Some(&app.tokens("adm").access)).json();
    assert!(about.get("mail").is_none(), "{about}");
    assert_eq!(Behind::of(app.folder()).rows("SELECT kind AS row FROM outbox"), Vec::<String>::new());
}

#[test]
fn an_invitation_goes_by_mail_and_whoever_uses_it_has_that_address() {
    let (app, mail) = with_mail();
    let mut adm = app.signed_in("adm");
    adm.get("/admin/users/add");
    let refused = adm.post("/admin/users/add", &[("username", "leo"), ("mail", "leo@@example.org")]);
    assert_eq!(refused.status, 400, "{}", refused.body);
    let taken = adm.post("/admin/users/add", &[("username", "leo"), ("mail", "ana@EXAMPLE.org")]);
    assert!(taken.status == 409 && taken.body.contains("ana has this email address"), "{}", taken.body);
    let made = adm.post("/admin/users/add", &[("username", "leo"), ("mail", "leo@example.org")]);
    let page = adm.follow(made);
    assert!(page.body.contains("leo@example.org"), "{}", page.body);
    let came = next(&mail, 0);
    assert_eq!((came.to.as_str(), came.header("Auto-Submitted").as_str()), ("leo@example.org", "auto-generated"));
    assert!(
        came.header("From").contains("login@example.org") && came.header("Subject").contains("Casa"),
        "{}",
        came.raw
    );
    assert_eq!(came.path("link"), link_on(&page), "the same link as the admin has");
    assert!(came.html().contains(&came.path("link")), "{}", came.html());
    assert!(user(&app, "leo").mail_verified_at.is_none());
    wait_until(&app, "SELECT COALESCE(outcome, 'waits') AS row FROM outbox", &["sent"]);
    let again = adm.get(&format!("/admin/users/{}/made-link", user(&app, "leo").id));
    assert!(again.body.contains("It was also sent to leo@example.org"), "{}", again.body);
    let mut leo = app.browser();
    leo.get(&came.path("link"));
    let chosen = [("new_password", PASSWORD), ("new_password_again", PASSWORD)];
    assert_eq!(leo.post(&came.path("link"), &chosen).status, 303);
    assert!(leo.is_signed_in() && user(&app, "leo").mail_verified_at.is_some());
    assert_eq!(mail.received().len(), 1, "a first password is no change, and a first sign-in no news");
}

#[test]
fn a_forgotten_password_is_chosen_anew_by_mail_and_the_second_factor_is_asked_for_all_the_same() {
    let (app, mail) = with_mail();
    let (secret, _) = second_factor(&app, "ana");
    assert!(next(&mail, 0).header("Subject").contains("second factor was added"));
    let mut browser = app.browser();
    let login = browser.get("/login");
    assert!(login.body.contains("href=\"/forgot-password\""), "{}", login.body);
    assert_eq!(ask(&mut browser, "Ana").status, 200);
    let came = next(&mail, 1);
    let path = came.path("link");
    browser.get(&path);
    let chosen = [("new_password", OTHER_PASSWORD), ("new_password_again", OTHER_PASSWORD)];
    let answer = browser.post(&path, &chosen);
    assert_eq!((answer.status, answer.location()), (303, "/login/factor"), "{}", answer.body);
    assert!(!browser.is_signed_in());
    browser.get("/login/factor");
    app.clock.advance(60);
    let code = totp::code(&secret, app.accounts.now().0);
    assert_eq!(browser.post("/login/factor", &[("code", &code)]).status, 303);
    assert!(browser.is_signed_in());
    assert_eq!(browser.get(&path).status, 410, "it works once");
}

#[test]
fn whoever_asks_for_a_link_learns_nothing_of_who_there_is() {
    let (app, mail) = with_mail();
    for name in ["bea", "leo", "eva"] {
        app.add_user(name);
    }
    give_address(&app, "bea", "bea@example.org", false);
    give_address(&app, "leo", "leo@example.org", true);
    app.disable("leo");
    let answers: Vec<String> =
        ["ana", "ana@example.org", "bea", "leo", "eva", "nobody", "no name at all", "x@y.example"]
            .iter()
            .map(|who| {
                let mut browser = app.browser();
                let answer = ask(&mut browser, who);
                assert_eq!(answer.status, 200, "{who}: {}", answer.body);
                // The form value of the page's language form is the browser's own.
                let value = browser.get("/login").body;
                let own =
                    value.split("name=\"csrf_token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
                answer.body.replace(&own, "")
            })
            .collect();
    for answer in &answers {
        assert_eq!(*answer, answers[0]);
    }
    app.wait_until_all_is_stored();
    let mails = Behind::of(app.folder()).rows("SELECT kind || ' ' || user_id AS row FROM outbox ORDER BY id");
    let id = user(&app, "ana").id;
    assert_eq!(mails, [format!("forgotten_password {id}"), format!("forgotten_password {id}")]);
    assert!(mail.wait_for(2).iter().all(|one| one.to == "ana@example.org"));
}

#[test]
fn an_account_gets_three_such_mails_an_hour_and_each_voids_the_link_before() {
    let (app, mail) = with_mail();
    for _ in 0..5 {
        assert_eq!(ask(&mut app.browser(), "ana").status, 200);
        app.clock.advance(60);
    }
    app.wait_until_all_is_stored();
    let came = mail.wait_for(3);
    assert_eq!(came.len(), 3);
    let mut browser = app.browser();
    assert_eq!(browser.get(&came[0].path("link")).status, 410);
    assert_eq!(browser.get(&came[2].path("link")).status, 200);
    app.clock.advance(11 * 60);
    assert_eq!(browser.get(&came[2].path("link")).status, 410, "it is good for ten minutes");
    app.clock.advance(AN_HOUR);
    assert_eq!(ask(&mut browser, "ana").status, 200);
    mail.wait_for(4);
}

#[test]
fn asking_for_a_link_voids_none_that_an_admin_made_and_too_often_has_to_wait() {
    let (app, _mail) = with_mail();
    let mut adm = app.signed_in("adm");
    let of_ana = path_of(&mut adm, "ana");
    let made = link_on(&act(&mut adm, &of_ana, "link", &[]));
    let mut browser = app.browser();
    ask(&mut browser, "ana");
    app.wait_until_all_is_stored();
    assert_eq!(browser.get(&made).status, 200);
    let statuses: Vec<u16> = (0..8).map(|_| ask(&mut browser, "nobody").status).collect();
    assert!(statuses[0] == 200 && statuses[7] == 429, "{statuses:?}");
    assert_eq!(ask(&mut browser, "NOBODY").status, 429, "in any letter case");
    assert_eq!(app.signed_in("ana").get("/account").status, 200, "tries to sign in are counted apart");
}

#[test]
fn a_browser_is_news_once_wherever_it_is() {
    let (app, mail) = with_mail();
    let mut first = app.signed_in("ana");
    first.get("/logout");
    first.post("/logout", &[]);
    assert_eq!(first.sign_in("ana", PASSWORD).status, 303);
    app.wait_until_all_is_stored();
    assert!(mail.received().is_empty(), "the first sign-in of all, and the same browser again");
    let mut second = app.browser();
    second.user_agent = crate::common::FIREFOX.into();
    assert_eq!(second.sign_in("ana", PASSWORD).status, 303);
    let came = next(&mail, 0);
    assert!(came.header("Subject").contains("New sign-in at Casa"), "{}", came.raw);
    assert!(came.text().contains("Firefox on Linux") && came.text().contains("127.0.0.1"), "{}", came.text());
    // A program has no cookie by which it could be known.
    app.tokens("ana");
    second.get("/logout");
    second.post("/logout", &[]);
    second.sign_in("ana", PASSWORD);
    app.wait_until_all_is_stored();
    assert_eq!(Behind::of(app.folder()).rows("SELECT kind AS row FROM outbox").len(), 1);
}

#[test]
fn each_change_to_an_account_is_told_in_its_persons_language() {
    let (app, mail) = with_mail();
    let mut ana = in_spanish(&app, "ana");
    let mut adm = app.signed_in("adm");
    let of_ana = path_of(&mut adm, "ana");
    ana.get("/change-password");
    let fields =
        [("current_password", PASSWORD), ("new_password", OTHER_PASSWORD), ("new_password_again", OTHER_PASSWORD)];
    assert_eq!(ana.post("/change-password", &fields).status, 303);
    assert!(next(&mail, 0).header("Subject").contains("Tu contraseña de Casa ha cambiado"));
    ana.get("/account/factors/totp");
    let path = ana.post("/account/factors/totp", &[("name", "Móvil")]).location().to_owned();
    let page = ana.get(&path).body;
    let secret = page.split("class=\"secret\"><span class=\"code\">").nth(1).unwrap().split('<').next().unwrap();
    let secret: String = secret.split_whitespace().collect();
    let code = totp::code(&secret, app.accounts.now().0);
    assert_eq!(ana.post(&path, &[("code", &code)]).status, 200);
    let added = next(&mail, 1);
    assert!(added.header("Subject").contains("Se añadió un segundo factor"), "{}", added.raw);
    assert!(added.text().contains("Móvil (Aplicación"), "{}", added.text());
    act(&mut adm, &of_ana, "reset-factors", &[]);
    let reset = next(&mail, 2);
    assert!(reset.header("Subject").contains("Se retiraron tus segundos factores"), "{}", reset.raw);
    assert!(!reset.text().contains("Dirección: "), "where an admin is is nobody's business: {}", reset.text());
    let mut ana = app.browser();
    assert_eq!(ana.sign_in("ana", OTHER_PASSWORD).status, 303);
    next(&mail, 3);
    let ending = "/admin/sessions/end?user=ana";
    adm.get(ending);
    assert_eq!(adm.post(ending, &[]).status, 303);
    let ended = next(&mail, 4);
    assert!(ended.header("Subject").contains("Se cerró tu sesión en Casa"), "{}", ended.raw);
    ana.sign_in("ana", OTHER_PASSWORD);
    let receipt = ana.get(&ended.path("receipts"));
    assert_eq!(receipt.status, 200, "{}", receipt.body);
    give_address(&app, "ana", "ana@example.net", true);
    let old = next(&mail, 5);
    assert_eq!(old.to, "ana@example.org");
    assert!(old.header("Subject").contains("La dirección de tu cuenta en Casa ha cambiado"), "{}", old.raw);
    assert_eq!(mail.received().len(), 6);
}

#[test]
fn this_was_not_me_shuts_everybody_out_once_and_looking_at_it_changes_nothing() {
    let (app, mail) = with_mail();
    let mut ana = app.signed_in("ana");
    let mut thief = app.signed_in("ana");
    let path = next(&mail, 0).path("not-me");
    let mut anybody = app.browser();
    let page = anybody.get(&path);
    assert!(page.status == 200 && page.body.contains("Sign-in with a new browser"), "{}", page.body);
    assert!(ana.is_signed_in() && thief.is_signed_in(), "mail programs fetch links");
    assert_eq!(anybody.post_bare(&path, &[]).status, 400, "another site's form does nothing");
    assert!(ana.is_signed_in());
    anybody.get(&path);
    let done = anybody.post(&path, &[]);
    assert!(done.status == 200 && done.body.contains("2 sessions were ended"), "{}", done.body);
    assert!(!ana.is_signed_in() && !thief.is_signed_in());
    assert_eq!(thief.sign_in("ana", PASSWORD).status, 401, "the password is void");
    assert_eq!(anybody.post(&path, &[]).status, 410);
    assert_eq!(anybody.get(&path).status, 410);
    let receipt = done.body.split("href=\"/receipts/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    ask(&mut ana, "ana");
    let link = next(&mail, 1).path("link");
    ana.get(&link);
    assert_eq!(
        ana.post(&link, &[("new_password", OTHER_PASSWORD), ("new_password_again", OTHER_PASSWORD)]).status,
        303
    );
    let page = ana.get(&format!("/receipts/{receipt}"));
    assert!(page.status == 200 && page.body.contains("Reported by the user"), "{}", page.body);
    let mut adm = app.signed_in("adm");
    assert!(adm.get("/admin/audit").body.contains("This wasn’t me"), "it is on record");
}

#[test]
fn a_factor_that_was_not_mine_is_gone() {
    let (app, mail) = with_mail();
    second_factor(&app, "ana");
    let path = next(&mail, 0).path("not-me");
    let mut browser = app.browser();
    browser.get(&path);
    let done = browser.post(&path, &[]);
    assert_eq!(done.status, 200, "{}", done.body);
    let ana = user(&app, "ana");
    assert!(ana.factors == 0 && ana.password_hash.is_none());
}

#[test]
fn after_a_week_a_report_is_dead() {
    let (app, mail) = with_mail();
    app.set_password("ana", OTHER_PASSWORD);
    let path = next(&mail, 0).path("not-me");
    let mut browser = app.browser();
    app.clock.advance(7 * 24 * AN_HOUR - 60);
    assert_eq!(browser.get(&path).status, 200);
    app.clock.advance(61);
    assert_eq!(browser.get(&path).status, 410);
    assert_eq!(browser.post(&path, &[]).status, 410);
    assert!(user(&app, "ana").password_hash.is_some());
}

#[test]
fn what_waits_is_sealed_and_what_was_sent_is_gone() {
    let (app, mail) = with_mail();
    mail.refuse(Some("451 later"));
    ask(&mut app.browser(), "ana");
    app.wait_until_all_is_stored();
    let seals = "SELECT CAST(LENGTH(sealed) AS TEXT) AS row FROM outbox WHERE sealed IS NOT NULL";
    assert_eq!(Behind::of(app.folder()).rows(seals).len(), 1);
    wait_until(&app, "SELECT outcome || ' ' || status AS row FROM outbox WHERE next_try_at > 0", &["deferred 451"]);
    let mut adm = app.signed_in("adm");
    let page = adm.get("/admin/about").body;
    assert!(page.contains("1 mail") && page.contains("The server doesn’t take it now (451)"), "{page}");
    mail.refuse(None);
    app.clock.advance(60);
    let came = next(&mail, 0);
    let token = came.path("link").rsplit('/').next().unwrap().to_owned();
    wait_until(&app, seals, &[]);
    let all = Behind::of(app.folder())
        .rows("SELECT uid || act || COALESCE(link_hash, '') || address_hash AS row FROM outbox")
        .concat();
    assert!(!all.contains(&token) && !all.contains("example.org"), "{all}");
    assert!(came.header("Message-ID").starts_with('<'), "{}", came.raw);
}

#[test]
fn a_mail_that_is_refused_for_good_is_given_up_and_the_admin_is_told() {
    let (app, mail) = with_mail();
    mail.refuse(Some("550 nobody here"));
    let mut adm = app.signed_in("adm");
    adm.get("/admin/users/add");
    let made = adm.post("/admin/users/add", &[("username", "leo"), ("mail", "leo@example.org")]);
    adm.follow(made);
    wait_until(&app, "SELECT kind AS row FROM outbox WHERE next_try_at IS NULL", &["invitation"]);
    let page = adm.get(&format!("/admin/users/{}/made-link", user(&app, "leo").id));
    assert!(page.status == 200 && page.body.contains("was given up: hand the link over yourself"), "{}", page.body);
    let page = adm.get("/admin/about").body;
    assert!(page.contains("1 mail in the last 90 days") && page.contains("The server refused it (550)"), "{page}");
    let json = app.client().get("/admin/about", Some(&app.tokens("adm").access)).json();
    assert_eq!(json["mail"]["given_up"], 1);
    assert_eq!(add_by_form(&mut adm, "eva").status, 200, "an address is not asked of anybody");
}

/// Asks for a link to another address, on the page.
fn ask_for_address(browser: &mut Browser, address: &str) -> crate::support::Answer {
    assert_eq!(browser.get("/account/mail").status, 200);
    browser.post("/account/mail", &[("mail", address)])
}

#[test]
fn a_new_address_is_theirs_who_use_its_link_signed_in_and_the_old_one_is_told() {
    let (app, mail) = with_mail();
    let mut ana = app.signed_in("ana");
    assert!(ana.get("/account").body.contains("href=\"/account/mail\""));
    for (typed, says) in [("", "such as name@example.org"), ("ana@@example.org", "such as name@example.org")] {
        let refused = ask_for_address(&mut ana, typed);
        assert!(refused.status == 400 && refused.body.contains(says), "{typed}: {}", refused.body);
    }
    let same = ask_for_address(&mut ana, "ana@example.org");
    assert!(ana.follow(same).body.contains("your address already"));
    let asked = ask_for_address(&mut ana, "ana@new.example");
    assert!(ana.follow(asked).body.contains("A link was sent to the new address"));
    let came = next(&mail, 0);
    assert_eq!(came.to, "ana@new.example");
    let link = came.path("account/mail");
    assert_eq!(user(&app, "ana").mail, Mail::parse("ana@example.org").unwrap(), "nothing has changed yet");

    // Whoever else has the mail, signed in as somebody else or as nobody, gets nothing by it.
    assert_eq!(app.browser().get(&link).status, 303);
    app.add_user("bea");
    let mut bea = app.signed_in("bea");
    assert_eq!(bea.get(&link).status, 410);
    bea.get("/account");
    assert_eq!(bea.post(&link, &[]).status, 410);
    let as_password = link.replace("/account/mail/", "/link/");
    assert_eq!(app.browser().get(&as_password).status, 410, "it sets no password");

    assert!(ana.get(&link).body.contains("ana@new.example"), "looking at it uses nothing up");
    let done = ana.post(&link, &[]);
    assert!(ana.follow(done).body.contains("Your email address is changed"));
    let now = user(&app, "ana");
    assert_eq!(now.mail, Mail::parse("ana@new.example").unwrap());
    assert!(now.mail_verified_at.is_some());
    assert_eq!(ana.post(&link, &[]).status, 410, "once");
    let told = next(&mail, 1);
    assert_eq!(told.to, "ana@example.org");
    assert!(told.text().contains("changed or removed"), "{}", told.text());
    let events =
        Behind::of(app.folder()).rows("SELECT details AS row FROM audit_events WHERE what = 'details_changed'");
    assert!(events.last().unwrap().contains("mail_verified"), "{events:?}");
}

#[test]
fn an_address_that_somebody_else_has_is_told_only_to_whoever_reads_its_mail() {
    let (app, mail) = with_mail();
    app.add_user("bea");
    let mut bea = app.signed_in("bea");
    let taken = ask_for_address(&mut bea, "ana@EXAMPLE.org");
    assert!(bea.follow(taken).body.contains("A link was sent"), "as for any other");
    let link = next(&mail, 0).path("account/mail");
    bea.get(&link);
    let refused = bea.post(&link, &[]);
    assert!(refused.status == 409 && refused.body.contains("Somebody else has this address"), "{}", refused.body);
    assert!(user(&app, "bea").mail.is_none());

    for number in 0..2 {
        assert_eq!(ask_for_address(&mut bea, &format!("bea{number}@example.org")).status, 303);
    }
    let refused = ask_for_address(&mut bea, "bea@example.org");
    assert!(refused.status == 429 && refused.body.contains("within an hour"), "{}", refused.body);
    let first = next(&mail, 1).path("account/mail");
    assert_eq!(bea.get(&first).status, 410, "a later one has voided it");
    let api = app.client().post_json(
        "/account/mail",
        Some(&app.tokens("ana").access),
        &serde_json::json!({ "mail": "x@y.example" }),
    );
    assert_eq!(api.status, 202, "{}", api.body);
}

#[test]
fn an_old_proof_changes_no_address_and_a_link_to_a_new_password_does_not_outlive_the_change() {
    let (app, mail) = with_mail();
    ask(&mut app.browser(), "ana");
    let new_password = next(&mail, 0).path("link");
    let mut ana = app.signed_in("ana");
    ask_for_address(&mut ana, "ana@new.example");
    let link = next(&mail, 1).path("account/mail");
    assert_eq!(ana.post(&link, &[]).status, 303);
    assert_eq!(app.browser().get(&new_password).status, 410, "it waits in the old mailbox");
    app.clock.advance(11 * 60);
    assert!(ana.get("/account/mail").location().starts_with("/confirm?next="));
    assert!(ana.post("/account/mail", &[("mail", "other@example.org")]).location().starts_with("/confirm"));
}

#[test]
fn where_too_many_sessions_end_to_tell_anybody_the_pages_say_so() {
    let (app, mail) = with_mail();
    app.tokens("ana");
    let noted = app.accounts.db.write(Upkeep, app.accounts.now(), |tx, _| instance::note_change(tx.conn));
    let change = noted.committed().unwrap();
    Behind::of(app.folder()).copy_sessions(120);
    while app.accounts.db.read(instance::taken_up).unwrap() < change {
        std::thread::sleep(Duration::from_millis(5));
    }
    app.add_user("bea");
    app.tokens("bea");
    let mut adm = app.signed_in("adm");
    let few = adm.get(&format!("/admin/sessions/end?since={}", app.clock.now().0 + 60));
    assert!(few.status == 200 && !few.body.contains("nobody is told"), "{}", few.body);
    let all = format!("/admin/sessions/end?since={}", app.clock.now().0 - 60);
    assert!(adm.get(&all).body.contains("nobody is told by mail"));
    let ended = adm.post(&all, &[]);
    let receipt = adm.follow(ended);
    assert!(receipt.body.contains("nobody was told by mail"), "{}", receipt.body);
    assert!(mail.received().is_empty(), "and so it is");
}
