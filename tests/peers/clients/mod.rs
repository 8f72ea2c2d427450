//! Apps that speak OpenID Connect with what others made, each set up as `docs/openid-apps.md` says. What they have in common is here: Portero, the
//! app's process, and a browser that goes to and fro between the two.

mod docs;
mod mod_auth_openidc;
mod node;
mod python;
mod rust;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use portero::accounts::apps::manage::{Added, add};
use portero::domain::{AppName, AppRules, AppUri, LogoutUri, OpenIdRules, SessionId};
use portero::store::logout_deliveries;
use serde_json::Value;
use url::Url;

use crate::support::ports::free_ports;
use crate::support::{Answer, Browser, PASSWORD, TestApp, claims, operator};

/// What a browser says of a link on an app's page.
const FROM_APP: [(&str, &str); 3] =
    [("sec-fetch-mode", "navigate"), ("sec-fetch-site", "cross-site"), ("sec-fetch-dest", "document")];

/// Portero with ana and an app that it trusts, before the app itself is started.
struct Portero {
    app: TestApp,
    client_id: String,
    /// Empty for a public app.
    client_secret: String,
    /// Where the app is to listen.
    listen: SocketAddr,
}

impl Portero {
    /// `paths`: where the app takes answers, sign-outs, and people who have signed out. `None`: it can't.
    fn with(paths: [Option<&str>; 3]) -> Self {
        let app = TestApp::start();
        app.add_user("ana");
        let [port] = free_ports();
        let listen = SocketAddr::from(([127, 0, 0, 1], port));
        let [redirect, told, signed_out] = paths.map(|path| Some(format!("http://{listen}{}", path?)));
        let uris = |uri: Option<String>| -> Vec<_> { uri.iter().map(|uri| AppUri::parse(uri).unwrap()).collect() };
        let openid = OpenIdRules {
            redirect_uris: uris(redirect),
            post_logout_uris: uris(signed_out),
            is_trusted: true,
            ..OpenIdRules::default()
        };
        let backchannel_logout = told.map(|told| LogoutUri::parse(&told, true).unwrap());
        let rules = AppRules { openid, backchannel_logout, ..AppRules::default() };
        let added = add(&app.accounts, operator(), AppName::parse("wiki").unwrap(), rules).committed().unwrap();
        let Ok(Added { credentials: Some(credentials), .. }) = added else { panic!("the app was not added") };
        app.make_app_keys_of(Default::default());
        Self { app, client_id: credentials.id, client_secret: credentials.secret, listen }
    }

    fn issuer(&self) -> String {
        format!("http://{}", self.app.address)
    }

    /// The address of one of the app's pages.
    fn at_app(&self, path: &str) -> String {
        format!("http://{}{path}", self.listen)
    }

    /// Tells a program in its environment what an app has to know.
    fn tell(&self, command: &mut Command) {
        command
            .env("LISTEN_PORT", self.listen.port().to_string())
            .env("APP", self.at_app(""))
            .env("ISSUER", self.issuer())
            .env("CLIENT_ID", &self.client_id)
            .env("CLIENT_SECRET", &self.client_secret);
    }

    /// Starts the app, and waits until it listens.
    fn start(&self, command: &mut Command) -> Process {
        self.tell(command);
        let mut process = Process(command.spawn().unwrap());
        wait_for("the app to listen", || {
            assert!(process.0.try_wait().unwrap().is_none(), "the app has stopped");
            TcpStream::connect(self.listen).is_ok()
        });
        process
    }

    /// Waits until the app has taken note of the end of this session.
    fn wait_until_acknowledged(&self, sid: SessionId) {
        wait_for("the app to take note", || {
            let told = self.app.accounts.db.read(|conn| logout_deliveries::of_session(conn, sid)).unwrap();
            matches!(told.as_slice(), [one] if one.acknowledged_at.is_some())
        });
    }

    /// Whether an access token that the app was given is refused.
    fn refuses(&self, access: &Value) -> bool {
        self.app.client().get("/userinfo", access.as_str()).status == 401
    }

    /// What the session's story says of its end.
    fn ended_at_an_app(&self, sid: SessionId) -> bool {
        let mut again = self.app.signed_in("ana");
        again.get(&format!("/account/sessions/{sid}")).body.contains("Signed out at an app")
    }
}

/// An app that runs. Killed when dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_secs(30), "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// An app that listens nowhere: it prints where to sign in, is given the address to which the answer came, and prints what it has learned.
struct Library {
    process: Process,
    says: BufReader<ChildStdout>,
}

impl Library {
    fn start(portero: &Portero, mut command: Command) -> Self {
        portero.tell(&mut command);
        let mut process = Process(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap());
        let says = BufReader::new(process.0.stdout.take().unwrap());
        Self { process, says }
    }

