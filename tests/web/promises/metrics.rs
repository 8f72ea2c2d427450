//! Promise: what metrics count is what the tables say; they name nobody, and there are not many of them.

use std::collections::{BTreeMap, BTreeSet};

use portero::domain::{Reason, UnixTime};
use portero::store::audit::event::What;
use portero::store::hourly_counts::{self, Counted};
use portero::store::instance::{self, LAST_BACKUP};
use portero::store::{Error, Upkeep};
use serde_json::Value;

use crate::common::{A_QUARTER_OF_AN_HOUR, as_json, end, second_factor};
use crate::openid::Party;
use crate::support::promtool::promtool;
use crate::support::{Client, OTHER_PASSWORD, PASSWORD, TestApp, totp};

const AN_HOUR: i64 = 3600;
/// How old what is looked up in the database may be, and a second.
const A_MINUTE: i64 = 61;

fn server() -> TestApp {
    TestApp::with(&[("metrics_listen", "127.0.0.1:0")])
}

fn metrics(app: &TestApp) -> Client {
    Client::at(app.metrics.unwrap())
}

fn text(app: &TestApp) -> String {
    let answer = metrics(app).get("/metrics", None);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/plain; version=0.0.4")));
    answer.body
}

/// Every series with its value.
fn series(text: &str) -> BTreeMap<&str, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit_once(' ').unwrap()).map(|(name, value)| (name, value.parse().unwrap())).collect()
}

