//! A model of several nodes on one database: the protocol by which an act is answered only when no node accepts any more what it ended.
//! It is explored whole: every order of steps, for however long, with crashes and a failover. `src/store/node_thread.rs`
//! is the same in earnest.
//!
//! Each node answers from its own memory, and may do so while it holds a *lease*. It gets one by a *beat*: it reads the clock, changes its row
//! in the database, then reads the changes that are new and applies them; the lease counts from the moment when the clock was read. An act is
//! committed with the next number, and answered when every node that has a row has reported that number, or when every lease that could
//! lack it has run out. Whoever answers finds that out by a look at the rows after the commit: a node that has not reported the number holds
//! no lease by a later beat than the one that its row shows then.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod explore;
mod protocol;

use self::explore::explore;
use self::protocol::{Mistake, World};

fn holds(world: World) {
    let explored = explore(world, None);
    println!("{world:?}: {} states", explored.states);
    assert!(explored.answers > 0, "nothing was answered");
    assert!(explored.violation.is_none(), "{:#?}", explored.violation);
}

fn is_found(world: World, mistake: Mistake) {
    let explored = explore(world, Some(mistake));
    println!("{mistake:?}: {} states", explored.states);
    let way = explored.violation.unwrap_or_else(|| panic!("{mistake:?} does no harm in {} states", explored.states));
    println!("{mistake:?}: a way of {} steps", way.len());
}

const PLAIN: World = World { acts: 1, crashes: 0, failover: false, strikes: false };

#[test]
fn no_node_accepts_what_an_answered_act_has_ended() {
    holds(PLAIN);
}

#[test]
fn nor_with_two_acts() {
    holds(World { acts: 2, ..PLAIN });
}

#[test]
fn nor_when_nodes_crash_and_come_back() {
    holds(World { crashes: 1, ..PLAIN });
}

#[test]
fn nor_when_another_server_takes_over_from_the_database() {
    holds(World { failover: true, strikes: true, ..PLAIN });
}

#[test]
fn nor_when_silent_nodes_are_struck_off() {
    holds(World { strikes: true, ..PLAIN });
}

#[test]
fn each_mistake_is_found() {
    for mistake in [Mistake::NoLease, Mistake::LeaseFromTheAnswer, Mistake::WaitTooShort, Mistake::LoadBeforeTheRow] {
        is_found(PLAIN, mistake);
    }
    is_found(World { acts: 2, ..PLAIN }, Mistake::NumbersFromASequence);
    is_found(World { failover: true, ..PLAIN }, Mistake::FetchBeforeTheBeat);
    is_found(World { failover: true, ..PLAIN }, Mistake::AsynchronousBeats);
    is_found(World { strikes: true, ..PLAIN }, Mistake::StrikeOffWithoutALook);
}

#[test]
fn each_mistake_with_beats_that_were_seen_is_found() {
    is_found(PLAIN, Mistake::NoLookAfterTheCommit);
    is_found(PLAIN, Mistake::SeenFromTheQuestion);
    is_found(World { failover: true, ..PLAIN }, Mistake::LookAtADeposedServer);
    is_found(World { failover: true, ..PLAIN }, Mistake::SeenOnAnotherServer);
}
