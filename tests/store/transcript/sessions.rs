//! Sessions: how they begin, renew and end, and their lists.

use portero::domain::{Methods, Reason, ShortId, Transport, UserId};
use portero::store::last_uses::{self, LastUse};
use portero::store::list_filter::ListFilter;
use portero::store::session_ends::{self, Which};
use portero::store::session_lists::{self, List, ListedSession};
use portero::store::sessions::{self, End, Session};
use portero::store::{self as dialect, users};

use super::{Calls, Transcript, at, call, each, known, session, sid, sorted};

#[test]
fn sessions_are_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        let ana = t.person("ana").id;
        let first = session(1, ana);
        call!(t, sessions::find(sid(1)));
        call!(t, sessions::add(&first));
        call!(t, sessions::add(&first));
        call!(t, sessions::add(&session(2, UserId(99))));
        let odd = Session {
            transport: Transport::Bearer,
            proved_password: None,
            methods: Methods::PASSWORD.and(Methods::OTP),
            factor_time: Some(at(201)),
            user_agent: "Ein 'Gerät' \\ %_ 日本".into(),
            access_until: at(3000),
            odd: true,
            ..session(2, ana)
        };
        call!(t, sessions::add(&odd));
        call!(t, sessions::find(sid(1)));
        let found = call!(t, sessions::find(sid(2))).unwrap().unwrap();
        known!(t, sessions::shown_until, found.shown_until());
        call!(t, dialect::hold(sid(1)));
        call!(t, dialect::hold(sid(9)));
        let next = Session { generation: 1, issue: 1, rotated_at: at(300), access_until: at(1200), ..first.clone() };
        call!(t, sessions::rotate(&first, &next));
        call!(t, sessions::rotate(&first, &next));
        let moved = Session { ip: "2001:db8::1".into(), odd: true, generation: 2, issue: 2, ..next.clone() };
        call!(t, sessions::rotate(&next, &moved));
        let used = Session { auth_time: at(400), confirmations: 1, wrong_passwords: 3, steps: 2, ..moved.clone() };
        call!(t, sessions::note_use(&moved, &used));
        call!(
            t,
            sessions::note_use(
                &moved,
                &Session { user_agent: "Opera".into(), factor_time: Some(at(401)), ..used.clone() }
            )
        );
        call!(t, sessions::note_wrong_password(sid(1)));
        call!(t, sessions::note_wrong_password(sid(9)));
        call!(t, sessions::note_seen(sid(1), 1));
        each!(t, sessions::each_unseen(), |session, generation|);
        call!(t, sessions::note_seen(sid(1), 2));
        each!(t, sessions::each_unseen(), |session, generation|);
        let use_of = |number, moment, generation| LastUse {
            sid: sid(number),
            at: at(moment),
            generation,
            settles_before: at(301),
        };
        call!(t, last_uses::note(&[]));
        call!(t, last_uses::note(&[use_of(1, 500, 2), use_of(2, 100, 0), use_of(9, 500, 0)]));
        call!(t, last_uses::note(&[use_of(1, 499, 2), use_of(2, 501, 1)]));
        call!(t, sessions::note_end_of_story(&Session { steps: 7, odd: false, ..used.clone() }));
        each!(t, sessions::each_ended(&(0..=i64::MAX)), |session, until|);
        let end = End { at: at(600), reason: Reason::Logout, by: Some(ana) };
        call!(t, session_ends::end(Which::One(sid(1)), end, "receipt"));
        call!(t, sessions::rotate(&used, &used));
        call!(t, sessions::note_use(&used, &used));
        call!(t, sessions::note_wrong_password(sid(1)));
        each!(t, sessions::each_ended(&(2000..=2000)), |session, until|);
        each!(t, sessions::each_ended(&(2001..=3000)), |session, until|);
        call!(t, sessions::prune(at(2000), 10));
        call!(t, sessions::prune(at(2001), 0));
        call!(t, sessions::prune(at(2001), 10));
        t.execute("UPDATE sessions SET ended_at = 1");
        call!(t, sessions::find(sid(2)));
        call!(t, users::find_by_session(sid(2)));
    });
    transcript.compare("sessions");
}

/// Sessions of two users that began one second after the other.
fn sessions_of_two(t: &mut Calls<'_, '_>) -> (UserId, UserId) {
    let (ana, bea) = (t.person("ana").id, t.person("bea").id);
    for (number, user, moment) in [(1, ana, 200), (2, ana, 200), (3, ana, 201), (4, bea, 202), (5, bea, 203)] {
        let transport = if number == 3 { Transport::Bearer } else { Transport::Cookie };
        t.session(&Session { created_at: at(moment), transport, odd: number == 2, ..session(number, user) });
    }
    (ana, bea)
}

