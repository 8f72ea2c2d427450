//! Promise: one file adds a language, and every page speaks it. In a pseudo-language a text that was forgotten stands out.

use std::fmt::Write;

use portero::accounts::apps::manage::{Added, add, set};
use portero::domain::{Allowed, AppName, AppOrigin, AppRules, LogoutUri};
use tempfile::TempDir;

use crate::common::{Route, add_by_form, app, link_on, routes, second_factor, sid};
use crate::openid::{Party, uri};
use crate::rooms::nodes::add_node;
use crate::support::mail_server::MailServer;
use crate::support::{Browser, PASSWORD, TestApp, operator, totp};

const ENGLISH: &str = include_str!("../../../templates/locales/en.ftl");

/// The English catalogue with a mark before and behind every text; names, selectors and places for values stay.
fn pseudo() -> String {
    let mut text = String::new();
    for line in ENGLISH.lines() {
        let is_text = |value: &str| !value.trim().is_empty();
        let marked = match line.split_once(" = ") {
            Some((key, value)) if !line.starts_with([' ', '#']) && is_text(value) => Some((format!("{key} = "), value)),
            _ if line.trim_start().starts_with(['[', '*']) => {
                line.split_once("] ").map(|(selector, value)| (format!("{selector}] "), value))
            }
            _ => None,
        };
        match marked {
            Some((before, value)) => writeln!(text, "{before}«{value}»").unwrap(),
            None => writeln!(text, "{line}").unwrap(),
        }
    }
    text
}

/// The texts that people read on a page, without tags and their attributes. Ids, keys and values of settings, which pages show as
/// code, belong to no language.
fn words(page: &str) -> Vec<String> {
    let body = page.split("<body").nth(1).unwrap();
    let texts = body.split('<').filter_map(|piece| piece.split_once('>'));
    let texts = texts.filter(|(tag, _)| !tag.contains("class=\"code\"")).map(|(_, text)| text.trim().to_owned());
    texts.filter(|text| text.chars().any(char::is_alphabetic)).collect()
}

/// The pages that were seen, and the paths of those that were visited.
#[derive(Default)]
struct Seen {
    pages: Vec<String>,
    paths: Vec<String>,
}

impl Seen {
    fn visit(&mut self, browser: &mut Browser, path: &str) {
        let page = browser.get(path);
        assert_eq!(page.status, 200, "{path}");
        self.pages.push(page.body);
        self.paths.push(path.to_owned());
    }
}

/// The route that a path leads to. Of two that fit, the one with fewer places for ids.
fn route_of(routes: &[Route], path: &str) -> &'static str {
    let path = path.split('?').next().unwrap();
    let fits = |route: &&Route| {
        let pairs = || route.path.split('/').zip(path.split('/'));
        route.path.split('/').count() == path.split('/').count()
            && pairs().all(|(wanted, found)| wanted.starts_with('{') || wanted == found)
    };
    routes.iter().filter(fits).min_by_key(|route| route.path.matches('{').count()).unwrap().path
}

