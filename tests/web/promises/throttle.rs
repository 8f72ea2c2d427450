//! Promise: whoever tries passwords too often is told how long to wait, before anything is hashed, and
//! never at the cost of people who are known.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::common::{add_by_form, link_on};
use crate::support::{Answer, Browser, OTHER_PASSWORD, PASSWORD, TestApp};

const PROXIED: (&str, &str) = ("trusted_proxies", "127.0.0.1");

/// Tries to sign in by JSON, from this address.
fn try_from(app: &TestApp, ip: &str, name: &str, password: &str) -> Answer {
    let body = json!({ "username": name, "password": password }).to_string();
    let headers = [("content-type", "application/json"), ("x-forwarded-for", ip)];
    app.client().send("POST", "/login", None, &headers, body.as_bytes())
}

fn seconds(answer: &Answer) -> i64 {
    answer.header("retry-after").unwrap_or_else(|| panic!("{answer:?}")).parse().unwrap()
}

/// Tries one wrong password from each of these networks, so that no network has to wait.
fn attack(app: &TestApp, name: &str, networks: std::ops::Range<u32>) {
    for n in networks {
        let answer = try_from(app, &format!("100.{}.{}.7", 64 + n / 250, n % 250), name, "a wrong password");
        assert_eq!(answer.status, 401, "{n}: {}", answer.body);
    }
    // No answer waits until a wrong password is noted.
    app.wait_until_all_is_stored();
}

#[test]
fn after_five_wrong_passwords_a_network_has_to_wait_and_is_told_how_long() {
    let app = TestApp::start();
    app.add_user("ana");
    let mut browser = app.browser();
    browser.get("/login");
    for _ in 0..5 {
        assert_eq!(browser.sign_in("ana", OTHER_PASSWORD).status, 401);
    }
    let refused = browser.sign_in("ana", PASSWORD);
    assert_eq!(refused.status, 429, "not even the right one is looked at");
    assert!((1..=30).contains(&seconds(&refused)));
    assert!(refused.body.contains(&format!("try again in {} seconds", seconds(&refused))), "{}", refused.body);
    assert!(refused.body.contains("value=\"ana\""), "the name stays");
    let wait = format!("data-wait=\"{}\" data-waiting=\"Try again in # s\"", seconds(&refused));
    assert!(refused.body.contains(&wait), "for the script to count down: {}", refused.body);
    assert!(refused.set_cookies().iter().all(|cookie| !cookie.contains("access_token")));

    let by_program = app.client().post_json("/login", None, &json!({ "username": "ana", "password": PASSWORD }));
    assert_eq!(by_program.status, 429);
    assert_eq!(by_program.msg(), format!("Too many attempts. Try again in {} seconds", seconds(&by_program)));

    app.clock.advance(30);
    assert_eq!(browser.sign_in("ana", PASSWORD).status, 303);
}

#[test]
fn a_name_that_nobody_bears_is_treated_alike() {
    let app = TestApp::with(&[PROXIED]);
    app.add_user("ana");
    for name in ["ana", "nobody", "no name at all!", ""] {
        let answers: Vec<_> = (0..6).map(|_| try_from(&app, "192.0.2.1", name, "wrong").status).collect();
        assert_eq!(answers, [401, 401, 401, 401, 401, 429], "{name}");
    }
    // The ceiling, which is stored, does not tell the two apart either.
    for (name, networks) in [("ana", 0..95), ("nobody", 1000..1095)] {
        attack(&app, name, networks);
        let answers = ["203.0.113.1", "198.51.100.1"].map(|ip| try_from(&app, ip, name, "wrong").status);
        assert_eq!(answers, [401, 429], "{name}");
    }
}

#[test]
fn who_a_proxy_can_not_name_shares_a_network_with_others_like_that_and_not_with_the_proxy() {
    let app = TestApp::with(&[PROXIED]);
    app.add_user("ana");
    let statuses =
        ["unknown", "_hidden", "", "1.2.3", "unknown", "x"].map(|ip| try_from(&app, ip, "ana", "wrong").status);
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429]);
    assert_eq!(try_from(&app, "203.0.113.7:5544", "ana", "wrong").status, 401, "a port hides nobody");
    // Without the header it is the proxy itself.
    let body = json!({ "username": "ana", "password": "wrong" });
    assert_eq!(app.client().post_json("/login", None, &body).status, 401);
}

fn sign_in_and_out(browser: &mut Browser) -> u16 {
    let status = browser.sign_in("ana", PASSWORD).status;
    if status == 303 {
        browser.get("/account");
        assert_eq!(browser.post("/logout", &[]).status, 303);
    }
    status
}

