//! Promise: the status list says of every session what the blocklist says.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use portero::accounts::sessions::end::end_anybodys;
use portero::accounts::sessions::mass_end::{Marking, end_since};
use portero::domain::{SessionId, UserId};
use portero::store::session_ends::Which;
use portero::store::users;

use crate::rooms::status_list::{entries, fetch, is_set, place, with_lists};
use crate::support::{PASSWORD, TestApp, Tokens, claims, operator};

const NAMES: [&str; 5] = ["ana", "luis", "eva", "jordi", "ines"];

struct Known {
    sid: SessionId,
    tokens: Tokens,
    uri: String,
    index: usize,
    name: &'static str,
}

fn sign_in(app: &TestApp, name: &'static str) -> Known {
    let tokens = app.tokens(name);
    let place = place(&tokens.access);
    let sid = SessionId::parse(claims(&tokens.access)["sid"].as_str().unwrap()).unwrap();
    Known { sid, tokens, uri: place.uri, index: place.index, name }
}

fn user(app: &TestApp, name: &str) -> UserId {
    let name = portero::domain::Username::parse(name).unwrap();
    app.accounts.db.read(|conn| users::find_by_name(conn, &name)).unwrap().unwrap().id
}

/// Does one of the things that people and admins do. Whatever it ends has ended when this returns.
fn act(app: &TestApp, random: &mut fastrand::Rng, known: &mut Vec<Known>) {
    let one = random.usize(..known.len());
    let Known { sid, tokens, name, .. } = &known[one];
    match random.u8(..100) {
        0..30 => drop(app.client().delete("/logout", Some(&tokens.refresh))),
        30..45 => {
            end_anybodys(&app.accounts, operator(), Which::One(*sid)).committed().unwrap();
        }
        45..48 => {
            let which = Which::OfUser { user: user(app, name), except: Some(*sid) };
            end_anybodys(&app.accounts, operator(), which).committed().unwrap();
        }
        48..50 => app.set_password(name, PASSWORD),
        50..51 => {
            let now = app.accounts.now().plus(-1);
            end_since(&app.accounts, operator(), now, Some(*sid), Marking::Here).committed().unwrap();
            while !app.accounts.blocklist.knows_all_ended() {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        // A renewal changes nothing.
        51..60 => drop(app.client().post("/refresh", Some(&tokens.refresh))),
        _ => {
            app.clock.advance(1);
            known.push(sign_in(app, NAMES[random.usize(..NAMES.len())]));
        }
    }
}

/// Asks list and blocklist about random sessions, `questions` times, with an act before each `between` of them.
fn compare(questions: usize, between: usize) {
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    let app = with_lists(&[("session.bearer_limit", "60")]);
    for name in &NAMES[1..] {
        app.add_user(name);
    }
    let mut known: Vec<Known> = NAMES.into_iter().map(|name| sign_in(&app, name)).collect();
    let (mut differ, mut ended, mut delays) = (0, 0, Vec::new());
    for _ in 0..questions / between {
        act(&app, &mut random, &mut known);
        let mut lists: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
        for _ in 0..between {
            // Of those that began long ago, few are open.
            let oldest = if random.bool() { known.len().saturating_sub(60) } else { 0 };
            let asked = &known[random.usize(oldest..known.len())];
            let list = lists.entry(&asked.uri).or_insert_with(|| {
                let acknowledged = Instant::now();
                let answer = fetch(&app, &asked.uri);
                delays.push(acknowledged.elapsed());
                entries(&app, &asked.uri, &answer)
            });
            let refused = app.accounts.blocklist.refuses_session(asked.sid);
            differ += usize::from(is_set(list, asked.index) != refused);
            ended += usize::from(refused);
        }
    }
    assert_eq!(differ, 0, "of {questions}, with seed {seed}");
    assert!(ended > questions / 10 && ended < questions * 9 / 10, "{ended} of {questions} were about ended sessions");
    delays.sort();
    let of = |percent: usize| delays[(delays.len() - 1) * percent / 100];
    println!(
        "{questions} questions, {differ} differ; {} lists, each fetched right after an act: half within {:?}, 99 of 100 within {:?}",
        delays.len(),
        of(50),
        of(99)
    );
}

#[test]
fn of_thousands_of_random_questions_to_list_and_blocklist_none_is_answered_differently() {
    compare(40_000, 100);
}

#[test]
#[ignore = "`tests/run --long` runs it"]
fn of_a_million_random_questions_to_list_and_blocklist_none_is_answered_differently() {
    compare(1_000_000, 250);
}
