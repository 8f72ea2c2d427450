//! What is kept of signing in: attempts, failures, networks, browsers that are trusted, and challenges.

use portero::domain::{NameKey, UserId};
use portero::store::attempts::{self, Attempt};
use portero::store::session_ends::Which;
use portero::store::{known_networks, sign_in_failures, spent_challenges, trusted_browsers, users};
use uuid::Uuid;

use super::{Transcript, at, call, session, sid};

const DAY: i64 = 24 * 60 * 60;

fn attempt(id: &str, user: UserId, began_at: i64) -> Attempt {
    Attempt {
        id: id.into(),
        user,
        began_at: at(began_at),
        expires_at: at(began_at + 300),
        tries: 0,
        from_known_browser: false,
        spent: false,
        ip: "2001:db8::1".into(),
        user_agent: "Firefox".into(),
    }
}

#[test]
fn attempts_to_sign_in_are_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        let (ana, bea) = (t.person("ana").id, t.person("bea").id);
        call!(t, attempts::find("one"));
        call!(t, attempts::add(&attempt("one", ana, 100)));
        call!(t, attempts::add(&attempt("one", ana, 101)));
        call!(t, attempts::add(&attempt("none", UserId(99), 101)));
        call!(t, attempts::add(&Attempt { from_known_browser: true, tries: 2, ..attempt("two", ana, 102) }));
        call!(t, attempts::add(&attempt("three", bea, 103)));
        call!(t, attempts::find("one"));
        call!(t, attempts::note_wrong("one"));
        call!(t, attempts::note_wrong("one"));
        call!(t, attempts::note_wrong("nothing"));
        call!(t, attempts::wrong_codes(ana, at(99), false));
        call!(t, attempts::wrong_codes(ana, at(100), false));
        call!(t, attempts::wrong_codes(ana, at(99), true));
        call!(t, attempts::untold(ana));
        call!(t, attempts::spend("one"));
        call!(t, attempts::spend("one"));
        call!(t, attempts::spend("nothing"));
        call!(t, attempts::untold(ana) => |found| format!("{:?}", found.iter().map(|one| one.id.as_str()).collect::<Vec<_>>()));
        call!(t, attempts::note_told(ana));
        call!(t, attempts::untold(ana));
        call!(t, attempts::prune(at(102)));
        call!(t, attempts::prune(at(103)));
        t.set_up(|conn| (0..50).try_for_each(|nth| attempts::add(conn, &attempt(&format!("bea {nth:02}"), UserId(2), 200 + nth))));
        call!(t, attempts::add(&attempt("one more", bea, 300)));
    });
    transcript.compare("attempts");
}

#[test]
fn failures_networks_and_challenges_are_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        let key = NameKey(u128::MAX);
        call!(t, sign_in_failures::count(key, at(0)));
        call!(t, sign_in_failures::add(key, at(0)));
        call!(t, sign_in_failures::add(key, at(1)));
        call!(t, sign_in_failures::add(NameKey(0), at(2)));
        call!(t, sign_in_failures::add(NameKey(1), at(2)));
        call!(t, sign_in_failures::count(key, at(DAY - 1)));
        call!(t, sign_in_failures::count(key, at(DAY)));
        call!(t, sign_in_failures::add(key, at(DAY)));
        call!(t, sign_in_failures::prune(at(DAY + 1), 10));
        call!(t, sign_in_failures::prune(at(3 * DAY), 0));
        call!(t, sign_in_failures::prune(at(3 * DAY), 10));

        let ana = t.person("ana").id;
        call!(t, known_networks::is_known(ana, "192.0.2.0/24", 0, at(0)));
        call!(t, known_networks::note(ana, "192.0.2.0/24", 0, at(10)));
        call!(t, known_networks::note(ana, "192.0.2.0/24", 1, at(20)));
        call!(t, known_networks::note(ana, "2001:db8::/48", 1, at(30)));
        call!(t, known_networks::note(UserId(99), "192.0.2.0/24", 1, at(20)));
        call!(t, known_networks::is_known(ana, "192.0.2.0/24", 1, at(20 + 30 * DAY - 1)));
        call!(t, known_networks::is_known(ana, "192.0.2.0/24", 1, at(20 + 30 * DAY)));
        call!(t, known_networks::is_known(ana, "192.0.2.0/24", 0, at(20)));
        call!(t, known_networks::prune(at(20 + 30 * DAY - 1), 10));
        call!(t, known_networks::prune(at(40 + 30 * DAY), 0));
        call!(t, known_networks::prune(at(40 + 30 * DAY), 10));

        call!(t, spent_challenges::spend("one", at(100)));
        call!(t, spent_challenges::spend("one", at(200)));
        call!(t, spent_challenges::spend("ONE", at(200)));
        call!(t, spent_challenges::prune(at(100)));
        call!(t, spent_challenges::prune(at(101)));
        call!(t, spent_challenges::spend("one", at(300)));
    });
    transcript.compare("failures");
}

