//! One-time links.

use portero::domain::UserId;
use portero::store::links::{self, Link, Purpose};

use super::{Transcript, at, call};

#[test]
fn links_are_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        let (ana, bea) = (t.person("ana").id, t.person("bea").id);
        let setup = Link { purpose: Purpose::Setup, user: None, expires_at: at(500) };
        let invitation = Link { purpose: Purpose::Invitation, user: Some(ana), expires_at: at(500) };
        let forgotten = Link { purpose: Purpose::ForgottenPassword, user: None, expires_at: at(600) };
        call!(t, links::find("one", at(0)));
        call!(t, links::consume("one", at(0)));
        call!(t, links::replace("one", setup, at(100)));
        call!(t, links::replace("two", setup, at(101)));
        call!(t, links::replace("three", invitation, at(102)));
        call!(t, links::replace("three", Link { user: Some(bea), ..invitation }, at(102)));
        call!(t, links::replace("four", Link { user: Some(UserId(99)), ..invitation }, at(102)));
        call!(t, links::replace_same("five", ana, forgotten, at(103)));
        call!(t, links::replace_same("six", ana, forgotten, at(104)));
        call!(t, links::replace_address("seven", ana, "Ána@example.com", at(700), at(105)));
        call!(t, links::find("two", at(499)));
        call!(t, links::find("two", at(500)));
        call!(t, links::find("TWO", at(499)));
        call!(t, links::find("six", at(0)));
        call!(t, links::address("seven", ana, at(699)));
        call!(t, links::address("seven", ana, at(700)));
        call!(t, links::address("seven", bea, at(699)));
        call!(t, links::address("six", ana, at(0)));
        call!(t, links::consume("seven", at(700)));
        call!(t, links::consume("seven", at(699)));
        call!(t, links::consume("seven", at(699)));
        call!(t, links::address("seven", ana, at(100)));
        call!(t, links::find("seven", at(100)));
        call!(t, links::void_same(ana, Purpose::Invitation));
        call!(t, links::void_same(ana, Purpose::Invitation));
        call!(t, links::prune(at(600)));
        call!(t, links::prune(at(601)));
        call!(t, links::replace("eight", setup, at(200)));
        call!(t, links::replace("nine", Link { user: Some(bea), ..invitation }, at(200)));
        call!(t, links::void(None));
        call!(t, links::void(Some(bea)));
        call!(t, links::replace("ten", setup, at(200)));
        call!(t, links::void_all());
        call!(t, links::void_all());
        call!(t, links::replace("eleven", setup, at(i64::MAX)));
        call!(t, links::find("eleven", at(i64::MIN)));
    });
    transcript.compare("links");
}
