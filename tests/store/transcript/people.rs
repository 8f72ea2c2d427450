//! Users: how they are added, found, disabled, deleted and restored.

use portero::domain::{DisplayName, Mail, Role, UserId};
use portero::store::user_details::{self, NewDetails};
use portero::store::users::{self, NewUser};

use super::{Transcript, at, call, known, name, session, sid, with_password};

#[test]
fn users_are_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        call!(t, users::any());
        call!(t, users::all());
        call!(t, users::find(UserId(1)));
        call!(t, users::enabled_admins(None));
        call!(t, users::name_of(UserId(1)));

        let (ana, bea, umlaut) = (name("Ana"), name("bea"), name("Ünal.Öz"));
        let admin = NewUser { username: &bea, password_hash: None, role: Role::Admin, now: at(-1) };
        call!(t, users::add(&with_password(&ana)));
        call!(t, users::add(&with_password(&name("aNA"))));
        call!(t, users::add(&admin));
        call!(t, users::add(&with_password(&umlaut)));
        call!(t, users::add(&with_password(&name("ünal.öz"))));
        call!(t, users::any());
        // Capital letters, points, lines and umlauts: by their bytes, not by any language's order.
        for other in ["an_x", "an-x", "Zoe", "an.x", "日本"] {
            call!(t, users::add(&with_password(&name(other))));
        }
        call!(t, users::all() => |all| format!("{:?}", all.iter().map(|user| user.username.as_str()).collect::<Vec<_>>()));
        call!(t, users::find(UserId(2)));
        call!(t, users::find_by_name(&name("ANA")));
        call!(t, users::find_by_name(&name("ÜNAL.ÖZ")) => |found| format!("{:?}", found.as_ref().map(|user| user.id)));
        call!(t, users::find_by_name(&name("nobody")));
        call!(t, users::find_unchanged(UserId(1), 0, at(100)) => |found| found.is_some().to_string());
        call!(t, users::find_unchanged(UserId(1), 1, at(100)));
        call!(t, users::name_of(UserId(3)));
        call!(t, users::name_of(UserId(99)));
    });
    transcript.write(|t| {
        let ana = UserId(1);
        call!(t, users::set_password(ana, 0, "second", at(300)));
        call!(t, users::set_password(ana, 0, "third", at(301)));
        call!(t, users::set_password(UserId(99), 0, "third", at(301)));
        call!(t, users::upgrade_hash(ana, "first", "newer"));
        call!(t, users::upgrade_hash(ana, "second", "newer"));
        call!(t, users::set_role(ana, Role::Admin));
        call!(t, users::set_role(ana, Role::Admin));
        call!(t, users::enabled_admins(None));
        call!(t, users::enabled_admins(Some(ana)));
        call!(t, users::without_factor(false, 3, at(300)));
        call!(t, users::without_factor(false, 100, at(300)));
        call!(t, users::without_factor(true, 100, at(300)));
        call!(t, users::set_enrol_by_link(ana, true));
        call!(t, users::set_disable_at(ana, Some(at(400))));
        call!(t, users::enabled_admins(None));
        call!(t, users::without_factor(true, 100, at(399)));
        call!(t, users::without_factor(true, 100, at(400)));
        call!(t, users::due_to_be_disabled(at(399)));
        let due = call!(t, users::due_to_be_disabled(at(400))).unwrap();
        known!(t, users::is_shut_out, due[0].is_shut_out(at(399)));
        known!(t, users::is_shut_out, due[0].is_shut_out(at(400)));
        known!(t, users::state, (due[0].state(at(399)), due[0].state(at(400))));
        known!(t, users::name_parts, due[0].name_parts());
        call!(t, users::find_unchanged(ana, 1, at(400)));
        call!(t, users::disable(ana, at(410)));
        call!(t, users::disable(ana, at(411)));
        call!(t, users::due_to_be_disabled(at(500)));
        call!(t, users::enable(ana));
        call!(t, users::enable(ana));
        call!(t, users::set_disable_at(ana, None));
        call!(t, users::void_password(ana, at(420)));
        call!(t, users::set_locale(ana, "es"));
        call!(t, users::note_login(ana, at(430)));
        call!(t, users::note_login(UserId(99), at(430)));
    });
    transcript.write(|t| {
        let (ana, mail) = (UserId(1), Mail::parse("Ana@Example.com").unwrap());
        let details = NewDetails { mail, display_name: DisplayName::parse("Ána Núñez").unwrap(), mail_verified_at: None };
        call!(t, user_details::set_details(ana, &details));
        call!(t, users::with_mail(&Mail::stored("ANA@example.COM".into())) => |found| found.is_some().to_string());
        call!(t, users::with_mail(&Mail::stored("nobody@example.com".into())));
        call!(t, users::note_name_parts(ana));
        call!(t, users::note_name_parts(UserId(99)));
        t.session(&session(1, ana));
        call!(t, users::find_by_session(sid(1)));
        call!(t, users::find_by_session(sid(2)));
        call!(t, users::delete(ana, at(500)));
        call!(t, users::delete(ana, at(501)));
        call!(t, users::delete(UserId(99), at(501)));
        call!(t, users::find_by_name(&name("ana")));
        call!(t, users::find_deleted(&name("ANA")) => |found| format!("{:?}", found.as_ref().map(|user| user.deleted_at)));
        call!(t, users::find_deleted(&name("bea")));
        call!(t, users::delete(UserId(5), at(502)));
        call!(t, users::all_deleted() => |all| format!("{:?}", all.iter().map(|user| user.id).collect::<Vec<_>>()));
        call!(t, users::add(&with_password(&name("ana"))));
        call!(t, users::enable(ana));
        call!(t, users::restore(ana, at(600)));
        call!(t, users::restore(ana, at(601)));
        call!(t, users::move_cut_offs(at(700)));
    });
    transcript.compare("users");
}
