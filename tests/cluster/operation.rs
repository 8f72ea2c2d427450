//! What admins, operators and receipts are told of several nodes, and what one of them does for all.

use serde_json::{Value, json};

use crate::nodes::{LEASE, Nodes};
use crate::wait_until;

fn nodes_of(nodes: &Nodes, node: usize, path: &str, token: &str) -> Value {
    let answer = nodes.ask(node, "GET", path, Some(token), None).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["nodes"].clone()
}

fn states(nodes: &Nodes, node: usize, token: &str) -> Vec<String> {
    let listed = nodes_of(nodes, node, "/admin/nodes", token);
    listed.as_array().unwrap().iter().map(|node| node["state"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_admin_reads_on_any_node_how_each_does_and_which_was_struck_off() {
    let nodes = Nodes::start(3, &[]);
    let eva = nodes.sign_in_as(0, "eva").unwrap();
    for node in 0..3 {
        assert_eq!(states(&nodes, node, &eva), ["serving"; 3]);
    }
    let listed = nodes_of(&nodes, 1, "/admin/nodes", &eva);
    assert_eq!((&listed[2]["lease"], &listed[2]["differs_in"]), (&json!(LEASE.as_secs()), &json!([])));
    wait_until("it does not follow", || nodes_of(&nodes, 1, "/admin/nodes", &eva)[0]["behind"] == 0);
    nodes.freeze(2);
    wait_until("it is not struck off", || states(&nodes, 0, &eva) == ["serving", "serving", "struck_off"]);
    let listed = nodes.command(&["node", "list"]);
    assert!(listed.contains("lease 2s  struck off  last heard of 20"), "{listed}");
    nodes.thaw(2);
    wait_until("it does not come back", || states(&nodes, 0, &eva) == ["serving"; 3]);
    nodes.stop(2);
    assert_eq!(states(&nodes, 1, &eva), ["serving"; 2], "one that was stopped is not missed");
}

#[test]
fn a_node_that_was_struck_off_and_came_back_is_not_taken_for_silent() {
    let nodes = Nodes::start(3, &[]);
    let struck_off = || (0..2).map(|node| nodes.log(node).matches("node_struck_off").count()).sum::<usize>();
    // After few beats, so that a count from the beginning would soon be where it was.
    nodes.freeze(2);
    wait_until("it is not struck off", || struck_off() == 1);
    nodes.thaw(2);
    std::thread::sleep(LEASE * 3);
    assert_eq!(struck_off(), 1, "{}{}", nodes.log(0), nodes.log(1));
}

#[test]
fn a_receipt_says_on_how_many_nodes_the_sessions_are_refused_and_why_not_on_the_others() {
    let nodes = Nodes::start(3, &[]);
    let [ana, ..] = [(); 2].map(|()| nodes.sign_in(0).unwrap());
    let receipt = nodes.end_others(0, &ana);
    wait_until("nobody confirms it", || nodes_of(&nodes, 0, &receipt, &ana)["since"].is_i64());
    for node in 0..3 {
        let told = nodes_of(&nodes, node, &receipt, &ana);
        assert_eq!((&told["count"], &told["refusing"], &told["others"]), (&json!(3), &json!(3), &json!([])));
        assert!(told["since"].as_i64().is_some(), "{told}");
    }
    let since = nodes_of(&nodes, 0, &receipt, &ana)["since"].clone();
    // With a node cut off.
    nodes.sign_in(0).unwrap();
    nodes.hold_network(2);
    let of_cut_off = nodes.end_others(0, &ana);
    wait_until("nobody confirms it", || nodes_of(&nodes, 1, &of_cut_off, &ana)["since"].is_i64());
    let told = nodes_of(&nodes, 1, &of_cut_off, &ana);
    assert_eq!((&told["count"], &told["refusing"]), (&json!(3), &json!(2)), "{told}");
    let lease_ended = told["others"][0]["lease_ended_at"].as_i64().unwrap();
    let answered = told["since"].as_i64().unwrap();
    assert!((answered - lease_ended).abs() <= 3, "{told}");
    assert_eq!(nodes_of(&nodes, 1, &receipt, &ana)["refusing"], 3, "what it has followed it still refuses");
    nodes.let_network_go(2);
    wait_until("it does not come back", || nodes_of(&nodes, 0, &of_cut_off, &ana)["refusing"] == 3);
    // Whichever of them are stopped later, it was so.
    nodes.stop(1);
    let told = nodes_of(&nodes, 0, &receipt, &ana);
    assert_eq!((&told["count"], &told["refusing"], &told["since"]), (&json!(3), &json!(3), &since));
    // The command says so too.
    let said = nodes.command(&["session", "end", "--user", "ana", "--yes"]);
    assert!(said.contains("Refused on 2 of 2 nodes."), "{said}");
}

#[test]
fn one_node_does_the_upkeep_and_another_takes_over_when_it_is_gone() {
    let nodes = Nodes::start(2, &[("PORTERO_TEST_PRUNE_EVERY_MS", "200")]);
    let claims = |node: usize| nodes.log(node).matches("upkeep_claimed").count();
    let closed = |node: usize| nodes.log(node).contains("job=\"close\"");
    assert_eq!((claims(0), claims(1)), (1, 0));
    let run_out = |nodes: &Nodes| {
        let token = nodes.sign_in(1).unwrap();
        nodes.run_out(&token);
    };
    run_out(&nodes);
    wait_until("nobody closes it", || closed(0));
    assert!(!closed(1), "both do");
    nodes.freeze(0);
    wait_until("nobody takes over", || claims(1) == 1);
    run_out(&nodes);
    wait_until("nobody closes it", || closed(1));
    nodes.thaw(0);
    std::thread::sleep(LEASE);
    assert_eq!((claims(0), claims(1)), (1, 1), "it takes nothing back");
    // One that stops lets go of it.
    nodes.stop(1);
    wait_until("nobody takes over", || claims(0) == 2);
}
