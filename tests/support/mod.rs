//! Shared by the test binaries: a real server on a port of its own, and its visitors: a browser that
//! keeps cookies and reads pages, and a program ([`Client`]) that sends tokens and reads JSON.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

pub mod authenticator;
pub mod database;
pub mod mail_server;
pub mod new_session;
pub mod openapi;
pub mod ports;
pub mod promtool;
pub mod proxies;
pub mod told_app;
pub mod totp;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use portero::accounts::apps::assertion::assertion;
use portero::accounts::apps::kept_assertions::Subject;
use portero::accounts::people::add::add_user;
use portero::accounts::people::set_password::set_password;
use portero::accounts::people::state::{self, StateChange};
use portero::accounts::{Accounts, Operator};
use portero::blocklist::{Question, Verdict};
use portero::clock::Clock;
use portero::config::{Config, Overrides};
use portero::domain::{AppAlgorithm, NewPassword, PassKey, PasswordRules, Role, SessionId, Username};
use portero::server::{self, Running};
use portero::store::{Error as StoreError, Lane, Upkeep};
use serde_json::Value;
use tempfile::TempDir;

pub const PASSWORD: &str = "correct horse battery";
pub const OTHER_PASSWORD: &str = "verde que te quiero verde";

/// The operator, for what a test does without a page.
pub fn operator() -> Operator {
    Operator::new("test".into())
}

/// A server of its own for one test: its data in a temporary folder, its clock movable.
pub struct TestApp {
    pub address: SocketAddr,
    /// Where metrics are shown, if `metrics_listen` is set.
    pub metrics: Option<SocketAddr>,
    pub clock: Clock,
    pub accounts: Arc<Accounts>,
    pub setup_link: Option<String>,
    handle: ServerHandle,
    thread: Option<std::thread::JoinHandle<()>>,
    folder: Option<TempDir>,
}

impl TestApp {
    /// Starts a server with the default settings, and bcrypt as cheap as it gets.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// Starts a server with these settings, by their keys, such as `("session.idle", "2d")`.
    pub fn with(settings: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        database::put_empty(folder.path());
        let mut app = Self::in_folder(folder.path(), settings);
        app.folder = Some(folder);
        app
    }

