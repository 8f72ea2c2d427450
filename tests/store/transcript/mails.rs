//! What is still to be told: mails, and sign-outs to apps.

use portero::domain::{AppId, AppName, AppRules, LogoutUri, Reason, UserId};
use portero::store::logout_deliveries::{self, Outcome};
use portero::store::outbox::{self, Kind, NewMail};
use portero::store::session_ends::{self, Which};
use portero::store::sessions::End;
use portero::store::{apps, passes};
use uuid::Uuid;

use super::{Transcript, at, call, known, session, sid, sorted};

fn mail(nth: u128, act: &str, user: UserId) -> NewMail {
    NewMail {
        uid: Uuid::from_u128((nth << 96) | 0x4000_8000_0000_0000_0000),
        act: act.into(),
        user,
        kind: Kind::NewBrowser,
        expires_at: at(5000),
        sealed: vec![0, 255, 1],
        link_hash: Some(format!("link {nth}")),
        address_hash: "address".into(),
        report_hash: Some(format!("report {nth}")),
    }
}

#[test]
fn mails_are_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        let (ana, bea) = (t.person("ana").id, t.person("bea").id);
        call!(t, outbox::state());
        call!(t, outbox::next_at(at(0)));
        call!(t, outbox::add(&mail(1, "one", ana), at(300)));
        call!(t, outbox::add(&mail(2, "one", ana), at(301)));
        call!(t, outbox::add(&NewMail { sealed: Vec::new(), link_hash: None, report_hash: None, ..mail(2, "two", ana) }, at(302)));
        call!(t, outbox::add(&mail(3, "three", bea), at(303)));
        call!(t, outbox::add(&mail(4, "four", UserId(99)), at(303)));
        call!(t, outbox::count_since(ana, Kind::NewBrowser, at(299)));
        call!(t, outbox::count_since(ana, Kind::NewBrowser, at(300)));
        call!(t, outbox::count_since(ana, Kind::Invitation, at(0)));
        call!(t, outbox::next_at(at(300)));
        call!(t, outbox::due(at(300), 10));
        call!(t, outbox::due(at(300), 1) => |due| due.len().to_string());
        call!(t, outbox::due(at(300), 0));
        let claimed = call!(t, outbox::claim(1, at(400))).unwrap().unwrap();
        call!(t, outbox::claim(1, at(400)));
        call!(t, outbox::claim(1, at(699)));
        call!(t, outbox::claim(99, at(400)));
        call!(t, outbox::next_at(at(400)));
        call!(t, outbox::due(at(699), 10) => |due| format!("{:?}", due.iter().map(|one| one.id).collect::<Vec<_>>()));
        // Put off, or claimed, for longer than anything ever is: the clock was set back.
        call!(t, outbox::due(at(-10_000), 10) => |due| format!("{:?}", due.iter().map(|one| one.id).collect::<Vec<_>>()));
        let deferred = outbox::Outcome::Deferred;
        let tried = outbox::Tried { outcome: deferred, status: Some(451), at: at(401), next_try_at: Some(at(500)) };
        known!(t, outbox::is_final, outbox::Outcome::ALL.iter().filter(|one| one.is_final()).collect::<Vec<_>>());
        call!(t, outbox::note(1, at(1), tried));
        call!(t, outbox::note(1, claimed, tried));
        call!(t, outbox::note(1, claimed, tried));
        call!(t, outbox::state());
        call!(t, outbox::link_was_sent_to("link 1"));
        call!(t, outbox::link_was_sent_to("link 3"));
        call!(t, outbox::progress_of_link("link 1"));
        call!(t, outbox::progress_of_link("nothing"));
        let claimed = call!(t, outbox::claim(1, at(500))).unwrap().unwrap();
        let sent = outbox::Tried { outcome: outbox::Outcome::Sent, status: None, at: at(501), next_try_at: None };
        call!(t, outbox::note(1, claimed, sent));
        call!(t, outbox::progress_of_link("link 1"));
        call!(t, outbox::claim(2, at(500)));
        call!(t, outbox::release_all());
        call!(t, outbox::release_all());
        call!(t, outbox::reportable("report 1", at(299)));
        call!(t, outbox::reportable("report 1", at(300)));
        call!(t, outbox::reportable("REPORT 1", at(0)));
        call!(t, outbox::report(1, at(510)));
        call!(t, outbox::report(1, at(511)));
        call!(t, outbox::report(99, at(511)));
        call!(t, outbox::reportable("report 1", at(299)));
        call!(t, outbox::give_up(ana));
        call!(t, outbox::progress_of_link("link 3"));
        call!(t, outbox::give_up_all());
        call!(t, outbox::progress_of_link("link 3"));
        call!(t, outbox::state());
        call!(t, outbox::prune(at(302)));
        call!(t, outbox::prune(at(303)));
        call!(t, outbox::prune(at(9000)));
    });
    transcript.compare("outbox");
}