#[test]
fn a_victim_signs_in_from_a_known_browser_fifty_times_out_of_fifty() {
    let app = TestApp::with(&[PROXIED]);
    app.add_user("ana");
    let mut known = app.browser();
    assert_eq!(sign_in_and_out(&mut known), 303);
    shut_strangers_out(&app);
    let mut stranger = app.browser();
    stranger.headers.push(("x-forwarded-for".into(), "203.0.113.9".into()));
    assert_eq!(stranger.sign_in("ana", PASSWORD).status, 429, "strangers share one try, and that is gone");

    // The attack goes on, also from the victim's own network.
    let mut signed_in = 0;
    for n in 0..50 {
        for ip in [format!("101.0.{n}.7"), "127.0.0.1".into()] {
            assert!(matches!(try_from(&app, &ip, "ana", "a wrong password").status, 401 | 429));
        }
        signed_in += usize::from(sign_in_and_out(&mut known) == 303);
    }
    assert_eq!(signed_in, 50);
}

#[test]
fn the_ceiling_outlives_a_restart_and_ends_after_a_day() {
    let app = TestApp::with(&[PROXIED]);
    app.add_user("ana");
    attack(&app, "ana", 0..100);
    // No answer waits for the notes of wrong passwords, but they are in the queue before the server stops.
    let folder = app.stop().unwrap();
    let app = TestApp::in_folder(folder.path(), &[PROXIED]);
    assert_eq!(try_from(&app, "203.0.113.1", "ana", "wrong").status, 401, "one each quarter of an hour");
    assert_eq!(try_from(&app, "203.0.113.77", "ana", PASSWORD).status, 429);
    app.clock.advance(25 * 60 * 60);
    assert_eq!(try_from(&app, "203.0.113.77", "ana", PASSWORD).status, 200);
}

#[test]
fn a_browser_is_known_by_a_cookie_that_only_we_can_make() {
    let app = TestApp::with(&[PROXIED]);
    for name in ["ana", "bea"] {
        app.add_user(name);
    }
    let mut known = browser_at(&app, "192.0.2.7");
    assert_eq!(sign_in_and_out(&mut known), 303);
    let cookie = known.cookies["portero_device"].clone();
    attack(&app, "ana", 0..100);
    assert_eq!(try_from(&app, "203.0.113.1", "ana", "wrong").status, 401);
    let with_cookie = |cookie: &str| {
        let mut browser = app.browser();
        browser.cookies.insert("portero_device".into(), cookie.into());
        browser.sign_in("ana", PASSWORD).status
    };
    let (says, tag) = cookie.rsplit_once('.').unwrap();
    let mut parts: Vec<_> = says.split('.').collect();
    parts[0] = "2";
    for forged in ["", "x", "1.2.3.4", says, &format!("{}.{tag}", parts.join(".")), &format!("{cookie}x")] {
        assert_eq!(with_cookie(forged), 429, "{forged}");
    }
    // The cookie of another account is worth nothing.
    let mut other = app.browser();
    assert_eq!(other.sign_in("bea", PASSWORD).status, 303);
    assert_eq!(with_cookie(&other.cookies["portero_device"].clone()), 429);
    assert_eq!(with_cookie(&format!("x; portero_device={cookie}")), 303, "a neighbour's cookie shuts out none of ours");
    assert_eq!(with_cookie(&cookie), 303);
}

#[test]
fn who_is_signed_in_cannot_guess_the_password_either() {
    let app = TestApp::start();
    app.add_user("ana");
    let mut browser = app.signed_in("ana");
    browser.get("/confirm");
    for _ in 0..5 {
        assert_eq!(browser.post("/confirm", &[("password", OTHER_PASSWORD)]).status, 401);
    }
    let wrong = [
        ("current_password", OTHER_PASSWORD),
        ("new_password", "lluvia de estrellas en agosto"),
        ("new_password_again", "lluvia de estrellas en agosto"),
    ];
    for _ in 0..5 {
        assert_eq!(browser.post("/change-password", &wrong).status, 401);
    }
    // Both pages count in one bucket.
    for (path, fields) in [("/change-password", &wrong[..]), ("/confirm", &[("password", PASSWORD)])] {
        let refused = browser.post(path, fields);
        assert_eq!(refused.status, 429, "{path}");
        assert!(refused.body.contains("Nothing was checked: try again in") && seconds(&refused) <= 30);
    }
    let tokens = app.tokens("ana");
    for _ in 0..10 {
        app.client().post_json("/confirm", Some(&tokens.access), &json!({ "password": "wrong" }));
    }
    let refused = app.client().post_json("/confirm", Some(&tokens.access), &json!({ "password": PASSWORD }));
    assert_eq!((refused.status, refused.msg().starts_with("Too many attempts")), (429, true));
    app.clock.advance(31);
    assert_eq!(browser.post("/confirm", &[("password", PASSWORD)]).status, 303);
}

