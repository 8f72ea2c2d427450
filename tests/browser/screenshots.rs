//! Takes pictures of every page, light and dark, narrow and wide, in both languages. No page may be wider than its window.

use std::os::unix::fs::PermissionsExt;
use std::time::{SystemTime, UNIX_EPOCH};

use fantoccini::Locator;
use tempfile::TempDir;

use crate::accessibility::report;
use crate::browser::{Browser, Driver, Wishes};
use crate::database::execute;
use crate::mail_server::MailServer;
use crate::portero::{PASSWORD, Server, ok, portero};
use crate::totp;

const MAIN_BUTTON: Locator<'_> = Locator::Css("main button.primary");

pub(crate) async fn sign_in(browser: &Browser, server: &Server, name: &str) {
    browser.open(&format!("http://{}/login?next=/account", server.address)).await;
    browser.type_into("username", name).await;
    browser.type_into("password", PASSWORD).await;
    browser.go_by(browser.element(MAIN_BUTTON).await).await;
}

/// Takes a picture of the page in each of four looks.
pub(crate) async fn pictures(browser: &Browser, name: &str) {
    for (look, width, dark) in
        [("light", 1280, false), ("dark", 1280, true), ("narrow", 320, false), ("narrow-dark", 320, true)]
    {
        browser.look(width, 800, dark).await;
        browser.picture(&format!("{name}-{look}")).await;
        assert!(!browser.is_too_wide().await, "{name} at {width} px");
    }
    browser.look(1280, 900, false).await;
}

