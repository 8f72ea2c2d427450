//! Seeing what is open, ending it, and having it in writing.

use serde_json::{Value, json};

use crate::support::{Answer, Browser, PASSWORD, TestApp, Tokens, claims};

const CHROME: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

fn app() -> TestApp {
    let app = TestApp::start();
    app.add_user("ana");
    app.add_user("bea");
    app.add_admin("adm");
    app
}

fn sid(browser: &Browser) -> String {
    claims(&browser.cookies["access_token_cookie"])["sid"].as_str().unwrap().to_owned()
}

fn sid_of(tokens: &Tokens) -> String {
    claims(&tokens.access)["sid"].as_str().unwrap().to_owned()
}

fn as_json(browser: &mut Browser, path: &str) -> Value {
    let answer = browser.send("GET", path, &[("accept", "application/json")], b"");
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.json()
}

fn with_user_agent(app: &TestApp, user_agent: &str) -> Browser {
    let mut browser = app.browser();
    browser.user_agent = user_agent.into();
    browser.get("/login");
    assert_eq!(browser.post("/login", &[("username", "ana"), ("password", PASSWORD)]).status, 303);
    browser
}

/// Opens the page that asks, and says yes.
fn end(browser: &mut Browser, path: &str) -> Answer {
    let page = browser.get(path);
    assert_eq!(page.status, 200, "{path}: {} {}", page.location(), page.body);
    let answer = browser.post(path, &[]);
    assert_eq!(answer.status, 303, "{}", answer.body);
    browser.follow(answer)
}

#[test]
fn a_person_sees_browsers_in_words_and_ends_one_of_them() {
    let app = app();
    let (mut own, mut other) = (with_user_agent(&app, CHROME), with_user_agent(&app, FIREFOX));
    let page = own.get("/account").body;
    assert!(page.contains("Chrome on Windows") && page.contains("Firefox on Linux"), "{page}");
    let receipt = end(&mut own, &format!("/account/sessions/{}/end", sid(&other)));
    assert!(receipt.body.contains("One session was ended") && receipt.body.contains("Refused"), "{}", receipt.body);
    assert!(
        receipt.body.contains("Firefox on Linux") && receipt.body.contains("Ended by the user"),
        "{}",
        receipt.body
    );
    assert!(!other.is_signed_in());
    assert!(own.is_signed_in());
}

#[test]
fn ending_needs_a_recent_proof_of_identity() {
    let app = app();
    let (mut own, other) = (app.signed_in("ana"), app.signed_in("ana"));
    app.clock.advance(601);
    let path = format!("/account/sessions/{}/end", sid(&other));
    let answer = own.get(&path);
    assert_eq!(answer.location(), format!("/confirm?next={path}"));
    assert!(own.follow(answer).body.contains("before you end sessions"));
    let answer = own.post("/confirm", &[("password", PASSWORD), ("next", &path)]);
    assert_eq!(answer.location(), path);
    assert!(end(&mut own, &path).body.contains("One session was ended"));
}

#[test]
fn nobody_sees_or_ends_what_is_not_theirs() {
    let app = app();
    let (mut ana, mut bea) = (app.signed_in("ana"), app.signed_in("bea"));
    bea.get("/account");
    for path in ["", "/end"] {
        assert_eq!(ana.get(&format!("/account/sessions/{}{path}", sid(&bea))).status, 404);
    }
    ana.get("/account");
    assert_eq!(ana.post(&format!("/account/sessions/{}/end", sid(&bea)), &[]).status, 404);
    assert_eq!(ana.get(&format!("/admin/sessions/{}", sid(&bea))).status, 403);
    assert_eq!(ana.post(&format!("/admin/sessions/{}/end", sid(&bea)), &[]).status, 403);
    assert_eq!(ana.post("/admin/sessions/end?user=bea", &[]).status, 403);
    assert!(bea.is_signed_in());

    let receipt = end(&mut app.signed_in("adm"), &format!("/admin/sessions/{}/end", sid(&bea)));
    let id = receipt.body.split("Receipt</dt><dd><span class=\"code\">").nth(1).unwrap().split('<').next().unwrap();
    assert_eq!(ana.get(&format!("/receipts/{id}")).status, 404, "nor its receipt");
    assert_eq!(app.signed_in("bea").get(&format!("/receipts/{id}")).status, 200, "whose session it was may");
    for nonsense in ["/account/sessions/x", "/account/sessions/x/end", "/receipts/x", "/admin/sessions/x"] {
        assert_eq!(app.signed_in("adm").get(nonsense).status, 404, "{nonsense}");
    }
}