/// Lets strangers try until they hardly get a try any more, and takes the one that they still have.
fn shut_strangers_out(app: &TestApp) {
    attack(app, "ana", 0..100);
    attack(app, "ana", 100..101);
}

/// A browser at this address.
fn browser_at(app: &TestApp, ip: &str) -> Browser {
    let mut browser = app.browser();
    browser.headers.push(("x-forwarded-for".into(), ip.into()));
    browser
}

/// A browser in which ana has signed in and out again.
fn known_browser(app: &TestApp) -> Browser {
    let mut browser = app.browser();
    assert_eq!(sign_in_and_out(&mut browser), 303);
    browser
}

#[test]
fn device_cookies_end_with_the_password_and_the_browser_that_changed_it_gets_another() {
    let app = TestApp::with(&[PROXIED]);
    app.add_user("ana");
    let (mut collected, mut own) = (known_browser(&app), browser_at(&app, "192.0.2.7"));
    assert_eq!(own.sign_in("ana", PASSWORD).status, 303);
    own.get("/change-password");
    let new = [("new_password", OTHER_PASSWORD), ("new_password_again", OTHER_PASSWORD)];
    assert_eq!(own.post("/change-password", &new).location(), "/account");
    shut_strangers_out(&app);
    assert_eq!(collected.sign_in("ana", OTHER_PASSWORD).status, 429, "it is a stranger again");
    own.get("/logout");
    own.post("/logout", &[]);
    own.headers.clear();
    assert_eq!(own.sign_in("ana", OTHER_PASSWORD).status, 303, "by its cookie, wherever it is");
    // The operator's reset ends them all.
    app.set_password("ana", PASSWORD);
    own.cookies.retain(|name, _| name == "portero_device");
    assert_eq!(own.sign_in("ana", PASSWORD).status, 429);
}

#[test]
fn all_device_cookies_of_an_account_together_have_a_hundred_wrong_passwords_a_day() {
    let app = TestApp::with(&[PROXIED]);
    app.add_user("ana");
    let mut browsers: Vec<_> = (0..30).map(|_| known_browser(&app)).collect();
    for n in 0..100 {
        assert_eq!(browsers[n % 30].sign_in("ana", OTHER_PASSWORD).status, 401, "{n}");
    }
    app.wait_until_all_is_stored();
    // From now on all of them together are one stranger in this network.
    let statuses: Vec<_> = (0..6).map(|n| browsers[n].sign_in("ana", OTHER_PASSWORD).status).collect();
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429]);
    let folder = app.stop().unwrap();
    let app = TestApp::in_folder(folder.path(), &[PROXIED]);
    let mut browsers: Vec<_> = browsers.into_iter().map(|browser| browser.moved_to(app.address)).collect();
    let statuses: Vec<_> = (6..12).map(|n| browsers[n].sign_in("ana", OTHER_PASSWORD).status).collect();
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429], "the ceiling outlives a restart");
    let owner = &mut browsers[12];
    owner.headers.push(("x-forwarded-for".into(), "203.0.113.9".into()));
    assert_eq!(sign_in_and_out(owner), 303, "elsewhere their owner gets in");
    app.clock.advance(25 * 60 * 60);
    let statuses: Vec<_> = (0..10).map(|_| browsers[13].sign_in("ana", OTHER_PASSWORD).status).collect();
    assert_eq!(statuses, [401; 10], "a day later it is a known browser");
}

