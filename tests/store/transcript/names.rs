//! Names: which are taken, what users are found by, and the list of them.

use std::collections::BTreeSet;

use portero::domain::{Role, Search, UserId, UserState};
use portero::store::user_lists::{self, HasFactor, Imported, Place, UserFilter};
use portero::store::{self as dialect, name_parts, names, users};

use super::{Transcript, at, call, known, name, session, sorted, with_password};

#[test]
fn names_are_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        let (ana, bea) = (t.person("Ana").id, t.person("bea").id);
        call!(t, names::taken(&name("eva"), None));
        call!(t, names::taken(&name("ANA"), None));
        call!(t, names::taken(&name("ANA"), Some(ana)));
        // A Cyrillic letter that looks like a Latin one.
        call!(t, names::taken(&name("ве\u{430}"), None));
        call!(t, names::taken(&name("be\u{430}"), None));
        call!(t, names::rename(ana, &name("Ana"), &name("Ánna"), at(300)));
        call!(t, names::rename(ana, &name("Ánna"), &name("ánna"), at(301)));
        call!(t, names::taken(&name("ana"), None));
        call!(t, names::taken(&name("ana"), Some(ana)));
        call!(t, names::rename(ana, &name("ánna"), &name("zoe"), at(301)));
        call!(t, names::rename(ana, &name("zoe"), &name("bea"), at(302)));
        call!(t, names::past(ana));
        call!(t, names::past(bea));
        call!(t, names::rename(ana, &name("zoe"), &name("ana"), at(303)));
        call!(t, names::past(ana));
        call!(t, users::delete(bea, at(400)));
        call!(t, names::taken(&name("bea"), None));
        call!(t, names::without_skeleton(10));
        t.execute("UPDATE users SET skeleton = NULL; UPDATE past_names SET skeleton = NULL");
        let lacking = call!(t, names::without_skeleton(10) => |found| sorted(found.clone())).unwrap();
        call!(t, names::without_skeleton(0));
        let mut lacking = lacking;
        lacking.sort_by_key(|one| one.name.canonical());
        for one in lacking {
            call!(t, names::set_skeleton(&one, "like this"));
        }
        call!(t, names::without_skeleton(10));

        call!(t, name_parts::without(10));
        call!(t, name_parts::set(ana, &BTreeSet::new()));
        call!(t, name_parts::set(ana, &BTreeSet::from(["".to_owned(), "ñandú".to_owned(), "an_x".to_owned()])));
        call!(t, name_parts::without(10));
        call!(t, name_parts::without(0));
        call!(t, name_parts::set(UserId(99), &BTreeSet::from(["x".to_owned()])));
    });
    transcript.compare("names");
}

fn shown(found: &user_lists::Found) -> String {
    let rows: Vec<_> = found.rows.iter().map(|row| (row.user.username.as_str(), row.open_sessions)).collect();
    format!("{rows:?}, next {:?}, stopped {}", found.next, found.stopped)
}

#[test]
fn the_list_of_users_is_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        let all = UserFilter { limit: 3, ..UserFilter::default() };
        call!(t, user_lists::page(&all, at(1000)) => shown);
        for other in ["ana", "Bea", "an_x", "an-x", "éva", "eva", "Zoe", "ana.maria"] {
            t.person(other);
        }
        call!(t, users::set_role(UserId(2), Role::Admin));
        call!(t, users::disable(UserId(3), at(500)));
        call!(t, users::set_disable_at(UserId(4), Some(at(900))));
        call!(t, users::delete(UserId(7), at(500)));
        t.execute("UPDATE users SET imported_at = 1 WHERE id IN (1, 5); UPDATE users SET factors = 1 WHERE id = 1");
        t.session(&session(1, UserId(1)));
        let page = call!(t, user_lists::page(&all, at(1000)) => shown).unwrap();
        let second = UserFilter { after: page.next, ..all.clone() };
        call!(t, user_lists::page(&second, at(1000)) => shown);
        call!(t, user_lists::page_and_total(&second, at(1000)) => |(found, total)| format!("{}, {total:?}", shown(found)));
        known!(t, user_lists::is_set, all.is_set());
        let none = UserFilter { limit: 0, ..all.clone() };
        call!(t, user_lists::page(&none, at(1000)) => shown);
        let whole = UserFilter { limit: 20, ..all };
        for state in UserState::ALL {
            let of_state = UserFilter { state: Some(*state), ..whole.clone() };
            call!(t, user_lists::page(&of_state, at(1000)) => shown);
        }
        for role in Role::ALL {
            let of_role = UserFilter { role: Some(*role), ..whole.clone() };
            call!(t, user_lists::page(&of_role, at(1000)) => shown);
        }
        for imported in Imported::ALL {
            let imported = UserFilter { imported: Some(*imported), ..whole.clone() };
            call!(t, user_lists::page(&imported, at(1000)) => shown);
        }
        for factor in HasFactor::ALL {
            let with_factor = UserFilter { factor: Some(*factor), ..whole.clone() };
            call!(t, user_lists::page(&with_factor, at(1000)) => shown);
        }
        for word in ["an", "AN", "an_", "%", "eva", "maria", "ana x", ""] {
            let found = UserFilter { search: Search::parse(word), ..whole.clone() };
            call!(t, user_lists::page_and_total(&found, at(1000)) => |(found, total)| format!("{word}: {}, {total:?}", shown(found)));
        }
        let after = Place { key: "ana".into(), user: UserId(1) };
        let rest = UserFilter { search: Search::parse("an"), after: Some(after), ..whole };
        call!(t, user_lists::page(&rest, at(1000)) => shown);
        call!(t, user_lists::open_sessions(UserId(1), at(1999)));
        call!(t, user_lists::open_sessions(UserId(1), at(2000)));
        call!(t, user_lists::open_sessions(UserId(99), at(0)));
    });
    transcript.compare("user_lists");
}

#[test]
fn as_many_numbers_of_users_are_left_out() {
    let mut transcript = Transcript::new();
    transcript.written.uses_up_numbers = true;
    transcript.write(|t| {
        call!(t, dialect::skip_ids());
        call!(t, users::add(&with_password(&name("ana"))));
        call!(t, dialect::skip_ids());
        call!(t, users::add(&with_password(&name("bea"))));
        call!(t, users::add(&with_password(&name("eva"))));
    });
    transcript.compare("skipped_ids");
}
