//! Passkeys: /account/factors/passkey, and where they are used: /login, /login/factor and /confirm.

use portero::accounts::factors::reset::reset_factors;
use portero::domain::Username;
use serde_json::json;

use crate::common::{app, app_with_admin, as_json, second_factor};
use crate::support::authenticator::{
    Asked, Authenticator, BACKED_UP, HAS_EXTENSIONS, MAY_BE_COPIED, Making, PRESENT, VERIFIED, asked_on, base64,
};
use crate::support::{Answer, Browser, PASSWORD, TestApp, claims, database, operator, totp};

const ADD: &str = "/account/factors/passkey";

/// What a page asks for.
fn asked(browser: &mut Browser, path: &str) -> Asked {
    let page = browser.get(path);
    asked_on(&page.body).unwrap_or_else(|| panic!("{path}: {} {}", page.status, page.body))
}

fn add_with(browser: &mut Browser, asked: &Asked, answer: &str) -> Answer {
    let form = [("name", "Laptop"), ("passkey_challenge", &asked.challenge), ("passkey", answer)];
    browser.post(ADD, &form)
}

/// Somebody with a passkey who is signed in, and the passkey.
fn with_passkey(app: &TestApp, name: &str) -> (Browser, Authenticator) {
    let mut browser = app.local_browser();
    assert_eq!(browser.sign_in(name, PASSWORD).status, 303);
    let passkey = add(app, &mut browser, Authenticator::new(&app.local_origin()));
    (browser, passkey)
}

fn add(_: &TestApp, browser: &mut Browser, mut passkey: Authenticator) -> Authenticator {
    let asked = asked(browser, ADD);
    let answer = add_with(browser, &asked, &passkey.create(&asked.options));
    assert_eq!(answer.status, 200, "{}", answer.body);
    passkey
}

fn use_with(browser: &mut Browser, path: &str, asked: &Asked, answer: &str) -> Answer {
    browser.post(path, &[("passkey_challenge", &asked.challenge), ("passkey", answer)])
}

/// Signs in with a passkey alone.
fn sign_in(app: &TestApp, passkey: &mut Authenticator) -> (Browser, Answer) {
    let mut browser = app.local_browser();
    let asked = asked(&mut browser, "/login");
    let answer = use_with(&mut browser, "/login", &asked, &passkey.get(&asked.options));
    (browser, answer)
}

#[test]
fn a_passkey_is_added_counts_at_once_and_signs_in_alone() {
    let app = app();
    let (mut browser, mut passkey) = with_passkey(&app, "ana");
    let token = claims(&browser.cookies["access_token_cookie"]);
    assert_eq!((&token["acr"], &token["amr"]), (&json!("aal2"), &json!(["hwk", "pwd", "user", "mfa"])));
    let list = browser.get("/account/factors");
    for words in ["Laptop", "on one device only", "10 recovery codes left"] {
        assert!(list.body.contains(words), "{words}: {}", list.body);
    }
    let (mut browser, answer) = sign_in(&app, &mut passkey);
    assert_eq!((answer.status, answer.location()), (303, "/account"), "{}", answer.body);
    assert!(browser.is_signed_in());
    let token = claims(&browser.cookies["access_token_cookie"]);
    assert_eq!((&token["acr"], &token["amr"]), (&json!("aal2"), &json!(["hwk", "user", "mfa"])));
    assert_eq!((&token["sub"], &token["auth_time"]), (&json!("ana"), &token["factor_time"]));
    let listed = as_json(&mut browser, "/account/factors")["factors"][0].clone();
    assert_eq!(
        (&listed["kind"], &listed["synced"], &listed["host"]),
        (&json!("passkey"), &json!(false), &json!("localhost"))
    );
    assert!(listed["last_used_at"].is_i64());
    // What a passkey proves is young enough for what asks for everything.
    assert_eq!(browser.get(ADD).status, 200);
}