#[test]
fn strangers_shut_no_program_and_no_new_browser_out_of_a_network_from_which_the_account_signed_in() {
    let app = TestApp::with(&[PROXIED]);
    app.add_user("ana");
    for ip in ["192.0.2.7", "2001:db8::7", "unknown"] {
        assert_eq!(try_from(&app, ip, "ana", PASSWORD).status, 200, "{ip}");
    }
    shut_strangers_out(&app);
    for (ip, status) in [
        ("192.0.2.200", 200),
        ("2001:db8::ffff:1", 200),
        ("192.0.3.7", 429),
        ("2001:db8:0:1::7", 429),
        ("unknown", 429),
        ("_hidden", 429),
    ] {
        assert_eq!(try_from(&app, ip, "ana", PASSWORD).status, status, "{ip}");
    }
    assert_eq!(browser_at(&app, "192.0.2.9").sign_in("ana", PASSWORD).status, 303, "a new browser");

    // It outlives a restart and, without another sign-in, ends after 30 days.
    let folder = app.stop().unwrap();
    let app = TestApp::in_folder(folder.path(), &[PROXIED]);
    app.clock.advance(29 * 24 * 60 * 60);
    shut_strangers_out(&app);
    assert_eq!(try_from(&app, "192.0.2.200", "ana", "wrong").status, 401);
    app.clock.advance(2 * 24 * 60 * 60);
    shut_strangers_out(&app);
    assert_eq!(try_from(&app, "192.0.2.200", "ana", PASSWORD).status, 429);
}

#[test]
fn a_known_network_has_a_hundred_wrong_passwords_a_day_and_takes_nothing_from_another() {
    let app = TestApp::with(&[PROXIED]);
    app.add_user("ana");
    for ip in ["192.0.2.7", "198.51.100.7"] {
        assert_eq!(try_from(&app, ip, "ana", PASSWORD).status, 200);
    }
    shut_strangers_out(&app);
    // Five at once, and then one each half minute.
    let statuses: Vec<_> = (0..6).map(|_| try_from(&app, "192.0.2.66", "ana", "wrong").status).collect();
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429]);
    for n in 5..100 {
        app.clock.advance(30);
        assert_eq!(try_from(&app, "192.0.2.66", "ana", "wrong").status, 401, "{n}");
    }
    std::thread::sleep(std::time::Duration::from_millis(50));
    app.clock.advance(30);
    let statuses = [(); 2].map(|()| try_from(&app, "192.0.2.66", "ana", PASSWORD).status);
    assert_eq!(statuses, [200, 429], "one try a quarter of an hour, as any stranger");
    assert_eq!(try_from(&app, "198.51.100.9", "ana", PASSWORD).status, 200);
}

#[test]
fn a_network_is_known_no_longer_than_the_password_stays_the_same() {
    let app = TestApp::with(&[PROXIED]);
    app.add_user("ana");
    assert_eq!(try_from(&app, "192.0.2.7", "ana", PASSWORD).status, 200);
    app.set_password("ana", OTHER_PASSWORD);
    shut_strangers_out(&app);
    assert_eq!(try_from(&app, "192.0.2.7", "ana", OTHER_PASSWORD).status, 429);
}

/// Tries a wrong password at the confirmation and at the change of password in turn, each as soon as the throttle allows it. Returns the
/// last answer.
fn guess(app: &TestApp, browser: &mut Browser, times: usize) -> Answer {
    let wrong =
        [("current_password", "wrong"), ("new_password", OTHER_PASSWORD), ("new_password_again", OTHER_PASSWORD)];
    let answers = (0..times).map(|n| {
        app.clock.advance(30);
        if n % 2 == 0 {
            browser.post("/confirm", &[("password", "wrong")])
        } else {
            browser.post("/change-password", &wrong)
        }
    });
    answers.last().unwrap()
}

#[test]
fn a_session_ends_with_the_twentieth_wrong_password_in_a_row_and_its_owner_is_told() {
    let app = TestApp::start();
    app.add_user("ana");
    app.add_admin("adm");
    let mut stolen = app.signed_in("ana");
    let sid = crate::common::sid(&stolen);
    let mut other = app.signed_in("ana");
    stolen.get("/confirm");
    assert_eq!(guess(&app, &mut stolen, 19).status, 401);
    assert_eq!(stolen.post("/confirm", &[("password", PASSWORD)]).status, 303, "a right one begins the row anew");
    assert_eq!(guess(&app, &mut stolen, 19).status, 401);
    let last = guess(&app, &mut stolen, 1);
    assert_eq!((last.status, last.location()), (303, "/login?next=/confirm"));
    assert!(!stolen.is_signed_in());
    assert!(other.is_signed_in(), "only the session in which somebody guessed has ended");

    for (language, text, reason) in [
        ("en", "after too many wrong passwords in a row", "Too many wrong passwords in a row"),
        ("es", "tras demasiadas contraseñas incorrectas seguidas", "Demasiadas contraseñas incorrectas seguidas"),
    ] {
        let mut owner = app.browser();
        owner.headers.push(("accept-language".into(), language.into()));
        let answer = owner.sign_in("ana", PASSWORD);
        let page = owner.follow(answer);
        assert_eq!(page.body.contains(text), language == "en", "told once: {}", page.body);
        assert!(owner.get(&format!("/account/sessions/{sid}")).body.contains(reason));
    }
    let mut admin = app.signed_in("adm");
    let list = crate::common::as_json(&mut admin, "/admin/revoked?reason=guessing");
    assert_eq!(list["revoked"].as_array().map(Vec::len), Some(1), "{list}");
}

