//! Rooms /status-lists and /status-lists/{name}: which sessions have ended, for apps that check tokens themselves.

use std::time::Instant;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use miniz_oxide::inflate::decompress_to_vec_zlib;
use portero::accounts::sessions::end::end_anybodys;
use portero::accounts::sessions::mass_end::{Marking, end_since};
use portero::accounts::upkeep::prune;
use portero::domain::{AppRules, SessionId, StatusListId, UnixTime};
use portero::store::session_ends::Which;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::openid::Party;
use crate::support::database::execute;
use crate::support::ports::free_address;
use crate::support::{Answer, TestApp, Tokens, claims, operator};

/// A server whose access tokens say where their session stands, with a user.
pub(crate) fn with_lists(settings: &[(&str, &str)]) -> TestApp {
    let app = with_own_address(|own| TestApp::with(&[own, settings].concat()));
    app.add_user("ana");
    app
}

fn in_folder(folder: &TempDir) -> TestApp {
    with_own_address(|own| TestApp::in_folder(folder.path(), own))
}

fn with_own_address(start: impl FnOnce(&[(&str, &str)]) -> TestApp) -> TestApp {
    let address = free_address().to_string();
    let url = format!("http://{address}");
    let app = start(&[("listen", address.as_str()), ("public_url", &url), ("status_list", "true")]);
    app.make_app_keys();
    app
}

/// Where a token says that its session stands.
pub(crate) struct Place {
    pub(crate) uri: String,
    pub(crate) index: usize,
}

pub(crate) fn place(token: &str) -> Place {
    let said = &claims(token)["status"]["status_list"];
    Place { uri: said["uri"].as_str().unwrap().to_owned(), index: said["idx"].as_u64().unwrap().try_into().unwrap() }
}

pub(crate) fn fetch(app: &TestApp, uri: &str) -> Answer {
    fetch_with(app, uri, &[])
}

fn fetch_with(app: &TestApp, uri: &str, headers: &[(&str, &str)]) -> Answer {
    let path = uri.strip_prefix(&format!("http://{}", app.address)).unwrap();
    app.client().send("GET", path, None, headers, b"")
}

/// The entries of a list that is good: of this address, of this kind, and signed by the keys for apps.
pub(crate) fn entries(app: &TestApp, uri: &str, answer: &Answer) -> Vec<u8> {
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/statuslist+jwt")));
    let said = verified(app, &answer.body);
    assert_eq!((said["sub"].as_str(), &said["status_list"]["bits"]), (Some(uri), &json!(1)));
    let packed = URL_SAFE_NO_PAD.decode(said["status_list"]["lst"].as_str().unwrap()).unwrap();
    decompress_to_vec_zlib(&packed).unwrap()
}

/// The claims of a list, as an app reads them: by the public keys. What Portero itself would read may not be so long.
fn verified(app: &TestApp, list: &str) -> Value {
    let decoded = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let (message, signature) = list.rsplit_once('.').unwrap();
    let (header, said) = message.split_once('.').unwrap();
    let header: Value = serde_json::from_slice(&decoded(header)).unwrap();
    assert_eq!((&header["typ"], &header["alg"]), (&json!("statuslist+jwt"), &json!("ES256")));
    let keys = app.client().get("/.well-known/portero/apps.jwks.json", None).json();
    let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == header["kid"]).unwrap();
    let half = |name: &str| decoded(key[name].as_str().unwrap());
    let point = [vec![4], half("x"), half("y")].concat();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    key.verify(message.as_bytes(), &decoded(signature)).unwrap();
    serde_json::from_slice(&decoded(said)).unwrap()
}

pub(crate) fn is_set(entries: &[u8], index: usize) -> bool {
    entries[index / 8] & (1 << (index % 8)) != 0
}

/// Whether the list says that this token's session has ended.
pub(crate) fn has_ended(app: &TestApp, token: &str) -> bool {
    let Place { uri, index } = place(token);
    is_set(&entries(app, &uri, &fetch(app, &uri)), index)
}

fn sign_out(app: &TestApp, tokens: &Tokens) {
    assert_eq!(app.client().delete("/logout", Some(&tokens.access)).status, 200);
}

fn sid(token: &str) -> SessionId {
    SessionId::parse(claims(token)["sid"].as_str().unwrap()).unwrap()
}

