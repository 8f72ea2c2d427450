//! The same requests to Portero and to `oidc-provider`, which is certified. `docs/openid-differences.md` lists every difference between the
//! answers with its reason: one that is not listed fails, and so does a row that nothing shows.

mod authorize;
mod programs;
mod requests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use portero::accounts::apps::manage::{Added, add};
use portero::accounts::people::details::{Change, Changes, Edited, edit};
use portero::domain::{AppAlgorithm, AppName, AppRules, AppUri, DisplayName, Mail, OpenIdRules, Username};
use portero::store::{apps, users};
use serde_json::{Value, json};

use self::requests::{App, Side};
use crate::support::ports::free_ports;
use crate::support::{PASSWORD, TestApp, claims, operator};
use crate::{installed, root};

/// What matters about an answer, by name.
type Facts = BTreeMap<String, String>;

/// A request, or several of which the last one's answer is compared.
struct Case {
    name: String,
    ask: Box<dyn Fn(&mut Side) -> Facts>,
}

fn case(name: impl Into<String>, ask: impl Fn(&mut Side) -> Facts + 'static) -> Case {
    Case { name: name.into(), ask: Box::new(ask) }
}

/// `oidc-provider` in a process of its own. Killed when dropped.
struct Oracle(Child);

impl Drop for Oracle {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn rules(name: &str, is_public: bool) -> AppRules {
    let openid = OpenIdRules {
        redirect_uris: vec![AppUri::parse(&format!("https://{name}.example.org/callback")).unwrap()],
        post_logout_uris: vec![AppUri::parse(&format!("https://{name}.example.org/")).unwrap()],
        is_trusted: true,
        is_public,
        ..OpenIdRules::default()
    };
    AppRules { openid, ..AppRules::default() }
}

/// Portero with ana and three apps, and what each of these is known by.
fn portero() -> (TestApp, Vec<App>) {
    let app = TestApp::start();
    app.add_user("ana");
    let name = Username::parse("ana").unwrap();
    let id = app.accounts.db.read(|conn| users::find_by_name(conn, &name)).unwrap().unwrap().id;
    let details = Changes {
        display_name: Change::To(DisplayName::parse("Ana María").unwrap()),
        mail: Change::To(Mail::parse("ana@example.org").unwrap()),
        mail_is_verified: Some(true),
        ..Changes::default()
    };
    assert_eq!(edit(&app.accounts, operator(), id, details).committed().unwrap(), Edited::Done);
    let mut known = Vec::new();
    for (name, is_public) in [("wiki", false), ("camera", false), ("script", true)] {
        let added = add(&app.accounts, operator(), AppName::parse(name).unwrap(), rules(name, is_public));
        let Ok(Added { id, credentials }) = added.committed().unwrap() else { panic!("{name} was not added") };
        let all = app.accounts.db.read(apps::all).unwrap();
        let client_id = all.into_iter().find(|one| one.id == id).unwrap().client_id;
        let secret = credentials.map(|given| given.secret).unwrap_or_default();
        known.push(App { id: client_id, secret, redirect_uri: format!("https://{name}.example.org/callback") });
    }
    app.make_app_keys_of(AppAlgorithm::RS256);
    (app, known)
}

/// `oidc-provider` with the same person and the same apps.
fn oracle(known: &[App], sub: &str) -> (Oracle, SocketAddr) {
    let [port] = free_ports();
    let clients: Vec<_> = known
        .iter()
        .map(|app| {
            let method = if app.secret.is_empty() { "none" } else { "client_secret_basic" };
            let secret = if app.secret.is_empty() { Value::Null } else { json!(app.secret) };
            let mut client = json!({
                "client_id": app.id,
                "redirect_uris": [app.redirect_uri],
                "post_logout_redirect_uris": [app.home()],
                "grant_types": ["authorization_code", "refresh_token"],
                "token_endpoint_auth_method": method,
                "backchannel_logout_uri": app.redirect_uri,
                "backchannel_logout_session_required": true,
            });
            if !secret.is_null() {
                client["client_secret"] = secret;
            }
            client
        })
        .collect();
    let told = json!({
        "preferred_username": "ana", "name": "Ana María", "email": "ana@example.org", "email_verified": true, "groups": [],
    });
    let settings = json!({ "port": port, "clients": clients, "person": { "sub": sub, "claims": told } });
    let mut command = Command::new("node");
    command.arg(root().join("tests/peers/openid_oracle/provider.mjs")).env("SETTINGS", settings.to_string());
    command.env("PEERS", installed("node_modules").parent().unwrap());
    let oracle = Oracle(command.spawn().unwrap());
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let begin = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(begin.elapsed() < Duration::from_secs(30), "oidc-provider did not start");
        std::thread::sleep(Duration::from_millis(20));
    }
    (oracle, address)
}

