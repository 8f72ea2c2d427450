//! Signing in to an app by OpenID Connect, in a real browser: Chromium holds a page's `form-action` against the redirects that follow its
//! form, too. The app is a listener on a port of its own, and so of another origin.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};

use fantoccini::Locator;
use tempfile::TempDir;

use crate::axe::faults_of_page;
use crate::browser::{Browser, Driver, Wishes};
use crate::portero::{PASSWORD, Server, ok, portero};
use crate::screenshots::pictures;

/// An app that notes what browsers bring it: the method, the path, and the body of a form.
struct App {
    address: String,
    brought: Receiver<(String, String, String)>,
}

impl App {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (sender, brought) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, sender) = (stream.unwrap(), sender.clone());
                // Chromium opens connections ahead of need and leaves them silent: nobody waits for one of those.
                std::thread::spawn(move || answer(stream, &sender));
            }
        });
        Self { address, brought }
    }

    fn arrived(&self) -> (String, String, String) {
        self.brought.recv_timeout(std::time::Duration::from_secs(20)).expect("the browser was not led to the app")
    }
}

/// Reads one request, answers with a page, and notes what was brought to `/callback` or `/signed-out`.
fn answer(mut stream: TcpStream, sender: &Sender<(String, String, String)>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut line, mut length) = (String::new(), 0);
    drop(reader.read_line(&mut line));
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header).unwrap_or(0) == 0 || header == "\r\n" {
            break;
        }
        if let Some(bytes) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = bytes.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    drop(reader.read_exact(&mut body));
    let page = "<!doctype html><title>The app</title><h1>The app</h1>";
    drop(write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{page}",
        page.len()
    ));
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if path.starts_with("/callback") || path.starts_with("/signed-out") {
        drop(sender.send((method, path, String::from_utf8_lossy(&body).into_owned())));
    }
}

/// A server with ana, and an app that is set up so; its client id.
fn begin(app: &App, options: &[&str]) -> (TempDir, Server, String) {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let redirect = format!("{}/callback", app.address);
    let add = [&["app", "add", "wiki", "--redirect-uri", &redirect, "--json"], options].concat();
    let added: serde_json::Value = serde_json::from_str(&ok(folder.path(), &add, "")).unwrap();
    let server = Server::with(folder.path(), portero(folder.path()));
    (folder, server, added["client_id"].as_str().unwrap().to_owned())
}

fn request(server: &Server, app: &App, client_id: &str, more: &str) -> String {
    let redirect = format!("{}/callback", app.address).replace(':', "%3A").replace('/', "%2F");
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    format!(
        "http://{}/authorize?client_id={client_id}&redirect_uri={redirect}&response_type=code&scope=openid%20profile%20email&state=s\
         &code_challenge={challenge}&code_challenge_method=S256{more}",
        server.address
    )
}

async fn sign_in(browser: &Browser) {
    browser.type_into("username", "ana").await;
    browser.type_into("password", PASSWORD).await;
    // The next page is the app's.
    browser.element(Locator::Css("main button.primary")).await.click().await.unwrap();
}

#[actix_web::test]
async fn a_sign_in_leads_on_to_an_app_of_another_origin() {
    let app = App::start();
    let (_folder, server, id) = begin(&app, &["--trusted"]);
    let driver = Driver::start();
    let browser = driver.browser().await;
    browser.open(&request(&server, &app, &id, "")).await;
    sign_in(&browser).await;
    let (method, path, _) = app.arrived();
    assert!(method == "GET" && path.contains("code=") && path.contains("state=s"), "{method} {path}");
    browser.open(&request(&server, &app, &id, "&prompt=login")).await;
    browser.type_into("password", PASSWORD).await;
    browser.element(Locator::Css("main button.primary")).await.click().await.unwrap();
    let (_, path, _) = app.arrived();
    assert!(path.contains("code="), "after a confirmation: {path}");
    browser.open(&request(&server, &app, &id, "&response_mode=form_post")).await;
    let (method, path, body) = app.arrived();
    assert_eq!((method.as_str(), path.as_str()), ("POST", "/callback"));
    assert!(body.contains("code=") && body.contains("iss="), "{body}");
    browser.close().await;
}

#[actix_web::test]
async fn without_scripts_a_button_sends_the_answer() {
    let app = App::start();
    let (_folder, server, id) = begin(&app, &["--trusted"]);
    let driver = Driver::start();
    let browser = driver.browser_with(&Wishes { script: false, ..Wishes::default() }).await;
    browser.open(&request(&server, &app, &id, "&response_mode=form_post")).await;
    sign_in(&browser).await;
    browser.element(Locator::Css("form[data-send] button")).await.click().await.unwrap();
    assert!(app.arrived().2.contains("code="));
    browser.close().await;
}

