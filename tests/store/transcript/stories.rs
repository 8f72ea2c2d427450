//! The stories of sessions, the acts that end everybody's, and places in status lists.

use portero::domain::{By, StatusListId, StatusPlace, StepKind, UserId};
use portero::store::mass_ends::{self, MassEnd};
use portero::store::sessions::{self, Session};
use portero::store::steps::{self, Step};
use portero::store::{session_ends, status_lists, users};

use super::{Transcript, at, call, each, known, session, sid, sorted};

#[test]
fn stories_of_sessions_are_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        let ana = t.person("ana").id;
        for number in [1, 2] {
            t.session(&session(number, ana));
        }
        let step = |kind, moment| Step {
            kind,
            at: at(moment),
            until: at(moment),
            times: 1,
            ip: "192.0.2.1".into(),
            user_agent: "Firefox".into(),
            odd: false,
        };
        call!(t, steps::first(sid(1)));
        call!(t, steps::last(sid(1)));
        call!(t, steps::of_session(sid(1)));
        let begin = step(StepKind::SignedIn, 200);
        call!(t, steps::add(sid(1), 0, &begin));
        call!(t, steps::add(sid(1), 0, &begin));
        call!(t, steps::add(sid(9), 0, &begin));
        let renewed = step(StepKind::Renewed, 300);
        call!(t, steps::add(sid(1), 1, &renewed));
        call!(t, steps::repeat(sid(1), 1, &step(StepKind::Renewed, 310)));
        call!(t, steps::repeat(sid(1), 1, &step(StepKind::Repeated, 320)));
        call!(t, steps::repeat(sid(1), 1, &Step { user_agent: "firefox".into(), ..renewed.clone() }));
        call!(t, steps::repeat(sid(1), 7, &renewed));
        let odd = Step { odd: true, ip: "2001:db8::1".into(), ..step(StepKind::Retried, 330) };
        call!(t, steps::merge(sid(1), 1, &odd));
        call!(t, steps::merge(sid(1), 1, &step(StepKind::Renewed, 340)));
        call!(t, steps::merge(sid(1), 7, &odd));
        call!(t, steps::repeat(sid(1), 1, &step(StepKind::Renewed, 350)));
        call!(t, steps::add(sid(1), 10, &Step { odd: true, ..step(StepKind::Recovered, 400) }));
        call!(t, steps::add(sid(2), 0, &Step { user_agent: "Öpera".into(), ..begin }));
        call!(t, steps::of_session(sid(1)));
        call!(t, steps::first(sid(1)));
        call!(t, steps::last(sid(1)));
        for moment in [199, 200, 299, 340, 341, 400] {
            call!(t, steps::number_at(sid(1), at(moment)));
        }
        call!(t, steps::first_odd(&[sid(1), sid(2), sid(9)]) => |found| sorted(found));
        call!(t, steps::first_odd(&[]) => |found| sorted(found));
        call!(t, steps::user_agents_at_sign_in(&[sid(2), sid(1), sid(9)]) => |found| sorted(found));
        t.execute("UPDATE session_steps SET kind = 'other' WHERE nth = 10");
        call!(t, steps::last(sid(1)));
    });
    transcript.compare("steps");
}