#[test]
fn ends_of_sessions_are_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        call!(t, session_ends::newest_open());
        each!(t, session_ends::each_open(), |session|);
        let (ana, bea) = sessions_of_two(t);
        call!(t, session_ends::newest_open());
        each!(t, session_ends::each_open(), |session|);
        let others = Which::OfUser { user: ana, except: Some(sid(1)) };
        let since = Which::Since { moment: at(202), except: None };
        call!(t, session_ends::some(others, 1));
        call!(t, session_ends::some(others, 10));
        call!(t, session_ends::some(since, 10));
        call!(t, session_ends::some(Which::Since { moment: at(0), except: Some(sid(3)) }, 3));
        call!(t, session_ends::some(Which::One(sid(9)), 3));
        call!(t, session_ends::count(others, at(1999)));
        call!(t, session_ends::count(others, at(2000)));
        for limit in [1, 2, 3] {
            call!(t, session_ends::beyond_limit(&session(9, ana), limit, at(300)));
        }
        call!(t, session_ends::beyond_limit(&session(1, ana), 1, at(300)));
        let end = End { at: at(400), reason: Reason::EndedByAdmin, by: Some(bea) };
        call!(t, session_ends::end(others, end, "first") => |ended| sorted(ended.clone()));
        call!(t, session_ends::end(others, end, "again"));
        call!(t, session_ends::end(Which::One(sid(9)), end, "again"));
        call!(t, session_ends::end_some(&[sid(4), sid(3), sid(9)], End { by: None, ..end }, "some"));
        call!(t, session_ends::end_some(&[], end, "none"));
        call!(t, session_ends::ended_at(ana, Reason::EndedByAdmin, at(400)));
        call!(t, session_ends::ended_at(ana, Reason::Logout, at(400)));
        call!(t, session_ends::ended_at(ana, Reason::EndedByAdmin, at(401)));
        call!(t, session_ends::idle_since(at(200), 10));
        call!(t, session_ends::idle_since(at(201), 10) => |ids| sorted(ids.clone()));
        call!(t, session_ends::idle_since(at(201), 0));
        call!(t, session_ends::close_idle(sid(1), at(200), 50));
        call!(t, session_ends::close_idle(sid(1), at(201), 50));
        call!(t, session_ends::close_idle(sid(1), at(201), 50));
        call!(t, session_ends::close_run_out(at(2000), 10));
        call!(t, session_ends::close_run_out(at(2001), 0));
        call!(t, session_ends::close_run_out(at(2001), 10));
        call!(t, session_ends::close_run_out(at(2001), 10));
        t.session(&Session { last_seen_at: at(500), expires_at: at(700), ..session(6, bea) });
        call!(t, session_ends::end(since, end, "since"));
        t.session(&session(7, bea));
        t.session(&session(8, bea));
        call!(t, session_ends::end(Which::Since { moment: at(200), except: Some(sid(7)) }, end, "all but one"));
    });
    transcript.compare("session_ends");
}

fn ids(rows: &impl AsRef<[ListedSession]>) -> String {
    let ids: Vec<String> =
        rows.as_ref().iter().map(|row| format!("{} {}", row.session.sid.short(), row.user.as_str())).collect();
    format!("{ids:?}")
}

#[test]
fn lists_of_sessions_are_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        let all = ListFilter { limit: 10, ..ListFilter::default() };
        call!(t, session_lists::page(List::Ended, &all) => ids);
        let (ana, bea) = sessions_of_two(t);
        t.execute(
            "INSERT INTO session_steps (sid, nth, kind, at, until, times, ip, user_agent, odd)
                 SELECT sid, 0, 'signed_in', 200, 200, 1, '2001:db8::1', '', 1 = 0 FROM sessions WHERE user_id = 1",
        );
        let open = List::Open(at(1999));
        call!(t, session_lists::page(open, &all) => ids);
        call!(t, session_lists::page(List::Open(at(2000)), &all) => ids);
        let two = ListFilter { limit: 2, ..all.clone() };
        call!(t, session_lists::page(open, &two) => ids);
        let next = ListFilter { before: Some((at(202), sid(4).to_string())), ..two.clone() };
        call!(t, session_lists::page(open, &next) => ids);
        let next = ListFilter { before: Some((at(200), sid(2).to_string())), ..two.clone() };
        call!(t, session_lists::page(open, &next) => ids);
        let filters = [
            ListFilter { user: Some(ana), ..all.clone() },
            ListFilter { user: Some(ana), from: Some(at(201)), ..all.clone() },
            ListFilter { user: Some(UserId(99)), ..all.clone() },
            ListFilter { ip: Some("2001:db8::1".into()), ..all.clone() },
            ListFilter { ip: Some("2001:DB8::1".into()), ..all.clone() },
            ListFilter { odd: true, ..all.clone() },
            ListFilter { from: Some(at(201)), until: Some(at(202)), ..all.clone() },
            ListFilter { until: Some(at(i64::MIN)), ..all.clone() },
            ListFilter { limit: 0, ..all.clone() },
        ];
        for filter in &filters {
            call!(t, session_lists::page(open, filter) => |rows| format!("{} for {filter:?}", ids(rows)));
            call!(t, session_lists::count(open, filter));
        }
        let end = |moment, reason| End { at: at(moment), reason, by: Some(bea) };
        t.set_up(|conn| {
            session_ends::end(conn, Which::One(sid(2)), end(400, Reason::Logout), "one")?;
            session_ends::end(conn, Which::One(sid(3)), end(400, Reason::Reuse), "two")?;
            session_ends::end(conn, Which::OfUser { user: bea, except: None }, end(399, Reason::Disabled), "two")
        });
        let reason = ListFilter { reason: Some(Reason::Reuse), ..all.clone() };
        for filter in filters.iter().chain([&reason]) {
            call!(t, session_lists::page(List::Ended, filter) => |rows| format!("{} for {filter:?}", ids(rows)));
            call!(t, session_lists::count(List::Ended, filter));
        }
        call!(t, session_lists::by_short_id(ShortId::parse("00000003").unwrap(), 5));
        call!(t, session_lists::by_short_id(ShortId::parse("ffffffff").unwrap(), 5));
        call!(t, session_lists::has_open(ana, Transport::Cookie, at(1999)));
        call!(t, session_lists::has_open(ana, Transport::Cookie, at(2000)));
        call!(t, session_lists::has_open(ana, Transport::Bearer, at(0)));
        call!(t, session_lists::of_receipt("two", 10) => ids);
        call!(t, session_lists::of_receipt("two", 1) => ids);
        call!(t, session_lists::of_receipt("TWO", 10) => ids);
        call!(t, session_lists::sum_of_receipt("two"));
        call!(t, session_lists::sum_of_receipt("nothing"));
    });
    transcript.compare("session_lists");
}
