//! Three nodes on one PostgreSQL, and everything that can go wrong with one of them: whatever it is, no node accepts a token whose end was
//! answered before it was asked. Runs with `PORTERO_TEST_POSTGRES`.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod balancer;
#[path = "../support/database.rs"]
mod database;
mod master_keys;
#[path = "../process/postgres/network.rs"]
mod network;
mod nodes;
mod operation;
mod pooler;
#[path = "../process/portero.rs"]
#[allow(dead_code, reason = "commands are tested elsewhere")]
mod portero;
#[path = "../support/ports.rs"]
mod ports;
mod recorder;
mod shared;
#[path = "../support/totp.rs"]
mod totp;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use self::database::Behind;
use self::nodes::{LEASE, Nodes};
use self::recorder::{Checked, Recorder};

/// Who is about to commit an act, and waits for a lock.
const WAITING_TO_TELL: &str = "SELECT query AS row FROM pg_stat_activity \
     WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO \"changes\"%'";
/// How many end sessions at the same time, and how many ask about those that have ended.
const ENDERS: usize = 6;
const CHECKERS: usize = 3;

/// For how many seconds; `PORTERO_TEST_SOAK` asks for more.
fn seconds(usual: u64) -> Duration {
    Duration::from_secs(std::env::var("PORTERO_TEST_SOAK").map_or(usual, |text| text.parse().unwrap()))
}

/// Looks until what it finds is as it should be.
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Ends sessions through nodes at random and asks all nodes about them, while `harm` does its worst.
fn soak(
    nodes: &Nodes,
    length: Duration,
    is_enough: impl Fn(&Recorder) -> bool + Sync,
    harm: impl FnOnce(&AtomicBool) + Send,
) -> Recorder {
    let recorder = Recorder::default();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..ENDERS {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    nodes.end_a_session(&recorder);
                }
            });
        }
        for _ in 0..CHECKERS {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    nodes.ask_about_an_ended_session(&recorder);
                }
            });
        }
        let harming = scope.spawn(|| harm(&is_over));
        let begin = Instant::now();
        while begin.elapsed() < length && !is_enough(&recorder) {
            std::thread::sleep(Duration::from_millis(50));
        }
        is_over.store(true, Ordering::Relaxed);
        harming.join().unwrap();
    });
    recorder
}