    pub fn in_folder(folder: &Path, settings: &[(&str, &str)]) -> Self {
        let folder = folder.to_str().unwrap();
        let database = database::database_url(Path::new(folder));
        let fixed = [
            ("listen", "127.0.0.1:0"),
            ("data_dir", folder),
            ("database_url", &database),
            ("password.bcrypt_cost", "4"),
        ];
        let set = fixed.iter().chain(settings).map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let no_environment: [(&str, &str); 0] = [];
        let overrides = Overrides { config: None, set };
        let loaded = Config::from_sources(None, no_environment, &overrides).unwrap();
        let clock = Clock::default();
        let prepared = server::prepare(loaded, clock.clone()).unwrap();
        let address = prepared.address.tcp().unwrap();
        let (metrics, accounts) = (prepared.metrics_address, prepared.accounts());
        let (sender, receiver) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async {
                let Running { server, serving: _lock, loading, .. } = prepared.serve().unwrap();
                let handle = server.handle();
                let running = actix_web::rt::spawn(server);
                let started = loading.await.unwrap();
                sender.send((handle, started.setup_link)).unwrap();
                running.await.unwrap().unwrap();
            });
        });
        let (handle, setup_link) = receiver.recv().unwrap();
        openapi::compare_at(address.port(), &accounts.config);
        Self { address, metrics, clock, accounts, setup_link, handle, thread: Some(thread), folder: None }
    }

    /// Stops the server, waits until it has let go of its data, and returns the folder; `None` after
    /// [`in_folder`](Self::in_folder).
    pub fn stop(mut self) -> Option<TempDir> {
        self.shut_down();
        self.folder.take()
    }

    fn shut_down(&mut self) {
        openapi::forget(self.address.port());
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
            // What goes on in the background writes nothing more: whoever opens the database next finds it at rest.
            self.accounts.db.close();
        }
    }

    /// The path of the link to create the first admin.
    pub fn setup_path(&self) -> String {
        let link = self.setup_link.as_deref().unwrap();
        link[link.find("/setup/").unwrap()..].to_owned()
    }

    pub fn add_user(&self, name: &str) {
        self.add(name, Role::User);
    }

    pub fn add_admin(&self, name: &str) {
        self.add(name, Role::Admin);
    }

    fn add(&self, name: &str, role: Role) {
        let name = Username::parse(name).unwrap();
        let rules = PasswordRules { min_length: 8, context: &[] };
        let password = NewPassword::parse(PASSWORD.into(), Some(&name), rules).unwrap();
        add_user(&self.accounts, operator(), name, &password, role, None).committed().unwrap();
    }

    /// Has keys made that sign for apps by ES256, and waits for them.
    pub fn make_app_keys(&self) {
        self.make_app_keys_of(AppAlgorithm::ES256);
    }

    pub fn make_app_keys_of(&self, algorithm: AppAlgorithm) {
        self.accounts.app_keys.want(algorithm);
        let begin = std::time::Instant::now();
        while self.accounts.app_keys.get(algorithm).is_none() {
            assert!(begin.elapsed() < Duration::from_secs(20), "there are no keys");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What the app of this name is told, signed, of whoever holds this access token, by the pass that `pass` stands for.
    pub fn assertion(&self, access: &str, app: &str, pass: u8) -> String {
        let now = self.accounts.now();
        let claims = self.accounts.engine.decode(access, None, now).unwrap();
        let sid = claims.sid().unwrap();
        let subject = &*claims.identity;
        let question = Question { subject, jti: None, session: Some((sid, -1)), issued_at: None };
        let Verdict::Good { standing, .. } = self.accounts.blocklist.judge(question) else { panic!("not signed in") };
        let groups = self.accounts.blocklist.groups(standing.user);
        let subject = Subject { pass: PassKey([pass; 16]), app, sid, user: &standing, groups: &groups };
        assertion(&self.accounts, &subject, now).unwrap().to_string()
    }

    /// Disables a user, as the operator does.
    pub fn disable(&self, name: &str) {
        let change = state::disable(&self.accounts, operator(), Username::parse(name).unwrap()).committed().unwrap();
        assert!(matches!(change, StateChange::Done { .. }), "{change:?}");
    }

    /// Deletes a user, as the operator does.
    pub fn delete(&self, name: &str) {
        let name = Username::parse(name).unwrap();
        let change = state::delete_user(&self.accounts, operator(), name).committed().unwrap();
        assert!(matches!(change, StateChange::Done { .. }), "{change:?}");
    }

    /// Sets a user's password, as the operator does.
    pub fn set_password(&self, name: &str, password: &str) {
        let name = Username::parse(name).unwrap();
        let rules = PasswordRules { min_length: 8, context: &[] };
        let password = NewPassword::parse(password.into(), Some(&name), rules).unwrap();
        set_password(&self.accounts, operator(), name, &password).committed().unwrap().unwrap();
    }

    pub fn set_role(&self, name: &str, admin: bool) {
        let role = if admin { Role::Admin } else { Role::User };
        let name = Username::parse(name).unwrap();
        let change = state::set_role(&self.accounts, operator(), name, role).committed().unwrap();
        assert!(matches!(change, StateChange::Done { .. }), "{change:?}");
    }

    /// Waits until what was handed to the writer so far is stored: some of it nobody waits for.
    pub fn wait_until_all_is_stored(&self) {
        let (db, now) = (&self.accounts.db, self.accounts.now());
        // More than there are lanes, one in each.
        for number in 0..16 {
            let sid = SessionId::parse(&format!("00000000-0000-4000-8000-{number:012x}")).unwrap();
            let nothing = db.write_beside(Lane::Session(sid), Upkeep, now, |_, _| Ok::<_, StoreError>(()));
            nothing.committed().unwrap();
        }
        db.write(Upkeep, now, |_, _| Ok::<_, StoreError>(())).committed().unwrap();
    }

    /// The folder of the server's data; not for a server that was started by [`in_folder`](Self::in_folder).
    pub fn folder(&self) -> &Path {
        self.folder.as_ref().unwrap().path()
    }

    /// Sends these very bytes and reads what comes back until the server closes, says nothing more for 0.7 s, or nothing at all for 3.
    pub fn raw(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        // The server may have answered and closed before it has read everything.
        drop(stream.write_all(request));
        // An answer may take a while on a busy machine, such as one that hashes; what follows its first byte does not.
        stream.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
        let mut first = [0];
        let read = stream.read(&mut first).unwrap_or(0);
        let mut answer = first[..read].to_vec();
        stream.set_read_timeout(Some(Duration::from_millis(700))).unwrap();
        drop(stream.read_to_end(&mut answer));
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub fn browser(&self) -> Browser {
        Browser::at(self.address)
    }

    /// A browser that asks for `localhost`, where passkeys work without https.
    pub fn local_browser(&self) -> Browser {
        Browser::local(self.address)
    }

    /// As browsers write it.
    pub fn local_origin(&self) -> String {
        format!("http://localhost:{}", self.address.port())
    }

    pub fn client(&self) -> Client {
        Client::at(self.address)
    }

    /// A browser in which this user has just signed in.
    pub fn signed_in(&self, name: &str) -> Browser {
        let mut browser = self.browser();
        let answer = browser.sign_in(name, PASSWORD);
        assert_eq!(answer.status, 303, "{}", answer.body);
        browser
    }

    /// The tokens of a new sign-in by JSON.
    pub fn tokens(&self, name: &str) -> Tokens {
        let body = serde_json::json!({ "username": name, "password": PASSWORD });
        let answer = self.client().post_json("/login", None, &body);
        assert_eq!(answer.status, 200, "{}", answer.body);
        let token = |key: &str| answer.json()[key].as_str().unwrap().to_owned();
        Tokens { access: token("access_token"), refresh: token("refresh_token") }
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.shut_down();
        if let Some(folder) = &self.folder {
            database::remove(folder.path());
        }
    }
}

pub struct Tokens {
    pub access: String,
    pub refresh: String,
}

/// The claims of a token, unchecked.
pub fn claims(token: &str) -> Value {
    use base64::Engine as _;
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case; a header that comes several times has several entries.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub fn set_cookies(&self) -> Vec<&str> {
        self.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value.as_str()).collect()
    }

    /// Where a redirect leads; empty if there is no `Location`.
    pub fn location(&self) -> &str {
        self.header("location").unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The text of `{"msg": …}`.
    pub fn msg(&self) -> String {
        self.json()["msg"].as_str().unwrap_or_default().to_owned()
    }
}

#[derive(Clone)]
struct Http {
    agent: ureq::Agent,
    base: String,
}

impl Http {
    fn new(address: SocketAddr) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build();
        Self { agent: config.into(), base: format!("http://{address}") }
    }

    fn send(&self, method: &str, path: &str, headers: &[(String, String)], body: &[u8]) -> Answer {
        self.try_send(method, path, headers, body).unwrap()
    }

    fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<Answer, ureq::Error> {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(name.as_str(), value.as_str());
        }
        let request = request.body(body.to_vec()).unwrap();
        let mut answer = if body.is_empty() && matches!(method, "GET" | "HEAD" | "DELETE" | "OPTIONS") {
            let (parts, _) = request.into_parts();
            self.agent.run(ureq::http::Request::from_parts(parts, ()))?
        } else {
            self.agent.run(request)?
        };
        let headers = answer
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let answer = Answer {
            status: answer.status().as_u16(),
            headers,
            body: answer.body_mut().read_to_string().unwrap_or_default(),
        };
        let port = self.base.rsplit(':').next().and_then(|port| port.parse().ok());
        openapi::compare(port.unwrap_or_default(), method, path, &answer);
        Ok(answer)
    }
}

