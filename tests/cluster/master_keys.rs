//! Pepper and keys sealed in the database: nodes that are given nothing but master keys, and what is refused.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use tempfile::TempDir;

use crate::database;
use crate::nodes::{LEASE, Nodes};
use crate::portero::{PASSWORD, portero, text};
use crate::recorder::Checked;

/// What the doctor says of key files that are left in a folder.
const LEFT: &str = "still holds keys that are sealed in the database";
const FILE: &str = "PORTERO_CLUSTER_MASTER_KEYS_FILE";
const ONE: &str = "one bG9uZyBlbm91Z2ggZm9yIGEgbWFzdGVyIGtleSAxMTE";
const TWO: &str = "two YW5vdGhlciBvbmUgdGhhdCBpcyBsb25nIGVub3VnaCAyMjI=";

/// Everything that is sealed, and what is on record of keys.
fn stored(nodes: &Nodes) -> Vec<String> {
    let mut rows = nodes.rows(
        "SELECT file || ' ' || coalesce(master_key, '') || ' ' || md5(sealed) AS row FROM shared_keys ORDER BY 1",
    );
    rows.extend(nodes.rows("SELECT kid || ' ' || state AS row FROM signing_keys ORDER BY 1"));
    rows.extend(nodes.rows("SELECT count(*)::text AS row FROM audit_events"));
    rows
}

fn is_accepted_everywhere(nodes: &Nodes, token: &str) -> bool {
    (0..nodes.count()).all(|node| nodes.check(node, token) == Checked::Accepted)
}