#[test]
fn trusted_browsers_are_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        let (ana, bea) = (t.person("ana"), t.person("bea"));
        let device = |nth: u128| Uuid::from_u128((nth << 96) | 0x4000_8000_0000_0000_0000);
        let (first, second) = (session(1, ana.id), session(2, ana.id));
        call!(t, trusted_browsers::find(&ana, device(1), at(0), at(300)));
        call!(t, trusted_browsers::add(&ana, device(1), &first, at(900)));
        call!(t, trusted_browsers::add(&ana, device(1), &second, at(900)));
        call!(t, trusted_browsers::add(&ana, device(2), &second, at(950)));
        call!(t, trusted_browsers::add(&bea, device(3), &session(3, bea.id), at(999)));
        call!(t, trusted_browsers::find(&ana, device(1), at(199), at(899)));
        call!(t, trusted_browsers::find(&ana, device(1), at(199), at(900)));
        call!(t, trusted_browsers::find(&ana, device(1), at(200), at(899)));
        call!(t, trusted_browsers::find(&bea, device(1), at(0), at(300)));
        call!(t, trusted_browsers::of_user(&ana, at(0), at(300)) => |all| format!("{:?}", all.iter().map(|one| one.id).collect::<Vec<_>>()));
        call!(t, trusted_browsers::note_use(1, &second));
        call!(t, trusted_browsers::note_use(99, &second));
        call!(t, trusted_browsers::remove(bea.id, 1));
        call!(t, trusted_browsers::remove(ana.id, 1));
        call!(t, trusted_browsers::remove(ana.id, 1));
        call!(t, trusted_browsers::remove_with(Which::One(sid(2)), at(400)));
        call!(t, trusted_browsers::add(&ana, device(4), &first, at(900)));
        call!(t, trusted_browsers::add(&ana, device(5), &second, at(900)));
        call!(t, trusted_browsers::remove_with(Which::OfUser { user: ana.id, except: Some(sid(2)) }, at(400)));
        call!(t, trusted_browsers::remove_with(Which::OfUser { user: ana.id, except: None }, at(400)));
        call!(t, trusted_browsers::remove_all(ana.id));
        call!(t, trusted_browsers::remove_all(bea.id));
        call!(t, trusted_browsers::add(&ana, device(6), &first, at(900)));
        call!(t, trusted_browsers::remove_with(Which::Since { moment: at(0), except: None }, at(150)));
        call!(t, trusted_browsers::find(&ana, device(6), at(0), at(300)) => |found| found.is_some().to_string());
        call!(t, trusted_browsers::remove_everybodys(at(200)));
        call!(t, trusted_browsers::find(&ana, device(6), at(0), at(300)));
        call!(t, users::set_password(ana.id, 0, "second", at(500)));
        let changed = call!(t, users::find(ana.id)).unwrap().unwrap();
        call!(t, trusted_browsers::add(&changed, device(7), &second, at(901)));
        call!(t, trusted_browsers::prune(at(901)));
        call!(t, trusted_browsers::prune(at(902)));
    });
    transcript.compare("trusted_browsers");
}