#[test]
fn the_own_session_is_ended_by_signing_out() {
    let app = app();
    let mut own = app.signed_in("ana");
    assert_eq!(own.get(&format!("/account/sessions/{}/end", sid(&own.clone()))).location(), "/logout");
}

#[test]
fn signing_out_everywhere_else_keeps_this_browser_and_gives_a_receipt() {
    let app = app();
    let (mut own, mut other) = (app.signed_in("ana"), app.signed_in("ana"));
    let program = app.tokens("ana");
    let mut bea = app.signed_in("bea");
    let page = own.get("/logout?scope=others");
    assert!(page.body.contains("Only in my 2 other sessions"), "{}", page.body);
    let answer = own.post("/logout", &[("scope", "others")]);
    assert!(answer.location().starts_with("/receipts/"), "{} {}", answer.location(), answer.body);
    assert!(own.follow(answer).body.contains("2 sessions were ended"));
    assert!(own.is_signed_in() && bea.is_signed_in());
    assert!(!other.is_signed_in());
    assert_eq!(app.client().get("/protected", Some(&program.access)).status, 401);
}

#[test]
fn signing_out_everywhere_ends_this_one_too() {
    let app = app();
    let (mut own, mut other) = (app.signed_in("ana"), app.signed_in("ana"));
    own.get("/logout");
    let answer = own.post("/logout", &[("scope", "all")]);
    assert_eq!(answer.location(), "/login");
    assert!(own.follow(answer).body.contains("signed out everywhere. 2 sessions were ended"));
    assert!(!own.is_signed_in() && !other.is_signed_in());
}

#[test]
fn a_copied_cookie_alone_throws_nobody_out() {
    let app = app();
    let (mut stale, mut other) = (app.signed_in("ana"), app.signed_in("ana"));
    stale.get("/logout");
    app.clock.advance(601);
    for scope in ["others", "all"] {
        let answer = stale.post("/logout", &[("scope", scope)]);
        let expected = format!("/confirm?next=/logout%3Fscope={scope}");
        assert_eq!((answer.status, answer.location()), (303, expected.as_str()));
        stale.get("/logout");
    }
    assert!(other.is_signed_in());
    assert_eq!(stale.post("/logout", &[("scope", "nonsense")]).status, 400);
    assert!(stale.is_signed_in());
}

#[test]
fn a_program_signs_out_in_every_scope() {
    let app = app();
    let (own, other) = (app.tokens("ana"), app.tokens("ana"));
    let answer = app.client().post_json("/logout", Some(&own.access), &json!({ "scope": "others" }));
    assert_eq!((answer.status, &answer.json()["sessions_ended"]), (200, &json!(1)), "{}", answer.body);
    assert_eq!(app.client().get("/protected", Some(&other.access)).status, 401);
    let receipt = format!("/receipts/{}", answer.json()["receipt"].as_str().unwrap());
    assert_eq!(app.client().get(&receipt, Some(&own.access)).status, 200);
    let nothing = app.client().post_json("/logout", Some(&own.access), &json!({ "scope": "others" })).json();
    assert_eq!((&nothing["sessions_ended"], &nothing["receipt"]), (&json!(0), &Value::Null));
    let refused = app.client().post_json("/logout", Some(&own.refresh), &json!({ "scope": "all" }));
    assert_eq!(refused.msg(), "Only non-refresh tokens are allowed");
    app.clock.advance(601);
    let refused = app.client().delete("/logout?scope=all", Some(&own.access));
    assert_eq!((refused.status, refused.msg().as_str()), (401, "Fresh token required"));
    let fresh = app.client().post_json("/confirm", Some(&own.access), &json!({ "password": PASSWORD })).json();
    let fresh = fresh["access_token"].as_str().unwrap();
    assert_eq!(app.client().delete("/logout?scope=all", Some(fresh)).json()["sessions_ended"], json!(1));
    assert_eq!(app.client().get("/protected", Some(fresh)).status, 401);
}