/// The pages about second factors, of which one is bea's; `browser` is the admin's.
fn second_factor_pages(app: &TestApp, browser: &mut Browser, seen: &mut Seen) {
    seen.visit(browser, "/account/factors");
    seen.visit(browser, "/account/factors/totp");
    seen.visit(browser, "/account/factors/recovery-codes");
    let path = browser.post("/account/factors/totp", &[("name", "ana")]).location().to_owned();
    seen.visit(browser, &path);
    seen.pages.push(browser.post(&path, &[("code", "no code")]).body);
    let (secret, codes) = second_factor(app, "bea");
    let mut bea = app.browser();
    bea.headers.clone_from(&browser.headers);
    bea.sign_in("bea", PASSWORD);
    seen.visit(&mut bea, "/login/factor");
    let wrong = totp::wrong_code(&secret, app.accounts.now().0);
    seen.pages.push(bea.post("/login/factor", &[("code", &wrong)]).body);
    seen.visit(&mut bea, "/login/factor?method=recovery_code");
    assert_eq!(
        bea.post("/login/factor", &[("method", "recovery_code"), ("code", &codes[0]), ("trust", "on")]).status,
        303
    );
    seen.visit(&mut bea, "/account");
    seen.visit(&mut bea, "/account/factors");
    seen.visit(&mut bea, "/confirm?next=/account/factors&acr_values=aal2");
    seen.visit(&mut bea, "/account/factors/2/remove");
    let codes = bea.post("/account/factors/recovery-codes", &[]).body;
    seen.pages.push(codes);
    seen.visit(&mut bea, "/account/factors/2/rename");
    let mut local = app.local_browser();
    local.headers.clone_from(&browser.headers);
    seen.visit(&mut local, "/login");
    seen.pages.push(local.post("/login", &[("passkey", "none")]).body);
    local.cookies.clone_from(&bea.cookies);
    seen.visit(&mut local, "/account/factors/passkey");
    seen.pages.push(local.post("/account/factors/passkey", &[("name", "ana"), ("passkey", "none")]).body);
    seen.visit(&mut bea, "/account/factors/passkey");
    seen.visit(browser, "/admin/users/2/reset-factors");
    seen.visit(browser, "/admin/users/2/forget-browsers");
    seen.visit(browser, "/admin/users/2/enrolment-link");
}

/// The pages on the way into an app and out of it.
fn gate_pages(app: &TestApp, browser: &mut Browser, seen: &mut Seen) {
    let host = ("host", "wiki.example.org");
    let rules =
        AppRules { origins: vec![AppOrigin::parse("https://wiki.example.org").unwrap()], ..AppRules::default() };
    let name = AppName::parse("wiki").unwrap();
    let Ok(Added { id, .. }) = add(&app.accounts, operator(), name, rules).committed().unwrap() else { panic!() };
    let led = browser.get_with("/.portero/start", &[host]);
    let gate = format!("/gate?{}", led.location().split_once("/gate?").unwrap().1);
    seen.visit(browser, &gate);
    let (_, code) = seen.pages.last().unwrap().split_once("callback?code=").unwrap();
    let callback = format!("/.portero/callback?code={}", code.split('"').next().unwrap());
    assert_eq!(browser.get_with(&callback, &[host]).status, 303);
    seen.visit(browser, "/account");
    let session = sid(browser);
    seen.visit(browser, &format!("/account/sessions/{session}"));
    for path in ["/admin/apps", "/admin/apps/add", "/admin/apps/1", "/admin/apps/1/openid", "/admin/apps/1/remove"] {
        seen.visit(browser, path);
    }
    seen.visit(browser, "/admin/groups");
    seen.visit(browser, "/admin/groups/add");
    seen.visit(browser, "/admin/users/1/groups");
    seen.pages.push(browser.post("/admin/groups/add", &[("name", "x 1")]).body);
    let group = browser.post("/admin/groups/add", &[("name", "editors1")]).location().to_owned();
    seen.visit(browser, &group);
    seen.pages.push(browser.post(&group, &[("people", "nobody1")]).body);
    assert_eq!(browser.post(&group, &[("people", "bea")]).status, 303);
    for path in [&group, &format!("{group}/remove"), "/admin/users/1/groups", "/admin/users/2", "/admin/groups"] {
        seen.visit(browser, path);
    }
    let bad = [
        ("origins", "x1"),
        ("who", "listed"),
        ("people", "nobody1"),
        ("groups", "x 1"),
        ("open_paths", "x1"),
        ("max_age", "x1"),
    ];
    seen.pages.push(browser.post("/admin/apps/add", &bad).body);
    let closed = set(&app.accounts, operator(), id, |rules| rules.allowed = Allowed::Listed(Vec::new()));
    assert!(closed.committed().unwrap().unwrap());
    seen.pages.push(browser.get(&gate).body);
    for (path, status) in [("/.portero/callback", 400), ("/.portero/sign-out", 200)] {
        let page = browser.get_with(path, &[host]);
        assert_eq!(page.status, status, "{path}");
        seen.pages.push(page.body);
    }
    let left = browser.send("POST", "/.portero/sign-out", &[host, ("sec-fetch-site", "same-origin")], b"");
    assert_eq!(left.status, 200);
    seen.pages.push(left.body);
}

