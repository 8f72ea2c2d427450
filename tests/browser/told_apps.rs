//! What pages say of the apps that are told of sign-outs.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fantoccini::Locator;
use tempfile::TempDir;

use crate::axe::faults_of_page;
use crate::browser::{Driver, Wishes};
use crate::database::execute;
use crate::portero::{PASSWORD, Server, ok, portero};
use crate::screenshots::{pictures, sign_in};

/// Deliveries as they may stand a moment after the sign-out, of the session with this id.
fn deliveries(sid: &str, now: i64) -> String {
    let row = |app: i64, name: &str, tries: i64, next: &str, told: &str, noted: &str, outcome: &str, status: &str| {
        format!(
            "INSERT INTO app_entries VALUES ('{sid}', {app}, '{name}', {now}, {now}, 1); \
             INSERT INTO logout_deliveries (sid, app_id, app_name, made_at, accepted_until, tries, next_try_at, told_at, \
             acknowledged_at, outcome, status) VALUES ('{sid}', {app}, '{name}', {now}, {}, {tries}, {next}, {told}, {noted}, \
             '{outcome}', {status}); ",
            now + 900
        )
    };
    let (at, later) = (now.to_string(), (now + 480).to_string());
    [
        row(1, "wiki", 1, "NULL", &at, &at, "acknowledged", "200"),
        row(2, "Documentos de la empresa", 6, &later, &at, "NULL", "other_answer", "503"),
        row(3, "shop", 3, &later, "NULL", "NULL", "no_answer", "NULL"),
        row(4, "old", 1, "NULL", &at, "NULL", "refused", "400"),
        format!("INSERT INTO app_entries VALUES ('{sid}', 5, 'dash', {now}, {now}, 1)"),
    ]
    .concat()
}

async fn pages(language: &'static str) {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    ok(path, &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
    // Nothing listens there.
    for name in ["wiki", "Documentos de la empresa", "shop", "old"] {
        ok(path, &["app", "add", name, "--backchannel-logout-uri", "http://127.0.0.1:9/logout"], "");
    }
    ok(path, &["app", "add", "dash", "--origin", "https://dash.example.org"], "");
    let server = Server::with(path, portero(path));
    let token = server.log_in("ana", PASSWORD).unwrap().text("access_token");
    server.ask("DELETE", "/logout", Some(&token), None).unwrap();
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    let (sid, now) = (claims["sid"].as_str().unwrap(), claims["iat"].as_i64().unwrap());
    execute(path, &deliveries(sid, now));
    execute(path, &format!("INSERT INTO app_drills VALUES (2, {now}, 'still_let_in', 30000, 120, TRUE)"));

    let driver = Driver::start();
    let browser = driver.browser_with(&Wishes { language, ..Wishes::default() }).await;
    let at = |path: &str| format!("http://{}{path}", server.address);
    sign_in(&browser, &server, "ana").await;
    browser.open(&at(&format!("/account/sessions/{sid}"))).await;
    pictures(&browser, &format!("told-story-{language}")).await;
    let mut faults = faults_of_page(&browser, "a story with apps").await;
    browser.go_by(browser.element(Locator::Css("a[href^='/receipts/']")).await).await;
    pictures(&browser, &format!("told-receipt-{language}")).await;
    faults.extend(faults_of_page(&browser, "a receipt with apps").await);
    browser.open(&at("/admin/apps/2")).await;
    browser.go_by(browser.element(Locator::Css("#sign-outs button")).await).await;
    pictures(&browser, &format!("told-app-{language}")).await;
    faults.extend(faults_of_page(&browser, "an app with a drill").await);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[actix_web::test]
async fn what_apps_know_fits_every_window_in_english() {
    pages("en").await;
}

#[actix_web::test]
async fn what_apps_know_fits_every_window_in_spanish() {
    pages("es").await;
}