#[test]
fn who_has_signed_out_is_in_the_list_that_is_fetched_next_and_nobody_else_is() {
    let app = with_lists(&[("status_list_ttl", "90s")]);
    let (ana, other) = (app.tokens("ana"), app.tokens("ana"));
    assert_ne!(place(&ana.access).index, place(&other.access).index);
    assert!(claims(&ana.refresh).get("status").is_none(), "that is shown to Portero alone");
    let said = claims(&ana.access)["status"]["status_list"].clone();
    assert_eq!(said.as_object().unwrap().keys().collect::<Vec<_>>(), ["idx", "uri"]);
    let uri = place(&ana.access).uri;
    let before = entries(&app, &uri, &fetch(&app, &uri));
    assert_eq!(before.len() * 8, StatusListId::PLACES as usize);
    assert!(before.iter().all(|byte| *byte == 0), "nobody has");
    sign_out(&app, &ana);
    let answer = fetch(&app, &uri);
    let after = entries(&app, &uri, &answer);
    assert!(is_set(&after, place(&ana.access).index));
    assert_eq!(after.iter().map(|byte| byte.count_ones()).sum::<u32>(), 1);
    let (said, now) = (claims(&answer.body), app.accounts.now().0);
    assert_eq!((&said["ttl"], &said["iss"]), (&json!(90), &json!(format!("http://{}", app.address))));
    let signed_at = said["iat"].as_i64().unwrap();
    assert!((now - 5..=now).contains(&signed_at), "{said}");
    assert_eq!(
        said["exp"].as_i64(),
        Some(signed_at + 240),
        "kept for 90 s, after as long, by a clock that is a minute late"
    );
}

#[test]
fn whatever_ends_a_session_is_in_the_list() {
    let app = with_lists(&[("session.bearer_limit", "2"), ("session.idle", "1d")]);
    app.add_user("luis");
    let signed_in = |name: &str| {
        // Of two in the same second, nobody knows which is older.
        app.clock.advance(1);
        app.tokens(name).access
    };
    let ended = |what: &str, token: &str| assert!(has_ended(&app, token), "{what}");
    let (oldest, second, _) = (signed_in("ana"), signed_in("ana"), signed_in("ana"));
    ended("the limit", &oldest);
    assert!(!has_ended(&app, &second));
    end_anybodys(&app.accounts, operator(), Which::One(sid(&second))).committed().unwrap();
    ended("an admin", &second);
    let disabled = signed_in("luis");
    app.disable("luis");
    ended("who is disabled", &disabled);
    app.add_user("eva");
    let (of_eva, of_ana) = (signed_in("eva"), signed_in("ana"));
    app.delete("eva");
    ended("who is deleted", &of_eva);
    app.set_password("ana", crate::support::OTHER_PASSWORD);
    ended("another password", &of_ana);
    app.add_user("ines");
    let idle = signed_in("ines");
    app.clock.advance(2 * 86_400);
    prune::close_run_out(&app.accounts).unwrap();
    ended("who was idle for too long", &idle);
}

#[test]
fn many_that_one_act_ends_are_in_the_list_before_it_says_anything_again() {
    let app = with_lists(&[("session.bearer_limit", "200")]);
    let all: Vec<String> = (0..120).map(|_| app.tokens("ana").access).collect();
    let uri = place(&all[0]).uri;
    let act = end_since(&app.accounts, operator(), UnixTime(0), None, Marking::Here).committed().unwrap();
    assert!(act.rest.is_some(), "they are marked one after another");
    let begin = Instant::now();
    let list = loop {
        let answer = fetch(&app, &uri);
        if answer.status == 200 {
            break entries(&app, &uri, &answer);
        }
        assert_eq!(answer.status, 503, "until it knows all of them, it says nothing");
        assert!(begin.elapsed().as_secs() < 20);
    };
    assert!(all.iter().all(|token| is_set(&list, place(token).index)));
}