#[test]
fn what_the_browser_is_asked_names_nobody_and_wants_the_person_verified() {
    let app = app();
    let (mut browser, passkey) = with_passkey(&app, "ana");
    let asked = asked(&mut browser, ADD).options;
    assert_eq!(
        asked["authenticatorSelection"],
        json!({ "residentKey": "required", "requireResidentKey": true, "userVerification": "required" })
    );
    assert_eq!((&asked["attestation"], &asked["extensions"]["credProps"]), (&json!("none"), &json!(true)));
    assert_eq!(asked["rp"], json!({ "id": "localhost", "name": "Portero" }));
    assert_eq!((&asked["user"]["name"], &asked["user"]["displayName"]), (&json!("ana"), &json!("ana")));
    assert_eq!((passkey.handle.len(), passkey.handle.starts_with(b"ana")), (16, false));
    assert_eq!(asked["excludeCredentials"][0]["id"], json!(base64(&passkey.id)));
    let mut stranger = app.local_browser();
    let asked = self::asked(&mut stranger, "/login").options;
    assert_eq!((&asked["allowCredentials"], &asked["userVerification"]), (&json!([]), &json!("required")));
    assert_eq!(asked["rpId"], "localhost");
    assert!(stranger.get("/login").body.contains("autocomplete=\"username webauthn\""));
}

#[test]
fn a_synced_passkey_says_so_on_the_page_and_in_tokens() {
    let app = app();
    let mut browser = app.local_browser();
    browser.sign_in("ana", PASSWORD);
    let mut passkey = add(&app, &mut browser, Authenticator::synced(&app.local_origin()));
    assert!(browser.get("/account/factors").body.contains("synced to your other devices"));
    let (mut browser, answer) = sign_in(&app, &mut passkey);
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(claims(&browser.cookies["access_token_cookie"])["amr"], json!(["swk", "user", "mfa"]));
    passkey.flags = PRESENT | VERIFIED | MAY_BE_COPIED;
    assert_eq!(sign_in(&app, &mut passkey).1.status, 303);
    assert!(browser.get("/account/factors").body.contains("not synced yet"), "as it is now");
}

#[test]
fn beside_the_password_the_passkey_is_the_second_step() {
    let app = app();
    let (_, mut passkey) = with_passkey(&app, "ana");
    let mut browser = app.local_browser();
    assert_eq!(browser.sign_in("ana", PASSWORD).location(), "/login/factor");
    let page = browser.get("/login/factor");
    assert!(
        page.body.contains("Use your passkey") && !page.body.contains("authenticator app and enter"),
        "{}",
        page.body
    );
    let asked = asked(&mut browser, "/login/factor");
    assert_eq!(asked.options["allowCredentials"][0]["id"], json!(base64(&passkey.id)));
    let answer = use_with(&mut browser, "/login/factor", &asked, &passkey.get(&asked.options));
    assert_eq!((answer.status, answer.location()), (303, "/account"), "{}", answer.body);
    assert_eq!(claims(&browser.cookies["access_token_cookie"])["amr"], json!(["hwk", "pwd", "user", "mfa"]));
}

#[test]
fn an_account_with_nothing_but_a_passkey_tells_programs_what_it_takes() {
    let app = app();
    let (mut browser, _) = with_passkey(&app, "ana");
    let login = || app.client().post_json("/login", None, &json!({ "username": "ana", "password": PASSWORD }));
    assert_eq!((login().status, &login().json()["methods"]), (401, &json!(["passkey", "recovery_code"])));
    let codes: Vec<_> = {
        browser.get("/account/factors/recovery-codes");
        let page = browser.post("/account/factors/recovery-codes", &[]).body;
        let list = page.split_once("class=\"recovery-codes\">").unwrap().1.split_once("</ul>").unwrap().0.to_owned();
        list.split("<li class=\"code\">").skip(1).map(|item| item.split_once('<').unwrap().0.to_owned()).collect()
    };
    let give = |code: &str| {
        let attempt = login().json()["attempt"].clone();
        let body = json!({ "attempt": attempt, "method": "recovery_code", "code": code });
        app.client().post_json("/login/factor", None, &body)
    };
    for code in &codes {
        assert_eq!(give(code).status, 200, "{code}");
    }
    assert_eq!(login().json()["methods"], json!(["passkey"]));
}