#[test]
fn sign_outs_that_apps_are_told_of_are_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        let ana = t.person("ana").id;
        let told = AppRules { backchannel_logout: Some(LogoutUri::stored("https://a/".into())), ..AppRules::default() };
        for (client_id, name) in [("one", "a_x"), ("two", "a-x"), ("three", "Zoo")] {
            t.set_up(|conn| {
                let rules = if name == "Zoo" { AppRules::default() } else { told.clone() };
                apps::add(conn, client_id, &AppName::stored(name.into()), &rules, at(100))
            });
        }
        for number in [1, 2, 3] {
            t.session(&session(number, ana));
            t.set_up(|conn| {
                for app in apps::all(conn)? {
                    passes::note_entry(conn, sid(number), &app, at(250))?;
                }
                Ok(())
            });
        }
        let (one, two) = (AppId(1), AppId(2));
        call!(t, logout_deliveries::due(one, at(300), 10));
        call!(t, logout_deliveries::next_at(one, at(300)));
        call!(t, logout_deliveries::of_receipt("receipt"));
        let end = End { at: at(300), reason: Reason::Logout, by: None };
        call!(t, session_ends::end(Which::OfUser { user: ana, except: Some(sid(3)) }, end, "receipt") => |ended| sorted(ended.clone()));
        call!(t, logout_deliveries::entered("receipt") => |entered| sorted(entered.clone()));
        call!(t, logout_deliveries::entered("nothing"));
        call!(t, logout_deliveries::next_at(one, at(300)));
        call!(t, logout_deliveries::due(one, at(300), 10));
        call!(t, logout_deliveries::due(one, at(300), 0));
        call!(t, logout_deliveries::of_receipt("receipt"));
        let claimed = call!(t, logout_deliveries::claim(1, at(310))).unwrap().unwrap();
        call!(t, logout_deliveries::claim(1, at(339)));
        call!(t, logout_deliveries::claim(99, at(339)));
        call!(t, logout_deliveries::next_at(one, at(311)));
        let tried = |outcome, status, next: Option<i64>| logout_deliveries::Tried { outcome, status, at: at(312), next_try_at: next.map(at) };
        known!(t, logout_deliveries::is_final, Outcome::ALL.iter().filter(|one| one.is_final()).collect::<Vec<_>>());
        call!(t, logout_deliveries::note(1, at(1), tried(Outcome::NoAnswer, None, Some(400))));
        call!(t, logout_deliveries::note(1, claimed, tried(Outcome::NoAnswer, None, Some(400))));
        // One that was not tried yet stands beside one that was: which is first?
        call!(t, logout_deliveries::of_app(one));
        call!(t, logout_deliveries::of_receipt("receipt"));
        call!(t, logout_deliveries::of_session(sid(1)));
        call!(t, logout_deliveries::of_session(sid(3)));
        let claimed = call!(t, logout_deliveries::claim(2, at(350))).unwrap().unwrap();
        call!(t, logout_deliveries::note(2, claimed, tried(Outcome::Acknowledged, Some(204), None)));
        call!(t, logout_deliveries::claim(3, at(350)));
        call!(t, logout_deliveries::release_all());
        let claimed = call!(t, logout_deliveries::claim(4, at(350))).unwrap().unwrap();
        call!(t, logout_deliveries::note(4, claimed, tried(Outcome::OtherAnswer, Some(500), Some(9999))));
        call!(t, logout_deliveries::next_at(two, at(360)));
        call!(t, logout_deliveries::due(two, at(360), 10) => |due| format!("{:?}", due.iter().map(|one| one.id).collect::<Vec<_>>()));
        call!(t, logout_deliveries::of_receipt("receipt"));

        call!(t, logout_deliveries::last_test(one));
        call!(t, logout_deliveries::add_test(one, "a_x", at(500)));
        call!(t, logout_deliveries::add_test(one, "a_x", at(501)));
        call!(t, logout_deliveries::add_test(AppId(99), "gone", at(501)));
        call!(t, logout_deliveries::last_test(one));
        call!(t, logout_deliveries::due(one, at(501), 10));
        call!(t, logout_deliveries::of_app(one) => |told| told.len().to_string());
        call!(t, logout_deliveries::prune_tests(at(501)));
        call!(t, logout_deliveries::prune_tests(at(502)));
        call!(t, logout_deliveries::drop_waiting());
        call!(t, apps::set(two, &AppRules::default()));
        call!(t, apps::remove(one, at(600)));
    });
    transcript.compare("logout_deliveries");
}
