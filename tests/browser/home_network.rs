//! Plain http on a home network, by a name that only that network knows: a real browser tells little about such a page.

use tempfile::TempDir;

use crate::browser::{Driver, Wishes};
use crate::portero::{PASSWORD, Server, ok, portero};

#[actix_web::test]
async fn by_the_name_that_the_router_gave_it_every_form_works() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
    let mut command = portero(folder.path());
    command.env("PORTERO_LISTEN", "0.0.0.0:0").env("PORTERO_ALLOW_PLAIN_HTTP", "true");
    let server = Server::with(folder.path(), command);
    let driver = Driver::start();
    let browser = driver.browser_with(&Wishes { hosts: "MAP portero.lan 127.0.0.1", ..Wishes::default() }).await;
    let home = format!("http://portero.lan:{}", server.address.port());
    browser.open(&format!("{home}/login?next=/account")).await;
    browser.type_into("username", "ana").await;
    browser.type_into("password", PASSWORD).await;
    browser.click("Sign in").await;
    browser.shows("Your account").await;
    browser.click("Español").await;
    browser.shows("Tu cuenta").await;
    browser.click("English").await;
    browser.open(&format!("{home}/admin/users/add")).await;
    browser.type_into("username", "bea").await;
    browser.click("Add and get link").await;
    browser.shows("public_url").await;
    browser.open(&format!("{home}/logout")).await;
    browser.click("Sign out").await;
    browser.shows("Sign in").await;
    assert!(!server.log().contains("foreign_origin"), "{}", server.log());
    browser.close().await;
}