/// The pages on the way to an app that speaks OpenID Connect, and those about what it was told.
fn openid_pages(app: &TestApp, browser: &mut Browser, seen: &mut Seen) {
    let wiki = Party::with(app, "wiki2", |rules| rules.openid.post_logout_uris.push(uri("https://wiki2.example.org/")));
    for (field, value) in
        [("client_id", "nobody"), ("client_id", ""), ("redirect_uri", ""), ("redirect_uri", "https://x1")]
    {
        seen.pages.push(wiki.send(browser, &[(field, value)]).body);
    }
    seen.pages.push(browser.get("/authorize?kept=none").body);
    seen.pages.push(wiki.send(browser, &[("response_mode", "form_post"), ("prompt", "none")]).body);
    let asked = browser.get(&wiki.path(&[("scope", "openid profile email groups offline_access")]));
    let path = asked.location().to_owned();
    seen.visit(browser, &path);
    let kept = path.split_once('=').unwrap().1.to_owned();
    let agreed = browser.post("/authorize/consent", &[("kept", &kept), ("decision", "allow")]);
    assert!(wiki.read(&agreed).contains_key("code"));
    for fields in ["post_logout_redirect_uri=https://x1", "kept=none", "state=a&state=b", "client_id=nobody"] {
        let page = browser.get(&format!("/end-session?{fields}"));
        assert_eq!(page.status, 400, "{fields}");
        seen.pages.push(page.body);
    }
    let leaving =
        format!("/end-session?client_id={}&post_logout_redirect_uri=https%3A%2F%2Fwiki2.example.org%2F", wiki.id);
    let path = browser.get(&leaving).location().to_owned();
    seen.visit(browser, &path);
    seen.visit(browser, "/account");
    let openid = format!("/admin/apps/{}/openid", wiki.number.0);
    seen.visit(browser, &openid);
    seen.pages.push(browser.post(&openid, &[("act", "secret")]).body);
    seen.pages.push(browser.post(&openid, &[("redirect_uris", "x1\nhttp://x1")]).body);
    wiki.set(|rules| rules.allowed = Allowed::Listed(Vec::new()));
    seen.pages.push(wiki.send(browser, &[]).body);
    browser.get("/account");
    assert_eq!(browser.post(&format!("/account/apps/{}/withdraw", wiki.number.0), &[]).status, 303);
    seen.visit(browser, "/account");
}

/// The pages that are there where Portero sends mail; `browser` is the admin's.
fn mail_pages(app: &TestApp, mail: &MailServer, browser: &mut Browser, seen: &mut Seen) {
    seen.visit(browser, "/forgot-password");
    seen.pages.push(browser.post("/forgot-password", &[("who", "")]).body);
    seen.pages.push(browser.post("/forgot-password", &[("who", "nobody")]).body);
    browser.get("/admin/users/add");
    let fields = [("username", "wiki6"), ("mail", "wiki6@127.0.0.1")];
    let made = browser.post("/admin/users/add", &fields).location().to_owned();
    let came = mail.wait_for(1)[0].clone();
    app.wait_until_all_is_stored();
    seen.visit(browser, &made);
    let mut invited = app.browser();
    invited.get(&came.path("link"));
    invited.post(&came.path("link"), &[("new_password", PASSWORD), ("new_password_again", PASSWORD)]);
    assert_eq!(app.browser().sign_in("wiki6", PASSWORD).status, 303);
    let path = mail.wait_for(2)[1].path("not-me");
    seen.visit(browser, &path);
    seen.pages.push(browser.post(&path, &[]).body);
    seen.visit(browser, "/account/mail");
    assert_eq!(browser.post("/account/mail", &[("mail", "ana@127.0.0.1")]).status, 303);
    let path = mail.wait_for(3)[2].path("account/mail");
    seen.visit(browser, &path);
    seen.visit(browser, "/account");
    mail.refuse(Some("550 no"));
    browser.get("/admin/users/add");
    browser.post("/admin/users/add", &[("username", "wiki7"), ("mail", "wiki7@127.0.0.1")]);
    seen.visit(browser, "/admin/about");
}