/// A program: sends tokens in a header and reads JSON.
#[derive(Clone)]
pub struct Client {
    http: Http,
}

impl Client {
    pub fn at(address: SocketAddr) -> Self {
        Self { http: Http::new(address) }
    }

    pub fn get(&self, path: &str, token: Option<&str>) -> Answer {
        self.send("GET", path, token, &[], b"")
    }

    pub fn delete(&self, path: &str, token: Option<&str>) -> Answer {
        self.send("DELETE", path, token, &[], b"")
    }

    /// A POST without a body.
    pub fn post(&self, path: &str, token: Option<&str>) -> Answer {
        self.send("POST", path, token, &[], b"")
    }

    pub fn post_json(&self, path: &str, token: Option<&str>, body: &Value) -> Answer {
        self.send("POST", path, token, &[("content-type", "application/json")], body.to_string().as_bytes())
    }

    pub fn send(&self, method: &str, path: &str, token: Option<&str>, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut all: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        if let Some(token) = token {
            all.push(("authorization".into(), format!("Bearer {token}")));
        }
        self.http.send(method, path, &all, body)
    }
}

/// Keeps cookies, asks for pages, and sends forms with the CSRF value that the last page gave them. Follows no redirect by itself.
#[derive(Clone)]
pub struct Browser {
    http: Http,
    pub cookies: BTreeMap<String, String>,
    /// Sent with every request, such as `accept-language`.
    pub headers: Vec<(String, String)>,
    pub user_agent: String,
    form_value: String,
}