/// All events of the audit log, as an admin reads them.
fn audit_log(app: &TestApp) -> Vec<Value> {
    let (mut admin, mut path, mut events) = (app.signed_in("adm"), "/admin/audit".to_owned(), Vec::new());
    loop {
        let page = as_json(&mut admin, &path);
        events.extend(page["events"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { return events };
        path = format!("/admin/audit?before={next}");
    }
}

/// Signs in and fails to, renews, signs out, is robbed, uses a second factor and an app, and is signed out by an admin.
fn a_day(app: &TestApp) {
    app.add_admin("adm");
    for name in ["ximena", "yolanda", "zoraida"] {
        app.add_user(name);
    }
    let shop = Party::trusted(app, "bazaar");
    // Wrong passwords, names that nobody bears, and a right one; by a page and by a program.
    let mut browser = app.browser();
    for (name, password) in [("ximena", "wrong"), ("quetzal", "wrong"), ("ximena", "wrong"), ("ximena", PASSWORD)] {
        browser.sign_in(name, password);
    }
    let tokens = app.tokens("ximena");
    assert_eq!(app.client().post("/refresh", Some(&tokens.refresh)).status, 200);
    // Renewals, and a sign-out.
    for _ in 0..3 {
        app.clock.advance(A_QUARTER_OF_AN_HOUR);
        assert!(browser.is_signed_in());
    }
    browser.get("/logout");
    assert_eq!(browser.post("/logout", &[]).status, 303);
    // A theft.
    let mut owner = app.signed_in("yolanda");
    let mut thief = owner.clone();
    for time in [AN_HOUR, A_MINUTE] {
        app.clock.advance(time);
        assert!(owner.is_signed_in());
    }
    thief.cookies.remove("access_token_cookie");
    assert!(!thief.is_signed_in() && !owner.is_signed_in());
    // A second factor, wrong and then right, and an app.
    let (secret, _) = second_factor(app, "zoraida");
    app.clock.advance(30);
    let mut browser = app.browser();
    browser.sign_in("zoraida", PASSWORD);
    browser.get("/login/factor");
    let now = app.accounts.now().0;
    assert_eq!(browser.post("/login/factor", &[("code", &totp::wrong_code(&secret, now))]).status, 401);
    assert_eq!(browser.post("/login/factor", &[("code", &totp::code(&secret, now))]).status, 303);
    let tokens = shop.tokens(&mut browser, &[]);
    assert!(shop.is_open(&tokens));
    // Another password, and the end of everybody's sessions.
    app.set_password("yolanda", OTHER_PASSWORD);
    let moment = app.clock.now().0 - 100;
    let mut admin = app.signed_in("adm");
    app.clock.advance(1);
    for _ in 0..3 {
        app.signed_in("ximena");
    }
    end(&mut admin, &format!("/admin/sessions/end?since={moment}"));
    assert!(!browser.is_signed_in());
    app.wait_until_all_is_stored();
}

#[test]
fn after_a_day_every_count_is_that_of_the_audit_log() {
    let app = server();
    a_day(&app);
    let events = audit_log(&app);
    let text = text(&app);
    let series = series(&text);
    let recorded = |what: &str| events.iter().filter(|event| event["what"] == what).count();
    for what in What::ALL {
        let what = what.as_str();
        let shown = series[format!("portero_audit_events_total{{event=\"{what}\"}}").as_str()];
        assert_eq!(shown, recorded(what) as f64, "{what}");
    }
    for what in [
        What::SignedIn,
        What::SignInFailed,
        What::SecondFactorFailed,
        What::FactorAdded,
        What::SessionEnded,
        What::RefreshReused,
        What::PasswordChanged,
        What::AppAdded,
    ] {
        assert!(recorded(what.as_str()) > 0, "{what:?} did not happen");
    }
    for reason in Reason::ALL {
        let ended = events.iter().filter(|event| event["details"]["reason"] == reason.as_str());
        let sessions: u64 = ended.filter_map(|event| event["details"]["sessions"].as_u64()).sum();
        let shown = series[format!("portero_sessions_ended_total{{reason=\"{}\"}}", reason.as_str()).as_str()];
        assert_eq!(shown, sessions as f64, "{reason:?}");
    }
    let counted = app.accounts.db.read(|conn| hourly_counts::since(conn, UnixTime(0))).unwrap();
    let counted = |what| counted.iter().filter(|one| one.what == what).map(|one| one.count).sum::<i64>();
    let renewed = counted(Counted::Renewed);
    assert!(renewed >= 5, "{renewed}");
    assert_eq!(series["portero_renewals_total"], renewed as f64);
    assert_eq!((series["portero_unknown_names_total"], counted(Counted::UnknownName)), (1.0, 1));
    let sign_ins = series.iter().filter(|(name, _)| name.starts_with("portero_sign_ins_total"));
    assert_eq!(sign_ins.map(|(_, count)| count).sum::<f64>(), recorded("signed_in") as f64);
    assert_eq!(series["portero_sign_ins_total{method=\"totp\"}"], 1.0);
    assert_eq!(series["portero_queue_waiting{queue=\"writer\"}"], 0.0);
    assert_eq!(series["portero_ready"], 1.0);

    // Nobody is named, however many they are.
    for name in ["ximena", "yolanda", "zoraida", "quetzal", "adm\"", "bazaar", "127.0.0.1", "TestBrowser"] {
        assert!(!text.contains(name), "{name}: {text}");
    }
    assert!(series.len() < 330, "there are {} series", series.len());
    promtool(&["check", "metrics"], &text);
}

#[test]
fn what_is_undone_is_not_counted() {
    let app = server();
    app.add_user("ximena");
    let before = text(&app);
    let undone = app.accounts.db.write(Upkeep, app.accounts.now(), |tx, by: portero::domain::By| {
        portero::store::audit::event::Event::new(What::BackupMade, &by).record(tx)?;
        tx.count(Counted::Renewed, 1);
        Err::<(), _>(Error::NotTaken)
    });
    undone.committed().unwrap_err();
    let acts = |text: &str| {
        let all = series(text);
        let acts = all.iter().filter(|(name, _)| name.contains("_events_") || name.contains("_renewals_"));
        acts.map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>()
    };
    assert_eq!(acts(&text(&app)), acts(&before));
}

#[test]
fn answers_are_counted_by_route_and_kind_of_status() {
    let app = server();
    app.add_admin("adm");
    let token = app.tokens("adm").access;
    let client = app.client();
    for _ in 0..5 {
        assert_eq!(client.get("/protected", Some(&token)).status, 200);
    }
    assert_eq!(client.get("/protected", None).status, 401);
    for path in ["/admin/users", "/admin/groups"] {
        assert_eq!(client.get(path, Some(&token)).status, 200);
    }
    for path in ["/nowhere", "/metrics"] {
        assert_eq!(client.get(path, None).status, 404, "{path}");
    }
    let text = text(&app);
    let series = series(&text);
    let count = |route: &str, code: &str| {
        series[format!("portero_http_responses_total{{route=\"{route}\",code=\"{code}\"}}").as_str()]
    };
    assert_eq!((count("/protected", "2xx"), count("/protected", "4xx")), (5.0, 1.0));
    assert_eq!((count("/admin/*", "2xx"), count("none", "4xx"), count("/login", "2xx")), (2.0, 2.0, 1.0));
    assert!(!text.contains("nowhere"), "{text}");
}

#[test]
fn how_long_each_answer_took_is_noted_except_of_checks_monitoring_static_files_and_unknown_paths() {
    let app = server();
    app.add_user("ximena");
    let token = app.tokens("ximena").access;
    let client = app.client();
    let noted = |end: &str| series(&text(&app))[format!("portero_http_request_duration_seconds_{end}").as_str()];
    let before = noted("count");
    for path in ["/protected", "/whoami", "/gate/check/nginx", "/healthz", "/readyz", "/static/portero.css", "/nowhere"]
    {
        client.get(path, Some(&token));
    }
    assert_eq!(noted("count"), before);
    for (path, status) in [("/account", 200), ("/admin/users", 403), ("/setup/%00", 410)] {
        assert_eq!(client.get(path, Some(&token)).status, status, "{path}");
    }
    assert_eq!((noted("count"), noted("bucket{le=\"+Inf\"}")), (before + 3.0, before + 3.0));
    let sum = noted("sum");
    // A password is compared, which takes its time.
    let body = serde_json::json!({ "username": "ximena", "password": "wrong" });
    assert_eq!(client.post_json("/login", None, &body).status, 401);
    assert!(noted("sum") > sum);
}

#[test]
fn whoever_tries_too_often_is_counted() {
    let app = server();
    let throttled = |text: &str| series(text)["portero_throttled_total{limit=\"sign_in\"}"];
    assert_eq!(throttled(&text(&app)), 0.0);
    let mut refused = 0;
    for _ in 0..40 {
        let body = serde_json::json!({ "username": "ximena", "password": "wrong" });
        refused += u32::from(app.client().post_json("/login", None, &body).status == 429);
    }
    assert!(refused > 0);
    assert_eq!(throttled(&text(&app)), f64::from(refused));
}

#[test]
fn the_database_is_looked_at_once_a_minute_however_often_metrics_are_read() {
    let app = server();
    app.add_user("ximena");
    let open = |app: &TestApp| series(&text(app))["portero_sessions_open"];
    assert_eq!(open(&app), 0.0);
    app.signed_in("ximena");
    assert_eq!((open(&app), open(&app)), (0.0, 0.0));
    app.clock.advance(A_MINUTE);
    // This scrape does not wait for what it asks for.
    let found = (0..2000).map(|_| open(&app)).find(|open| *open > 0.0);
    assert_eq!(found, Some(1.0));
}

#[test]
fn the_listener_shows_metrics_and_nothing_else() {
    let app = server();
    let client = metrics(&app);
    for path in ["/", "/login", "/healthz", "/metrics/", "/static/portero.css"] {
        assert_eq!(client.get(path, None).status, 404, "{path}");
    }
    let refused = client.post("/metrics", None);
    assert_eq!((refused.status, refused.header("allow")), (405, Some("GET, HEAD")));
    let head = client.send("HEAD", "/metrics", None, &[], b"");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
}

/// The columns of the tables in `docs/metrics.md`: name, type, labels, meaning.
fn in_manual() -> BTreeSet<[String; 4]> {
    let rows = include_str!("../../../docs/metrics.md").lines().filter(|line| line.starts_with("| `"));
    let cells = |row: &str| -> Vec<String> {
        row.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect()
    };
    rows.map(cells)
        .map(|cells| match cells.as_slice() {
            [name, kind, labels, _bound, meaning] => [name, kind, labels, meaning].map(String::clone),
            _ => panic!("{cells:?}"),
        })
        .collect()
}

#[test]
fn every_metric_stands_in_the_manual_with_type_labels_and_meaning() {
    let app = server();
    let now = app.accounts.now();
    let backed_up =
        app.accounts.db.write(Upkeep, now, move |tx, _| instance::set(tx.conn, LAST_BACKUP, &now.0.to_string()));
    backed_up.committed().unwrap();
    let text = text(&app);
    let labels = |name: &str| -> String {
        let one = text.lines().find(|line| line.starts_with(&format!("{name}{{"))).unwrap_or_default();
        let keys = one.split(['{', ',']).filter_map(|pair| pair.split_once("=\"")).map(|(key, _)| key);
        keys.filter(|key| *key != "le").collect::<Vec<_>>().join(", ")
    };
    let helps: BTreeMap<&str, &str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# HELP "))
        .map(|line| line.split_once(' ').unwrap())
        .collect();
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).map(|line| line.split_once(' ').unwrap());
    let shown = types.map(|(name, kind)| [name.to_owned(), kind.to_owned(), labels(name), helps[name].to_owned()]);
    assert_eq!(shown.collect::<BTreeSet<_>>(), in_manual());
}

/// The metrics that a board or rules ask for.
fn asked_for(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let ours = words.filter(|word| word.starts_with("portero_") || word.starts_with("process_"));
    let of_histogram =
        |word: &str| ["_bucket", "_sum", "_count"].iter().find_map(|end| Some(word.strip_suffix(end)?.to_owned()));
    ours.map(|word| of_histogram(word).unwrap_or_else(|| word.to_owned())).collect()
}

#[test]
fn board_and_alerts_ask_for_metrics_that_there_are() {
    let known: BTreeSet<String> = in_manual().into_iter().map(|[name, ..]| name).collect();
    let board: Value = serde_json::from_str(include_str!("../../../docs/metrics/grafana.json")).unwrap();
    let panels = board["panels"].as_array().unwrap();
    let queries = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let queries: Vec<_> = queries.map(|target| target["expr"].as_str().unwrap()).collect();
    assert!(queries.len() >= 10, "{queries:?}");
    for text in queries.into_iter().chain([include_str!("../../../docs/metrics/alerts.yml")]) {
        let unknown: Vec<_> = asked_for(text).into_iter().filter(|name| !known.contains(name)).collect();
        assert!(unknown.is_empty(), "{unknown:?} in {text}");
    }
    // That each query can be read, promtool finds out by taking it for a rule.
    let rules = |exprs: Vec<&str>| {
        let rule =
            |(number, expr): (usize, &str)| serde_json::json!({ "record": format!("board:{number}"), "expr": expr });
        let rules: Vec<_> = exprs.into_iter().enumerate().map(rule).collect();
        serde_json::json!({ "groups": [{ "name": "board", "rules": rules }] }).to_string()
    };
    let exprs =
        panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap()).map(|one| one["expr"].as_str().unwrap());
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("board.yml");
    std::fs::write(&file, rules(exprs.collect()).replace("$__rate_interval", "5m")).unwrap();
    promtool(&["check", "rules", file.to_str().unwrap()], "");
}

#[test]
fn alerts_are_raised_when_they_should_be_and_not_before() {
    promtool(&["check", "rules", "docs/metrics/alerts.yml"], "");
    promtool(&["test", "rules", "tests/promtool/alerts.yml"], "");
}
