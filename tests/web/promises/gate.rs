//! Promise: what is behind the gate stays behind it. An ended session is refused by every app from the answer on, also while thousands of
//! requests are under way, and what went wrong with gates elsewhere does not go wrong here.
//!
//! What went wrong elsewhere, and which test would see it here. Without a file it is in this one.
//!
//! | elsewhere | here |
//! |---|---|
//! | a malformed cookie let a request pass, without identity headers (CVE-2026-25748, authentik) | `whatever_a_cookie_or_a_token_looks_like_it_opens_nothing` |
//! | aliases of `X-Forwarded-*` with underscores were believed (CVE-2026-39858, Traefik) | `gate::forwarded::tests::an_alias_of_a_header_that_is_believed_is_refused`, `no_header_of_the_client_changes_what_is_asked_about` |
//! | a spoofed `X-Forwarded-Prefix` chose the path (GHSA-6384-m2mw-rf54, Traefik) | `no_header_of_the_client_changes_what_is_asked_about`; at the app: `process::proxies` |
//! | an identity header that the gate left out came from the client (GHSA-7r4p-vjf4-gxv4, Caddy) | `rooms::apps::every_identity_header_is_in_every_answer_that_lets_a_request_pass`; in the real proxies: `process::gate` |
//! | an underscore in a header's name made it another's (GHSA-f59h-q822-g45g, Caddy) | `gate::headers::tests::an_alias_is_known_by_what_a_program_makes_of_it`; in the real proxies: `process::proxies` |
//! | an empty list of trusted proxies meant everybody (CVE-2026-40575 and oauth2-proxy#3506) | `without_trusted_proxies_nobody_is_answered` |
//! | a header such as the health check's `User-Agent` opened everything (CVE-2026-34457, oauth2-proxy) | `no_header_of_the_client_changes_what_is_asked_about` |
//! | open paths were matched by the query or what follows `#` (CVE-2026-41059, GHSA-7rh7-c77v-6434, oauth2-proxy) | `rooms::apps::open_paths_are_open_and_nothing_that_only_looks_like_them` |
//! | a request that could not be parsed got past the check (CVE-2021-32637, Authelia) | `what_can_not_be_read_is_refused_and_never_let_pass`, `gate::forwarded::tests::a_value_with_two_meanings_is_refused` |
//! | signing out led wherever a parameter said (GHSA-36f2-fcrx-fp4j, Authelia) | `rooms::apps::nobody_is_led_anywhere_but_to_the_app`, `nothing_that_a_request_names_is_where_signing_out_leads` |
//! | a session that waited for its second factor got codes (GHSA-3q28-qjrv-qr39, tinyauth) | `rooms::apps::without_the_second_factor_that_policy_asks_for_a_pass_opens_nothing`, `nobody_who_is_half_signed_in_gets_a_code` |
//! | a code was good for another app (GHSA-xg2q-62g2-cvcm, tinyauth; GHSA-xqxv-4jc2-x56x, Zitadel; CVE-2026-16089, Keycloak) | `a_code_opens_the_one_app_that_it_was_made_for` |
//! | what a flow began with could be left out at its end (CVE-2024-23647, authentik) | `rooms::apps::a_code_leads_in_once_within_seconds_at_its_own_host_and_only_the_browser_that_began` |
//! | what is good once was good twice (CVE-2025-46815, Zitadel) | `of_many_equal_codes_at_once_exactly_one_opens_the_app` |
//! | the id of a session came back for somebody else (CVE-2025-12390, Keycloak) | `a_pass_never_becomes_another_persons` |
//! | open sessions did not see a change of groups (GHSA-x883-2vmg-xwf7 and two like it, Authelia) | `rooms::groups::whoever_is_put_into_a_group_is_let_in_by_its_apps_and_whoever_is_taken_out_is_refused_on_the_next_request` |

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use portero::accounts::apps::manage::remove;
use portero::accounts::sessions::end::end_anybodys;
use portero::domain::{AppRules, OpenPath, SessionId};
use portero::store::session_ends::Which;