#[test]
fn whoever_has_a_passkey_confirms_with_it_in_the_place_of_everything_else() {
    let app = app();
    let (mut browser, mut passkey) = with_passkey(&app, "ana");
    app.clock.advance(20 * 60);
    let answer = browser.get("/account/factors/1/remove");
    assert_eq!(answer.status, 303, "{}", answer.body);
    let path = answer.location().to_owned();
    assert!(path.starts_with("/confirm?") && path.contains("aal2"), "{path}");
    let page = browser.get(&path);
    assert!(page.body.contains("Use your passkey") && !page.body.contains("type=\"password\""), "{}", page.body);
    let asked = asked(&mut browser, &path);
    let answer = passkey.get(&asked.options);
    let form = [
        ("next", "/account/factors/1/remove"),
        ("acr_values", "aal2"),
        ("passkey_challenge", &asked.challenge),
        ("passkey", &answer),
    ];
    let answer = browser.post("/confirm", &form);
    assert_eq!((answer.status, answer.location()), (303, "/account/factors/1/remove"), "{}", answer.body);
    assert_eq!(browser.get("/account/factors/1/remove").status, 200);
    let again = browser.post("/confirm", &form);
    assert_eq!(again.status, 401, "an answer is good once: {}", again.body);
}

#[test]
fn a_passkey_does_not_vouch_for_the_password() {
    let app = app();
    let (_, mut passkey) = with_passkey(&app, "ana");
    let (mut browser, _) = sign_in(&app, &mut passkey);
    let page = browser.get("/change-password");
    assert!(
        page.body.contains("name=\"current_password\"") || page.location().starts_with("/confirm"),
        "{}",
        page.body
    );
}

#[test]
fn an_answer_signs_in_once_and_a_challenge_is_good_for_five_minutes() {
    let app = app();
    let (_, mut passkey) = with_passkey(&app, "ana");
    let mut browser = app.local_browser();
    let asked = asked(&mut browser, "/login");
    let answer = passkey.get(&asked.options);
    let copy = browser.clone();
    assert_eq!(use_with(&mut browser, "/login", &asked, &answer).status, 303);
    let again = use_with(&mut copy.clone(), "/login", &asked, &answer);
    assert_eq!(again.status, 401);
    assert!(again.body.contains("was used already"), "{}", again.body);
    // The same challenge does not take another answer either.
    assert_eq!(use_with(&mut copy.clone(), "/login", &asked, &passkey.get(&asked.options)).status, 401);
    let late = self::asked(&mut copy.clone(), "/login");
    app.clock.advance(5 * 60);
    let mut browser = copy.clone();
    browser.get("/login");
    let answer = use_with(&mut browser, "/login", &late, &passkey.get(&late.options));
    assert_eq!(answer.status, 401);
    assert!(answer.body.contains("took too long"));
}

#[test]
fn an_answer_is_still_refused_after_a_restart() {
    let app = app();
    let (_, mut passkey) = with_passkey(&app, "ana");
    let mut browser = app.local_browser();
    let asked = asked(&mut browser, "/login");
    let answer = passkey.get(&asked.options);
    let copy = browser.clone();
    assert_eq!(use_with(&mut browser, "/login", &asked, &answer).status, 303);
    let port = app.address.port();
    let folder = app.stop().unwrap();
    // At the same address: a passkey is made for one.
    let again = TestApp::in_folder(folder.path(), &[("listen", &format!("127.0.0.1:{port}"))]);
    let mut copy = copy.moved_to(again.address);
    let refused = use_with(&mut copy, "/login", &asked, &answer);
    assert!(refused.body.contains("was used already"), "{} {}", refused.status, refused.body);
    assert_eq!(sign_in(&again, &mut passkey).1.status, 303);
}

#[test]
fn of_twenty_equal_answers_at_once_exactly_one_signs_in() {
    let app = app();
    let (_, mut passkey) = with_passkey(&app, "ana");
    let mut browser = app.local_browser();
    let asked = asked(&mut browser, "/login");
    let answer = passkey.get(&asked.options);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let each = |_| {
            let (mut browser, asked, answer) = (browser.clone(), &asked, &answer);
            scope.spawn(move || use_with(&mut browser, "/login", asked, answer).status)
        };
        let all: Vec<_> = (0..20).map(each).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
}