#[test]
fn a_list_is_signed_once_for_each_change_and_once_for_each_ttl() {
    let app = with_lists(&[]);
    let (ana, other) = (app.tokens("ana"), app.tokens("ana"));
    let uri = place(&ana.access).uri;
    let first = fetch(&app, &uri);
    assert_eq!(fetch(&app, &uri).body, first.body, "by ES256 each signature is another one");
    assert_eq!(first.header("cache-control"), Some("public, no-cache"), "nobody on the way keeps it without asking");
    let etag = first.header("etag").unwrap().to_owned();
    for known in [etag.clone(), format!("\"other\", W/{etag}")] {
        let same = fetch_with(&app, &uri, &[("if-none-match", &known)]);
        assert_eq!((same.status, same.body.as_str(), same.header("etag")), (304, "", Some(etag.as_str())));
    }
    sign_out(&app, &other);
    let changed = fetch_with(&app, &uri, &[("if-none-match", &etag)]);
    assert!(changed.status == 200 && is_set(&entries(&app, &uri, &changed), place(&other.access).index));
    app.clock.advance(59);
    assert_eq!(fetch(&app, &uri).body, changed.body);
    app.clock.advance(1);
    let later = fetch(&app, &uri);
    assert_eq!(claims(&later.body)["iat"].as_i64(), claims(&changed.body)["iat"].as_i64().map(|at| at + 60));
    app.clock.advance(-3600);
    assert_ne!(fetch(&app, &uri).body, later.body, "one from the future is signed again");
}