#[test]
fn ends_of_everybodys_sessions_are_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        let (ana, bea) = (t.person("ana").id, t.person("bea").id);
        for (number, user, moment) in [(1, ana, 200), (2, ana, 299), (3, bea, 300), (4, bea, 301), (5, bea, 199)] {
            let expires_at = at(if number == 1 { 900 } else { 2000 });
            t.session(&Session { created_at: at(moment), expires_at, ..session(number, user) });
        }
        t.set_up(|conn| status_lists::give(conn, sid(3), StatusPlace::stored(70)));
        let act = MassEnd {
            receipt: "one".into(),
            since: at(200),
            at: at(300),
            except: Some(sid(2)),
            by: By::Operator("root".into()),
            ip: None,
            ended: 0,
        };
        call!(t, mass_ends::all());
        call!(t, mass_ends::find("one"));
        call!(t, mass_ends::first_moment_after(at(100)));
        call!(t, mass_ends::add(&act));
        call!(t, mass_ends::add(&act));
        let other = MassEnd { receipt: "two".into(), since: at(0), at: at(250), except: None, by: By::User(bea), ..act.clone() };
        call!(t, mass_ends::add(&other));
        call!(t, mass_ends::all());
        call!(t, mass_ends::find("one"));
        call!(t, mass_ends::find("ONE"));
        call!(t, mass_ends::first_moment_after(at(100)));
        call!(t, mass_ends::first_moment_after(at(400)));
        known!(t, mass_ends::end, act.end());
        for number in 1..=5 {
            call!(t, sessions::find(sid(number)) => |found| {
                let found = found.as_ref().unwrap();
                format!("{:?} by {:?}, place {:?}", found.end, found.receipt, found.status)
            });
        }
        call!(t, users::find_by_session(sid(3)) => |found| format!("{:?}", found.as_ref().map(|(session, _)| session.end)));
        call!(t, session_ends::beyond_limit(&session(9, bea), 1, at(300)));
        call!(t, mass_ends::size("one", at(0)));
        call!(t, mass_ends::size("one", at(900)));
        call!(t, mass_ends::size("nothing", at(0)));
        let conn = &mut *t.tx.conn;
        let some = (act.some_unmarked(conn, 1), act.some_unmarked(conn, 10), other.some_unmarked(conn, 10));
        known!(t, mass_ends::some_unmarked, some);
        let conn = &mut *t.tx.conn;
        let sums = (act.sum_of_unmarked(conn, at(899)), act.sum_of_unmarked(conn, at(900)), other.sum_of_unmarked(conn, at(5000)));
        known!(t, mass_ends::sum_of_unmarked, sums);
        let (mut unmarked, mut places) = (Vec::new(), Vec::new());
        act.each_unmarked(t.tx.conn, |sid, until| unmarked.push((sid, until))).unwrap();
        act.each_unmarked_place(t.tx.conn, |place| places.push(place)).unwrap();
        unmarked.sort();
        known!(t, mass_ends::each_unmarked, unmarked);
        known!(t, mass_ends::each_unmarked_place, places);
        call!(t, mass_ends::count_up("one", 3));
        call!(t, mass_ends::count_up("nothing", 3));
        call!(t, mass_ends::remove("one"));
        call!(t, mass_ends::remove("one"));
        call!(t, mass_ends::first_moment_after(at(100)));
    });
    transcript.compare("mass_ends");
}

#[test]
fn places_in_status_lists_are_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        let ana = t.person("ana").id;
        for number in [1, 2, 3] {
            t.session(&session(number, ana));
        }
        call!(t, status_lists::all());
        call!(t, status_lists::prune(at(5000)));
        call!(t, status_lists::take_next(at(900)));
        call!(t, status_lists::take_next(at(800)));
        call!(t, status_lists::take_next(at(950)));
        t.execute(&format!("UPDATE status_lists SET given = {}", StatusListId::PLACES));
        call!(t, status_lists::take_next(at(700)));
        call!(t, status_lists::all());
        let place = StatusListId(1).place(5);
        call!(t, status_lists::give(sid(1), place));
        call!(t, status_lists::give(sid(1), StatusListId(1).place(6)));
        call!(t, status_lists::give(sid(2), place));
        call!(t, status_lists::give(sid(2), StatusListId(2).place(0)));
        call!(t, status_lists::give(sid(9), StatusListId(2).place(1)));
        call!(t, status_lists::places_of(&[sid(2), sid(1), sid(3)]) => |places| sorted(places.clone()));
        call!(t, status_lists::places_of(&[]));
        each!(t, status_lists::each_ended(), |place|);
        t.execute("UPDATE sessions SET ended_at = 500, end_reason = 'logout' WHERE user_id = 1");
        each!(t, status_lists::each_ended(), |place|);
        call!(t, status_lists::prune(at(950)));
        call!(t, status_lists::prune(at(951)));
        call!(t, status_lists::prune(at(951)));
        call!(t, users::find(UserId(9)));
    });
    transcript.compare("status_lists");
}