/// One fault after the other, of every kind, until it is over.
fn every_kind_of_fault(nodes: &Nodes, is_over: &AtomicBool) {
    let rest = |length: Duration| {
        let begin = Instant::now();
        while begin.elapsed() < length && !is_over.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    while !is_over.load(Ordering::Relaxed) {
        rest(Duration::from_millis(fastrand::u64(500..2500)));
        let (node, length) = (fastrand::usize(..nodes.count()), Duration::from_millis(fastrand::u64(300..6000)));
        match fastrand::u32(..4) {
            0 => {
                nodes.freeze(node);
                rest(length);
                nodes.thaw(node);
            }
            1 => {
                nodes.hold_network(node);
                rest(length);
                nodes.let_network_go(node);
            }
            2 => {
                nodes.hold_network(node);
                rest(length);
                nodes.swallow_network(node);
            }
            _ => {
                nodes.kill(node);
                rest(length);
                nodes.start_again(node);
            }
        }
    }
}

#[test]
fn whatever_happens_to_a_node_no_session_is_accepted_once_its_end_was_answered() {
    let nodes = Nodes::start(3, &[]);
    let recorder = soak(&nodes, seconds(40), |_| false, |is_over| every_kind_of_fault(&nodes, is_over));
    println!("{recorder}");
    assert_eq!(recorder.violations(), Vec::<String>::new());
    assert!(recorder.ends() > 20 && recorder.checks() > 200, "{recorder}");
    // What was answered is so.
    let open = nodes.open_among(&recorder.ended());
    assert_eq!(open, Vec::<String>::new(), "ended, answered, and lost");
}

#[test]
fn without_leases_the_same_test_finds_a_session_that_is_accepted_after_its_end() {
    let nodes = Nodes::start(3, &[("PORTERO_TEST_WITHOUT_LEASE", "1")]);
    let found = |recorder: &Recorder| !recorder.violations().is_empty();
    let recorder = soak(&nodes, Duration::from_secs(60), found, |is_over| {
        while !is_over.load(Ordering::Relaxed) {
            nodes.hold_network(0);
            std::thread::sleep(LEASE * 3);
            nodes.let_network_go(0);
            std::thread::sleep(Duration::from_millis(500));
        }
    });
    println!("{recorder}");
    assert!(found(&recorder), "{recorder}");
}

#[test]
fn where_nobody_hears_of_commits_a_session_is_refused_on_all_nodes_in_time_all_the_same() {
    let nodes = Nodes::start_behind(3, &[], pooler::before);
    for node in 0..3 {
        assert!(nodes.log(node).contains("node_polls"), "{}", nodes.log(node));
    }
    let recorder = soak(&nodes, seconds(10), |_| false, |_| ());
    println!("{recorder}");
    assert_eq!(recorder.violations(), Vec::<String>::new());
    assert!(recorder.ends() > 5 && recorder.checks() > 50, "{recorder}");
    assert!(recorder.took_half() < LEASE / 2, "they wait until a lease is over: {recorder}");
    assert_eq!(nodes.open_among(&recorder.ended()), Vec::<String>::new());
}

#[test]
fn a_node_that_is_cut_off_answers_no_longer_than_its_lease_and_again_soon_after() {
    let nodes = Nodes::start(2, &[]);
    let token = nodes.sign_in(1).unwrap();
    assert_eq!(nodes.check(0, &token), Checked::Accepted);
    nodes.hold_network(0);
    let cut = Instant::now();
    let mut last = Duration::ZERO;
    while cut.elapsed() < LEASE * 3 {
        // When it was asked: on a busy machine, the answer is on its way for a while.
        let asked = cut.elapsed();
        match nodes.check(0, &token) {
            Checked::Accepted => last = asked,
            Checked::Unknown => {}
            Checked::Refused => panic!("nobody has signed out"),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(last <= LEASE + Duration::from_millis(50), "it answered for {last:?}");
    // Meanwhile the other one goes on, and ends something.
    let ended = nodes.sign_in(1).unwrap();
    assert_eq!(nodes.end(1, &ended), Some(200));
    nodes.let_network_go(0);
    let healed = Instant::now();
    while nodes.check(0, &token) != Checked::Accepted {
        assert_ne!(nodes.check(0, &ended), Checked::Accepted);
        assert!(healed.elapsed() < Duration::from_secs(10), "it does not come back");
        std::thread::sleep(Duration::from_millis(5));
    }
    println!("the last answer {last:?} after the cut, the first {:?} after healing", healed.elapsed());
    assert_eq!(nodes.check(0, &ended), Checked::Refused);
}

#[test]
fn a_node_that_stops_keeps_nobody_waiting_and_one_that_is_killed_only_until_its_lease_is_over() {
    let nodes = Nodes::start(3, &[]);
    let end = |node: usize| {
        let token = nodes.sign_in(node).unwrap();
        let begin = Instant::now();
        assert_eq!(nodes.end(node, &token), Some(200));
        begin.elapsed()
    };
    end(0);
    nodes.stop(2);
    assert!(end(0) < LEASE, "a node that has left is waited for");
    let tokens = [(); 2].map(|()| nodes.sign_in(0).unwrap());
    nodes.kill(1);
    let [first, second] = tokens.map(|token| {
        let begin = Instant::now();
        assert_eq!(nodes.end(0, &token), Some(200));
        begin.elapsed()
    });
    assert!(first > LEASE / 2 && first < LEASE * 2, "{first:?}");
    assert!(second < LEASE / 2, "a node that can hold no lease is waited for: {second:?}");
}

#[test]
fn a_node_that_is_frozen_in_the_middle_of_an_act_delays_others_once_and_then_accepts_nothing_that_they_ended() {
    let nodes = Nodes::start(3, &[]);
    let [own, first, second] = [0, 1, 2].map(|node| nodes.sign_in(node).unwrap());
    for token in [&own, &first, &second] {
        assert!((0..3).all(|node| nodes.check(node, token) == Checked::Accepted));
    }
    let end = |node: usize, token: &str| {
        let begin = Instant::now();
        assert_eq!(nodes.end(node, token), Some(200));
        begin.elapsed()
    };
    std::thread::scope(|scope| {
        // The last thing that an act writes before its commit.
        let mut behind = Behind::of(nodes.folder());
        behind.execute_in_transaction("LOCK TABLE changes IN EXCLUSIVE MODE");
        let interrupted = scope.spawn(|| nodes.end(0, &own));
        wait_until("it does not act", || !nodes.rows(WAITING_TO_TELL).is_empty());
        nodes.freeze(0);
        behind.let_go();
        // For two seconds, the database leaves it the row that all acts begin with. The rest of its lease runs out at the same time, not
        // afterwards.
        let waited = end(1, &first);
        assert!(waited > LEASE / 2 && waited < LEASE * 2, "{waited:?}");
        let waited = end(2, &second);
        assert!(waited < LEASE / 2, "a node that can hold no lease is waited for: {waited:?}");
        nodes.thaw(0);
        for ended in [&first, &second] {
            wait_until("it does not come back", || {
                let found = nodes.check(0, ended);
                assert_ne!(found, Checked::Accepted);
                found == Checked::Refused
            });
            assert!((1..3).all(|node| nodes.check(node, ended) == Checked::Refused));
        }
        assert_ne!(interrupted.join().unwrap(), Some(200), "the database took its act back");
        assert!((1..3).all(|node| nodes.check(node, &own) == Checked::Accepted));
    });
}

#[test]
fn what_is_done_on_one_node_is_so_on_all() {
    let nodes = Nodes::start(3, &[]);
    let mut signed_in = HashMap::new();
    for node in 0..3 {
        signed_in.insert(node, nodes.sign_in(node).unwrap());
    }
    for token in signed_in.values() {
        assert!((0..3).all(|node| nodes.check(node, token) == Checked::Accepted));
    }
    assert_eq!(nodes.end(1, &signed_in[&0]), Some(200));
    assert!((0..3).all(|node| nodes.check(node, &signed_in[&0]) == Checked::Refused));
    nodes.command(&["user", "disable", "ana"]);
    for node in 0..3 {
        assert_eq!(nodes.check(node, &signed_in[&1]), Checked::Refused);
        assert_eq!(nodes.sign_in(node), None);
    }
    nodes.command(&["user", "enable", "ana"]);
    let token = nodes.sign_in(2).unwrap();
    // The key is made in the data folder of one of them.
    nodes.command(&["key", "new"]);
    nodes.command(&["key", "rotate"]);
    let by_new_key = nodes.sign_in(1).unwrap();
    for token in [&token, &by_new_key] {
        assert!((0..3).all(|node| nodes.check(node, token) == Checked::Accepted));
    }
    let listed = nodes.command(&["node", "list"]);
    assert_eq!(listed.matches("lease 2s  0 behind").count(), 3, "{listed}");
}

#[test]
fn a_node_with_other_settings_or_other_keys_is_refused_with_what_to_do() {
    let nodes = Nodes::start(1, &[]);
    let error = nodes.start_fails(&[("PORTERO_SESSION_IDLE", "2d")], true);
    assert!(error.contains("serves this database with other settings (session.idle)"), "{error}");
    assert!(error.contains("give all nodes the same"), "{error}");
    let error = nodes.start_fails(&[], false);
    assert!(error.contains("pepper"), "{error}");
    let alone = nodes.start_fails(&[("PORTERO_CLUSTER_LEASE", "off")], true);
    assert!(alone.contains("another Portero already serves the database"), "{alone}");
}