    fn read(&mut self) -> Value {
        let mut line = String::new();
        self.says.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("the app has stopped: {error}"))
    }

    fn tell(&mut self, line: &str) {
        writeln!(self.process.0.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// What the app has learned of ana once she has signed in.
    fn sign_in(&mut self, visitor: &mut Visitor) -> Value {
        let to = self.read();
        let page = visitor.open(to["to"].as_str().unwrap());
        let answer = visitor.sign_in_until_led_to_the_app(&page);
        self.tell(&answer);
        self.read()
    }

    /// What the app has learned of ana, and what it finds after she has signed out at Portero.
    fn sign_in_and_out(&mut self, portero: &Portero) -> (Value, Value) {
        let mut visitor = Visitor::of(portero);
        let read = self.sign_in(&mut visitor);
        visitor.sign_out();
        self.tell("signed out");
        (read, self.read())
    }

    /// What the app finds after ana has signed in and, at the app, out. She comes back to this address.
    fn sign_in_and_out_at_app(&mut self, portero: &Portero, back: &str) -> Value {
        let mut visitor = Visitor::of(portero);
        self.sign_in(&mut visitor);
        self.tell("sign out");
        let to = self.read();
        visitor.sign_out_at_app(portero, to["to"].as_str().unwrap(), back);
        self.tell("signed out");
        self.read()
    }
}

/// A browser with two tabs, of which each keeps the cookies of one place.
struct Visitor {
    portero: Browser,
    app: Browser,
    at: [SocketAddr; 2],
}

impl Visitor {
    fn of(portero: &Portero) -> Self {
        let at = [portero.app.address, portero.listen];
        Self { portero: Browser::at(at[0]), app: Browser::at(at[1]), at }
    }

    /// Opens an address, and goes where it is led until there is a page.
    fn open(&mut self, address: &str) -> Answer {
        let mut to = Url::parse(address).unwrap();
        for _ in 0..20 {
            let answer = self.tab(&to).get(&to[url::Position::BeforePath..]);
            if !(300..400).contains(&answer.status) {
                return answer;
            }
            to = to.join(answer.location()).unwrap();
        }
        panic!("led about for ever, last to {to}");
    }

    fn tab(&mut self, to: &Url) -> &mut Browser {
        let [portero, app] = self.at.map(|at| at.port());
        match to.port() {
            Some(port) if port == portero => &mut self.portero,
            Some(port) if port == app => &mut self.app,
            _ => panic!("led to {to}"),
        }
    }

    /// Fills in the page at which Portero asks for a password, and goes where that leads.
    fn sign_in(&mut self, page: &Answer) -> Answer {
        let to = self.sign_in_until_led_to_the_app(page);
        self.open(&to)
    }

    /// As [`sign_in`](Self::sign_in), but returns the address at the app instead of opening it.
    fn sign_in_until_led_to_the_app(&mut self, page: &Answer) -> String {
        let next = page.body.split_once("name=\"next\" value=\"").unwrap_or_else(|| panic!("{page:?}")).1;
        let next = next.split_once('"').unwrap().0.replace("&amp;", "&");
        let mut answer = self.portero.post("/login", &[("username", "ana"), ("password", PASSWORD), ("next", &next)]);
        while answer.location().starts_with('/') {
            let to = answer.location().to_owned();
            answer = self.portero.get(&to);
        }
        assert_eq!(answer.status, 303, "{}", answer.body);
        answer.location().to_owned()
    }

    /// The session at Portero.
    fn sid(&self) -> SessionId {
        let claims = claims(&self.portero.cookies["access_token_cookie"]);
        SessionId::parse(claims["sid"].as_str().unwrap()).unwrap()
    }

    /// Signs out at Portero.
    fn sign_out(&mut self) {
        self.portero.get("/logout");
        assert_eq!(self.portero.post("/logout", &[]).status, 303);
    }

    /// Signs out at the app, where this address begins that. The app leads to Portero, which asks nothing and leads back to `back`, an
    /// address that is returned and not opened: the session is over, whoever holds its cookies.
    fn sign_out_at_app(&mut self, portero: &Portero, address: &str, back: &str) -> String {
        let (sid, mut copy) = (self.sid(), self.portero.clone());
        let to = self.leave(address);
        let answer = self.portero.get_with(&to[url::Position::BeforePath..], &FROM_APP);
        let led = answer.location().to_owned();
        assert!(answer.status == 303 && led.starts_with(&portero.at_app(back)), "{to}: {answer:?}");
        assert!(!copy.is_signed_in(), "a copy of the cookies opens nothing");
        assert!(portero.ended_at_an_app(sid));
        led
    }

    /// Opens this address, and goes where the app leads until that is Portero's end of a session.
    fn leave(&mut self, address: &str) -> Url {
        let mut to = Url::parse(address).unwrap();
        for _ in 0..5 {
            if to.path() == "/end-session" {
                return to;
            }
            let answer = self.app.get(&to[url::Position::BeforePath..]);
            assert!((300..400).contains(&answer.status), "{to}: {answer:?}");
            to = to.join(answer.location()).unwrap();
        }
        panic!("led about for ever, last to {to}");
    }
}

/// A file of the tests' own.
fn program(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/clients").join(name)
}
