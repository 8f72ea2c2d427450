//! Sessions in a real browser: when a token runs out, nobody honest meets a login page; after a
//! sign-out, nobody sees a private page; and a session can be ended from the list.

use std::time::Duration;

use fantoccini::Locator;
use tempfile::TempDir;

use crate::browser::{Browser, Driver};
use crate::portero::{PASSWORD, Server, ok, portero};

/// A server whose access tokens live for two seconds, and a browser that is signed in there.
async fn short_lived(folder: &TempDir, driver: &Driver) -> (Server, Browser) {
    ok(folder.path(), &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
    let mut command = portero(folder.path());
    command.env("JWT_ACCESS_TOKEN_EXPIRES", "2s");
    let server = Server::with(folder.path(), command);
    let browser = driver.browser().await;
    browser.open(&format!("http://{}/login?next=/account", server.address)).await;
    browser.type_into("username", "ana").await;
    browser.type_into("password", PASSWORD).await;
    browser.click("Sign in").await;
    browser.shows("Your account").await;
    (server, browser)
}

async fn until_it_has_run_out() {
    actix_web::rt::time::sleep(Duration::from_millis(2200)).await;
}

#[actix_web::test]
async fn two_tabs_and_a_crowd_of_pictures_at_the_moment_of_expiry_sign_nobody_out() {
    let (folder, driver) = (TempDir::new().unwrap(), Driver::start());
    let (server, browser) = short_lived(&folder, &driver).await;
    let account = format!("http://{}/account", server.address);
    let first = browser.client.window().await.unwrap();
    let second = browser.client.new_window(true).await.unwrap().handle;
    browser.client.switch_to_window(second.clone()).await.unwrap();
    browser.open(&account).await;
    for _ in 0..4 {
        until_it_has_run_out().await;
        // The requests of a page with many pictures, all at once and with cookies that have run out.
        let crowd = "for (let i = 0; i < 60; i++) { new Image().src = `/account?${i}`; }
                     for (let i = 0; i < 20; i++) { new Image().src = `/static/icon.svg?${Math.random()}`; }
                     setTimeout(() => location.assign('/account'), 5);";
        browser.client.execute(crowd, Vec::new()).await.unwrap();
        browser.client.switch_to_window(first.clone()).await.unwrap();
        browser.click("Account").await;
        browser.shows("This device").await;
        browser.client.switch_to_window(second.clone()).await.unwrap();
        browser.shows("This device").await;
        assert_eq!(browser.path().await, "/account");
    }
    // In a narrow window the row itself is the link.
    browser.look(1280, 900, false).await;
    let story = browser.client.find(Locator::LinkText("History")).await.unwrap();
    browser.go_by(story).await;
    browser.shows("1. Signed in").await;
    assert!(!browser.text().await.unwrap().contains("Old token reused"));
    browser.close().await;
}

#[actix_web::test]
async fn a_form_left_open_past_expiry_works_though_another_tab_has_renewed() {
    let (folder, driver) = (TempDir::new().unwrap(), Driver::start());
    let (server, browser) = short_lived(&folder, &driver).await;
    browser.open(&format!("http://{}/change-password", server.address)).await;
    if browser.text().await.unwrap().contains("Confirm it’s you") {
        // The sign-in took longer than its token lives.
        browser.type_into("password", PASSWORD).await;
        browser.click("Confirm").await;
    }
    let form = browser.client.window().await.unwrap();
    let other = browser.client.new_window(true).await.unwrap().handle;
    browser.client.switch_to_window(other).await.unwrap();
    until_it_has_run_out().await;
    browser.open(&format!("http://{}/account", server.address)).await;
    browser.shows("This device").await;
    until_it_has_run_out().await;
    browser.client.switch_to_window(form).await.unwrap();
    let new = "verde que te quiero verde";
    for field in ["new_password", "new_password_again"] {
        browser.type_into(field, new).await;
    }
    browser.click("Change password").await;
    // Somebody has renewed since the sign-in, so its password no longer vouches. To give it once more is all that it costs.
    browser.shows("Enter your current password too").await;
    for (field, text) in [("current_password", PASSWORD), ("new_password", new), ("new_password_again", new)] {
        browser.type_into(field, text).await;
    }
    until_it_has_run_out().await;
    browser.click("Change password").await;
    browser.shows("Your password was changed").await;
    browser.close().await;
}

#[actix_web::test]
async fn the_back_button_shows_no_private_page_after_a_sign_out() {
    let (folder, driver) = (TempDir::new().unwrap(), Driver::start());
    let (server, browser) = short_lived(&folder, &driver).await;
    browser.open(&format!("http://{}/admin/revoked", server.address)).await;
    browser.click("Account").await;
    browser.shows("Where you’re signed in").await;
    browser.click("Sign out").await;
    browser.shows("You’re signed out").await;
    for _ in 0..2 {
        browser.client.back().await.unwrap();
        browser.shows("Keep me signed in").await;
        assert!(!browser.text().await.unwrap().contains("Where you’re signed in"));
        assert!(browser.path().await.starts_with("/login"));
    }
    browser.close().await;
}

#[actix_web::test]
async fn a_session_is_ended_from_the_list_and_its_receipt_proves_it() {
    let (folder, driver) = (TempDir::new().unwrap(), Driver::start());
    ok(folder.path(), &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
    let server = Server::start(folder.path());
    let token = server.log_in("ana", PASSWORD).unwrap().text("access_token");
    let browser = driver.browser().await;
    browser.open(&format!("http://{}/login?next=/account", server.address)).await;
    browser.type_into("username", "ana").await;
    browser.type_into("password", PASSWORD).await;
    browser.click("Sign in").await;
    let row = browser.element(Locator::Css("td .row-links a[href$='/end']")).await;
    browser.go_by(row).await;
    browser.shows("End this session?").await;
    let yes = browser.element(Locator::Css("main button.primary")).await;
    browser.go_by(yes).await;
    browser.shows("One session was ended").await;
    browser.shows("may still accept an access token until").await;
    browser.shows("Refused").await;
    assert_eq!(server.ask("GET", "/protected", Some(&token), None).unwrap().status, 401);
    browser.close().await;
}