#[test]
fn many_who_fetch_a_changed_list_at_once_get_one_signature() {
    let app = with_lists(&[]);
    let ana = app.tokens("ana");
    let uri = place(&ana.access).uri;
    fetch(&app, &uri);
    sign_out(&app, &ana);
    let texts: Vec<String> = std::thread::scope(|scope| {
        let fetching: Vec<_> = (0..16).map(|_| scope.spawn(|| fetch(&app, &uri).body)).collect();
        fetching.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(texts.iter().all(|text| *text == texts[0]));
}

#[test]
fn apps_find_all_lists_where_discovery_says_and_scripts_may_read_them() {
    let app = with_lists(&[]);
    let issuer = format!("http://{}", app.address);
    let found = app.client().get("/.well-known/openid-configuration", None).json();
    assert_eq!(found["status_list_aggregation_endpoint"], format!("{issuer}/status-lists"));
    let none = app.client().get("/status-lists", None);
    assert_eq!((none.status, none.json()), (200, json!({ "status_lists": [] })));
    let uri = place(&app.tokens("ana").access).uri;
    assert_eq!(app.client().get("/status-lists", None).json(), json!({ "status_lists": [uri] }));
    let list = fetch(&app, &uri);
    assert_eq!(claims(&list.body)["status_list"]["aggregation_uri"], format!("{issuer}/status-lists"));
    for answer in [app.client().get("/status-lists", None), list] {
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert!(answer.set_cookies().is_empty());
    }
}

#[test]
fn what_is_no_list_is_not_found_and_of_the_past_there_is_none() {
    let app = with_lists(&[]);
    let uri = place(&app.tokens("ana").access).uri;
    for name in ["1", "x", "00000000-0000-0000-0000-000000000000", "%00"] {
        assert_eq!(app.client().get(&format!("/status-lists/{name}"), None).status, 404, "{name}");
    }
    assert_eq!(fetch(&app, &format!("{uri}?time=1")).status, 501);
}

#[test]
fn tokens_say_nothing_of_a_list_unless_somebody_asks_for_it() {
    let app = TestApp::start();
    app.add_user("ana");
    assert!(claims(&app.tokens("ana").access).get("status").is_none());
    let plain = Party::trusted(&app, "plain");
    let mut ana = app.signed_in("ana");
    let given = plain.tokens(&mut ana, &[]);
    assert!(plain.id_token(&given).get("status").is_none());
    assert_eq!(app.accounts.blocklist.status_lists(), [], "and there is no list");
    app.make_app_keys();
    let reads = |rules: &mut AppRules| (rules.openid.is_trusted, rules.openid.reads_status_list) = (true, true);
    let wiki = Party::with(&app, "wiki", reads);
    let given = wiki.tokens(&mut ana, &[("scope", "openid offline_access")]);
    let id_token = given["id_token"].as_str().unwrap();
    assert!(!has_ended(&app, id_token));
    let refreshed = wiki.refresh(given["refresh_token"].as_str().unwrap()).json();
    let again = place(refreshed["id_token"].as_str().unwrap());
    assert_eq!((again.index, again.uri), (place(id_token).index, place(id_token).uri), "it is kept with the session");
    let refresh = plain.tokens(&mut ana, &[("scope", "openid offline_access")]);
    plain.set(|rules| rules.openid.reads_status_list = true);
    let later = plain.refresh(refresh["refresh_token"].as_str().unwrap()).json();
    assert_eq!(place(later["id_token"].as_str().unwrap()).index, again.index);
    ana.get("/logout");
    ana.post("/logout", &[]);
    assert!(has_ended(&app, id_token));
}

#[test]
fn a_session_from_before_the_setting_gets_its_place_when_it_renews() {
    let folder = TempDir::new().unwrap();
    let app = TestApp::in_folder(folder.path(), &[]);
    app.add_user("ana");
    let (tokens, mut browser) = (app.tokens("ana"), app.signed_in("ana"));
    drop(app.stop());
    let app = in_folder(&folder);
    let renewed = app.client().post("/refresh", Some(&tokens.refresh)).json();
    let access = renewed["access_token"].as_str().unwrap();
    assert!(!has_ended(&app, access));
    browser = browser.moved_to(app.address);
    app.clock.advance(60);
    assert_eq!(browser.renew().status, 200);
    assert!(!has_ended(&app, &browser.cookies["access_token_cookie"]));
    sign_out(&app, &Tokens { access: access.to_owned(), ..tokens });
    assert!(has_ended(&app, access));
    assert!(!has_ended(&app, &browser.cookies["access_token_cookie"]));
}

#[test]
fn after_a_restart_each_session_has_its_place_and_what_has_ended_stays_so() {
    let folder = TempDir::new().unwrap();
    let app = in_folder(&folder);
    app.add_user("ana");
    let (ended, open) = (app.tokens("ana"), app.tokens("ana"));
    sign_out(&app, &ended);
    drop(app.stop());
    let app = in_folder(&folder);
    let (of_ended, of_open) = (place(&ended.access), place(&open.access));
    // Only the port is another one.
    let name = of_open.uri.rsplit('/').next().unwrap();
    let uri = format!("http://{}/status-lists/{name}", app.address);
    let list = entries(&app, &uri, &fetch(&app, &uri));
    assert!(is_set(&list, of_ended.index) && !is_set(&list, of_open.index));
    let renewed = app.client().post("/refresh", Some(&open.refresh)).json();
    assert_eq!(place(renewed["access_token"].as_str().unwrap()).index, of_open.index);
    let new = place(&app.tokens("ana").access).index;
    assert!(new != of_ended.index && new != of_open.index, "no place is given twice");
}

#[test]
fn while_memory_may_be_behind_no_list_is_given_out() {
    let app = with_lists(&[]);
    let uri = place(&app.tokens("ana").access).uri;
    assert_eq!(fetch(&app, &uri).status, 200);
    app.accounts.blocklist.doubt();
    assert_eq!(fetch(&app, &uri).status, 503, "also not the one that was signed before");
}

#[test]
fn after_a_full_list_another_begins_and_one_whose_tokens_have_expired_goes() {
    let app = with_lists(&[]);
    let first = app.tokens("ana");
    // As if all its places had been given.
    let places = StatusListId::PLACES;
    execute(app.folder(), &format!("UPDATE status_lists SET given = {places}"));
    let second = app.tokens("ana");
    let (of_first, of_second) = (place(&first.access), place(&second.access));
    assert_ne!(of_first.uri, of_second.uri);
    sign_out(&app, &second);
    assert!(has_ended(&app, &second.access) && !has_ended(&app, &first.access));
    let all = || app.client().get("/status-lists", None).json()["status_lists"].as_array().unwrap().len();
    prune::prune(&app.accounts).unwrap();
    assert_eq!(all(), 2, "its tokens are still good");
    app.clock.advance(200 * 86_400);
    prune::prune(&app.accounts).unwrap();
    assert_eq!(all(), 1, "the newest stays");
    assert_eq!((fetch(&app, &of_first.uri).status, fetch(&app, &of_second.uri).status), (404, 200));
}

#[test]
fn an_admin_says_that_an_app_reads_the_list() {
    let app = crate::common::app_with_admin();
    let wiki = Party::trusted(&app, "wiki");
    let mut admin = app.signed_in("adm");
    let path = format!("/admin/apps/{}/openid", wiki.number.0);
    let page = admin.get(&path);
    let seen = crate::rooms::openid::between(&page.body, "name=\"seen\" value=\"", "\"");
    let fields = [("redirect_uris", wiki.redirect_uri.as_str()), ("status_list", "on"), ("seen", &seen)];
    assert_eq!(admin.post(&path, &fields).status, 303);
    let found = app.accounts.db.read(|conn| portero::store::apps::find_by_name(conn, "wiki")).unwrap().unwrap();
    assert!(found.rules.openid.reads_status_list);
    let page = admin.get(&path).body;
    assert!(page.contains("name=\"status_list\" value=\"on\" checked"), "{page}");
}