/// One row of the list.
#[derive(Debug)]
struct Row {
    /// Names of cases; one that ends with `*` stands for all that begin so.
    cases: Vec<String>,
    fact: String,
    here: String,
    there: String,
}

impl Row {
    fn names(&self, case: &str) -> Vec<&str> {
        let is_meant = |name: &&String| match name.strip_suffix('*') {
            Some(begin) => case.starts_with(begin),
            None => case == name.as_str(),
        };
        self.cases.iter().filter(is_meant).map(String::as_str).collect()
    }
}

fn listed() -> Vec<Row> {
    let text = std::fs::read_to_string(root().join("docs/openid-differences.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `")).map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [cases, fact, here, there, why] = cells.as_slice() else { panic!("{line}") };
        assert!(why.len() > 10, "no reason: {line}");
        let plain = |cell: &str| cell.trim_matches('`').to_owned();
        let cases = plain(cases).split("`, `").map(str::to_owned).collect();
        Row { cases, fact: plain(fact), here: plain(here), there: plain(there) }
    });
    rows.collect()
}

#[test]
#[ignore = "`tests/run --long` runs it"]
fn portero_answers_apps_as_a_certified_provider_does_but_for_what_is_listed() {
    let (app, known) = portero();
    let mut here = Side::portero(app.address, known.clone(), PASSWORD);
    let id_token = claims(&here.given("id_token"));
    let (_oracle, address) = oracle(&known, id_token["sub"].as_str().unwrap());
    let mut there = Side::oracle(address, known);

    let mut cases = authorize::cases();
    cases.extend(programs::cases());
    let names: BTreeSet<_> = cases.iter().map(|case| case.name.clone()).collect();
    assert_eq!(names.len(), cases.len(), "a name stands for two");
    assert!(cases.len() >= 300, "{} requests", cases.len());

    let rows = listed();
    let mut shown: Vec<BTreeSet<String>> = rows.iter().map(|_| BTreeSet::new()).collect();
    let mut unlisted: BTreeMap<(String, String, String), Vec<String>> = BTreeMap::new();
    for Case { name, ask } in &cases {
        let (ours, theirs) = (ask(&mut here), ask(&mut there));
        let mut facts: BTreeSet<_> = ours.keys().chain(theirs.keys()).cloned().collect();
        // Of an answer and a refusal, or of two ways to lead on, the rest is no difference of its own.
        if ["status", "led to"].iter().any(|fact| ours.get(*fact) != theirs.get(*fact)) {
            facts.retain(|fact| ["status", "led to", "error"].contains(&fact.as_str()));
        }
        if ours.contains_key("member id_token") != theirs.contains_key("member id_token") {
            facts.retain(|fact| !fact.starts_with("ID token"));
        }
        for fact in facts {
            let read = |facts: &Facts| facts.get(&fact).cloned().unwrap_or_else(|| "nothing".into());
            let (ours, theirs) = (read(&ours), read(&theirs));
            if ours == theirs {
                continue;
            }
            let mut is_listed = false;
            for (row, shown) in rows.iter().zip(&mut shown) {
                if (&row.fact, &row.here, &row.there) == (&fact, &ours, &theirs) {
                    let named = row.names(name);
                    is_listed |= !named.is_empty();
                    shown.extend(named.into_iter().map(str::to_owned));
                }
            }
            if !is_listed {
                unlisted.entry((fact, ours, theirs)).or_default().push(name.clone());
            }
        }
    }
    println!("{} requests", cases.len());
    let report: Vec<_> = unlisted
        .iter()
        .map(|((fact, ours, theirs), names)| format!("| `{}` | {fact} | `{ours}` | `{theirs}` | ", names.join("`, `")))
        .collect();
    assert!(
        report.is_empty(),
        "{} differences are not in docs/openid-differences.md:\n{}",
        report.len(),
        report.join("\n")
    );
    for (row, shown) in rows.iter().zip(shown) {
        let gone: Vec<_> = row.cases.iter().filter(|name| !shown.contains(*name)).collect();
        assert!(gone.is_empty(), "{gone:?} differ no more: {row:?}");
    }
}