#[test]
fn a_challenge_is_good_at_its_own_place_and_in_its_own_session_only() {
    let app = app();
    let (mut browser, mut passkey) = with_passkey(&app, "ana");
    let mut other = app.local_browser();
    let of_login = asked(&mut other, "/login");
    let of_confirm = asked(&mut browser, "/confirm");
    // One of the confirmation signs nobody in.
    let answer = use_with(&mut other, "/login", &of_confirm, &passkey.get(&of_confirm.options));
    assert_eq!(answer.status, 401);
    browser.get("/confirm");
    let answer = use_with(&mut browser, "/confirm", &of_login, &passkey.get(&of_login.options));
    assert_eq!(answer.status, 401);
    let (mut second, _) = sign_in(&app, &mut passkey);
    second.get("/confirm");
    let answer = use_with(&mut second, "/confirm", &of_confirm, &passkey.get(&of_confirm.options));
    assert_eq!(answer.status, 401, "of another session");
    // Nor does one of a sign-in add a passkey, or one session's registration in another session.
    let of_adding = asked(&mut browser, ADD);
    second.get(ADD);
    let mut new = Authenticator::new(&app.local_origin());
    let answer = add_with(&mut second, &of_adding, &new.create(&of_adding.options));
    assert_eq!(answer.status, 401, "{}", answer.body);
    for changed in ["", "AAAA", &of_login.challenge[..40], &format!("{}A", of_login.challenge)] {
        let made_up = Asked { challenge: changed.into(), options: of_login.options.clone() };
        assert_eq!(use_with(&mut other, "/login", &made_up, &passkey.get(&of_login.options)).status, 401);
    }
}

#[test]
fn a_registration_is_good_once_and_not_after_other_factors_changed() {
    let app = app();
    let mut browser = app.local_browser();
    browser.sign_in("ana", PASSWORD);
    let once = asked(&mut browser, ADD);
    let (mut one, mut two) = (Authenticator::new(&app.local_origin()), Authenticator::new(&app.local_origin()));
    assert_eq!(add_with(&mut browser, &once, &one.create(&once.options)).status, 200);
    browser.get(ADD);
    let answer = add_with(&mut browser, &once, &two.create(&once.options));
    assert_eq!(answer.status, 401, "{}", answer.body);
    assert_eq!(as_json(&mut browser, "/account/factors")["factors"].as_array().unwrap().len(), 1);
}

#[test]
fn a_passkey_belongs_to_one_person_only() {
    let app = app_with_admin();
    let (_, passkey) = with_passkey(&app, "ana");
    let mut bea = app.local_browser();
    bea.sign_in("bea", PASSWORD);
    let asked = asked(&mut bea, ADD);
    let mut copy = Authenticator::new(&app.local_origin());
    copy.id = passkey.id.clone();
    let answer = add_with(&mut bea, &asked, &copy.create(&asked.options));
    assert_eq!(answer.status, 409);
    assert!(answer.body.contains("added already"), "{}", answer.body);
    assert_eq!(as_json(&mut bea, "/account/factors")["factors"], json!([]));
}

#[test]
fn somebody_elses_passkey_does_neither_the_second_step_nor_a_confirmation() {
    let app = app_with_admin();
    let (mut ana, _) = with_passkey(&app, "ana");
    let (_, mut beas) = with_passkey(&app, "bea");
    let mut browser = app.local_browser();
    browser.sign_in("ana", PASSWORD);
    let asked_there = asked(&mut browser, "/login/factor");
    let answer = use_with(&mut browser, "/login/factor", &asked_there, &beas.get(&asked_there.options));
    assert_ne!(answer.location(), "/account", "{}", answer.body);
    assert!(!browser.is_signed_in());
    let asked_there = asked(&mut ana, "/confirm");
    let answer = use_with(&mut ana, "/confirm", &asked_there, &beas.get(&asked_there.options));
    assert_eq!(answer.status, 401, "{}", answer.body);
}

