//! A real browser that is killed, and comes back with the cookies that were on its disk: Chromium writes them up to 30 s late.

use std::time::Duration;

use actix_web::rt;
use fantoccini::Locator;
use tempfile::TempDir;

use crate::browser::{Browser, Driver, Wishes};
use crate::portero::{PASSWORD, Server, ok, portero};

/// A server with these users. `access`: how long access tokens live.
fn server(folder: &TempDir, users: &[&str], access: &str) -> Server {
    for user in users {
        ok(folder.path(), &["user", "add", user, "--password-stdin"], PASSWORD);
    }
    let mut command = portero(folder.path());
    command.env("JWT_ACCESS_TOKEN_EXPIRES", access);
    Server::with(folder.path(), command)
}

/// A profile on whose disk "Keep me signed in" is.
async fn kept(driver: &Driver, address: &str, user: &str) -> TempDir {
    let browser = driver.browser().await;
    browser.open(&format!("http://{address}/login")).await;
    browser.type_into("username", user).await;
    browser.type_into("password", PASSWORD).await;
    browser.element(Locator::Id("remember")).await.click().await.unwrap();
    browser.click("Sign in").await;
    browser.shows("Your account").await;
    while !browser.has_on_disk("refresh_token_cookie") {
        sleep(1).await;
    }
    browser.crash()
}

async fn reopen(driver: &Driver, profile: TempDir, url: &str) -> Browser {
    let browser = driver.browser_in(profile, &Wishes::default()).await;
    browser.open(url).await;
    browser
}

async fn sleep(seconds: u64) {
    rt::time::sleep(Duration::from_secs(seconds)).await;
}

async fn confirm(browser: &Browser, address: &str) {
    browser.open(&format!("http://{address}/confirm")).await;
    browser.type_into("password", PASSWORD).await;
    browser.click("Confirm").await;
    browser.shows("This device").await;
}

#[actix_web::test]
async fn a_browser_that_is_killed_stays_signed_in_whenever_that_is_twice_in_a_row() {
    let folder = TempDir::new().unwrap();
    let server = server(&folder, &["ana", "berta", "carla", "dora"], "2s");
    let address = server.address.to_string();
    // All at once, because it is mostly waiting.
    let runs: Vec<_> = [("ana", 6, false), ("berta", 12, false), ("carla", 40, false), ("dora", 6, true)]
        .map(|(user, killed_after, confirms)| {
            let address = address.clone();
            rt::spawn(async move {
                let driver = Driver::start();
                let mut profile = kept(&driver, &address, user).await;
                // Its access token has run out.
                sleep(3).await;
                for _ in 0..2 {
                    let browser = reopen(&driver, profile, &format!("http://{address}/")).await;
                    browser.shows("This device").await;
                    if confirms {
                        confirm(&browser, &address).await;
                    }
                    sleep(killed_after).await;
                    profile = browser.crash();
                }
                let browser = reopen(&driver, profile, &format!("http://{address}/account")).await;
                browser.shows("This device").await;
                let story = browser.element(Locator::Css("a[href^='/account/sessions/']:not([href$='/end'])")).await;
                browser.go_by(story).await;
                browser.shows("1. Signed in").await;
                let text = browser.text().await.unwrap();
                assert!(!text.contains("Old token reused"), "killed after {killed_after} s: {text}");
                let came_back = text.contains("Browser restored old cookies");
                assert!(came_back || killed_after == 40, "killed after {killed_after} s: {text}");
                browser.close().await;
            })
        })
        .into();
    for run in runs {
        run.await.unwrap();
    }
}

#[actix_web::test]
async fn a_browser_that_is_killed_after_a_change_of_password_is_signed_out_without_a_word_of_theft() {
    let folder = TempDir::new().unwrap();
    let server = server(&folder, &["ana"], "15m");
    let (driver, address) = (Driver::start(), server.address.to_string());
    let profile = kept(&driver, &address, "ana").await;
    let browser = reopen(&driver, profile, &format!("http://{address}/change-password")).await;
    let new = "verde que te quiero verde";
    for field in ["new_password", "new_password_again"] {
        browser.type_into(field, new).await;
    }
    browser.click("Change password").await;
    browser.shows("Your password was changed").await;
    sleep(3).await;
    let browser = reopen(&driver, browser.crash(), &format!("http://{address}/account")).await;
    browser.shows("Keep me signed in").await;
    browser.type_into("username", "ana").await;
    browser.type_into("password", new).await;
    browser.click("Sign in").await;
    browser.shows("This device").await;
    assert!(!browser.text().await.unwrap().contains("token was reused"));
    browser.close().await;
}
