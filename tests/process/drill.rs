//! `portero app drill`: an app that goes on with a session that has ended is found, and the account that was made for it goes.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::gate_set::Gate;
use crate::portero::{PASSWORD, Server, ok, portero, run, text};
use crate::support::claims;
use crate::support::proxies::{HOSTS, Kind, Reply, Seen, SmallServer};

/// What an app that speaks OpenID Connect and keeps its own session does when it is told of a sign-out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    Obeys,
    /// It answers 200, and that is all.
    Ignores,
    /// It ends its session so long after it has answered.
    ObeysAfter(Duration),
}

/// What the app knows of itself once it is registered.
#[derive(Default)]
struct Registered {
    portero: Option<SocketAddr>,
    client: String,
    secret: String,
    /// The sessions of Portero's that its own stand on, by its cookie's value, and when each is over.
    sessions: HashMap<String, (String, Option<Instant>)>,
}

struct Site {
    server: SmallServer,
    registered: Arc<Mutex<Registered>>,
}

impl Site {
    fn start(manner: Manner) -> Self {
        let registered = Arc::new(Mutex::new(Registered::default()));
        let known = Arc::clone(&registered);
        let server = SmallServer::start(move |seen| answer(seen, manner, &mut known.lock().unwrap()));
        Self { server, registered }
    }

    fn url(&self) -> String {
        format!("http://{}", self.server.address)
    }

    fn register(&self, folder: &Path, portero: SocketAddr, more: &[&str]) {
        let (redirect, told) = (format!("{}/callback", self.url()), format!("{}/told", self.url()));
        let add = [
            "app",
            "add",
            "wiki",
            "--redirect-uri",
            &redirect,
            "--backchannel-logout-uri",
            &told,
            "--pkce=false",
            "--json",
        ];
        let added: Value = serde_json::from_str(&ok(folder, &[&add, more].concat(), "")).unwrap();
        // The keys that sign its ID tokens are made when an app needs them.
        let begin = Instant::now();
        let keys = || ureq::get(format!("http://{portero}/.well-known/portero/apps.jwks.json")).call().unwrap();
        while !keys().into_body().read_to_string().unwrap().contains("RS256") {
            assert!(begin.elapsed() < Duration::from_secs(20), "there are no keys");
            std::thread::sleep(Duration::from_millis(50));
        }
        let mut registered = self.registered.lock().unwrap();
        registered.portero = Some(portero);
        registered.client = added["client_id"].as_str().unwrap().to_owned();
        registered.secret = added["client_secret"].as_str().unwrap().to_owned();
    }
}

fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    (status, headers.collect::<BTreeMap<_, _>>(), body.to_owned())
}

fn fields(text: &str) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

fn answer(seen: &Seen, manner: Manner, app: &mut Registered) -> Reply {
    let Some(portero) = app.portero else { return reply(503, &[], "") };
    let here = seen.one("host").unwrap_or_default().to_owned();
    let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
    let held = seen.one("cookie").and_then(|cookie| cookie.split_once("site=").map(|(_, value)| value.to_owned()));
    match path {
        "/callback" => {
            let callback = format!("http://{here}/callback");
            let form = [
                ("grant_type", "authorization_code"),
                ("code", &fields(query)["code"]),
                ("redirect_uri", &callback),
                ("client_id", &app.client),
                ("client_secret", &app.secret),
            ];
            let given = ureq::post(format!("http://{portero}/token")).send_form(form).unwrap();
            let given: Value = serde_json::from_str(&given.into_body().read_to_string().unwrap()).unwrap();
            let said = claims(given["id_token"].as_str().unwrap());
            let value = format!("s{}", app.sessions.len());
            app.sessions.insert(value.clone(), (said["sid"].as_str().unwrap().to_owned(), None));
            reply(302, &[("location", "/"), ("set-cookie", &format!("site={value}; Path=/; HttpOnly"))], "")
        }
        "/told" => {
            let sid = claims(&fields(&String::from_utf8_lossy(&seen.body))["logout_token"])["sid"].clone();
            for (_, over) in app.sessions.values_mut().filter(|(of, _)| *of == sid) {
                *over = match manner {
                    Manner::Obeys => Some(Instant::now()),
                    Manner::ObeysAfter(time) => Some(Instant::now() + time),
                    Manner::Ignores => None,
                };
            }
            reply(200, &[], "")
        }
        _ if held
            .as_ref()
            .and_then(|held| app.sessions.get(held))
            .is_some_and(|(_, over)| over.is_none_or(|over| over > Instant::now())) =>
        {
            reply(200, &[], "what only members see")
        }
        "/" => {
            let to = format!(
                "http://{portero}/authorize?response_type=code&scope=openid&state=s&client_id={}&redirect_uri=http%3A%2F%2F{here}%2Fcallback",
                app.client
            );
            reply(302, &[("location", &to)], "")
        }
        _ => reply(200, &[], "welcome, stranger"),
    }
}

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
    folder
}

/// The exit code of a drill, and what it printed.
fn drill(folder: &Path, more: &[&str]) -> (Option<i32>, String) {
    let output = run(folder, &[&["app", "drill", "wiki"], more].concat(), "");
    (output.status.code(), format!("{}{}", text(&output.stdout), text(&output.stderr)))
}

/// Nothing is left of the accounts of drills.
fn assert_gone(folder: &Path) {
    let users = ok(folder, &["user", "list"], "");
    assert!(!users.contains("drill-"), "{users}");
    assert!(!ok(folder, &["session", "list"], "").contains("drill-"));
}

