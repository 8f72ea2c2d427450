//! The audit log: recording, finding, verifying and letting go of events.

use std::collections::HashMap;

use portero::domain::{By, FactorKind, GroupName, Reason, Role, UserId};
use portero::store::audit;
use portero::store::audit::event::{Details, Event, What};
use portero::store::audit::head::Head;
use portero::store::audit::list::{AuditFilter, Found};

use super::{Calls, Transcript, at, call, call_in, known, read, sid, sorted};

/// Records an event, and writes down what was recorded.
macro_rules! record {
    ($t:ident, $event:expr) => {{
        $t.begin();
        let answer = $event.record(&mut *$t.tx);
        $t.end("audit::event::record", stringify!($event), answer, |answer| format!("{answer:?}"));
    }};
}

fn events(t: &mut Calls<'_, '_>) {
    let (ana, bea) = (t.person("ana").id, t.person("bea").id);
    let (by_ana, root) = (By::User(ana), By::Operator("root".into()));
    known!(t, audit::event::new, Event::new(What::SignedIn, &by_ana));
    known!(t, audit::event::user, Event::new(What::SignedIn, &by_ana).user(bea));
    known!(t, audit::event::session, Event::new(What::SignedIn, &by_ana).session(sid(1)));
    known!(t, audit::event::ip, Event::new(What::SignedIn, &by_ana).ip("192.0.2.1"));
    known!(t, audit::event::details, Event::new(What::SignedIn, &by_ana).details(Details::Factors(2)));
    record!(t, Event::new(What::SignedIn, &by_ana).user(ana).session(sid(1)).ip("192.0.2.1"));
    t.tx.now = at(1001);
    record!(t, Event::new(What::RoleChanged, &by_ana).user(bea).details(Details::Role(Role::Admin)));
    record!(t, Event::new(What::UserDisabled, &root).user(bea).session(sid(2)));
    t.tx.now = at(1002);
    t.tx.from = Some("2001:db8::1".into());
    let name = "Clave \"operator\": %_ \\ ñ".to_owned();
    record!(
        t,
        Event::new(What::FactorAdded, &by_ana).user(ana).details(Details::Factor { kind: FactorKind::Totp, name })
    );
    record!(t, Event::new(What::GroupAdded, &by_ana).details(Details::Group(GroupName::parse("OPERATOR").unwrap())));
    let replaced = Details::Ended { reason: Reason::Replaced, sessions: 1, receipt: "one".into() };
    record!(t, Event::new(What::SessionEnded, &by_ana).user(bea).session(sid(1)).details(replaced));
    record!(t, Event::new(What::TokenRevoked, &By::App("client".into())).user(UserId(99)).ip("192.0.2.1"));
}

fn numbers(found: &Found) -> String {
    let numbers: Vec<i64> = found.events.iter().map(|event| event.n).collect();
    format!("{numbers:?}, stopped at {:?}", found.stopped_at)
}

