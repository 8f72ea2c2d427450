//! `examples/flask_status_list.py`: a Flask app that looks up in Portero's status list which sessions have ended.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portero::domain::AppAlgorithm;
use portero::tokens::sign_for_apps;
use serde_json::{Value, json};

use crate::flask_peer::orders;
use crate::support::ports::free_address;
use crate::support::{TestApp, Tokens, claims};
use crate::{Python, SECRET};

const TTL: Duration = Duration::from_secs(2);

/// A server whose tokens say where the list is, and whose address others know by this name.
fn portero(public: SocketAddr, settings: &[(&str, &str)]) -> TestApp {
    let url = format!("http://{public}");
    let own = [("public_url", url.as_str()), ("status_list", "true"), ("jwt.secret_key", SECRET)];
    let app = TestApp::with(&[&own, settings].concat());
    app.make_app_keys();
    app.add_user("ana");
    app
}

/// One that is itself at this address.
fn with_ana(ttl: &str) -> (TestApp, Tokens) {
    let address = free_address();
    let app = portero(address, &[("listen", &address.to_string()), ("status_list_ttl", ttl)]);
    let tokens = app.tokens("ana");
    (app, tokens)
}

fn peer(portero: SocketAddr) -> Python {
    Python::start("examples/flask_status_list.py", |command, address| {
        command
            .env("LISTEN", address.to_string())
            .env("PORTERO_URL", format!("http://{portero}"))
            .env("JWT_SECRET_KEY", SECRET);
    })
}

#[test]
fn who_signs_out_in_portero_is_refused_in_flask_within_the_ttl() {
    let (app, tokens) = with_ana("2s");
    let other = app.tokens("ana");
    let peer = peer(app.address);
    let reply = orders(&peer, &tokens.access);
    assert_eq!((reply.status, reply.json()["user"].as_str()), (200, Some("ana")));
    for _ in 0..3 {
        let tokens = app.tokens("ana");
        assert_eq!(orders(&peer, &tokens.access).status, 200);
        assert_eq!(app.client().delete("/logout", Some(&tokens.access)).status, 200);
        let ended = Instant::now();
        loop {
            let asked = ended.elapsed();
            let status = orders(&peer, &tokens.access).status;
            if status == 401 {
                break;
            }
            assert_eq!(status, 200);
            assert!(asked < TTL, "let in {asked:?} after the end");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(orders(&peer, &tokens.access).status, 401, "and it stays so");
        assert_eq!(orders(&peer, &other.access).status, 200, "nobody else is");
    }
}

#[test]
fn it_asks_nothing_while_its_list_is_young_and_lets_nobody_in_when_it_can_get_no_other() {
    let (app, tokens) = with_ana("2s");
    let peer = peer(app.address);
    assert_eq!(orders(&peer, &tokens.access).status, 200);
    let fetched = Instant::now();
    drop(app.stop());
    let mut served = 0;
    while orders(&peer, &tokens.access).status == 200 {
        served += 1;
        assert!(fetched.elapsed() < TTL + Duration::from_secs(1), "an old list is good for ever");
    }
    assert!(served > 10, "{served} requests with Portero away");
    assert_eq!(orders(&peer, &tokens.access).status, 503);
}

#[test]
fn a_token_that_names_no_list_of_porteros_does_not_get_in() {
    let (app, tokens) = with_ana("1m");
    let peer = peer(app.address);
    assert_eq!(orders(&peer, &tokens.access).status, 200);
    assert_eq!(orders(&peer, &crate::cases::good()).status, 401, "one of another app with the same key names none");
}

/// What is answered to whoever asks for a status list, and to whoever asks for the keys.
#[derive(Default)]
struct Answers {
    list: String,
    keys: String,
}

/// Stands where Portero is said to be.
fn impostor(answers: Arc<Mutex<Answers>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let first = lines.next().unwrap_or_default();
            // What is not read would reset the connection.
            lines.take_while(|line| !line.is_empty()).for_each(drop);
            let answers = answers.lock().unwrap();
            let body = if first.contains("/status-lists/") { &answers.list } else { &answers.keys };
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            stream.write_all(format!("{head}{body}").as_bytes()).ok();
        }
    });
    address
}

#[test]
fn nothing_but_this_very_list_is_taken_for_it() {
    let answers = Arc::new(Mutex::new(Answers::default()));
    let address = impostor(Arc::clone(&answers));
    let app = portero(address, &[]);
    let tokens = app.tokens("ana");
    let uri = claims(&tokens.access)["status"]["status_list"]["uri"].as_str().unwrap().to_owned();
    let real = app.client().get(uri.strip_prefix(&format!("http://{address}")).unwrap(), None);
    assert_eq!(real.status, 200);
    answers.lock().unwrap().keys = app.client().get("/.well-known/portero/apps.jwks.json", None).body;
    let said = claims(&real.body).as_object().unwrap().clone();
    let keys = app.accounts.app_keys.get(AppAlgorithm::ES256).unwrap();
    let signed = |typ: &str, name: &str, value: Value| {
        let mut said = said.clone();
        said.insert(name.to_owned(), value);
        sign_for_apps(&keys, typ, said).unwrap()
    };
    let now = app.accounts.now().0;
    let mut changed = real.body.clone().into_bytes();
    let at = changed.len() / 3;
    changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
    let bad = [
        ("an ID token", signed("JWT", "x", 1.into())),
        ("a logout token", signed("logout+jwt", "x", 1.into())),
        ("an assertion", app.assertion(&tokens.access, "wiki", 1)),
        ("a session's token", tokens.access.clone()),
        ("another list", signed("statuslist+jwt", "sub", format!("{uri}0").into())),
        ("somebody else's", signed("statuslist+jwt", "iss", "https://login.example.org".into())),
        ("an expired one", signed("statuslist+jwt", "exp", (now - 120).into())),
        ("one that is packed wrongly", signed("statuslist+jwt", "status_list", json!({ "lst": "AAAA" }))),
        ("a changed one", String::from_utf8(changed).unwrap()),
        ("nothing", String::new()),
    ];
    let peer = peer(address);
    for (what, text) in bad {
        answers.lock().unwrap().list = text;
        assert_eq!(orders(&peer, &tokens.access).status, 503, "{what}");
    }
    answers.lock().unwrap().list = real.body;
    assert_eq!(orders(&peer, &tokens.access).status, 200, "or the test would show nothing");
}