#[test]
fn an_admin_ends_one_all_of_a_user_and_all_since_a_moment() {
    let app = app();
    let mut admin = app.signed_in("adm");
    let mut early = app.signed_in("bea");
    app.clock.advance(100);
    let moment = app.clock.now().0;
    let (mut ana, mut bea) = (app.signed_in("ana"), app.signed_in("bea"));

    let page = admin.get("/admin/sessions").body;
    assert!(page.contains(">ana") && page.matches(">bea").count() == 2, "{page}");
    let receipt = end(&mut admin, &format!("/admin/sessions/{}/end", sid(&ana)));
    assert!(
        receipt.body.contains("Ended by an administrator") && receipt.body.contains("<dd>adm</dd>"),
        "{}",
        receipt.body
    );
    assert!(!ana.is_signed_in());

    let mut ana = app.signed_in("ana");
    let page = admin.get(&format!("/admin/sessions/end?since={moment}"));
    assert!(page.body.contains("Those are 2 sessions"), "{}", page.body);
    let receipt = end(&mut admin, &format!("/admin/sessions/end?since={moment}"));
    assert!(receipt.body.contains("2 sessions were ended"), "{}", receipt.body);
    assert!(!ana.is_signed_in() && !bea.is_signed_in());
    assert!(early.is_signed_in() && admin.is_signed_in());

    let page = admin.get("/admin/sessions/end?user=BEA");
    assert!(page.body.contains("All sessions of bea end at once") && page.body.contains("That is one session"));
    assert!(end(&mut admin, "/admin/sessions/end?user=BEA").body.contains("One session was ended"));
    assert!(!early.is_signed_in());
    // Nothing is left: said, and no receipt about nothing.
    admin.get("/admin/sessions/end?user=bea");
    let answer = admin.post("/admin/sessions/end?user=bea", &[]);
    assert_eq!(answer.location(), "/admin/sessions");
    assert!(admin.follow(answer).body.contains("nothing to end any more"));
}

#[test]
fn an_admin_needs_a_proof_under_five_minutes_old() {
    let app = app();
    let (mut admin, mut bea) = (app.signed_in("adm"), app.signed_in("bea"));
    let path = format!("/admin/sessions/{}/end", sid(&bea));
    admin.get(&path);
    app.clock.advance(301);
    let answer = admin.post(&path, &[]);
    assert_eq!((answer.status, answer.location()), (303, format!("/confirm?next={path}").as_str()));
    assert!(bea.is_signed_in());
    let tokens = app.tokens("adm");
    app.clock.advance(301);
    let refused = app.client().post(&path, Some(&tokens.access));
    assert_eq!((refused.status, refused.msg().as_str()), (401, "Fresh token required"));
    assert!(refused.header("www-authenticate").unwrap().contains("max_age=\"300\""));
}

#[test]
fn what_an_admin_may_not_mean_is_refused() {
    let app = app();
    let mut admin = app.signed_in("adm");
    assert!(admin.get("/admin/sessions/end").body.contains("Signed in since"));
    for (query, status) in [
        ("?since=yesterday", 400),
        ("?since=", 400),
        ("?user=ana&since=2026-11-25", 400),
        ("?user=nobody", 404),
        ("?user=%3Cscript%3E", 404),
    ] {
        assert_eq!(admin.get(&format!("/admin/sessions/end{query}")).status, status, "{query}");
    }
    admin.get("/account");
    assert_eq!(admin.post("/admin/sessions/end", &[]).status, 400);
}

#[test]
fn a_receipt_says_until_when_others_may_accept_a_token_and_then_that_nobody_can() {
    let app = app();
    let (mut admin, bea) = (app.signed_in("adm"), app.tokens("bea"));
    let receipt = end(&mut admin, &format!("/admin/sessions/{}/end", sid_of(&bea)));
    let until = claims(&bea.access)["exp"].as_i64().unwrap();
    assert!(receipt.body.contains("may accept an access token until"), "{}", receipt.body);
    let id = receipt.body.split("Receipt</dt><dd><span class=\"code\">").nth(1).unwrap().split('<').next().unwrap();
    let path = format!("/receipts/{id}");
    let told = as_json(&mut admin, &path);
    assert_eq!((&told["accepted_elsewhere_until"], &told["count"]), (&json!(until), &json!(1)));
    assert_eq!((&told["reason"], &told["by"]), (&json!("ended_by_admin"), &json!("adm")));
    assert_eq!((&told["sessions"][0]["refused"], &told["sessions"][0]["access_until"]), (&json!(true), &json!(until)));
    assert!((told["refused_since"].as_i64().unwrap() - app.clock.now().0).abs() < 60);

    app.clock.advance(16 * 60);
    let later = admin.get(&path).body;
    assert!(later.contains("Nothing can be accepted any more"), "{later}");
    assert_eq!(as_json(&mut app.signed_in("adm"), &path)["accepted_elsewhere_until"], Value::Null);
}

