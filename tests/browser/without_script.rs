//! What the pages' little script adds, and that nothing is missing without it.

use fantoccini::Locator;
use tempfile::TempDir;

use crate::browser::{Browser, Driver, Wishes};
use crate::portero::{PASSWORD, Server, ok, portero};

/// The left arrow. (WebDriver, 17.4.2)
const LEFT: char = '\u{e012}';

async fn signed_in(driver: &Driver, server: &Server, wishes: &Wishes) -> Browser {
    let browser = driver.browser_with(wishes).await;
    browser.open(&format!("http://{}/login?next=/account", server.address)).await;
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
    browser.open(&format!("http://{}/login?next=/account", server.address)).await;
    browser.type_into("username", "ana").await;
    browser.type_into("password", "not it").await;
    let field = browser.client.find(Locator::Id("password")).await.unwrap();
    browser.press("Show").await;
    assert_eq!(field.attr("type").await.unwrap().as_deref(), Some("text"));
    browser.press("Hide").await;
    assert_eq!(field.attr("type").await.unwrap().as_deref(), Some("password"));
    browser.click("Sign in").await;
    browser.shows("Incorrect username or password").await;
    assert!(browser.title().await.starts_with("Error:"));
    assert_eq!(browser.focus().await, "password", "the next try begins there");
    browser.close().await;

    let browser = driver.browser_with(&Wishes { script: false, ..Wishes::default() }).await;
    browser.open(&format!("http://{}/login?next=/account", server.address)).await;
    browser.shows("Sign in").await;
    assert!(!browser.text().await.unwrap().contains("Show"), "a button that could do nothing is not there");
    browser.close().await;
}

#[actix_web::test]
async fn who_tries_too_often_sees_the_time_run_on_the_button_and_then_signs_in() {
    let folder = TempDir::new().unwrap();
    let (server, driver) = (server(&folder, &[]), Driver::start());
    let browser = driver.browser().await;
    browser.open(&format!("http://{}/login?next=/account", server.address)).await;
    browser.type_into("username", "ana").await;
    for _ in 0..6 {
        browser.type_into("password", "not it").await;
        browser.click("Sign in").await;
    }
    browser.shows("Nothing was checked").await;
    assert_eq!(browser.focus().await, "error-summary");
    let button = browser.element(Locator::Css("main form button.primary")).await;
    assert!(button.text().await.unwrap().starts_with("Try again in "));
    assert_eq!(button.attr("disabled").await.unwrap().as_deref(), Some("true"));
    // Half a minute later, as far as the page can tell.
    browser.client.execute("const then = Date.now() + 31000; Date.now = () => then;", Vec::new()).await.unwrap();
    browser.shows("You can try again now").await;
    assert_eq!((button.text().await.unwrap().as_str(), button.attr("disabled").await.unwrap()), ("Sign in", None));
    browser.close().await;

    let browser = driver.browser_with(&Wishes { script: false, ..Wishes::default() }).await;
    browser.open(&format!("http://{}/login?next=/account", server.address)).await;
    browser.type_into("username", "ana").await;
    browser.type_into("password", "not it").await;
    browser.click("Sign in").await;
    browser.shows("Nothing was checked: try again in").await;
    browser.click("Sign in").await;
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
    browser.shows("to change it").await;
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
    // A form that was shown before the token ran out renews it, too.
    actix_web::rt::time::sleep(std::time::Duration::from_millis(1100)).await;
    browser.click("Español").await;
    browser.shows("Este dispositivo").await;
    browser.close().await;
}

/// Every form but that of the setup, which `journeys.rs` sends without script.
#[actix_web::test]
async fn without_script_the_overview_shows_one_span_of_time_and_its_switch_the_other() {
    let folder = TempDir::new().unwrap();
    let (server, driver) = (server(&folder, &[]), Driver::start());
    let browser = signed_in(&driver, &server, &Wishes { script: false, ..Wishes::default() }).await;
    browser.open(&format!("http://{}/admin", server.address)).await;
    let (day, month) = (Locator::Css(".span-day .charts"), Locator::Css(".span-month .charts"));
    let is_shown = async |by| browser.element(by).await.is_displayed().await.unwrap();
    assert!(is_shown(day).await && !is_shown(month).await);
    browser.element(Locator::Id("span-month")).await.click().await.unwrap();
    assert!(!is_shown(day).await && is_shown(month).await);
    browser.press_key(LEFT).await;
    assert!(is_shown(day).await && !is_shown(month).await, "by the keyboard too");
    browser.close().await;
}

