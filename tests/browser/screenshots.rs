//! Pictures of every page, light and dark, narrow and wide, in both languages; and that none is wider than its window.

use fantoccini::Locator;
use tempfile::TempDir;

use crate::browser::{Browser, Driver, Wishes};
use crate::portero::{PASSWORD, Server, ok, portero};

const MAIN_BUTTON: Locator<'_> = Locator::Css("main button.primary");

async fn sign_in(browser: &Browser, server: &Server, name: &str) {
    browser.open(&format!("http://{}/login", server.address)).await;
    browser.type_into("username", name).await;
    browser.type_into("password", PASSWORD).await;
    browser.go_by(browser.element(MAIN_BUTTON).await).await;
}

/// The page in four looks.
async fn pictures(browser: &Browser, name: &str) {
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
    let server = Server::with(folder.path(), portero(folder.path()));
    let driver = Driver::start();
    let browser = driver.browser_with(&Wishes { language, script: true }).await;
    let at = |path: &str| format!("http://{}{path}", server.address);
    let name = |page: &str| format!("{page}-{language}");

    let said = server.said();
    browser.open(said.split_whitespace().find(|word| word.contains("/setup/")).unwrap()).await;
    pictures(&browser, &name("setup")).await;
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
    for page in ["account", "change-password", "confirm?next=/change-password", "logout", "admin/revoked", "nowhere"] {
        browser.open(&at(&format!("/{page}"))).await;
        let short = page.split(['?', '/']).next_back().unwrap_or(page);
        let short = if page.starts_with("confirm") { "confirm" } else { short };
        pictures(&browser, &name(short)).await;
    }
    browser.open(&at("/change-password")).await;
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