async fn consent(language: &'static str) {
    let app = App::start();
    let (folder, server, id) = begin(&app, &[]);
    ok(folder.path(), &["user", "role", "ana", "admin"], "");
    let driver = Driver::start();
    let browser = driver.browser_with(&Wishes { language, ..Wishes::default() }).await;
    browser.open(&request(&server, &app, &id, "")).await;
    sign_in(&browser).await;
    browser.element(Locator::Css("button[value=allow]")).await;
    let mut faults = faults_of_page(&browser, "consent").await;
    pictures(&browser, &format!("consent-{language}")).await;
    browser.element(Locator::Css("button[value=allow]")).await.click().await.unwrap();
    assert!(app.arrived().1.contains("code="), "the form of the question leads on, too");
    for (path, page) in [
        ("/account".to_owned(), "account-consents"),
        ("/admin/apps/1/openid".into(), "app-openid"),
        ("/admin/apps/1".into(), "app-with-openid"),
        ("/authorize?client_id=nobody".into(), "openid-no-such-app"),
    ] {
        browser.open(&format!("http://{}{path}", server.address)).await;
        faults.extend(faults_of_page(&browser, page).await);
        pictures(&browser, &format!("{page}-{language}")).await;
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    browser.close().await;
}

#[actix_web::test]
async fn the_question_leads_on_in_english() {
    consent("en").await;
}

#[actix_web::test]
async fn the_question_leads_on_in_spanish() {
    consent("es").await;
}

/// A session that has ended in this browser: Portero asks who is there.
async fn is_signed_out(browser: &Browser, server: &Server) -> bool {
    browser.open(&format!("http://{}/account", server.address)).await;
    browser.path().await.starts_with("/login")
}

/// Signs out at the app, first by its ID token and then, without one, by the question that Portero asks.
async fn sign_out(language: &'static str) {
    let app = App::start();
    let to = format!("{}/signed-out?x=1", app.address);
    let (_folder, server, id) = begin(&app, &["--trusted", "--public", "--post-logout-redirect-uri", &to]);
    let driver = Driver::start();
    let browser = driver.browser_with(&Wishes { language, ..Wishes::default() }).await;
    browser.open(&request(&server, &app, &id, "")).await;
    sign_in(&browser).await;
    let (_, path, _) = app.arrived();
    let code = path.split_once("code=").unwrap().1.split('&').next().unwrap();
    let form = format!(
        "grant_type=authorization_code&client_id={id}&code={code}&redirect_uri={}&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        escaped(&format!("{}/callback", app.address))
    );
    let hint = server.ask_form("/token", &form).text("id_token");
    let leave = |more: &str| {
        format!(
            "http://{}/end-session?client_id={id}&state=s&post_logout_redirect_uri={}{more}",
            server.address,
            escaped(&to)
        )
    };
    browser.open(&leave(&format!("&id_token_hint={hint}"))).await;
    assert_eq!(app.arrived(), ("GET".into(), "/signed-out?x=1&state=s".into(), String::new()));
    assert!(is_signed_out(&browser, &server).await, "by its ID token");

    browser.open(&request(&server, &app, &id, "")).await;
    sign_in(&browser).await;
    assert!(app.arrived().1.contains("code="));
    browser.open(&leave("")).await;
    browser.element(Locator::Css("form[action='/end-session/confirm'] button")).await;
    let faults = faults_of_page(&browser, "an app's sign-out").await;
    assert!(faults.is_empty(), "{faults:?}");
    pictures(&browser, &format!("rp-logout-{language}")).await;
    // The next page is the app's, which Chromium lets the form lead to only because the page names it.
    browser.element(Locator::Css("form[action='/end-session/confirm'] button")).await.click().await.unwrap();
    assert_eq!(app.arrived(), ("GET".into(), "/signed-out?x=1&state=s".into(), String::new()));
    assert!(is_signed_out(&browser, &server).await, "by the person's answer");

    browser.open(&request(&server, &app, &id, "")).await;
    sign_in(&browser).await;
    assert!(app.arrived().1.contains("code="));
    browser.open(&leave("x")).await;
    let faults = faults_of_page(&browser, "an app's sign-out to elsewhere").await;
    assert!(faults.is_empty(), "{faults:?}");
    pictures(&browser, &format!("rp-logout-elsewhere-{language}")).await;
    browser.close().await;
}

fn escaped(text: &str) -> String {
    text.replace(':', "%3A").replace('/', "%2F").replace('?', "%3F").replace('=', "%3D")
}

#[actix_web::test]
async fn a_sign_out_at_an_app_leads_back_to_it_in_english() {
    sign_out("en").await;
}

#[actix_web::test]
async fn a_sign_out_at_an_app_leads_back_to_it_in_spanish() {
    sign_out("es").await;
}