use crate::common::{second_factor, sid};
use crate::rooms::apps::{AtApp, DASH, PAGE, SCRIPT, WIKI, add_app, callback, entered, rules, set, with_wiki};
use crate::support::{PASSWORD, TestApp, operator};

/// How many sessions are ended under load. `PORTERO_TEST_GATE_ENDS=1000` asks for more.
fn ends() -> usize {
    std::env::var("PORTERO_TEST_GATE_ENDS").ok().and_then(|text| text.parse().ok()).unwrap_or(50)
}

/// A pass that is asked about all the time.
struct Held {
    sid: String,
    pass: String,
    /// Whether the answer to the act that ends its session has arrived.
    is_ended: AtomicBool,
    /// When a request was let in last, in microseconds after the beginning.
    let_in: AtomicU64,
}

/// Lets the askers stop, also after a failure.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[test]
fn from_the_answer_on_to_an_admins_click_no_request_of_an_ended_session_is_let_in() {
    const ASKERS: usize = 4;
    let (app, _) = with_wiki();
    let held: Vec<_> = (0..ends())
        .map(|number| {
            // A user may have a hundred sessions.
            let name = format!("person{}", number / 50);
            if number % 50 == 0 {
                app.add_user(&name);
            }
            let (at, browser) = entered(&app, WIKI, &name);
            let (sid, pass) = (sid(&browser), at.pass().to_owned());
            Held { sid, pass, is_ended: AtomicBool::new(false), let_in: AtomicU64::new(0) }
        })
        .collect();
    let (is_over, asked, let_in_late) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let begin = Instant::now();
    let micros = || u64::try_from(begin.elapsed().as_micros()).unwrap();
    let mut delays = Vec::new();
    std::thread::scope(|scope| {
        for asker in 0..ASKERS {
            let (app, held, is_over, asked, let_in_late) = (&app, &held, &is_over, &asked, &let_in_late);
            scope.spawn(move || {
                let mut at = AtApp::new(app, WIKI);
                let mut number = asker * 7919;
                while !is_over.load(Ordering::Acquire) {
                    // Mostly about those whose end is near, and about all others.
                    number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    let next = held.iter().position(|one| !one.is_ended.load(Ordering::Acquire)).unwrap_or(0);
                    let chosen = if number % 4 == 0 { (number >> 33) % held.len() } else { next };
                    let one = &held[chosen];
                    at.cookies.insert("__Host-portero_pass".into(), one.pass.clone());
                    let was_ended = one.is_ended.load(Ordering::Acquire);
                    let status = at.script("/").status;
                    asked.fetch_add(1, Ordering::Relaxed);
                    match status {
                        200 if was_ended => {
                            let_in_late.fetch_add(1, Ordering::Relaxed);
                        }
                        200 => {
                            one.let_in.fetch_max(micros(), Ordering::Relaxed);
                        }
                        401 => {}
                        other => panic!("{other}"),
                    }
                }
            });
        }
        let over = Over(&is_over);
        let mut admin = app.signed_in("adm");
        admin.get("/admin");
        for (number, one) in held.iter().enumerate() {
            if number % 100 == 99 {
                admin = app.signed_in("adm");
                admin.get("/admin");
            }
            // Somebody is in the app with it.
            let waits = Instant::now();
            while one.let_in.load(Ordering::Relaxed) == 0 {
                if waits.elapsed() > Duration::from_secs(60) {
                    let mut at = AtApp::new(&app, WIKI);
                    at.cookies.insert("__Host-portero_pass".into(), one.pass.clone());
                    let answer = at.script("/");
                    panic!("nobody is let in with pass {number}: {} {}", answer.status, answer.body);
                }
                std::thread::yield_now();
            }
            let clicked = micros();
            let answer = admin.post(&format!("/admin/sessions/{}/end", one.sid), &[]);
            assert_eq!(answer.status, 303, "{}", answer.body);
            one.is_ended.store(true, Ordering::Release);
            delays.push((clicked, micros()));
        }
        // Those that were under way are answered.
        std::thread::sleep(Duration::from_millis(100));
        drop(over);
    });
    assert_eq!(let_in_late.into_inner(), 0, "let in after the answer");
    let mut last: Vec<_> = held
        .iter()
        .zip(&delays)
        .map(|(one, (clicked, _))| one.let_in.load(Ordering::Relaxed).saturating_sub(*clicked))
        .collect();
    let mut answered: Vec<_> = delays.iter().map(|(clicked, answered)| answered - clicked).collect();
    for (what, times) in [("the last request let in", &mut last), ("the answer", &mut answered)] {
        times.sort_unstable();
        let at = |of_hundred: usize| times[(times.len() - 1) * of_hundred / 100] as f64 / 1000.0;
        println!("from the click to {what}: median {:.1} ms, p99 {:.1} ms, longest {:.1} ms", at(50), at(99), at(100));
    }
    println!("{} ends, {} requests", held.len(), asked.into_inner());
}