#[test]
fn who_was_robbed_and_guessed_at_is_told_of_both_each_with_its_own_history() {
    let app = TestApp::start();
    app.add_user("ana");
    let (mut robbed, mut guessed_at) = (app.signed_in("ana"), app.signed_in("ana"));
    let sids = [crate::common::sid(&robbed), crate::common::sid(&guessed_at)];
    let mut thief = robbed.clone();
    for _ in 0..2 {
        app.clock.advance(1200);
        assert!(robbed.is_signed_in() && guessed_at.is_signed_in());
    }
    assert!(!thief.is_signed_in(), "what he shows was used up long ago");
    guessed_at.get("/confirm");
    assert_eq!(guess(&app, &mut guessed_at, 20).status, 303);
    let mut owner = app.browser();
    let answer = owner.sign_in("ana", PASSWORD);
    let page = owner.follow(answer).body;
    for text in ["an old sign-in token was reused", "after too many wrong passwords in a row"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    for sid in sids {
        assert!(page.contains(&format!("href=\"/account/sessions/{sid}\">See what happened</a>")), "{page}");
    }
}

#[test]
fn a_program_that_guesses_loses_its_session_too() {
    let app = TestApp::start();
    app.add_user("ana");
    let tokens = app.tokens("ana");
    let wrong = json!({ "password": "wrong" });
    let answers: Vec<_> = (0..21)
        .map(|_| {
            app.clock.advance(30);
            app.client().post_json("/confirm", Some(&tokens.access), &wrong).msg()
        })
        .collect();
    assert!(answers[..19].iter().all(|msg| msg == "Bad password"), "{answers:?}");
    assert_eq!(answers[19..], ["Token has been revoked", "Token has been revoked"]);
    assert_eq!(app.client().post("/refresh", Some(&tokens.refresh)).status, 401);
}

#[test]
fn of_many_tries_at_once_no_more_than_ten_are_looked_at() {
    let app = TestApp::with(&[("password.bcrypt_cost", "8")]);
    app.add_user("ana");
    let client = app.client();
    let tries: Vec<_> = (0..40)
        .map(|_| {
            let client = client.clone();
            std::thread::spawn(move || {
                client.post_json("/login", None, &json!({ "username": "ana", "password": "wrong" })).status
            })
        })
        .collect();
    let checked = tries.into_iter().map(|one| one.join().unwrap()).filter(|status| *status == 401).count();
    assert!((5..15).contains(&checked), "{checked}");
}

#[test]
fn it_can_be_switched_off_for_tests() {
    let app = TestApp::with(&[("throttle", "off")]);
    app.add_user("ana");
    for _ in 0..30 {
        let answer = app.client().post_json("/login", None, &json!({ "username": "ana", "password": "wrong" }));
        assert_eq!(answer.status, 401);
    }
}

const GUESSABLE: &str = "contraseña1234";

#[test]
fn who_is_signed_in_has_ten_guessable_passwords_judged_and_then_waits() {
    let app = TestApp::start();
    app.add_user("ana");
    let mut browser = app.signed_in("ana");
    browser.get("/change-password");
    let choose = |browser: &mut Browser, new: &str, again: &str| {
        let fields = [("current_password", PASSWORD), ("new_password", new), ("new_password_again", again)];
        browser.post("/change-password", &fields)
    };
    for _ in 0..12 {
        assert_eq!(choose(&mut browser, GUESSABLE, "another").status, 400, "what is not judged does not count");
    }
    for _ in 0..10 {
        assert_eq!(choose(&mut browser, GUESSABLE, GUESSABLE).status, 400);
    }
    let refused = choose(&mut browser, GUESSABLE, GUESSABLE);
    assert_eq!(refused.status, 429, "{}", refused.body);
    assert!(refused.body.contains("Nothing was checked: try again in") && seconds(&refused) <= 30);
    let tokens = app.tokens("ana");
    let body = json!({ "current_password": PASSWORD, "new_password": GUESSABLE });
    let statuses: Vec<_> =
        (0..11).map(|_| app.client().post_json("/change-password", Some(&tokens.access), &body).status).collect();
    assert_eq!(statuses, [[400; 10].as_slice(), &[429]].concat());
    app.clock.advance(31);
    assert_eq!(choose(&mut browser, OTHER_PASSWORD, OTHER_PASSWORD).status, 303);
}

#[test]
fn a_good_link_has_ten_guessable_passwords_judged_and_shuts_nobody_else_out() {
    let app = TestApp::start();
    let mut browser = app.browser();
    let path = app.setup_path();
    browser.get(&path);
    let choose = |browser: &mut Browser, path: &str, new: &str| {
        let fields = [("username", "ana"), ("new_password", new), ("new_password_again", new)];
        browser.post(path, &fields)
    };
    for _ in 0..10 {
        assert_eq!(choose(&mut browser, &path, GUESSABLE).status, 400);
    }
    let refused = choose(&mut browser, &path, GUESSABLE);
    assert!(refused.status == 429 && seconds(&refused) <= 30, "{}", refused.body);
    app.clock.advance(30);
    assert_eq!(choose(&mut browser, &path, PASSWORD).status, 303);

    for name in ["bea", "eva"] {
        let link = &link_on(&add_by_form(&mut browser, name));
        let mut invited = app.browser();
        invited.get(link);
        for _ in 0..10 {
            assert_eq!(choose(&mut invited, link, GUESSABLE).status, 400);
        }
        assert_eq!(choose(&mut invited, link, GUESSABLE).status, 429);
        assert_eq!(app.browser().sign_in("ana", PASSWORD).status, 303, "the network is not what has to wait");
    }
}

/// Signs in by JSON, from this address and with this device cookie.
fn sign_in_known(app: &TestApp, ip: &str, name: &str, device: &str) -> Answer {
    let body = json!({ "username": name, "password": PASSWORD }).to_string();
    let cookie = format!("portero_device={device}");
    let headers = [("content-type", "application/json"), ("x-forwarded-for", ip), ("cookie", &cookie)];
    app.client().send("POST", "/login", None, &headers, body.as_bytes())
}

#[test]
fn a_flood_of_right_passwords_from_many_browsers_of_one_user_keeps_nobody_else_out() {
    // A hash takes long enough here that the threads for passwords do not keep up with the flood.
    let app = TestApp::with(&[PROXIED, ("password.bcrypt_cost", "10")]);
    for name in ["ana", "bea", "eva"] {
        app.add_user(name);
    }
    let known_to = |name: &str| {
        let mut browser = app.browser();
        assert_eq!(browser.sign_in(name, PASSWORD).status, 303);
        browser.cookies["portero_device"].clone()
    };
    let devices: Vec<_> = (0..28).map(|_| known_to("ana")).collect();
    let beas = known_to("bea");

    let over = AtomicBool::new(false);
    let (right, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for n in 0..280 {
            let (app, device, over, right, refused) = (&app, &devices[n % 28], &over, &right, &refused);
            // One network, and many.
            let ip = if n % 2 == 0 { "198.51.100.1".to_owned() } else { format!("100.{}.{}.7", 64 + n / 250, n % 250) };
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    let answer = sign_in_known(app, &ip, "ana", device);
                    assert!(matches!(answer.status, 200 | 429 | 503), "{}", answer.body);
                    if answer.status == 200 {
                        right.fetch_add(1, Ordering::Relaxed);
                    } else {
                        assert!(seconds(&answer) >= 1);
                        refused.fetch_add(1, Ordering::Relaxed);
                    }
                    // As whoever is refused is told to.
                    std::thread::sleep(Duration::from_secs(1));
                }
            });
        }
        std::thread::sleep(Duration::from_secs(1));
        let statuses: Vec<_> = (0..20)
            .map(|n| {
                let begin = Instant::now();
                let answer = match n % 3 {
                    0 => sign_in_known(&app, "203.0.113.1", "bea", &beas),
                    1 => try_from(&app, "203.0.113.2", "eva", PASSWORD),
                    _ => try_from(&app, "198.51.100.1", "eva", PASSWORD),
                };
                (answer.status, begin.elapsed() <= Duration::from_secs(5))
            })
            .collect();
        over.store(true, Ordering::Relaxed);
        assert_eq!(statuses, [(200, true); 20]);
    });
    let (right, refused) = (right.into_inner(), refused.into_inner());
    println!("the flood: {right} right passwords, {refused} refused");
    assert!(right > 0 && refused > 0);
}