impl Browser {
    pub fn at(address: SocketAddr) -> Self {
        Self {
            http: Http::new(address),
            cookies: BTreeMap::new(),
            headers: Vec::new(),
            user_agent: "Mozilla/5.0 (X11; Linux x86_64) TestBrowser/1.0".into(),
            form_value: String::new(),
        }
    }

    /// One that asks for `localhost`.
    pub fn local(address: SocketAddr) -> Self {
        let mut browser = Self::at(address);
        browser.http.base = format!("http://localhost:{}", address.port());
        browser
    }

    /// The same browser, after the server was started again on another port.
    pub fn moved_to(self, address: SocketAddr) -> Self {
        Self { http: Http::new(address), ..self }
    }

    /// Opens a page as if by its address.
    pub fn get(&mut self, path: &str) -> Answer {
        self.get_with(
            path,
            &[("sec-fetch-mode", "navigate"), ("sec-fetch-site", "none"), ("sec-fetch-dest", "document")],
        )
    }

    pub fn get_with(&mut self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", path, headers, b"")
    }

    /// Sends a form from one of Portero's pages, with the CSRF value that the last page gave it.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.try_post(path, fields).unwrap()
    }

    /// Sends a form with just these fields, so without a CSRF value unless it is among them.
    pub fn post_bare(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.try_post_bare(path, fields).unwrap()
    }

    /// As [`post`](Self::post); `None`: there was no answer.
    pub fn try_post(&mut self, path: &str, fields: &[(&str, &str)]) -> Option<Answer> {
        let value = self.form_value.clone();
        let mut all = vec![("csrf_token", value.as_str())];
        all.extend(fields);
        self.try_post_bare(path, &all)
    }

    fn try_post_bare(&mut self, path: &str, fields: &[(&str, &str)]) -> Option<Answer> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
        self.try_send("POST", path, &headers, body.as_bytes())
    }

    /// Renews its tokens, as a script on a page does.
    pub fn renew(&mut self) -> Answer {
        self.try_renew().unwrap()
    }

    /// As [`renew`](Self::renew); `None`: there was no answer.
    pub fn try_renew(&mut self) -> Option<Answer> {
        let value = self.cookies.get("csrf_refresh_token").cloned().unwrap_or_default();
        let headers =
            [("x-csrf-token", value.as_str()), ("accept", "application/json"), ("sec-fetch-site", "same-origin")];
        self.try_send("POST", "/refresh", &headers, b"")
    }

    /// Sends a GET as a script on a page does.
    pub fn fetch(&mut self, path: &str) -> Answer {
        self.get_with(path, &[("accept", "application/json"), ("sec-fetch-site", "same-origin")])
    }

    pub fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.try_send(method, path, headers, body).unwrap()
    }

    /// As [`send`](Self::send); `None`: there was no answer.
    pub fn try_send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Answer> {
        let mut all: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        if !headers.iter().any(|(name, _)| *name == "accept") {
            all.push(("accept".into(), "text/html,application/xhtml+xml,*/*;q=0.8".into()));
        }
        all.push(("user-agent".into(), self.user_agent.clone()));
        all.extend(self.headers.iter().cloned());
        if !self.cookies.is_empty() {
            let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            all.push(("cookie".into(), cookies.join("; ")));
        }
        let answer = self.http.try_send(method, path, &all, body).ok()?;
        self.keep_cookies(&answer);
        if let Some(value) = form_value(&answer.body) {
            self.form_value = value;
        }
        Some(answer)
    }

    /// Follows redirects until there is a page.
    pub fn follow(&mut self, answer: Answer) -> Answer {
        let mut answer = answer;
        for _ in 0..10 {
            if !(300..400).contains(&answer.status) {
                return answer;
            }
            let location = answer.location().to_owned();
            answer = self.get(&location);
        }
        panic!("redirected for ever");
    }

    pub fn sign_in(&mut self, name: &str, password: &str) -> Answer {
        self.get("/login");
        self.post("/login", &[("username", name), ("password", password)])
    }

    pub fn is_signed_in(&mut self) -> bool {
        let answer = self.get("/account");
        answer.status == 200 && answer.body.contains("class=\"sign-out\"")
    }

    fn keep_cookies(&mut self, answer: &Answer) {
        for cookie in answer.set_cookies() {
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').unwrap();
            if value.is_empty() || attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

fn form_value(page: &str) -> Option<String> {
    let rest = page.split_once("name=\"csrf_token\" value=\"")?.1;
    Some(rest.split_once('"')?.0.to_owned())
}
