//! A second factor in a real browser: set up, signing in, and a lost phone. The authenticator app is Debian's `oathtool`.

use std::process::Command;
use std::time::{Duration, Instant};

use fantoccini::Locator;
use tempfile::TempDir;

use crate::browser::{Browser, Driver, Wishes};
use crate::portero::{PASSWORD, Server, ok, portero};

/// The code that an app with this key shows now, or so many half minutes later.
fn code(key: &str, later: u32) -> String {
    let when = format!("now + {} seconds", 30 * later);
    let output = Command::new("oathtool").args(["--totp", "--base32", "--now", &when, key]).output();
    let output = output.expect("tests/run installs oathtool");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// What the tests do by the mouse is counted: each click on a button or a link.
struct Visit {
    browser: Browser,
    at: String,
    clicks: u32,
}

impl Visit {
    async fn open(&self, path: &str) {
        self.browser.open(&format!("{}{path}", self.at)).await;
    }

    async fn click(&mut self, words: &str) {
        self.clicks += 1;
        self.browser.click(words).await;
    }

    async fn sign_in(&mut self) {
        self.open("/login").await;
        self.browser.type_into("username", "bea").await;
        self.browser.type_into("password", PASSWORD).await;
        self.click("Sign in").await;
    }

    async fn sign_out(&mut self) {
        self.open("/logout").await;
        self.browser.go_by(self.browser.element(Locator::Css("main button.primary")).await).await;
    }

    /// Sets an app up as somebody does who can't scan the code; returns its key, and the code by which it counts.
    async fn set_up(&mut self, name: &str) -> (String, String) {
        self.browser.type_into("name", name).await;
        self.click("Continue").await;
        let key = self.browser.element(Locator::Css(".secret")).await.text().await.unwrap().replace(' ', "");
        let first = code(&key, 0);
        self.browser.type_into("code", &first).await;
        self.click("Turn on").await;
        (key, first)
    }

    async fn first_recovery_code(&self) -> String {
        self.browser.element(Locator::Css(".recovery-codes li")).await.text().await.unwrap()
    }
}

async fn visit(driver: &Driver, server: &Server, script: bool) -> Visit {
    let browser = driver.browser_with(&Wishes { script, ..Wishes::default() }).await;
    Visit { browser, at: format!("http://{}", server.address), clicks: 0 }
}

/// A server with the admin ana, and bea, who has just signed in.
struct Begun {
    server: Server,
    driver: Driver,
    bea: Visit,
    _folder: TempDir,
}

/// `settings`: as environment variables.
async fn begin(settings: &[(&str, &str)], script: bool) -> Begun {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
    ok(folder.path(), &["user", "add", "bea", "--password-stdin"], PASSWORD);
    let mut command = portero(folder.path());
    command.envs(settings.iter().copied());
    let (server, driver) = (Server::with(folder.path(), command), Driver::start());
    let mut bea = visit(&driver, &server, script).await;
    bea.sign_in().await;
    Begun { server, driver, bea, _folder: folder }
}

async fn set_up_sign_out_and_sign_in(script: bool) {
    let Begun { mut bea, server: _server, driver: _driver, _folder } = begin(&[], script).await;
    bea.click("Set up").await;
    bea.click("Add an authenticator app").await;
    let (key, first) = bea.set_up("Phone").await;
    bea.browser.shows("From now on, signing in takes your password and a code").await;
    bea.click("I’ve saved them").await;
    bea.browser.shows("Phone").await;
    bea.browser.shows("You have 10 recovery codes left").await;
    bea.sign_out().await;

    bea.sign_in().await;
    bea.browser.shows("Enter your code").await;
    assert_eq!(bea.browser.focus().await, "code");
    // The code that set the app up was used by that, and the half minute may be another one by now.
    bea.browser.type_into("code", &first).await;
    bea.click("Sign in").await;
    bea.browser.shows("This code was used already").await;
    bea.browser.type_into("code", &code(&key, 1)).await;
    bea.click("Sign in").await;
    bea.browser.shows("Your account").await;
    bea.browser.close().await;
}

#[actix_web::test]
async fn somebody_sets_up_an_app_and_signs_in_with_its_code() {
    set_up_sign_out_and_sign_in(true).await;
}

#[actix_web::test]
async fn without_script_it_is_the_same() {
    set_up_sign_out_and_sign_in(false).await;
}

#[actix_web::test]
async fn a_lost_phone_takes_six_clicks_and_a_minute_with_a_recovery_code() {
    let Begun { mut bea, server: _server, driver: _driver, _folder } = begin(&[], true).await;
    bea.open("/account/factors/totp").await;
    bea.set_up("Lost phone").await;
    let recovery = bea.first_recovery_code().await;
    bea.sign_out().await;

    let begun = Instant::now();
    bea.clicks = 0;
    bea.sign_in().await;
    bea.click("Use a recovery code").await;
    bea.browser.type_into("code", &recovery.to_lowercase()).await;
    bea.click("Sign in").await;
    bea.browser.shows("You used a recovery code").await;
    bea.click("Add an authenticator app").await;
    bea.set_up("New phone").await;
    bea.browser.shows("Your recovery codes stay as they are").await;
    assert!(bea.clicks <= 6, "{} clicks", bea.clicks);
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    bea.click("Continue").await;
    bea.browser.shows("New phone").await;
    bea.browser.shows("You have 9 recovery codes left").await;
    bea.browser.close().await;
}

/// ana, signed in as the admin.
async fn admin(driver: &Driver, server: &Server) -> Visit {
    let ana = visit(driver, server, true).await;
    ana.open("/login").await;
    ana.browser.type_into("username", "ana").await;
    ana.browser.type_into("password", PASSWORD).await;
    ana.browser.click("Sign in").await;
    ana
}

#[actix_web::test]
async fn an_admin_helps_who_has_lost_phone_and_codes() {
    let Begun { mut bea, server, driver, _folder } = begin(&[], true).await;
    bea.open("/account/factors/totp").await;
    bea.set_up("Lost phone").await;

    let begun = Instant::now();
    let ana = admin(&driver, &server).await;
    ana.open("/admin/users/2").await;
    ana.browser.click("Take away second factor…").await;
    ana.browser.shows("Make sure it’s really them who asks").await;
    ana.browser.click("Take away and end 1 session").await;
    ana.browser.shows("bea’s second factor was taken away, and 1 session ended").await;

    bea.open("/account").await;
    bea.browser.shows("Your session has ended").await;
    bea.sign_in().await;
    bea.browser.shows("Your account").await;
    bea.open("/account/factors").await;
    bea.browser.shows("Your password is all it takes to sign in").await;
    assert!(begun.elapsed() < Duration::from_secs(180), "{:?}", begun.elapsed());
    ana.browser.close().await;
    bea.browser.close().await;
}

#[actix_web::test]
async fn where_everybody_needs_one_the_admin_hands_over_a_link_and_it_takes_less_than_three_minutes() {
    let Begun { mut bea, server, driver, _folder } = begin(&[("PORTERO_SECOND_FACTOR", "everyone")], true).await;
    bea.click("Add an authenticator app").await;
    bea.set_up("Lost phone").await;
    let mut ana = admin(&driver, &server).await;
    ana.click("Add an authenticator app").await;
    ana.set_up("Phone").await;
    ana.click("I’ve saved them").await;

    let begun = Instant::now();
    ana.open("/admin/users/2").await;
    ana.browser.click("Take away second factor…").await;
    ana.browser.shows("You get a link for bea").await;
    ana.browser.click("Take away and end 1 session").await;
    ana.browser.shows("Second factor link for bea").await;
    let link = ana.browser.element(Locator::Id("link")).await.text().await.unwrap();

    bea.sign_in().await;
    bea.browser.shows("open the link that your admin gives you").await;
    bea.browser.open(&link).await;
    bea.click("Continue").await;
    bea.set_up("New phone").await;
    bea.browser.shows("From now on, signing in takes your password and a code").await;
    assert!(begun.elapsed() < Duration::from_secs(180), "{:?}", begun.elapsed());
    bea.click("I’ve saved them").await;
    bea.browser.shows("New phone").await;
    ana.browser.close().await;
    bea.browser.close().await;
}

#[actix_web::test]
async fn a_remembered_browser_is_asked_for_the_password_only_until_it_is_forgotten() {
    let remember = [("PORTERO_SECOND_FACTOR_REMEMBER", "30d")];
    let Begun { mut bea, server: _server, driver: _driver, _folder } = begin(&remember, true).await;
    bea.open("/account/factors/totp").await;
    let (key, _) = bea.set_up("Phone").await;
    bea.sign_out().await;
    bea.sign_in().await;
    bea.browser.element(Locator::Id("trust")).await.click().await.unwrap();
    bea.browser.type_into("code", &code(&key, 1)).await;
    bea.click("Sign in").await;
    bea.browser.shows("Remembered browsers").await;
    bea.sign_out().await;
    bea.sign_in().await;
    bea.browser.shows("Remembered browsers").await;
    bea.click("Forget").await;
    bea.browser.shows("The browser is forgotten").await;
    bea.sign_out().await;
    bea.sign_in().await;
    bea.browser.shows("Enter your code").await;
    bea.browser.close().await;
}
