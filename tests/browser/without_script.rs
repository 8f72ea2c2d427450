//! What the little script adds, and that nothing is missing without it.

use fantoccini::Locator;
use tempfile::TempDir;

use crate::browser::{Browser, Driver, Wishes};
use crate::portero::{PASSWORD, Server, ok, portero};

async fn signed_in(driver: &Driver, server: &Server, wishes: &Wishes) -> Browser {
    let browser = driver.browser_with(wishes).await;
    browser.open(&format!("http://{}/login", server.address)).await;
    browser.type_into("username", "ana").await;
    browser.type_into("password", PASSWORD).await;
    browser.click("Sign in").await;
    browser.shows("Your account").await;
    browser
}

fn server(folder: &TempDir, settings: &[(&str, &str)]) -> Server {
    ok(folder.path(), &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
    let mut command = portero(folder.path());
    command.envs(settings.iter().copied());
    Server::with(folder.path(), command)
}

#[actix_web::test]
async fn a_password_can_be_shown_and_is_hidden_again_when_it_is_sent() {
    let folder = TempDir::new().unwrap();
    let (server, driver) = (server(&folder, &[]), Driver::start());
    let browser = driver.browser().await;
    browser.open(&format!("http://{}/login", server.address)).await;
    browser.type_into("username", "ana").await;
    browser.type_into("password", "not it").await;
    let field = browser.client.find(Locator::Id("password")).await.unwrap();
    browser.press("Show").await;
    assert_eq!(field.attr("type").await.unwrap().as_deref(), Some("text"));
    browser.press("Hide").await;
    assert_eq!(field.attr("type").await.unwrap().as_deref(), Some("password"));
    browser.click("Sign in").await;
    browser.shows("There is a problem").await;
    assert_eq!(browser.focus().await, "error-summary", "what was wrong is the first thing to read");
    assert!(browser.title().await.starts_with("Error:"));
    browser.press("Incorrect user name or password").await;
    assert_eq!(browser.focus().await, "username");
    browser.close().await;

    let browser = driver.browser_with(&Wishes { script: false, ..Wishes::default() }).await;
    browser.open(&format!("http://{}/login", server.address)).await;
    browser.shows("Sign in").await;
    assert!(!browser.text().await.unwrap().contains("Show"), "a button that could do nothing is not there");
    browser.close().await;
}

#[actix_web::test]
async fn when_time_has_passed_the_password_is_confirmed_before_it_is_changed() {
    let folder = TempDir::new().unwrap();
    let server = server(&folder, &[("PORTERO_SESSION_FRESH_FOR", "2s")]);
    let driver = Driver::start();
    let browser = signed_in(&driver, &server, &Wishes { script: false, ..Wishes::default() }).await;
    actix_web::rt::time::sleep(std::time::Duration::from_millis(2500)).await;
    browser.click("Change password").await;
    browser.shows("Confirm it’s you").await;
    browser.shows("to change your password").await;
    browser.type_into("password", PASSWORD).await;
    browser.click("Confirm").await;
    browser.shows("Change your password").await;
    assert_eq!(browser.path().await, "/change-password");
    browser.close().await;
}

#[actix_web::test]
async fn an_access_cookie_that_runs_out_is_renewed_unnoticed() {
    let folder = TempDir::new().unwrap();
    let server = server(&folder, &[("JWT_ACCESS_TOKEN_EXPIRES", "1s")]);
    let driver = Driver::start();
    let browser = signed_in(&driver, &server, &Wishes::default()).await;
    for _ in 0..3 {
        actix_web::rt::time::sleep(std::time::Duration::from_millis(1100)).await;
        browser.click("Account").await;
        browser.shows("This device").await;
    }
    // A form that was shown before the token ran out, too.
    actix_web::rt::time::sleep(std::time::Duration::from_millis(1100)).await;
    browser.click("Español").await;
    browser.shows("Este dispositivo").await;
    browser.close().await;
}

#[actix_web::test]
async fn everything_can_be_done_with_the_keyboard_alone() {
    let folder = TempDir::new().unwrap();
    let (server, driver) = (server(&folder, &[]), Driver::start());
    let browser = driver.browser().await;
    browser.open(&format!("http://{}/login", server.address)).await;
    let type_here = async |text: &str| browser.client.active_element().await.unwrap().send_keys(text).await.unwrap();
    assert_eq!(browser.focus().await, "username", "the cursor waits where one begins to type");
    type_here("ana\t").await;
    assert_eq!(browser.focus().await, "password");
    type_here(PASSWORD).await;
    type_here("\u{e007}").await;
    browser.shows("Your account").await;
    // The first stop on a page leads past its head.
    type_here("\t").await;
    let first = browser.client.active_element().await.unwrap();
    assert_eq!(first.attr("class").await.unwrap().as_deref(), Some("skip-link"));
    browser.close().await;
}