#[test]
fn every_page_speaks_a_language_that_was_added_by_one_file() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("qps.ftl"), pseudo()).unwrap();
    let mail = MailServer::start();
    let url = mail.url();
    let settings = [
        ("mail.url", url.as_str()),
        ("mail.from", "login@example.org"),
        ("languages_dir", folder.path().to_str().unwrap()),
        ("site_name", "Sitio"),
        ("trusted_proxies", "127.0.0.1"),
        ("second_factor_remember", "30d"),
    ];
    let app = TestApp::with(&settings);
    let reader = || {
        let mut browser = app.browser();
        browser.headers.push(("accept-language".into(), "qps,en;q=0.5".into()));
        browser
    };
    let mut browser = reader();
    let mut seen = Seen::default();
    seen.visit(&mut browser, "/");
    seen.visit(&mut browser, &app.setup_path());
    app.add_admin("ana");
    app.add_user("bea");
    seen.visit(&mut browser, "/login");
    assert!(
        seen.pages[1].contains("<html lang=\"qps\">") && seen.pages[1].contains("«English»"),
        "it can be chosen by its name"
    );
    seen.visit(&mut browser, "/sign-in-help");
    seen.visit(&mut browser, "/openapi");
    seen.pages.push(browser.get("/nowhere").body);
    seen.pages.push(browser.sign_in("ana", "a wrong password").body);
    browser.sign_in("ana", PASSWORD);
    let of_ana = sid(&app.signed_in("ana"));
    let mut at_bea = app.signed_in("bea");
    let of_bea = sid(&at_bea);
    for path in [
        "/account",
        &format!("/account/sessions/{of_ana}"),
        &format!("/account/sessions/{of_ana}/end"),
        "/change-password",
        "/confirm",
        "/logout",
        "/admin/users",
        "/admin/users/add",
        "/admin/users/2",
        "/admin/users/2/disable",
        "/admin/users/2/delete",
        "/admin/users/2/schedule",
        "/admin/users/2/rename",
        "/admin/users/2/details",
        "/admin",
        "/admin/sessions",
        &format!("/admin/sessions/{of_bea}"),
        &format!("/admin/sessions/{of_bea}/end"),
        "/admin/sessions/end",
        "/admin/audit",
        "/admin/audit?user=nobody",
        "/account/activity",
        "/admin/about",
        "/admin/doctor",
        "/admin/nodes",
    ] {
        seen.visit(&mut browser, path);
    }
    second_factor_pages(&app, &mut browser, &mut seen);
    gate_pages(&app, &mut browser, &mut seen);
    openid_pages(&app, &mut browser, &mut seen);
    // An app that can't be reached, and one that is not told.
    let told_at = LogoutUri::parse("http://127.0.0.1:9/logout", true).unwrap();
    for (name, told_at) in [("wiki4", Some(told_at)), ("wiki5", None)] {
        let party = Party::with(&app, name, |rules| {
            rules.openid.is_trusted = true;
            rules.backchannel_logout = told_at;
        });
        party.tokens(&mut at_bea, &[]);
    }
    let ended = browser.post(&format!("/admin/sessions/{of_bea}/end"), &[]);
    seen.visit(&mut browser, ended.location());
    // With something in it, and a story with an end.
    add_node(&app, 1, "{}", "0", 0);
    add_node(&app, 2, r#"{\"session.idle\":\"2d\"}"#, "NULL", 60);
    seen.visit(&mut browser, "/admin/nodes");
    seen.visit(&mut browser, "/admin");
    seen.visit(&mut browser, "/admin/revoked");
    seen.visit(&mut browser, &format!("/admin/sessions/{of_bea}"));
    let made = add_by_form(&mut browser, "cleo");
    seen.paths.push("/admin/users/3/made-link".into());
    seen.pages.push(made.body.clone());
    seen.pages.push(browser.get("/admin/users/2/made-link").body);
    seen.visit(&mut reader(), &link_on(&made));

    browser.get("/admin/users/2/rename");
    seen.pages.push(browser.post("/admin/users/2/rename", &[("new_name", "cleo")]).body);
    seen.pages.push(browser.post("/admin/users/2/rename", &[("new_name", "beatriz")]).body);
    app.add_user("eva");
    app.delete("eva");
    for path in ["/admin/users?state=deleted", "/admin/users/4", "/admin/users/4/restore"] {
        seen.pages.push(browser.get(path).body);
    }
    seen.pages.push(browser.get("/admin/users/4/enable").body);
    browser.get("/admin/users/add");
    seen.pages.push(browser.post("/admin/users/add", &[("username", "eva")]).body);

    mail_pages(&app, &mail, &mut browser, &mut seen);

    let routes = routes();
    // This one only leads on, and exports are files.
    let is_no_page = |path: &str| path == "/.well-known/change-password" || path.ends_with("/export");
    for route in routes.iter().filter(|route| route.is_page && route.methods.contains(&"GET")) {
        let was_seen = seen.paths.iter().any(|path| route_of(&routes, path) == route.path);
        assert!(was_seen || is_no_page(route.path), "{} was not visited", route.path);
    }
    // Names, also of formats, moments, addresses and ids belong to no language.
    let is_nobodys = |text: &str| {
        [
            "ana",
            "bea",
            "cleo",
            "eva",
            "wiki",
            "Phone",
            "Sitio",
            "English",
            "Español",
            "UTC",
            "TestBrowser",
            "ureq",
            "127.0.0.1",
            "CSV",
            "JSON Lines",
        ]
        .iter()
        .any(|word| text.contains(word))
            || text.chars().any(|c| c.is_ascii_digit())
    };
    for page in &seen.pages {
        for text in words(page) {
            assert!(text.contains('«') || is_nobodys(&text), "{text:?} is not translated in {page}");
        }
    }
}