#[test]
fn the_audit_log_is_the_same() {
    let mut transcript = Transcript::new();
    let seal = transcript.db.seal().unwrap().clone();
    known!(transcript, audit::fit::take_up, audit::fit::take_up(&transcript.db, at(1)));
    transcript.write(|t| {
        call!(t, audit::chain::head());
        call!(t, audit::chain::newest());
        call!(t, audit::list::newest_at());
        events(t);
    });
    let in_calls = seal.clone();
    transcript.write(move |t| {
        let seal = &*in_calls;
        let newest = call!(t, audit::chain::head()).unwrap().unwrap();
        known!(t, audit::head::parse, (Head::parse(&newest.to_string()), Head::parse("7:00")));
        call!(t, audit::chain::newest());
        call!(t, audit::list::newest_at());
        let all = AuditFilter { limit: 20, ..AuditFilter::default() };
        let found = call!(t, audit::list::page(seal, &all)).unwrap();
        known!(t, audit::list::place, found.events[0].place());
        let filters = [
            AuditFilter { limit: 2, ..all.clone() },
            AuditFilter { limit: 2, before: Some((at(1002), 5)), ..all.clone() },
            AuditFilter { limit: 0, ..all.clone() },
            AuditFilter { user: Some(UserId(2)), ..all.clone() },
            AuditFilter { user: Some(UserId(2)), until: Some(at(1001)), ..all.clone() },
            AuditFilter { user: Some(UserId(2)), from: Some(at(1002)), ..all.clone() },
            AuditFilter { by: Some(UserId(1)), what: Some(What::SignedIn), ..all.clone() },
            AuditFilter { what: Some(What::Restored), ..all.clone() },
            AuditFilter { ip: Some("192.0.2.1".into()), ..all.clone() },
            AuditFilter { session: Some(sid(1)), ..all.clone() },
            AuditFilter { until: Some(at(i64::MIN)), ..all.clone() },
        ];
        for filter in &filters {
            call!(t, audit::list::page(seal, filter) => |found| format!("{} for {filter:?}", numbers(found)));
        }
        let mut taken = Vec::new();
        call!(t, audit::list::each_match(seal, &all, |event| {
            taken.push(event.n);
            taken.len() < 3
        }));
        known!(t, audit::list::each_match, taken);
        call!(t, audit::list::names(&found.events) => |found| sorted(found));
        let known_names = HashMap::from([(UserId(1), "somebody".to_owned())]);
        call!(t, audit::list::names_besides(&found.events, known_names) => |found| sorted(found));
        for id in ["00000001", "00000002-0000-4000-8000-000000000000", "0000000A", "ffffffff", "no id"] {
            call!(t, audit::list::session_named(id, None) => |found| format!("{id}: {found:?}"));
        }
        call!(t, audit::list::session_named("00000001", Some(UserId(1))));
        call!(t, audit::list::session_named("00000002", Some(UserId(1))));
        call!(t, audit::operators::by_operators(0, 100));
        call!(t, audit::operators::by_operators(3, 100));
        call!(t, audit::operators::by_operators(0, 2));
        call!(t, audit::admin_acts::latest(10) => |acts| format!("{:?}", acts.iter().map(|event| event.n).collect::<Vec<_>>()));
        call!(t, audit::admin_acts::latest(1) => |acts| format!("{:?}", acts.iter().map(|event| event.n).collect::<Vec<_>>()));
        known!(t, audit::seal::ip_hash, seal.ip_hash("192.0.2.1"));
        call_in!(t, audit::chain::renew_file());
    });
    known!(transcript, audit::seal::write_head, seal.write_head());
    let newest = transcript.db.read(audit::chain::head).unwrap().unwrap();
    read!(transcript, audit::verify::verify(&seal, 0, Some(&newest), |_| ()));
    read!(transcript, audit::verify::verify(&seal, 5, None, |_| ()));
    read!(transcript, audit::verify::verify(&seal, 100, Some(&Head { n: 2, mac: vec![0; 32] }), |_| ()));
    known!(transcript, audit::fit::take_up, audit::fit::take_up(&transcript.db, at(2000)));
    for _ in 0..2 {
        std::fs::remove_file(transcript.folder.path().join("log.audit-head")).unwrap();
        let fit = audit::fit::take_up_on_any_machine(&transcript.db, at(2001));
        known!(transcript, audit::fit::take_up_on_any_machine, fit);
    }
    std::fs::remove_file(transcript.folder.path().join("log.audit-head")).unwrap();
    known!(transcript, audit::fit::take_up_restored, audit::fit::take_up_restored(&transcript.db, at(2002)));
    std::fs::remove_file(transcript.folder.path().join("log.audit-head")).unwrap();
    known!(transcript, audit::fit::take_up, audit::fit::take_up(&transcript.db, at(2003)));
    transcript.write(|t| {
        call_in!(t, audit::chain::clear_addresses(at(1000)));
        call_in!(t, audit::chain::clear_addresses(at(1002)));
        call_in!(t, audit::chain::clear_addresses(at(1002)));
        call_in!(t, audit::chain::prune(at(1000)));
        call_in!(t, audit::chain::prune(at(1001)));
        call_in!(t, audit::chain::prune(at(1002)));
        call_in!(t, audit::chain::prune(at(1002)));
    });
    read!(transcript, audit::verify::verify(&seal, 0, None, |_| ()));
    transcript.compare("audit");
}