/// Which key signed a token.
fn kid(token: &str) -> String {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn nodes_without_key_files_serve_with_the_master_keys_alone_and_keys_rotate_beside_them() {
    let nodes = Nodes::start_sealed(3, ONE);
    let moved_in = |node: usize| nodes.log(node).contains("keys_moved_in");
    assert!(moved_in(0) && !moved_in(1) && !moved_in(2), "{}", nodes.log(0));
    assert!(nodes.log(0).contains("factors.key") && nodes.log(0).contains("pepper.key"), "{}", nodes.log(0));
    for complaint in ["audit_did_not_fit", "audit_head_not_written"] {
        assert!((1..3).all(|node| !nodes.log(node).contains(complaint)), "{}", nodes.log(1));
    }
    let old = nodes.sign_in(2).unwrap();
    assert!(is_accepted_everywhere(&nodes, &old));

    // On a machine that has no key.
    let made = nodes.command_at(1, &["key", "new"]).unwrap();
    let made = made.split_whitespace().next().unwrap();
    nodes.command_at(2, &["key", "rotate"]).unwrap();
    for node in 0..3 {
        let token = nodes.sign_in(node).unwrap();
        assert_eq!(kid(&token), made);
        assert!(is_accepted_everywhere(&nodes, &token) && is_accepted_everywhere(&nodes, &old));
    }
    assert_eq!((nodes.key_files(1).len(), nodes.key_files(2).len()), (0, 0));
    let listed = nodes.command(&["key", "list"]);
    assert!(listed.contains("In the database, 4 keys are sealed under the master key one."), "{listed}");

    // The files that were moved in are not needed any more.
    let doctor = || nodes.command_at(0, &["doctor", "--json"]).unwrap_or_else(|said| said);
    assert!(doctor().contains(LEFT));
    let refused = nodes.command_at(0, &["backup", "monday.backup"]).unwrap_err();
    assert!(refused.contains("keep the master keys somewhere else"), "{refused}");
    nodes.remove_key_files(0);
    assert!(!doctor().contains(LEFT));
    nodes.stop(0);
    nodes.start_again(0);
    let token = nodes.sign_in(0).unwrap();
    assert!(is_accepted_everywhere(&nodes, &token) && is_accepted_everywhere(&nodes, &old));
    let retired = nodes.command(&["key", "list"]);
    let first = retired.lines().nth(1).unwrap().split_whitespace().next().unwrap();
    nodes.command_at(1, &["key", "retire", first, "--now"]).unwrap();
    assert!((0..3).all(|node| matches!(nodes.status(node, &old), Some(401 | 422))));
    assert!(nodes.command(&["key", "list"]).contains("3 keys are sealed"));
}

#[test]
fn a_token_of_a_new_key_is_refused_by_no_node_however_late_that_hears_of_the_key() {
    let nodes = Nodes::start_sealed(3, ONE);
    let body = json!({ "username": "ana", "password": PASSWORD });
    let refresh = nodes.ask(0, "POST", "/login", None, Some(&body)).unwrap().text("refresh_token");
    let renewed = || nodes.ask(0, "POST", "/refresh", Some(&refresh), None).filter(|reply| reply.status == 200);
    nodes.hold_network(2);
    let is_rotated = AtomicBool::new(false);
    let mut signed_by = HashSet::new();
    let made = std::thread::scope(|scope| {
        let made = scope.spawn(|| nodes.command(&["key", "new"]));
        scope.spawn(|| {
            // As soon as there is one, without waiting for the command that makes it.
            while nodes.command_at(0, &["key", "rotate"]).is_err() {
                std::thread::sleep(Duration::from_millis(10));
            }
            is_rotated.store(true, Ordering::Relaxed);
        });
        let begin = Instant::now();
        // A renewal waits for no other node, so that its token is there at once.
        while begin.elapsed() < LEASE * 2 || !is_rotated.load(Ordering::Relaxed) {
            assert!(begin.elapsed() < Duration::from_secs(60), "the key does not rotate");
            let Some(token) = renewed().map(|reply| reply.text("access_token")) else { continue };
            for node in 0..3 {
                let status = nodes.status(node, &token);
                assert!(matches!(status, Some(200 | 503) | None), "node {node} refuses it: {status:?}");
            }
            signed_by.insert(kid(&token));
        }
        made.join().unwrap()
    });
    assert!(signed_by.contains(made.split_whitespace().next().unwrap()), "nothing was signed by the new key");
    nodes.let_network_go(2);
    let token = renewed().unwrap().text("access_token");
    let begin = Instant::now();
    while nodes.check(2, &token) != Checked::Accepted {
        assert!(begin.elapsed() < Duration::from_secs(20), "it does not come back");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_start_that_cannot_open_what_is_sealed_is_refused_in_a_sentence_and_changes_nothing() {
    let nodes = Nodes::start_sealed(1, ONE);
    nodes.stop(0);
    let other_file = nodes.folder().join("other.keys");
    let with_file = |keys: &str| {
        std::fs::write(&other_file, keys).unwrap();
        nodes.start_without_files_fails(&[(FILE, Some(other_file.to_str().unwrap()))])
    };
    let before = stored(&nodes);
    let error = nodes.start_without_files_fails(&[(FILE, None)]);
    assert!(error.contains("set cluster.master_keys_file to a copy of the file that the other nodes have"), "{error}");
    let error = with_file(TWO);
    assert!(error.contains("under the master key one, which is not among those that are given"), "{error}");
    assert!(error.contains("give each cluster a database of its own"), "{error}");
    let error = with_file(&TWO.replace("two", "one"));
    assert!(error.contains("under another master key with the id one"), "{error}");
    let error = with_file("one short");
    assert!(error.contains("line 1 has a key that") && !error.contains("short"), "{error}");
    assert_eq!(stored(&nodes), before);

    nodes.execute(
        "UPDATE shared_keys SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1) WHERE file = 'pepper.key'",
    );
    let damaged = stored(&nodes);
    let error = with_file(ONE);
    assert!(error.contains("the key pepper.key") && error.contains("was changed or damaged"), "{error}");
    nodes.execute("DELETE FROM shared_keys WHERE file = 'pepper.key'");
    let error = with_file(ONE);
    assert!(error.contains("the key pepper.key is not among those that the database"), "{error}");
    assert_ne!(damaged, before);
    assert_eq!(stored(&nodes).len(), before.len() - 1);
}

#[test]
fn keys_do_not_move_in_beside_a_node_that_could_not_follow_them() {
    let nodes = Nodes::start(1, &[]);
    let before = stored(&nodes);
    let keys = nodes.write_master_keys(ONE);
    let error = nodes.start_fails(&[(FILE, keys.to_str().unwrap())], true);
    assert!(error.contains("without the master key one") && error.contains("stop all nodes"), "{error}");
    assert_eq!(stored(&nodes), before);
    assert!(nodes.command_at(0, &["key", "seal"]).unwrap_err().contains("the keys are in files of the data folder"));
    let token = nodes.sign_in(0).unwrap();
    assert!(is_accepted_everywhere(&nodes, &token));
}

#[test]
fn master_keys_are_replaced_one_node_after_the_other_and_the_old_one_is_not_let_go_too_early() {
    let nodes = Nodes::start_sealed(2, ONE);
    let token = nodes.sign_in(0).unwrap();
    let restart_with = |master_keys: &str| {
        nodes.write_master_keys(master_keys);
        for node in 0..2 {
            nodes.stop(node);
            nodes.start_again(node);
        }
    };
    // Not before all have it.
    nodes.write_master_keys(&format!("{TWO}\n{ONE}\n"));
    let error = nodes.start_without_files_fails(&[]);
    assert!(error.contains("with other settings (cluster.master_keys)"), "{error}");
    let before = stored(&nodes);
    for arguments in [["key", "seal"], ["key", "new"]] {
        let error = nodes.command_at(1, &arguments).unwrap_err();
        assert!(error.contains("does not have the master key two"), "{error}");
    }
    assert_eq!(stored(&nodes), before);

    restart_with(&format!("# the next one\n{ONE}\n\n{TWO}\n"));
    restart_with(&format!("{TWO}\n{ONE}\n"));
    let listed = nodes.command(&["key", "list"]);
    assert!(listed.contains("0 keys are sealed under the master key two."), "{listed}");
    assert!(listed.contains("3 keys are sealed under the master key one: `portero key seal`"), "{listed}");
    nodes.write_master_keys(TWO);
    let error = nodes.start_without_files_fails(&[]);
    assert!(error.contains("put its line back") && error.contains("`portero key seal`"), "{error}");

    nodes.write_master_keys(&format!("{TWO}\n{ONE}\n"));
    let sealed = nodes.command_at(1, &["key", "seal"]).unwrap();
    assert!(sealed.contains("3 keys were sealed anew under the master key two; 0 were"), "{sealed}");
    assert!(sealed.contains("Nothing is sealed under one any more"), "{sealed}");
    assert!(nodes.command(&["key", "seal"]).contains("0 keys were sealed anew under the master key two; 3 were"));
    restart_with(TWO);
    assert!(is_accepted_everywhere(&nodes, &token), "nobody was signed out");
    assert!(nodes.sign_in(1).is_some());
    assert!(nodes.command(&["audit", "list"]).contains("keys_sealed"));
}

#[test]
fn a_first_start_with_master_keys_leaves_no_key_in_the_folder() {
    let folder = TempDir::new().unwrap();
    let run = |data: &str, arguments: &[&str]| {
        let mut command = portero(folder.path());
        command.env("PORTERO_DATA_DIR", folder.path().join(data)).env("PORTERO_CLUSTER_MASTER_KEYS", ONE);
        let output = command.args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    run("first", &["user", "invite", "ana"]);
    let names = |data: &str| -> Vec<_> {
        let entries = std::fs::read_dir(folder.path().join(data)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert!(names("first").iter().all(|name| !name.ends_with(".key")), "{:?}", names("first"));
    assert!(run("second", &["user", "list"]).contains("ana"));
    let listed = run("second", &["key", "list"]);
    assert!(listed.contains("3 keys are sealed under the master key one."), "{listed}");
    database::remove(folder.path());
}