#[test]
fn the_new_language_has_its_own_plural_forms() {
    let folder = TempDir::new().unwrap();
    // Polish has a plural form for 2 to 4.
    let few = "user-act-ends =\n    { $n ->\n        [one] jedna sesja\n        [few] { $n } sesje\n       *[other] { $n } sesji\n    }\n";
    let at = ENGLISH.find("user-act-ends =").unwrap();
    let end = at + ENGLISH[at..].find("    }\n").unwrap() + "    }\n".len();
    let polish = format!("{}{few}{}", &ENGLISH[..at], &ENGLISH[end..]);
    std::fs::write(folder.path().join("pl.ftl"), polish).unwrap();
    let app = TestApp::with(&[("languages_dir", folder.path().to_str().unwrap())]);
    app.add_admin("ana");
    app.add_user("bea");
    let mut browser = app.signed_in("ana");
    browser.headers.push(("accept-language".into(), "pl".into()));
    for (count, words) in [(1, "jedna sesja"), (2, "2 sesje"), (3, "3 sesje"), (4, "4 sesje"), (5, "5 sesji")] {
        app.tokens("bea");
        assert!(browser.get("/admin/users/2/disable").body.contains(words), "{count}");
    }
}

#[test]
fn an_error_page_speaks_the_readers_language() {
    let app = app();
    let mut browser = app.browser();
    browser.headers.push(("accept-language".into(), "es-AR,es;q=0.9,en;q=0.5".into()));
    assert!(browser.get("/nowhere").body.contains("Página no encontrada"));
}