#[test]
fn whatever_a_cookie_or_a_token_looks_like_it_opens_nothing() {
    let (app, id) = with_wiki();
    let (at, _) = entered(&app, WIKI, "ana");
    let pass = at.pass().to_owned();
    let long = "a".repeat(3000);
    let altered = format!("{}{}", if pass.starts_with('A') { 'B' } else { 'A' }, &pass[1..]);
    let shapes = [
        "",
        " ",
        "=",
        ";",
        ",",
        "\"",
        "%00",
        "%",
        "\\",
        "null",
        "undefined",
        "{}",
        "[]",
        "true",
        "0",
        "-1",
        "../..",
        "a.b.c",
        &long,
        &pass[1..],
        &format!("{pass}="),
        &format!("{pass}x"),
        &format!("{pass}%00"),
        &altered,
        &pass.to_lowercase(),
        &pass.to_uppercase(),
        &format!(" {pass} x"),
        &format!("{pass},{pass}"),
    ];
    for takes_tokens in [false, true] {
        set(&app, id, move |rules| {
            (rules.takes_tokens, rules.observes) = (takes_tokens, false);
            rules.max_age = Some(if takes_tokens { 600 } else { 601 });
        });
        for shape in shapes {
            for cookie in [
                format!("__Host-portero_pass={shape}"),
                format!("__host-portero_pass={pass}; x={shape}"),
                format!("__Host-portero_pass_={pass}; {shape}"),
                format!("__Host-portero_pass={shape}; __Host-portero_pass_try={pass}"),
                format!("{shape}; $Version=1; __Host-portero_pass={shape}"),
            ] {
                let mut other = AtApp::new(&app, WIKI);
                let answer = other.check("GET", "/", &[&SCRIPT[..], &[("cookie", cookie.as_str())]].concat());
                assert_eq!(answer.status, 401, "{cookie:?}: {} {}", answer.status, answer.body);
                assert_eq!(answer.header("remote-user"), None, "{cookie:?}");
            }
            let value = format!("Bearer {shape}");
            let answer = AtApp::new(&app, WIKI).check("GET", "/", &[("authorization", value.trim_end())]);
            assert_eq!(answer.status, 401, "{value:?}: {} {}", answer.status, answer.body);
        }
    }
}

