//! Room /admin/nodes: how each node does that serves the database. Three that really serve one are in `tests/cluster`.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::common::{admin, as_json};
use crate::support::TestApp;
use crate::support::database::execute;

/// What the clock of the database says, so many seconds ago.
fn ago(seconds: u64) -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() - seconds
}

/// A node's row, as the node would have made it.
pub(crate) fn add_node(app: &TestApp, number: u32, settings: &str, follows: &str, silent_for: u64) {
    let (at, id) = (ago(silent_for), format!("00000000-0000-4000-8000-{number:012}"));
    execute(
        app.folder(),
        &format!(
            "INSERT INTO nodes (node, name, version, settings, lease, follows, beat, beat_at, joined_at, joined_after) \
             VALUES ('{id}', 'node{number}:8080', '0.1.{number}', '{settings}', 5, {follows}, 7, {at}, {number}, 0)"
        ),
    );
}

/// The row of one that was struck off an hour ago, ten seconds after its last beat.
fn add_struck_off(app: &TestApp, number: u32) {
    let (at, id) = (ago(3600), format!("00000000-0000-4000-8000-{number:012}"));
    execute(
        app.folder(),
        &format!(
            "INSERT INTO past_nodes \
             (node, name, version, lease, follows, beat_at, joined_after, gone_at, gone_after, struck_off) \
             VALUES ('{id}', 'node{number}:8080', '0.1.{number}', 5, 3, {at} - 10, 0, {at}, 3, TRUE)"
        ),
    );
}

#[test]
fn an_admin_reads_how_each_node_does_and_in_what_it_differs() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    add_node(&app, 1, r#"{"session.idle":"7d"}"#, "1000000", 0);
    add_node(&app, 2, r#"{"session.idle":"2d"}"#, "NULL", 0);
    add_node(&app, 3, "{}", "0", 60);
    add_struck_off(&app, 4);
    let page = ana.get("/admin/nodes").body;
    for part in ["node1:8080", "Serving", "Joining", "t answer<", "Struck off", ">none<", "session.idle", "5 seconds"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let told = as_json(&mut ana, "/admin/nodes");
    let nodes = told["nodes"].as_array().unwrap();
    let of = |key: &str| nodes.iter().map(|node| node[key].clone()).collect::<Vec<_>>();
    assert_eq!(of("state"), ["serving", "joining", "silent", "struck_off"]);
    assert_eq!(of("name"), ["node1:8080", "node2:8080", "node3:8080", "node4:8080"]);
    assert_eq!(of("version"), ["0.1.1", "0.1.2", "0.1.3", "0.1.4"]);
    assert_eq!((&nodes[0]["behind"], &nodes[1]["behind"]), (&json!(0), &json!(null)));
    assert_eq!(nodes[1]["differs_in"], json!(["session.idle"]));
    assert_eq!((&nodes[0]["lease"], &nodes[0]["differs_in"]), (&json!(5), &json!([])));
    assert!(nodes[0]["last_beat"].as_u64().unwrap() >= ago(60));
}

#[test]
fn the_page_is_named_where_there_are_nodes_and_one_that_does_not_answer_wants_attention() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    assert!(ana.get("/admin/nodes").body.contains("One server serves the database"));
    assert!(!ana.get("/admin/about").body.contains("/admin/nodes"));
    for number in 1..=3 {
        add_node(&app, number, "{}", "1", 0);
    }
    let about = ana.get("/admin/about").body;
    assert!(about.contains("<a href=\"/admin/nodes\">3 nodes</a>"), "{about}");
    assert!(!ana.get("/admin").body.contains("/admin/nodes"));
    add_struck_off(&app, 4);
    let overview = ana.get("/admin").body;
    assert!(overview.contains("<a href=\"/admin/nodes\">A node doesn’t answer</a>"), "{overview}");
    // It has come back.
    add_node(&app, 4, "{}", "1", 0);
    assert!(!ana.get("/admin").body.contains("/admin/nodes"));
    assert_eq!(as_json(&mut ana, "/admin/nodes")["nodes"].as_array().unwrap().len(), 4);
}