#[test]
fn a_session_tells_its_story() {
    let app = app();
    let mut browser = with_user_agent(&app, CHROME);
    for _ in 0..3 {
        app.clock.advance(1200);
        assert!(browser.is_signed_in());
    }
    browser.get("/confirm?next=/account");
    browser.post("/confirm", &[("password", PASSWORD), ("next", "/account")]);
    let id = sid(&browser);
    let page = browser.get(&format!("/account/sessions/{id}")).body;
    for part in ["1. Signed in", "2. Renewed 3 times", "3. Confirmed with the password", "<svg", "Chrome on Windows"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let steps = as_json(&mut browser, &format!("/account/sessions/{id}"))["steps"].clone();
    let what: Vec<_> = steps.as_array().unwrap().iter().map(|step| step["what"].as_str().unwrap()).collect();
    assert_eq!(what, ["signed_in", "renewed", "confirmed"]);
    assert_eq!(steps[1]["times"], json!(3));
}

#[test]
fn another_browser_in_the_same_session_is_marked_and_who_showed_a_spent_token_too() {
    let app = app();
    let mut owner = with_user_agent(&app, CHROME);
    let mut thief = owner.clone();
    thief.user_agent = FIREFOX.into();
    thief.headers.push(("x-forwarded-for".into(), "203.0.113.9".into()));
    app.clock.advance(1200);
    assert!(thief.is_signed_in(), "he came first");
    assert!(thief.is_signed_in());
    let mut admin = app.signed_in("adm");
    let odd = as_json(&mut admin, "/admin/sessions?state=odd")["sessions"].clone();
    assert_eq!((odd.as_array().unwrap().len(), &odd[0]["user"]), (1, &json!("ana")));
    assert!(admin.get("/admin/sessions").body.contains("class=\"danger\""));

    app.clock.advance(1200);
    assert!(!owner.is_signed_in(), "the owner shows what the thief has spent");
    let id = odd[0]["sid"].as_str().unwrap();
    let page = admin.get(&format!("/admin/sessions/{id}")).body;
    assert!(page.contains("Showed a used-up token") && page.contains("step reused odd"), "{page}");
    assert!(page.contains("Firefox on Linux") && page.contains("Chrome on Windows"), "{page}");
    assert!(page.contains("End: Used-up token shown again"), "{page}");
}

#[test]
fn last_seen_follows_the_use_and_is_written_down() {
    let app = app();
    let mut browser = app.signed_in("ana");
    app.clock.advance(300);
    assert!(browser.is_signed_in());
    let now = app.clock.now().0;
    let seen = |browser: &mut Browser| as_json(browser, "/account")["sessions"][0]["last_seen_at"].as_i64().unwrap();
    assert!((now - 5..=now + 5).contains(&seen(&mut browser)));
    portero::accounts::flush_last_seen(&app.accounts).unwrap();
    let stored = app
        .accounts
        .db
        .read(|conn| portero::store::sessions::find(conn, portero::domain::SessionId::parse(&sid(&browser)).unwrap()));
    assert!((now - 5..=now + 5).contains(&stored.unwrap().unwrap().last_seen_at.0));
}

#[test]
fn what_has_run_out_or_was_idle_is_no_longer_listed_as_open() {
    let app = app();
    app.signed_in("ana");
    app.tokens("bea");
    app.clock.advance(14 * 3600);
    portero::accounts::close_run_out(&app.accounts, app.clock.now()).unwrap();
    let mut admin = app.signed_in("adm");
    let count = |admin: &mut Browser, query: &str| as_json(admin, query)["sessions"].as_array().map(Vec::len);
    assert_eq!(count(&mut admin, "/admin/sessions?user=ana"), Some(0));
    assert_eq!(count(&mut admin, "/admin/sessions?user=bea"), Some(1));
    let expired = as_json(&mut admin, "/admin/revoked?reason=expired");
    assert_eq!((expired["revoked"].as_array().unwrap().len(), &expired["revoked"][0]["user"]), (1, &json!("ana")));
    app.clock.advance(8 * 24 * 3600);
    portero::accounts::close_run_out(&app.accounts, app.clock.now()).unwrap();
    let mut admin = app.signed_in("adm");
    assert_eq!(count(&mut admin, "/admin/sessions?user=bea"), Some(0));
    assert_eq!(as_json(&mut admin, "/admin/revoked?reason=idle")["revoked"][0]["user"], json!("bea"));
}

#[test]
fn open_sessions_are_filtered_and_paged() {
    let app = app();
    let mut admin = app.signed_in("adm");
    for _ in 0..120 {
        app.clock.advance(1);
        app.tokens("bea");
    }
    app.signed_in("ana");
    // The limit of programs is 50, so bea has 50 open.
    let mut seen = Vec::new();
    let mut path = "/admin/sessions".to_owned();
    loop {
        let list = as_json(&mut admin, &path);
        seen.extend(list["sessions"].as_array().unwrap().iter().map(|one| one["sid"].as_str().unwrap().to_owned()));
        let Some(next) = list["next"].as_str() else { break };
        path = format!("/admin/sessions?before={next}");
    }
    assert_eq!(seen.len(), 52);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 52);
    let count = |admin: &mut Browser, query: &str| {
        as_json(admin, &format!("/admin/sessions{query}"))["sessions"].as_array().unwrap().len()
    };
    assert_eq!(count(&mut admin, "?user=ana"), 1);
    assert_eq!(count(&mut admin, "?ip=127.0.0.1"), 50);
    assert_eq!(count(&mut admin, "?ip=%3A%3Affff%3A127.0.0.1"), 50, "in any spelling");
    assert_eq!(count(&mut admin, "?ip=203.0.113.9"), 0);
    let now = app.clock.now().0;
    assert_eq!(count(&mut admin, &format!("?user=bea&from={}", now - 10)), 11);
    assert_eq!(count(&mut admin, &format!("?user=bea&until={}", now - 10)), 40);
    assert_eq!(count(&mut admin, "?state=odd"), 0);
    let page = admin.get("/admin/sessions?from=2026-01-02&until=2099-01-02").body;
    assert!(page.contains("value=\"2026-01-02T00:00:00\"") && page.contains("value=\"2099-01-02T23:59:59\""), "{page}");
    for bad in ["?state=x", "?from=x", "?until=x", "?before=x"] {
        assert_eq!(admin.get(&format!("/admin/sessions{bad}")).status, 400, "{bad}");
    }
}