async fn every_page(language: &'static str) {
    let folder = TempDir::new().unwrap();
    let mail = MailServer::start();
    let mut command = portero(folder.path());
    command.env("PORTERO_MAIL_URL", mail.url()).env("PORTERO_MAIL_FROM", "login@example.org");
    let server = Server::with(folder.path(), command);
    let driver = Driver::start();
    let browser = driver.browser_with(&Wishes { language, ..Wishes::default() }).await;
    let at = |path: &str| format!("http://{}{path}", server.address);
    let name = |page: &str| format!("{page}-{language}");

    let said = server.said();
    browser.open(said.split_whitespace().find(|word| word.contains("/setup/")).unwrap()).await;
    pictures(&browser, &name("setup")).await;
    browser.open(&at("/")).await;
    pictures(&browser, &name("no-account")).await;
    ok(folder.path(), &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
    ok(folder.path(), &["user", "add", "Íñigo", "--password-stdin"], PASSWORD);
    for _ in 0..2 {
        let tokens = server.log_in("Íñigo", PASSWORD).unwrap();
        let confirm = serde_json::json!({ "password": PASSWORD });
        server.ask("POST", "/confirm", Some(&tokens.text("access_token")), Some(&confirm)).unwrap();
        server.ask("DELETE", "/logout", Some(&tokens.text("refresh_token")), None).unwrap();
    }
    ok(folder.path(), &["user", "disable", "Íñigo"], "");
    server.log_in("ana", PASSWORD).unwrap();

    browser.open(&at("/login")).await;
    pictures(&browser, &name("login")).await;
    browser.open(&at("/change-password")).await;
    sign_in(&browser, &server, "Íñigo").await;
    pictures(&browser, &name("login-disabled")).await;
    sign_in(&browser, &server, "ana").await;
    let pages = [
        "account",
        "change-password",
        "confirm?next=/change-password",
        "logout",
        "logout?scope=others",
        "admin",
        "admin/sessions",
        "admin/sessions?from=2020-01-01",
        "admin/sessions/00000000",
        "admin/revoked",
        "admin/sessions/end?since=2020-01-01",
        "admin/sessions/end",
        "nowhere",
    ];
    for page in pages {
        browser.open(&at(&format!("/{page}"))).await;
        let short = match page.split_once('?') {
            Some((path, query)) if path != "admin/sessions/end" => {
                format!("{path}-{query}").replace(['/', '?', '='], "-")
            }
            Some((path, _)) => path.replace('/', "-"),
            None => page.replace("/end", "/end-ask").replace('/', "-"),
        };
        pictures(&browser, &name(&short)).await;
    }
    for (look, dark) in [("narrow", false), ("narrow-dark", true)] {
        browser.look(320, 800, dark).await;
        browser.open(&at("/admin")).await;
        browser.element(Locator::Css(".menu-button")).await.click().await.unwrap();
        browser.picture(&format!("{}-{look}", name("menu"))).await;
    }
    browser.look(1280, 900, false).await;
    for (list, link, page) in [
        ("/account", "td .row-links a:first-child", "story"),
        ("/account", "td .row-links a[href$='/end']", "end-session"),
    ] {
        browser.open(&at(list)).await;
        browser.go_by(browser.element(Locator::Css(link)).await).await;
        pictures(&browser, &name(page)).await;
    }
    browser.go_by(browser.element(MAIN_BUTTON).await).await;
    pictures(&browser, &name("receipt")).await;
    let invited = ok(folder.path(), &["user", "invite", "leo"], "");
    let report = report(folder.path(), &mail);
    let link = invited.split_whitespace().next().unwrap().split_once("/link/").unwrap().1;
    for (path, page) in [
        (format!("/link/{link}"), "link"),
        ("/sign-in-help".into(), "sign-in-help"),
        ("/openapi".into(), "openapi"),
        ("/forgot-password".into(), "forgot-password"),
        (report.clone(), "not-me"),
        ("/admin/users".into(), "users"),
        ("/admin/users?name=zzz".into(), "users-nobody"),
        ("/admin/users/add".into(), "add-user"),
        ("/admin/users/2".into(), "user"),
        ("/admin/users/3/disable".into(), "user-disable"),
        ("/admin/users/3/schedule".into(), "user-schedule"),
        ("/admin/users/3/delete".into(), "user-delete"),
        ("/admin/users/3/rename".into(), "user-rename"),
        ("/admin/users/3/details".into(), "user-details"),
        ("/admin/audit".into(), "audit"),
        ("/admin/audit?what=user_deleted".into(), "audit-nothing"),
        ("/account/activity".into(), "activity"),
        ("/admin/about".into(), "about"),
        ("/admin/doctor".into(), "doctor"),
        ("/account".into(), "account-with-mail"),
        ("/account/mail".into(), "own-address"),
    ] {
        browser.open(&at(&path)).await;
        pictures(&browser, &name(page)).await;
    }
    browser.open(&at(&report)).await;
    browser.go_by(browser.element(MAIN_BUTTON).await).await;
    pictures(&browser, &name("not-me-done")).await;
    browser.open(&at("/account/mail")).await;
    browser.type_into("mail", "ana@new.example").await;
    browser.go_by(browser.element(MAIN_BUTTON).await).await;
    let confirm = mail.wait_for(2)[1].path("account/mail");
    browser.open(&at(&confirm)).await;
    pictures(&browser, &name("confirm-address")).await;
    std::fs::set_permissions(folder.path().join("data"), std::fs::Permissions::from_mode(0o755)).unwrap();
    browser.open(&at("/admin/doctor")).await;
    pictures(&browser, &name("doctor-wrong")).await;
    std::fs::set_permissions(folder.path().join("data"), std::fs::Permissions::from_mode(0o700)).unwrap();
    browser.open(&at("/forgot-password")).await;
    browser.type_into("who", "ana").await;
    browser.go_by(browser.element(MAIN_BUTTON).await).await;
    pictures(&browser, &name("forgot-password-sent")).await;
    browser.open(&at("/admin/users/3/delete")).await;
    browser.go_by(browser.element(MAIN_BUTTON).await).await;
    pictures(&browser, &name("user-delete-error")).await;
    browser.open(&at("/admin/users/3/rename")).await;
    browser.type_into("new_name", "leonardo").await;
    browser.go_by(browser.element(MAIN_BUTTON).await).await;
    pictures(&browser, &name("user-rename-confirm")).await;
    browser.open(&at("/admin/users/3/link")).await;
    browser.go_by(browser.element(MAIN_BUTTON).await).await;
    pictures(&browser, &name("made-link")).await;
    for (path, page) in [("/account/factors", "factors-none"), ("/account/factors/totp", "factor-add")] {
        browser.open(&at(path)).await;
        pictures(&browser, &name(page)).await;
    }
    browser.go_by(browser.element(MAIN_BUTTON).await).await;
    pictures(&browser, &name("factor-confirm")).await;
    let secret = browser.element(Locator::Css(".secret")).await.text().await.unwrap();
    browser.type_into("code", "no code").await;
    browser.go_by(browser.element(MAIN_BUTTON).await).await;
    pictures(&browser, &name("factor-confirm-error")).await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    browser.type_into("code", &totp::code(&secret, i64::try_from(now).unwrap())).await;
    browser.go_by(browser.element(MAIN_BUTTON).await).await;
    pictures(&browser, &name("recovery-codes")).await;
    for (path, page) in [
        ("/account/factors", "factors"),
        ("/account/factors/recovery-codes", "recovery-codes-ask"),
        ("/account/factors/1/remove", "factor-remove"),
        ("/confirm?next=/account/factors&acr_values=aal2", "confirm-code"),
    ] {
        browser.open(&at(path)).await;
        pictures(&browser, &name(page)).await;
    }
    browser.open(&at("/logout")).await;
    browser.go_by(browser.element(MAIN_BUTTON).await).await;
    sign_in(&browser, &server, "ana").await;
    pictures(&browser, &name("second-step")).await;
    browser.type_into("code", "000000").await;
    browser.go_by(browser.element(MAIN_BUTTON).await).await;
    pictures(&browser, &name("second-step-error")).await;
    browser.open(&at("/login/factor?method=recovery_code")).await;
    pictures(&browser, &name("second-step-recovery")).await;
    ok(folder.path(), &["user", "reset-factors", "ana", "--yes"], "");
    // Who came by a link has never given the current password.
    let made = ok(folder.path(), &["user", "reset-link", "ana"], "");
    let link = made.split_whitespace().next().unwrap().split_once("/link/").unwrap().1;
    browser.open(&at(&format!("/link/{link}"))).await;
    browser.type_into("new_password", PASSWORD).await;
    browser.type_into("new_password_again", PASSWORD).await;
    browser.go_by(browser.element(MAIN_BUTTON).await).await;
    browser.open(&at("/change-password")).await;
    pictures(&browser, &name("change-password-asks")).await;
    browser.type_into("new_password", "short").await;
    browser.go_by(browser.element(MAIN_BUTTON).await).await;
    pictures(&browser, &name("change-password-error")).await;
    browser.close().await;
}

#[actix_web::test]
async fn every_page_in_english() {
    every_page("en").await;
}

#[actix_web::test]
async fn every_page_in_spanish() {
    every_page("es").await;
}

#[actix_web::test]
async fn second_factors_under_a_policy_in_english() {
    under_a_policy("en").await;
}

#[actix_web::test]
async fn second_factors_under_a_policy_in_spanish() {
    under_a_policy("es").await;
}

#[actix_web::test]
async fn apps_and_groups_in_english() {
    apps_and_groups("en").await;
}

#[actix_web::test]
async fn apps_and_groups_in_spanish() {
    apps_and_groups("es").await;
}

/// The pages about apps behind the gate and groups of people, without any of them and with some.
async fn apps_and_groups(language: &'static str) {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
    for name in ["bea", "Íñigo"] {
        ok(folder.path(), &["user", "add", name, "--password-stdin"], PASSWORD);
    }
    let server = Server::with(folder.path(), portero(folder.path()));
    let driver = Driver::start();
    let browser = driver.browser_with(&Wishes { language, ..Wishes::default() }).await;
    let at = |path: &str| format!("http://{}{path}", server.address);
    let pages = async |pages: &[(&str, &str)]| {
        for (path, page) in pages {
            browser.open(&at(path)).await;
            pictures(&browser, &format!("{page}-{language}")).await;
        }
    };
    let send = async |path: &str, field: &str, text: &str, page: &str| {
        browser.open(&at(path)).await;
        browser.type_into(field, text).await;
        browser.go_by(browser.element(MAIN_BUTTON).await).await;
        pictures(&browser, &format!("{page}-{language}")).await;
    };
    sign_in(&browser, &server, "ana").await;
    pages(&[
        ("/admin/apps", "apps-none"),
        ("/admin/groups", "groups-none"),
        ("/admin/users/2/groups", "user-groups-none"),
        ("/admin/groups/add", "add-group"),
    ])
    .await;
    send("/admin/groups/add", "name", "two words", "add-group-error").await;
    send("/admin/groups/add", "name", "editors", "group-added").await;
    send("/admin/groups/1", "people", "nobody", "group-error").await;
    send("/admin/groups/1", "people", "bea\nÍñigo", "group").await;
    ok(folder.path(), &["group", "add", "org/team:a-name-that-is-as-long-as-a-group-may-have-here-at-most"], "");
    let wiki = ["--origin", "https://wiki.example.org", "--origin", "https://wiki.example.net:8443", "--allow"];
    let wiki = [&["app", "add", "wiki"], &wiki[..], &["group:editors", "--open-path", "/public"]].concat();
    ok(folder.path(), &wiki, "");
    ok(folder.path(), &["app", "add", "cameras", "--origin", "https://cameras.example.org", "--observe"], "");
    ok(folder.path(), &["app", "add", "shop", "--introspect"], "");
    let notes = "https://notes.example.org";
    let (redirect, told) = (format!("{notes}/callback"), format!("{notes}/told"));
    let notes = ["app", "add", "notes", "--redirect-uri", &redirect, "--backchannel-logout-uri", &told];
    ok(folder.path(), &notes, "");
    // As a drill would have noted it.
    execute(
        folder.path(),
        "INSERT INTO app_drills (app_id, at, outcome, lasted_ms, let_in, acknowledged) \
         VALUES (4, 1790000000, 'still_let_in', 30120, 57, TRUE), (1, 1790000000, 'refused', 12, 0, FALSE)",
    );
    pages(&[
        ("/admin/apps", "apps"),
        ("/admin/apps/4", "app-drilled"),
        ("/admin/apps/4/openid", "app-openid"),
        ("/admin/about", "about-apps"),
        ("/admin/apps/1", "app"),
        ("/admin/apps/3", "app-that-asks"),
        ("/admin/apps/1/remove", "app-remove"),
        ("/admin/apps/add", "add-app"),
        ("/admin/groups", "groups"),
        ("/admin/groups/1/remove", "group-remove-error"),
        ("/admin/groups/2/remove", "group-remove"),
        ("/admin/users/3/groups", "user-groups"),
        ("/admin/users/3", "user-in-group"),
        ("/admin/users", "users-and-groups"),
    ])
    .await;
    send("/admin/apps/add", "origins", "wiki.example.org", "add-app-error").await;
    browser.close().await;
}

/// Everybody needs a second factor, browsers can be remembered, and somebody has lost their phone.
async fn under_a_policy(language: &'static str) {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
    for name in ["bea", "Íñigo"] {
        ok(folder.path(), &["user", "add", name, "--password-stdin"], PASSWORD);
    }
    let mut command = portero(folder.path());
    command.env("PORTERO_SECOND_FACTOR", "everyone").env("PORTERO_SECOND_FACTOR_REMEMBER", "30d");
    let server = Server::with(folder.path(), command);
    let driver = Driver::start();
    let browser = driver.browser_with(&Wishes { language, ..Wishes::default() }).await;
    let at = |path: &str| format!("http://{}{path}", server.address);
    let name = |page: &str| format!("{page}-{language}");
    let main_button = async || browser.go_by(browser.element(MAIN_BUTTON).await).await;
    let now = || i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
    let set_up = async || {
        browser.open(&at("/account/factors/totp")).await;
        main_button().await;
        let secret = browser.element(Locator::Css(".secret")).await.text().await.unwrap();
        browser.type_into("code", &totp::code(&secret, now())).await;
        main_button().await;
        secret
    };
    let sign_out = async || {
        browser.open(&at("/logout")).await;
        main_button().await;
    };
    sign_in(&browser, &server, "bea").await;
    set_up().await;
    pictures(&browser, &name("recovery-codes-others")).await;
    sign_out().await;
    sign_in(&browser, &server, "ana").await;
    pictures(&browser, &name("factors-required")).await;
    let secret = set_up().await;
    sign_out().await;
    sign_in(&browser, &server, "ana").await;
    browser.element(Locator::Id("trust")).await.click().await.unwrap();
    pictures(&browser, &name("second-step-trust")).await;
    browser.type_into("code", &totp::code(&secret, now() + 30)).await;
    main_button().await;
    for (path, page) in [
        ("/account", "account-trusted"),
        ("/admin", "admin-without-factor"),
        ("/admin/users", "users-factors"),
        ("/admin/users?factor=no", "users-without-factor"),
        ("/admin/users/1", "user-factors"),
        ("/admin/users/2/forget-browsers", "user-forget-browsers"),
        ("/admin/users/2/reset-factors", "user-reset-factors-by-link"),
    ] {
        browser.open(&at(path)).await;
        pictures(&browser, &name(page)).await;
    }
    browser.open(&at("/admin/users/2/reset-factors")).await;
    main_button().await;
    pictures(&browser, &name("made-link-enrolment")).await;
    let link = browser.element(Locator::Id("link")).await.text().await.unwrap();
    for (path, page) in [("/admin/users/2", "user-by-link"), ("/admin/users/2/enrolment-link", "user-enrolment-link")] {
        browser.open(&at(path)).await;
        pictures(&browser, &name(page)).await;
    }
    sign_out().await;
    sign_in(&browser, &server, "bea").await;
    pictures(&browser, &name("factors-link-needed")).await;
    browser.open(&link).await;
    pictures(&browser, &name("link-enrolment")).await;
    browser.close().await;
}

#[actix_web::test]
async fn a_theft_as_it_looks_afterwards_in_english() {
    a_theft("en").await;
}

#[actix_web::test]
async fn a_theft_as_it_looks_afterwards_in_spanish() {
    a_theft("es").await;
}

/// A copied cookie is shown after its owner has renewed: what the owner is told, and what the admin finds.
async fn a_theft(language: &'static str) {
    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let folder = TempDir::new().unwrap();
    for name in ["ana", "bea"] {
        ok(folder.path(), &["user", "add", name, "--admin", "--password-stdin"], PASSWORD);
    }
    let mut command = portero(folder.path());
    command.env("JWT_ACCESS_TOKEN_EXPIRES", "2s");
    let server = Server::with(folder.path(), command);
    let driver = Driver::start();
    let wishes = Wishes { language, ..Wishes::default() };
    let browser = || driver.browser_with(&wishes);
    let owner = browser().await;
    sign_in(&owner, &server, "bea").await;
    let account = async || owner.go_by(owner.element(Locator::Css(".site-nav a[href='/account']")).await).await;
    let alarm = async |browser: &Browser| drop(browser.element(Locator::Css(".message.alarm")).await);
    let name = |page: &str| format!("{page}-{language}");
    let wait = async || actix_web::rt::time::sleep(std::time::Duration::from_millis(2200)).await;
    let cookie = owner.client.get_named_cookie("refresh_token_cookie").await.unwrap();
    let copied = format!("refresh_token_cookie={}", cookie.value());
    for _ in 0..2 {
        wait().await;
        account().await;
    }
    account().await;
    wait().await;
    let request = format!(
        "GET /account HTTP/1.1\r\nhost: x\r\naccept: text/html\r\nuser-agent: {FIREFOX}\r\ncookie: {copied}\r\n\r\n"
    );
    let mut answer = [0; 12];
    std::io::Read::read_exact(&mut server.connect(request.as_bytes()), &mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 303", "the thief is led to the login page");
    account().await;
    owner.element(Locator::Id("username")).await;
    pictures(&owner, &name("login-ended")).await;
    sign_in(&owner, &server, "bea").await;
    alarm(&owner).await;
    pictures(&owner, &name("account-told")).await;

    let admin = browser().await;
    sign_in(&admin, &server, "ana").await;
    admin.open(&format!("http://{}/admin", server.address)).await;
    alarm(&admin).await;
    pictures(&admin, &name("admin-theft")).await;
    admin.open(&format!("http://{}/admin/audit", server.address)).await;
    pictures(&admin, &name("audit-theft")).await;
    admin.open(&format!("http://{}/admin/revoked?reason=reuse", server.address)).await;
    pictures(&admin, &name("revoked-reuse")).await;
    admin.go_by(admin.element(Locator::Css("tr.danger a.id")).await).await;
    alarm(&admin).await;
    pictures(&admin, &name("story-theft")).await;
    owner.close().await;
    admin.close().await;
}
