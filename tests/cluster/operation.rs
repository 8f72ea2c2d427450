//! What one of several nodes does for all.

use std::time::{Duration, Instant};

use crate::nodes::{LEASE, Nodes};

/// Looks until what it finds is as it should be.
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
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