#[test]
fn wrong_passwords_since_the_last_visit_are_told_once() {
    let app = app();
    for _ in 0..3 {
        app.browser().sign_in("ana", "wrong");
    }
    let told =
        |app: &TestApp| app.signed_in("ana").get("/account").body.contains("wrong password for your account 3 times");
    assert!(told(&app));
    assert!(!told(&app));
}

#[test]
fn a_token_that_was_taken_a_hundred_times_is_refused_the_next_time_whatever_was_remembered() {
    let app = app();
    let shown = |tokens: &Tokens| app.client().get("/protected", Some(&tokens.access));
    let in_cookie = |browser: &Browser| {
        let cookie = format!("access_token_cookie={}", browser.cookies["access_token_cookie"]);
        app.client().send("GET", "/protected", None, &[("cookie", &cookie)], b"")
    };
    let (leaves, expires) = (app.tokens("ana"), app.tokens("ana"));
    let mut browser = app.signed_in("bea");
    let thief = app.signed_in("bea");
    for _ in 0..100 {
        assert_eq!([shown(&leaves).status, shown(&expires).status], [200; 2]);
        assert_eq!([in_cookie(&browser).status, in_cookie(&thief).status], [200; 2]);
    }

    assert_eq!(app.client().delete("/logout", Some(&leaves.access)).status, 200);
    assert_eq!((shown(&leaves).status, shown(&leaves).msg()), (401, "Token has been revoked".into()));
    end(&mut browser, &format!("/account/sessions/{}/end", sid(&thief)));
    assert_eq!(in_cookie(&thief).msg(), "Token has been revoked");
    assert_eq!([shown(&expires).status, in_cookie(&browser).status], [200; 2]);

    app.clock.advance(15 * 60);
    assert_eq!([shown(&expires).msg(), in_cookie(&browser).msg()], ["Token has expired"; 2].map(String::from));
    app.clock.advance(-16 * 60);
    assert_eq!(shown(&expires).status, 422, "{}", shown(&expires).body);
    assert!(shown(&expires).msg().starts_with("The token is not yet valid"));
    assert_eq!(shown(&leaves).status, 422, "not valid yet comes before revoked");
}