#[actix_web::test]
async fn without_script_the_menu_of_a_phone_opens() {
    let folder = TempDir::new().unwrap();
    let (server, driver) = (server(&folder, &[]), Driver::start());
    let browser = signed_in(&driver, &server, &Wishes { script: false, ..Wishes::default() }).await;
    browser.look(320, 700, false).await;
    browser.element(Locator::Css(".menu-button")).await.click().await.unwrap();
    browser.click("Audit").await;
    browser.shows("Audit log").await;
    browser.close().await;
}

#[actix_web::test]
async fn the_address_of_a_receipt_is_copied_by_a_button_that_is_not_there_without_script() {
    let folder = TempDir::new().unwrap();
    let (server, driver) = (server(&folder, &[]), Driver::start());
    for script in [true, false] {
        server.log_in("ana", PASSWORD).unwrap();
        let browser = signed_in(&driver, &server, &Wishes { script, ..Wishes::default() }).await;
        browser.go_by(browser.element(Locator::Css(".row-links a[href$='/end']")).await).await;
        browser.click("End session").await;
        browser.shows("One session was ended").await;
        if script {
            browser.press("Copy").await;
            browser.shows("Copied").await;
        } else {
            assert!(!browser.text().await.unwrap().contains("Copy"));
        }
        browser.close().await;
    }
}

#[actix_web::test]
async fn without_script_every_form_works() {
    let folder = TempDir::new().unwrap();
    let (server, driver) = (server(&folder, &[]), Driver::start());
    for _ in 0..2 {
        server.log_in("ana", PASSWORD).unwrap();
    }
    let browser = driver.browser_with(&Wishes { script: false, ..Wishes::default() }).await;
    browser.open(&format!("http://{}/login?next=/account", server.address)).await;
    browser.click("Español").await;
    browser.shows("Mantener la sesión iniciada").await;
    browser.click("English").await;
    browser.shows("Keep me signed in").await;

    browser.click("Sign in").await;
    browser.shows("There is a problem").await;
    assert!(browser.title().await.starts_with("Error:"));
    browser.press("Enter your password").await;
    assert_eq!(browser.path().await, "/login", "the link leads to the field, on this page");
    browser.type_into("username", "ana").await;
    browser.type_into("password", PASSWORD).await;
    browser.click("Sign in").await;
    browser.shows("Your account").await;

    browser.click("Change password").await;
    browser.type_into("new_password", "verde que te quiero verde").await;
    browser.type_into("new_password_again", "verde que te quiero azul").await;
    browser.element(Locator::Id("end_others")).await.click().await.unwrap();
    browser.click("Change password").await;
    browser.shows("The two passwords don’t match").await;
    browser.type_into("new_password", "verde que te quiero verde").await;
    browser.type_into("new_password_again", "verde que te quiero verde").await;
    browser.click("Change password").await;
    browser.shows("Your other sessions stay signed in").await;

    browser.go_by(browser.element(Locator::Css("td .row-links a[href$='/end']")).await).await;
    browser.shows("End this session?").await;
    browser.click("End session").await;
    browser.shows("One session was ended").await;

    browser.click("Your account").await;
    browser.click("Sign out everywhere else").await;
    browser.shows("End 1 session").await;
    browser.open(&format!("http://{}/logout", server.address)).await;
    browser.element(Locator::Css("input[value=all]")).await.click().await.unwrap();
    browser.go_by(browser.element(Locator::Css("main button.primary")).await).await;
    browser.shows("You’re signed out everywhere. 2 sessions were ended.").await;
    browser.close().await;
}
