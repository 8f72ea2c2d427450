//! Groups, and who is in them.

use portero::domain::{GroupId, GroupName, UserId};
use portero::store::{groups, users};

use super::{Transcript, at, call, each, sorted};

fn group(text: &str) -> GroupName {
    GroupName::parse(text).unwrap()
}

#[test]
fn groups_are_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        let (ana, bea) = (t.person("Ana").id, t.person("bea").id);
        call!(t, groups::all());
        call!(t, groups::find(GroupId(1)));
        for name in ["staff", "STAFF", "alamo", "a_x", "a-x", "Zoo"] {
            call!(t, groups::add(&group(name), at(300)));
        }
        call!(t, groups::find(GroupId(1)));
        call!(t, groups::find_by_name(&group("Staff")));
        call!(t, groups::find_by_name(&group("ALAMO")));
        call!(t, groups::find_by_name(&group("nobody")));
        call!(t, groups::add_member(GroupId(1), ana, at(301)));
        call!(t, groups::add_member(GroupId(1), ana, at(302)));
        call!(t, groups::add_member(GroupId(1), bea, at(302)));
        call!(t, groups::add_member(GroupId(2), ana, at(302)));
        call!(t, groups::add_member(GroupId(4), ana, at(302)));
        call!(t, groups::add_member(GroupId(3), ana, at(302)));
        call!(t, groups::add_member(GroupId(1), UserId(99), at(303)));
        call!(t, groups::add_member(GroupId(99), bea, at(303)));
        call!(t, groups::all());
        call!(t, groups::count(GroupId(1)));
        call!(t, groups::count(GroupId(88)));
        call!(t, groups::members(GroupId(1), 10));
        call!(t, groups::members(GroupId(1), 1));
        call!(t, groups::members(GroupId(1), 0));
        call!(t, groups::of_user(ana));
        call!(t, groups::names_of(ana));
        call!(t, groups::names_of(UserId(77)));
        call!(t, groups::names_of_each(&[ana, bea, UserId(77)]) => sorted_names);
        call!(t, groups::names_of_each(&[]) => sorted_names);
        each!(t, groups::each_membership(), |user, name|);
        call!(t, groups::remove_member(GroupId(1), bea));
        call!(t, groups::remove_member(GroupId(1), bea));
        call!(t, groups::remove(GroupId(1)));
        call!(t, groups::remove(GroupId(1)));
        call!(t, groups::names_of(ana));
        call!(t, groups::prune(0));
        call!(t, groups::prune(10));
        call!(t, groups::prune(10));
        call!(t, groups::add(&group("staff"), at(400)));
        call!(t, groups::leave_all(ana));
        call!(t, groups::leave_all(ana));
        call!(t, users::find(UserId(77)));
    });
    transcript.compare("groups");
}

fn sorted_names(names: &std::collections::HashMap<UserId, Vec<GroupName>>) -> String {
    sorted(names)
}