#[test]
fn a_removed_passkey_signs_nobody_in_and_its_browser_is_told() {
    let app = app();
    let (mut browser, mut passkey) = with_passkey(&app, "ana");
    let page = browser.get("/account/factors/1/remove");
    assert!(page.body.contains("no longer signs you in, and your recovery codes stop working"), "{}", page.body);
    assert_eq!(browser.post("/account/factors/1/remove", &[]).status, 303);
    let (mut other, answer) = sign_in(&app, &mut passkey);
    assert_eq!(answer.status, 401);
    assert!(answer.body.contains("doesn’t know this passkey"), "{}", answer.body);
    let signal = answer.body.split_once("data-passkey-signal=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
    assert!(signal.contains(&base64(&passkey.id)) && signal.contains("unknown"), "{signal}");
    assert!(!other.is_signed_in());
    assert_eq!(app.browser().sign_in("ana", PASSWORD).location(), "/account", "the password is enough again");
    assert!(database::Behind::of(app.folder()).rows("SELECT credential_id AS row FROM passkeys").is_empty());
}

#[test]
fn the_page_tells_the_password_manager_which_passkeys_are_good() {
    let app = app();
    let (mut browser, passkey) = with_passkey(&app, "ana");
    let page = browser.get("/account/factors").body;
    let signal = page.split_once("data-passkey-signal=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
    for part in [base64(&passkey.id), base64(&passkey.handle), "accepted".into(), "details".into()] {
        assert!(signal.contains(&part), "{part}: {signal}");
    }
}

#[test]
fn a_passkey_is_renamed() {
    let app = app();
    let (mut browser, _) = with_passkey(&app, "ana");
    assert!(browser.get("/account/factors/1/rename").body.contains("value=\"Laptop\""));
    let refused = browser.post("/account/factors/1/rename", &[("name", " ")]);
    assert_eq!(refused.status, 400);
    let answer = browser.post("/account/factors/1/rename", &[("name", "Old laptop")]);
    assert_eq!((answer.status, answer.location()), (303, "/account/factors"));
    assert!(browser.get("/account/factors").body.contains("Old laptop"));
    assert!(browser.get("/account/activity").body.contains("Second factor renamed"));
    assert_eq!(browser.get("/account/factors/7/rename").status, 404);
}

#[test]
fn a_count_that_went_back_is_refused_marked_recorded_and_told() {
    let app = app();
    let mut browser = app.local_browser();
    browser.sign_in("ana", PASSWORD);
    let mut passkey = Authenticator::new(&app.local_origin());
    passkey.counter = 7;
    let mut passkey = add(&app, &mut browser, passkey);
    assert_eq!(sign_in(&app, &mut passkey).1.status, 303, "8 after 7");
    for count in [8, 3, 0] {
        passkey.counter = count;
        let mut thief = app.local_browser();
        let asked = asked(&mut thief, "/login");
        let answer = passkey.get_wrong(&asked.options, |making| making.counter = count);
        let answer = use_with(&mut thief, "/login", &asked, &answer);
        assert_eq!(answer.status, 401, "{count}");
        assert!(answer.body.contains("may have been copied"), "{}", answer.body);
        assert!(!thief.is_signed_in());
    }
    assert!(browser.get("/account/factors").body.contains("it may have been copied"));
    assert!(browser.get("/account/activity").body.contains("it may have been copied"));
    passkey.counter = 8;
    let (mut browser, answer) = sign_in(&app, &mut passkey);
    assert_eq!(answer.status, 303, "the one that counts on is still good: {}", answer.body);
    let told = "was refused because someone may have copied it";
    assert!(browser.get("/account").body.contains(told));
    assert!(!browser.get("/account").body.contains(told), "once");
}

#[test]
fn who_is_disabled_signs_in_by_no_passkey() {
    let app = app();
    let (mut browser, mut passkey) = with_passkey(&app, "ana");
    app.disable("ana");
    let (_, answer) = sign_in(&app, &mut passkey);
    assert_eq!(answer.status, 403);
    assert!(!browser.is_signed_in());
}

#[test]
fn another_sites_form_can_send_no_answer() {
    let app = app();
    let (_, mut passkey) = with_passkey(&app, "ana");
    let mut browser = app.local_browser();
    let asked = asked(&mut browser, "/login");
    let answer = passkey.get(&asked.options);
    let refused = browser.post_bare("/login", &[("passkey_challenge", &asked.challenge), ("passkey", &answer)]);
    assert_eq!(refused.status, 400);
    let strange =
        app.local_browser().post_bare("/login", &[("passkey_challenge", &asked.challenge), ("passkey", &answer)]);
    assert_eq!(strange.status, 400);
}

/// What is changed of a ceremony, and how.
type Wrong = (&'static str, fn(&mut Making));

/// What is wrong with either ceremony.
const WRONG: [Wrong; 16] = [
    ("another challenge", |making| making.challenge = base64(&[7; 32])),
    ("part of the challenge", |making| making.challenge.truncate(20)),
    ("the other ceremony", |making| {
        making.kind = if making.kind == "webauthn.get" { "webauthn.create".into() } else { "webauthn.get".into() };
    }),
    ("another origin", |making| making.origin = "https://evil.example".into()),
    ("another port", |making| making.origin = "http://localhost:1".into()),
    ("a path behind the origin", |making| making.origin.push('/')),
    ("a subdomain", |making| making.origin = making.origin.replace("localhost", "a.localhost")),
    ("https for http", |making| making.origin = making.origin.replace("http:", "https:")),
    ("a frame of another site", |making| making.more = json!({ "crossOrigin": true })),
    ("a page around it", |making| making.more = json!({ "crossOrigin": false, "topOrigin": "https://evil.example" })),
    ("another host", |making| making.host = "evil.example".into()),
    ("nobody there", |making| making.flags &= !PRESENT),
    ("nobody verified", |making| making.flags &= !VERIFIED),
    ("copied, and never to be", |making| making.flags = making.flags & !MAY_BE_COPIED | BACKED_UP),
    ("something behind the data", |making| making.data_bytes = Box::new(|data| data.push(0))),
    ("extensions that are none", |making| {
        making.flags |= HAS_EXTENSIONS;
        making.extensions = vec![0x01];
    }),
];

#[test]
fn whatever_is_wrong_with_a_registration_adds_nothing() {
    let app = app();
    let mut browser = app.local_browser();
    browser.sign_in("ana", PASSWORD);
    let of_its_own: [Wrong; 14] = [
        ("no credential", |making| making.flags &= !0b0100_0000),
        ("another id beside it", |making| making.told_id = vec![1; 32]),
        ("an id that is too long", |making| {
            making.id = vec![1; 1024];
            making.told_id = making.id.clone();
        }),
        ("no id", |making| {
            making.id = Vec::new();
            making.told_id = Vec::new();
        }),
        ("can't be found without a name", |making| making.is_discoverable = Some(false)),
        ("an algorithm that was not offered", |making| making.key[4] = 0x27),
        ("another curve", |making| making.key[6] = 0x02),
        ("a point off the curve", |making| making.key[20] ^= 1),
        ("a key without its second coordinate", |making| {
            making.key.truncate(42);
            making.key[0] = 0xa4;
        }),
        ("a key that says something twice", |making| {
            making.key[0] = 0xa6;
            making.key.extend(b"\x01\x02");
        }),
        ("something behind the attestation", |making| making.last_bytes = Box::new(|object| object.push(0))),
        ("an attestation that is cut off", |making| {
            making.last_bytes = Box::new(|object| object.truncate(object.len() - 1))
        }),
        ("client data that is no JSON", |making| making.client_bytes = Box::new(|bytes| bytes.push(b'}'))),
        ("client data that says something twice", |making| {
            making.client_bytes = Box::new(|bytes| {
                bytes.pop();
                bytes.extend(b",\"type\":\"webauthn.create\"}");
            });
        }),
    ];
    for (what, change) in WRONG.into_iter().chain(of_its_own) {
        let asked = asked(&mut browser, ADD);
        let mut passkey = Authenticator::new(&app.local_origin());
        let answer = add_with(&mut browser, &asked, &passkey.create_wrong(&asked.options, change));
        assert_eq!(answer.status, 400, "{what}: {}", answer.body);
        assert!(answer.body.contains("can’t be used here"), "{what}: {}", answer.body);
    }
    for nothing in ["", "{}", "null", "[]", "{\"id\":\"AA\"}", &"a".repeat(3000)] {
        let asked = asked(&mut browser, ADD);
        assert_eq!(add_with(&mut browser, &asked, nothing).status, 400, "{nothing}");
    }
    assert_eq!(as_json(&mut browser, "/account/factors")["factors"], json!([]));
    assert_eq!(app.browser().sign_in("ana", PASSWORD).location(), "/account");
    // Unchanged, it is good; and an attestation is taken without being believed.
    let asked = asked(&mut browser, ADD);
    let mut passkey = Authenticator::new(&app.local_origin());
    let answer = passkey.create_wrong(&asked.options, |making| {
        making.format = "packed".into();
        making.statement = b"\xa2\x63alg\x26\x63sig\x41\x00".to_vec();
    });
    assert_eq!(add_with(&mut browser, &asked, &answer).status, 200);
    assert_eq!(sign_in(&app, &mut passkey).1.status, 303);
}

#[test]
fn whatever_is_wrong_with_an_answer_signs_nobody_in() {
    let app = TestApp::with(&[("throttle", "off")]);
    app.add_user("ana");
    let (_, mut passkey) = with_passkey(&app, "ana");
    let of_its_own: [Wrong; 11] = [
        ("a passkey that nobody has", |making| making.told_id = vec![1; 32]),
        ("another person", |making| making.handle = Some(vec![1; 16])),
        ("a name for the person", |making| making.handle = Some(b"ana".to_vec())),
        ("copied since it was made", |making| making.flags |= MAY_BE_COPIED),
        ("a signature that was changed", |making| making.last_bytes = Box::new(|signature| signature[20] ^= 1)),
        ("a signature that is cut off", |making| {
            making.last_bytes = Box::new(|signature| signature.truncate(signature.len() - 1))
        }),
        ("something behind the signature", |making| making.last_bytes = Box::new(|signature| signature.push(0))),
        ("no signature", |making| making.last_bytes = Box::new(Vec::clear)),
        ("no data", |making| making.data_bytes = Box::new(Vec::clear)),
        ("a credential in the data", |making| making.flags |= 0b0100_0000),
        ("client data that says something twice", |making| {
            making.client_bytes = Box::new(|bytes| {
                bytes.pop();
                bytes.extend(b",\"type\":\"webauthn.get\"}");
            });
        }),
    ];
    for (what, change) in WRONG.into_iter().chain(of_its_own) {
        let mut browser = app.local_browser();
        let asked = asked(&mut browser, "/login");
        let answer = use_with(&mut browser, "/login", &asked, &passkey.get_wrong(&asked.options, change));
        assert_eq!(answer.status, 401, "{what}: {}", answer.body);
        assert!(!browser.is_signed_in(), "{what}");
    }
    // Another key with the same id, and an answer to another page.
    let mut stranger = Authenticator::new(&app.local_origin());
    (stranger.id, stranger.handle) = (passkey.id.clone(), passkey.handle.clone());
    assert_eq!(sign_in(&app, &mut stranger).1.status, 401);
    assert_eq!(sign_in(&app, &mut passkey).1.status, 303, "unchanged, it is good");
}

#[test]
fn who_tries_passkeys_at_random_has_to_wait() {
    let app = app();
    let mut passkey = Authenticator::new(&app.local_origin());
    passkey.handle = vec![1; 16];
    let statuses: Vec<_> = (0..25).map(|_| sign_in(&app, &mut passkey).1.status).collect();
    assert!(statuses.contains(&429) && statuses[0] == 401, "{statuses:?}");
}

#[test]
fn pages_say_why_there_are_no_passkeys() {
    let app = app();
    let mut browser = app.signed_in("ana");
    let page = browser.get(ADD);
    assert!(page.body.contains(&format!("Passkeys work only at {}", app.local_origin())), "{}", page.body);
    assert!(asked_on(&page.body).is_none());
    assert!(asked_on(&app.browser().get("/login").body).is_none());
    for (url, words) in [
        ("http://portero.lan", "reached by https"),
        ("https://192.0.2.7", "this address is only a number"),
        ("http://127.0.0.1:8080", "this address is only a number"),
    ] {
        let settings = [("public_url", url), ("allow_plain_http", "true"), ("password.bcrypt_cost", "10")];
        let app = TestApp::with(&settings);
        app.add_user("ana");
        let mut browser = app.signed_in("ana");
        let page = browser.get("/account/factors");
        assert!(page.body.contains(words), "{url}: {}", page.body);
        assert!(!page.body.contains("Add a passkey"));
        assert_eq!(browser.get(ADD).status, 200);
        let answer = browser.post(ADD, &[("name", "Laptop"), ("passkey", "{}")]);
        assert_eq!(answer.status, 404);
        assert_eq!(app.client().get("/.well-known/passkey-endpoints", None).status, 404);
    }
}

#[test]
fn a_passkey_and_an_app_stand_beside_each_other() {
    let app = app();
    let (secret, _) = second_factor(&app, "ana");
    let mut browser = app.local_browser();
    browser.sign_in("ana", PASSWORD);
    browser.get("/login/factor");
    app.clock.advance(30);
    let code = totp::code(&secret, app.accounts.now().0);
    assert_eq!(browser.post("/login/factor", &[("code", &code)]).status, 303);
    let mut passkey = add(&app, &mut browser, Authenticator::new(&app.local_origin()));
    let mut other = app.local_browser();
    other.sign_in("ana", PASSWORD);
    let page = other.get("/login/factor").body;
    assert!(page.contains("one-time-code") && page.contains("Use your passkey"), "{page}");
    assert_eq!(sign_in(&app, &mut passkey).1.status, 303);
}

#[test]
fn where_nobody_may_add_a_factor_whoever_has_a_passkey_keeps_it() {
    let app = app();
    let (_, mut passkey) = with_passkey(&app, "ana");
    let port = app.address.port();
    let folder = app.stop().unwrap();
    let settings = [("listen", &*format!("127.0.0.1:{port}")), ("second_factor", "off")];
    let app = TestApp::in_folder(folder.path(), &settings);
    let (mut browser, answer) = sign_in(&app, &mut passkey);
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(browser.get(ADD).location(), "/account/factors");
    assert!(browser.get("/account/factors").body.contains("doesn’t let anyone add"));
}

#[test]
fn the_eleventh_passkey_is_one_too_many() {
    let app = app();
    let mut browser = app.local_browser();
    browser.sign_in("ana", PASSWORD);
    for _ in 0..10 {
        add(&app, &mut browser, Authenticator::new(&app.local_origin()));
    }
    let answer = browser.get(ADD);
    assert_eq!(answer.location(), "/account/factors");
    assert!(browser.follow(answer).body.contains("ten passkeys"));
}

#[test]
fn a_well_known_passkey_is_named_by_what_keeps_it() {
    let app = app();
    let mut browser = app.local_browser();
    browser.sign_in("ana", PASSWORD);
    let page = browser.get(ADD).body;
    let name = page.split_once("id=\"name\" name=\"name\" value=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
    let asked = asked(&mut browser, ADD);
    let mut passkey = Authenticator::new(&app.local_origin());
    passkey.model = *b"\xd5\x48\x82\x6e\x79\xb4\xdb\x40\xa3\xd8\x11\x11\x6f\x7e\x83\x49";
    let answer = passkey.create(&asked.options);
    let form = [("name", name.as_str()), ("passkey_challenge", &asked.challenge), ("passkey", &answer)];
    assert_eq!(browser.post(ADD, &form).status, 200);
    assert_eq!(as_json(&mut browser, "/account/factors")["factors"][0]["name"], "Bitwarden");
}

#[test]
fn where_a_link_is_needed_to_enrol_no_passkey_is_added_without_it() {
    let app = TestApp::with(&[("second_factor", "everyone")]);
    app.add_user("ana");
    let (_, mut passkey) = with_passkey(&app, "ana");
    let name = Username::parse("ana").unwrap();
    reset_factors(&app.accounts, operator(), name).committed().unwrap();
    assert_eq!(sign_in(&app, &mut passkey).1.status, 401, "it is gone");
    let mut browser = app.local_browser();
    assert_eq!(browser.sign_in("ana", PASSWORD).status, 303);
    assert_eq!(browser.get(ADD).location(), "/account/factors");
    let answer = browser.post(ADD, &[("name", "Laptop"), ("passkey_challenge", ""), ("passkey", "{}")]);
    assert_ne!(answer.status, 200);
    assert_eq!(as_json(&mut browser, "/account/factors")["factors"], json!([]));
}