#[test]
fn an_app_that_keeps_its_own_session_and_ignores_the_sign_out_is_found() {
    let (folder, site) = (folder(), Site::start(Manner::Ignores));
    let path = folder.path();
    let server = Server::start(path);
    site.register(path, server.address, &["--trusted"]);
    let (code, said) = drill(path, &["--for", "2s"]);
    assert_eq!(code, Some(1), "{said}\n{}", server.log());
    assert!(said.contains("wiki: said yes, still let in after 2."), "{said}");
    assert_gone(path);
    let shown = ok(path, &["app", "show", "wiki"], "");
    assert!(shown.contains("said yes, still let in after 2."), "{shown}");
}

#[test]
fn an_app_that_obeys_is_seen_to_refuse_and_one_that_dawdles_to_dawdle() {
    for (manner, least, most) in [(Manner::Obeys, 0, 1500), (Manner::ObeysAfter(Duration::from_secs(2)), 2000, 5000)] {
        let (folder, site) = (folder(), Site::start(manner));
        let path = folder.path();
        let server = Server::start(path);
        // Nobody has to be asked, and only those on its list may enter: the account is put there, and goes from it.
        site.register(path, server.address, &["--allow", "user:ana"]);
        let (code, said) = drill(path, &["--json"]);
        assert_eq!(code, Some(0), "{said}\n{}", server.log());
        let said: Value = serde_json::from_str(said.trim()).unwrap();
        let lasted = said["lasted_ms"].as_i64().unwrap();
        assert!(said["outcome"] == "refused" && (least..most).contains(&lasted), "{said}");
        assert_gone(path);
        let shown = ok(path, &["app", "show", "wiki"], "");
        assert!(shown.contains("allowed      user:ana\nlevel"), "nobody else is let in: {shown}");
    }
}

#[test]
fn a_gated_app_refuses_on_the_next_request() {
    let gate = Gate::start(Kind::Nginx);
    let path = gate.path();
    ok(path, &["app", "set", HOSTS[0], "--allow", "user:ana"], "");
    let (authority, resolve) = (gate.certificates.authority.to_str().unwrap(), format!("{}=127.0.0.1", HOSTS[0]));
    let output = run(path, &["app", "drill", HOSTS[0], "--ca", authority, "--resolve", &resolve], "");
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stderr), gate.server.log());
    assert_eq!(text(&output.stdout), format!("{}: refused on the next request\n", HOSTS[0]));
    assert_gone(path);
    assert!(ok(path, &["app", "show", HOSTS[0]], "").contains("refused on the next request\n"));
}

#[test]
fn where_nothing_can_be_found_out_the_code_is_2_and_the_account_goes_all_the_same() {
    let (folder, site) = (folder(), Site::start(Manner::Obeys));
    let path = folder.path();
    assert_eq!(run(path, &["app", "drill", "wiki"], "").status.code(), Some(2), "there is no such app");
    let server = Server::start(path);
    site.register(path, server.address, &["--trusted"]);
    let open = format!("{}/open", site.url());
    let (code, said) = drill(path, &["--page", &open]);
    assert!(code == Some(2) && said.contains("lets in whoever is not signed in"), "{code:?} {said}");
    let (code, said) = drill(path, &["--page", &open, "--sign-in", &site.url(), "--shows", "only members"]);
    assert_eq!(code, Some(0), "{said}");
    ok(path, &["app", "set", "wiki", "--level", "two"], "");
    let (code, said) = drill(path, &[]);
    assert!(code == Some(2) && said.contains("does not come in"), "{code:?} {said}");
    ok(path, &["app", "set", "wiki", "--level", "one"], "");
    let portero = format!("http://{}/account", server.address);
    assert_eq!(drill(path, &["--page", &portero]).0, Some(2));
    assert_eq!(drill(path, &["--page", "http://127.0.0.1:9/"]).0, Some(2), "nobody is there");
    assert_eq!(drill(path, &["--for", "never"]).0, Some(2));
    assert_gone(path);
    drop(server);
    let (code, said) = drill(path, &[]);
    assert!(code == Some(2) && said.contains("no server runs"), "{code:?} {said}");
    assert_gone(path);
}

#[test]
fn a_drill_that_is_broken_off_leaves_no_account_and_one_that_is_killed_leaves_none_for_the_next() {
    let (folder, site) = (folder(), Site::start(Manner::Ignores));
    let path = folder.path();
    let server = Server::start(path);
    site.register(path, server.address, &["--trusted"]);
    let begin = || {
        let mut command = portero(path);
        command.args(["app", "drill", "wiki", "--for", "1m"]).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap();
        let begin = Instant::now();
        while !server.log().contains("app_entered") || !ok(path, &["user", "list"], "").contains("drill-") {
            assert!(begin.elapsed() < Duration::from_secs(20), "{}", server.log());
            std::thread::sleep(Duration::from_millis(50));
        }
        child
    };
    let mut broken_off = begin();
    let pid = broken_off.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(broken_off.wait().unwrap().code(), Some(2));
    assert_gone(path);
    let mut killed = begin();
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(ok(path, &["user", "list"], "").contains("drill-"), "nobody could delete it");
    // As if its time were over.
    crate::database::Behind::of(path).execute("UPDATE drill_accounts SET until = 1");
    assert_eq!(drill(path, &["--for", "1s"]).0, Some(1));
    assert_gone(path);
}