#[test]
fn no_header_of_the_client_changes_what_is_asked_about() {
    let (app, id) = with_wiki();
    let open = OpenPath::parse("/public").unwrap();
    set(&app, id, |rules| rules.open_paths = vec![open]);
    add_app(&app, "dash", rules(&[DASH]));
    let (at, _) = entered(&app, DASH, "ana");
    for (name, value) in [
        ("user-agent", "GoogleHC/1.0"),
        ("user-agent", "kube-probe/1.29"),
        ("x-forwarded-prefix", "/public"),
        ("x-forwarded-uri", "/public"),
        ("x-forwarded-path", "/public"),
        ("x-original-uri", "/public"),
        ("x-rewrite-url", "/public"),
        ("x-forwarded-host", DASH),
        ("x-forwarded-server", DASH),
        ("x-host", DASH),
        ("forwarded", "for=127.0.0.1;host=dash.example.net;proto=https"),
        ("x-forwarded-method", "OPTIONS"),
        ("x-http-method-override", "OPTIONS"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-real-ip", "127.0.0.1"),
        ("remote-user", "adm"),
        ("x-remote-user", "adm"),
        ("x-portero-assertion", "x"),
        ("purpose", "prefetch"),
        ("x-middleware-subrequest", "middleware"),
    ] {
        // With the pass of another app, which is not this one's.
        let mut client = at.clone();
        client.host = WIKI.into();
        let answer = client.check("GET", "/private", &[(name, value)]);
        assert_eq!(answer.status, 401, "{name}: {value}: {} {}", answer.status, answer.body);
        assert_eq!(answer.header("remote-user"), None, "{name}: {value}");
    }
    for (name, value) in
        [("X_Original_URL", "https://wiki.example.org/public"), ("Remote_User", "adm"), ("x_forwarded_for", "::1")]
    {
        let answer = AtApp::new(&app, WIKI).check("GET", "/private", &[(name, value)]);
        assert_eq!(answer.status, 400, "{name}: {} {}", answer.status, answer.body);
    }
}

#[test]
fn without_trusted_proxies_nobody_is_answered() {
    let app = TestApp::start();
    app.add_user("ana");
    let mut open = rules(&[WIKI]);
    (open.observes, open.passes_preflights) = (true, true);
    add_app(&app, "wiki", open);
    let mut at = AtApp::new(&app, WIKI);
    for path in ["nginx", "forward", "haproxy"] {
        let asked = [
            ("x-original-method", "GET"),
            ("x-original-url", "https://wiki.example.org/"),
            ("x-forwarded-method", "GET"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", WIKI),
            ("x-forwarded-uri", "/"),
            ("x-forwarded-for", "127.0.0.1"),
        ];
        let answer = at.send("GET", &format!("/gate/check/{path}"), &asked);
        assert!(
            answer.status == 400 && answer.body.contains("trusted_proxies"),
            "{path}: {} {}",
            answer.status,
            answer.body
        );
    }
}

#[test]
fn what_can_not_be_read_is_refused_and_never_let_pass() {
    let (app, id) = with_wiki();
    let (mut at, _) = entered(&app, WIKI, "ana");
    let everything = |rules: &mut AppRules| {
        rules.open_paths = vec![OpenPath::parse("/public").unwrap()];
        (rules.observes, rules.passes_preflights) = (true, true);
    };
    set(&app, id, everything);
    for (method, url) in [
        ("", "https://wiki.example.org/public"),
        ("get", "https://wiki.example.org/public"),
        ("GET /", "https://wiki.example.org/public"),
        ("GET", ""),
        ("GET", "/public"),
        ("GET", "wiki.example.org/public"),
        ("GET", "https://wiki.example.org"),
        ("GET", "https://wiki.example.org?/public"),
        ("GET", "https://wiki.example.org\\public"),
        ("GET", "https://wiki.example.org:443:443/public"),
        ("GET", "https://x@wiki.example.org/public"),
        ("GET", "https://wiki.example.org/pub lic"),
        ("GET", "https://wiki.example.org,wiki.example.org/public"),
        ("GET", "http://wiki.example.org/public"),
        ("GET", "ftp://wiki.example.org/public"),
        ("GET", "https://wiki.example.org.evil.example/public"),
        ("GET", "https://evil.example/public?https://wiki.example.org/public"),
    ] {
        for style in ["nginx", "haproxy"] {
            let asked = [("x-original-method", method), ("x-original-url", url)];
            let answer = at.send("GET", &format!("/gate/check/{style}"), &asked);
            assert_eq!(answer.status, 400, "{style} {method:?} {url:?}: {}", answer.body);
        }
    }
}

#[test]
fn nothing_that_a_request_names_is_where_signing_out_leads() {
    let (app, _) = with_wiki();
    let (at, _) = entered(&app, WIKI, "ana");
    for query in [
        "rd=https://evil.example",
        "url=//evil.example",
        "next=https://evil.example",
        "redirect_uri=https://evil.example",
    ] {
        let mut client = at.clone();
        let path = format!("/.portero/sign-out?{query}");
        let from_page = [("sec-fetch-site", "same-origin")];
        for (method, headers) in [("GET", &PAGE[..]), ("POST", &from_page[..])] {
            let answer = client.own(method, &path, headers);
            assert!(!answer.location().contains("evil"), "{path}: {}", answer.location());
            for attribute in ["href=\"", "action=\"", "url="] {
                let mut values = answer.body.split(attribute).skip(1);
                assert!(
                    !values.any(|value| value.split('"').next().unwrap().contains("evil")),
                    "{path}: {}",
                    answer.body
                );
            }
        }
    }
}

#[test]
fn nobody_who_is_half_signed_in_gets_a_code() {
    let (app, _) = with_wiki();
    second_factor(&app, "ana");
    let mut at = AtApp::new(&app, WIKI);
    let gate = at.start("/");
    let mut browser = app.browser();
    let asked = browser.sign_in("ana", PASSWORD);
    assert_eq!(asked.location().split('?').next(), Some("/login/factor"), "{}", asked.location());
    let answer = browser.get(&gate);
    assert!(answer.status == 303 && answer.location().starts_with("/login"), "{} {}", answer.status, answer.location());
    assert!(!answer.body.contains("callback?code=") && !answer.location().contains("code="), "{}", answer.body);
}

#[test]
fn a_code_opens_the_one_app_that_it_was_made_for() {
    let (app, _) = with_wiki();
    add_app(&app, "dash", rules(&[DASH]));
    let hosts = [WIKI, DASH];
    for made_for in hosts {
        for shown_at in hosts {
            let mut browser = app.signed_in("ana");
            let mut first = AtApp::new(&app, made_for);
            let gate = first.start("/");
            let back = callback(&browser.get(&gate));
            let (_, path) = back.split_once(made_for).unwrap();
            // With the nonce that it was made for, as a thief of both would have it.
            let mut shows = AtApp { host: shown_at.into(), ..first.clone() };
            let answer = shows.own("GET", path, &PAGE);
            let is_in = shows.cookies.contains_key("__Host-portero_pass");
            assert_eq!(is_in, made_for == shown_at, "of {made_for} at {shown_at}: {} {}", answer.status, answer.body);
        }
    }
}

#[test]
fn of_many_equal_codes_at_once_exactly_one_opens_the_app() {
    const AT_ONCE: usize = 16;
    let (app, _) = with_wiki();
    let mut browser = app.signed_in("ana");
    let mut at = AtApp::new(&app, WIKI);
    let gate = at.start("/");
    let back = callback(&browser.get(&gate));
    let path = at.path(&back).to_owned();
    let opened: usize = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let (mut one, path) = (AtApp { client: app.client(), ..at.clone() }, path.as_str());
                scope.spawn(move || usize::from(one.own("GET", path, &PAGE).status == 303))
            })
            .collect();
        tries.into_iter().map(|one| one.join().unwrap()).sum()
    });
    assert_eq!(opened, 1);
    assert_eq!(app.accounts.blocklist.passes(), 1);
}

#[test]
fn a_pass_never_becomes_another_persons() {
    let (app, id) = with_wiki();
    let (mut ana, mut browser) = entered(&app, WIKI, "ana");
    let session = SessionId::parse(&sid(&browser)).unwrap();
    // Somebody else signs in with the same browser, which still holds the pass.
    assert_eq!(browser.post("/logout", &[]).status, 303);
    browser.sign_in("bea", PASSWORD);
    assert_ne!(sid(&browser), session.to_string());
    assert_eq!(ana.script("/").status, 401);
    end_anybodys(&app.accounts, operator(), Which::One(session)).committed().unwrap();
    // Nor does it come to mean an app that is added later at the same place.
    let (mut bea, _) = entered(&app, WIKI, "bea");
    assert!(remove(&app.accounts, operator(), id).committed().unwrap());
    let again = add_app(&app, "wiki", rules(&[WIKI]));
    assert_ne!(id, again);
    assert_eq!(bea.script("/").status, 401);
}
