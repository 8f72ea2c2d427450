//! An app that is a page's script: oidc-client-ts in Chromium, of another origin than Portero's, without a secret.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use fantoccini::Locator;
use tempfile::TempDir;

use crate::browser::{Browser, Driver};
use crate::portero::{PASSWORD, Server, ok, portero};

/// Serves the app's page and the library's script, each connection once.
fn serve(listener: TcpListener, page: String) {
    let script = "target/peers/node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js";
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
    let script = std::fs::read_to_string(script).expect("run tests/peers/install");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (page, script, stream) = (page.clone(), script.clone(), stream.unwrap());
            // Chromium opens connections ahead of need and leaves them silent: nobody waits for one of those.
            std::thread::spawn(move || answer(stream, &page, &script));
        }
    });
}

fn answer(mut stream: TcpStream, page: &str, script: &str) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let Some(Ok(first)) = lines.next() else { return };
    while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
    let (kind, body) = match first.split(' ').nth(1).unwrap_or_default() {
        "/oidc-client-ts.js" => ("text/javascript", script),
        _ => ("text/html", page),
    };
    let length = body.len();
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    drop(stream.write_all(format!("{head}{body}").as_bytes()));
}

#[actix_web::test]
#[ignore = "`tests/run --long` runs it"]
async fn oidc_client_ts_signs_in_asks_refreshes_silently_signs_out_and_is_refused_after_either_sign_out() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at_app = format!("http://{}", listener.local_addr().unwrap());
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let (redirect, signed_out) = (format!("{at_app}/callback"), format!("{at_app}/"));
    let add = ["app", "add", "wiki", "--public", "--trusted", "--json", "--redirect-uri", &redirect];
    let add = [&add[..], &["--post-logout-redirect-uri", &signed_out]].concat();
    let added: serde_json::Value = serde_json::from_str(&ok(folder.path(), &add, "")).unwrap();
    let server = Server::with(folder.path(), portero(folder.path()));
    let at_portero = format!("http://{}", server.address);
    let page = include_str!("oidc_client.html")
        .replace("ISSUER", &at_portero)
        .replace("CLIENT_ID", added["client_id"].as_str().unwrap());
    serve(listener, page);

    let driver = Driver::start();
    let browser = driver.browser().await;
    browser.open(&signed_out).await;
    browser.shows("Nobody is signed in").await;
    sign_in(&browser).await;
    browser.press("Ask").await;
    browser.shows("Asked: 200 ana").await;
    browser.press("Renew").await;
    browser.shows("Renewed for ana: other tokens").await;

    browser.open(&format!("{at_portero}/logout")).await;
    browser.element(Locator::Css("main form button")).await.click().await.unwrap();
    browser.element(Locator::Id("username")).await;
    browser.open(&signed_out).await;
    browser.shows("Signed in").await;
    // Scripts may read why they are refused.
    browser.press("Ask").await;
    browser.shows("Asked: 401 Bearer").await;
    browser.press("Renew").await;
    browser.shows("ErrorResponse: invalid_grant").await;

    sign_in(&browser).await;
    browser.click("Sign out").await;
    browser.shows("Nobody is signed in").await;
    browser.open(&format!("{at_portero}/account")).await;
    browser.element(Locator::Id("username")).await;
    let ended = ok(folder.path(), &["revoked", "list", "--reason", "logout_at_app", "--json"], "");
    assert_eq!(ended.lines().count(), 1, "{ended}");
    browser.close().await;
}

/// Signs ana in at the app's page.
async fn sign_in(browser: &Browser) {
    browser.click("Sign in").await;
    browser.type_into("username", "ana").await;
    browser.type_into("password", PASSWORD).await;
    browser.element(Locator::Css("main button.primary")).await.click().await.unwrap();
    browser.shows("Signed in as ana").await;
}
