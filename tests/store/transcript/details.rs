//! What is noted about users, and what they have not been told.

use portero::domain::{DisplayName, FactorChange, Mail, UserId};
use portero::store::untold::{self, UntoldFactorChange};
use portero::store::user_details::{self, NewDetails};
use portero::store::{imported_users, password_forms, sessions, user_basics, users};

use super::{Transcript, at, call, each, name, session, sorted, with_password};

fn details(name: &str, mail: &str) -> NewDetails {
    NewDetails {
        display_name: DisplayName::parse(name).unwrap(),
        mail: Mail::parse(mail).unwrap(),
        mail_verified_at: Some(at(150)),
    }
}

#[test]
fn notes_about_users_are_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        let (ana, bea) = (t.person("ana").id, t.person("bea").id);
        call!(t, user_details::set_details(ana, &details("Ana Núñez", "ana@example.com")));
        call!(t, user_details::set_details(bea, &details("Bea", "ANA@example.com")));
        call!(t, user_details::set_details(UserId(99), &details("Bea", "bea@example.com")));
        call!(t, user_details::note_mail_verified(ana, at(300)));
        call!(t, user_details::doubt_mail(ana));
        call!(t, user_details::note_mail_verified(ana, at(300)));
        call!(t, user_details::note_mail_verified(bea, at(300)));
        call!(t, user_details::set_details(ana, &NewDetails::default()));
        call!(t, user_details::notes(ana));
        call!(t, user_details::set_notes(ana, Some("Über 'Gänse' \\ %_")));
        call!(t, user_details::notes(ana));
        call!(t, user_details::set_notes(ana, Some("")));
        call!(t, user_details::notes(ana));
        call!(t, user_details::set_notes(ana, None));
        call!(t, user_details::notes(UserId(99)));

        call!(t, untold::note_failure(ana));
        call!(t, untold::note_failure(ana));
        call!(t, untold::note_failure(UserId(99)));
        call!(t, untold::note_reuse(ana, at(400)));
        call!(t, untold::note_guessing(ana, at(401)));
        call!(t, untold::note_told(ana));
        call!(t, untold::untold_factor_change(ana, true));
        call!(t, untold::untold_factor_change(UserId(99), true));
        let added = UntoldFactorChange { what: FactorChange::Added, at: at(500), ip: "192.0.2.1".into() };
        call!(t, untold::note_factor_change(ana, &added));
        call!(
            t,
            untold::note_factor_change(ana, &UntoldFactorChange { what: FactorChange::Reset, ip: "".into(), ..added })
        );
        call!(t, untold::untold_factor_change(ana, false));
        call!(t, untold::untold_factor_change(ana, true));
        call!(t, untold::untold_factor_change(ana, true));
        t.execute("UPDATE users SET untold_factor_change = 'other' WHERE id = 1");
        call!(t, untold::untold_factor_change(ana, true));
    });
    transcript.compare("details");
}

#[test]
fn what_checks_need_of_users_is_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        call!(t, user_basics::count());
        call!(t, user_basics::ids_with_open_sessions(at(0)));
        let (ana, bea, eva) = (t.person("ana").id, t.person("bea").id, t.person("eva").id);
        for (number, user) in [(1, ana), (2, ana), (3, bea)] {
            t.session(&session(number, user));
        }
        call!(t, user_basics::count());
        call!(t, user_basics::ids_with_open_sessions(at(1999)) => |ids| sorted(ids.clone()));
        call!(t, user_basics::ids_with_open_sessions(at(2000)));
        call!(t, user_basics::has_open_session(ana, at(1999)));
        call!(t, user_basics::has_open_session(ana, at(2000)));
        call!(t, user_basics::has_open_session(eva, at(0)));
        each!(t, user_basics::each_with_session(&(0..=i64::MAX)), |user|);
        each!(t, user_basics::each_with_session(&(2..=2)), |user|);
        each!(t, user_basics::each_with_session(&(90..=99)), |user|);
        call!(t, users::disable(bea, at(300)));
        each!(t, user_basics::each_with_session(&(2..=3)), |user|);
        call!(t, sessions::prune(at(5000), 10));
    });
    transcript.compare("basics");
}

#[test]
fn imported_users_are_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        call!(t, imported_users::count(100));
        call!(t, password_forms::all() => |all| all.len().to_string());
        let (ana, bea) = (t.person("ana").id, t.person("bea").id);
        call!(t, imported_users::note(ana, &NewDetails::default(), false, at(300)));
        call!(t, imported_users::note(bea, &details("Béa", "bea@example.com"), true, at(300)));
        call!(t, imported_users::note(UserId(99), &NewDetails::default(), false, at(300)));
        call!(t, imported_users::count(100));
        call!(t, imported_users::count(1));
        call!(t, imported_users::count(0));
        call!(t, users::note_login(ana, at(400)));
        call!(t, imported_users::count(100));
        call!(t, users::delete(bea, at(500)));
        call!(t, imported_users::count(100));
        call!(t, users::set_password(ana, 0, "$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA", at(600)));
        let eva = name("eva");
        call!(t, users::add(&users::NewUser { password_hash: Some("no form at all"), ..with_password(&eva) }));
        call!(t, password_forms::all() => |all| sorted(all.iter().map(|one| (one.form.clone(), one.users))));
    });
    transcript.compare("imported_users");
}
