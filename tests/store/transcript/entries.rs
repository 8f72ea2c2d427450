//! How people get into apps: passes and their codes, grants and consents.

use portero::domain::{App, AppId, AppName, AppOrigin, AppRules, Methods, OriginId, PassKey, Scopes, UserId};
use portero::store::grants::{self, GrantId, NewGrant};
use portero::store::passes::{self, Code, Pass};
use portero::store::{apps, consents};

use super::{Calls, Transcript, at, call, each, session, sid, sorted};

/// Two apps, of which the second has an origin.
fn two_apps(t: &mut Calls<'_, '_>) -> Vec<App> {
    t.set_up(|conn| {
        let with_origin =
            AppRules { origins: vec![AppOrigin::stored("https://b.example.com".into())], ..AppRules::default() };
        apps::add(conn, "one", &AppName::stored("a_x".into()), &AppRules::default(), at(100))?;
        apps::add(conn, "two", &AppName::stored("a-x".into()), &with_origin, at(100))?;
        Ok(vec![apps::find(conn, AppId(1))?.unwrap(), apps::find(conn, AppId(2))?.unwrap()])
    })
}

#[test]
fn passes_are_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        let ana = t.person("ana").id;
        let both = two_apps(t);
        for number in [1, 2] {
            t.session(&session(number, ana));
        }
        let origin = OriginId(1);
        let pass = |key| Pass {
            key: PassKey([key; 16]),
            sid: sid(1),
            user: ana,
            origin,
            made_at: at(300),
            expires_at: at(900),
            methods: Methods::PASSWORD.and(Methods::OTP),
            auth_time: at(200),
            factor_time: Some(at(201)),
        };
        call!(t, passes::count());
        call!(t, passes::parts());
        call!(t, passes::remove(PassKey([1; 16])));
        for key in 1..=5 {
            call!(t, passes::add(&pass(key)));
        }
        call!(t, passes::add(&pass(5)));
        call!(t, passes::add(&Pass { sid: sid(9), ..pass(8) }));
        call!(t, passes::add(&Pass { origin: OriginId(77), factor_time: None, expires_at: at(950), ..pass(9) }));
        call!(t, passes::count());
        call!(t, passes::parts());
        each!(t, passes::each(&(0..=i64::MAX), at(900)), |pass|);
        each!(t, passes::each(&(0..=i64::MAX), at(901)), |pass|);
        each!(t, passes::each(&(2..=2), at(0)), |pass|);
        call!(t, passes::remove(PassKey([2; 16])));
        call!(t, apps::prune_passes(0));
        call!(t, apps::prune_passes(10));
        call!(t, passes::prune(at(900), 10));
        call!(t, passes::prune(at(901), 1));
        call!(t, passes::prune(at(901), 10));

        let code = |hash: &str, expires_at| Code {
            hash: hash.into(),
            sid: sid(1),
            origin,
            nonce_hash: "nonce".into(),
            path: "/Ñ?%_".into(),
            expires_at: at(expires_at),
        };
        call!(t, passes::add_code(&code("one", 400), at(300)));
        call!(t, passes::add_code(&code("one", 400), at(300)));
        call!(t, passes::add_code(&code("two", 401), at(300)));
        call!(t, passes::add_code(&Code { sid: sid(9), ..code("three", 401) }, at(300)));
        call!(t, passes::spend_code("one", origin, "other", at(399)));
        call!(t, passes::spend_code("one", OriginId(2), "nonce", at(399)));
        call!(t, passes::spend_code("one", origin, "nonce", at(400)));
        call!(t, passes::spend_code("one", origin, "nonce", at(399)));
        call!(t, passes::spend_code("one", origin, "nonce", at(399)));
        call!(t, passes::add_code(&code("four", 900), at(401)));
        t.set_up(|conn| {
            (0..19).try_for_each(|nth| passes::add_code(conn, &code(&format!("code {nth:02}"), 910 + nth), at(500)))
        });
        call!(t, passes::add_code(&code("one more", 990), at(500)));

        call!(t, passes::entries(&[sid(1)]));
        call!(t, passes::note_entry(sid(1), &both[0], at(600)));
        call!(t, passes::note_entry(sid(1), &both[1], at(600)));
        call!(t, passes::note_entry(sid(1), &both[0], at(601)));
        call!(t, passes::note_entry(sid(2), &both[0], at(599)));
        call!(t, passes::note_entry(sid(9), &both[0], at(599)));
        // At the same moment by the name, in the order of its bytes.
        call!(t, passes::entries(&[sid(1), sid(2), sid(9)]));
        call!(t, passes::entries(&[]));
    });
    transcript.compare("passes");
}

#[test]
fn grants_and_consents_are_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        let (ana, bea) = (t.person("ana").id, t.person("bea").id);
        let both = two_apps(t);
        let (one, two) = (both[0].id, both[1].id);
        t.session(&session(1, ana));
        t.session(&session(2, bea));
        let grant = |code: &str, number, app| NewGrant {
            code_hash: code.into(),
            sid: sid(number),
            app,
            redirect_uri: "https://a/ñ".into(),
            challenge: None,
            nonce: Some("".into()),
            scopes: Scopes::OPENID.and(Scopes::GROUPS),
            methods: Methods::PASSWORD,
            auth_time: at(200),
            factor_time: None,
        };
        call!(t, grants::find(GrantId(1)));
        call!(t, grants::add(&grant("one", 1, one), at(300)));
        call!(t, grants::add(&grant("one", 1, one), at(300)));
        call!(t, grants::add(&grant("none", 9, one), at(300)));
        call!(
            t,
            grants::add(
                &NewGrant {
                    challenge: Some("c".into()),
                    nonce: None,
                    factor_time: Some(at(1)),
                    ..grant("two", 2, one)
                },
                at(301)
            )
        );
        call!(t, grants::add(&grant("three", 1, two), at(302)));
        call!(t, grants::find(GrantId(1)));
        call!(t, grants::find_by_code("two"));
        call!(t, grants::find_by_code("TWO"));
        call!(t, grants::redeem(GrantId(1), at(310)));
        call!(t, grants::redeem(GrantId(1), at(311)));
        call!(t, grants::redeem(GrantId(99), at(311)));
        call!(t, grants::refresh(GrantId(1), 0));
        call!(t, grants::refresh(GrantId(1), 0));
        call!(t, grants::refresh(GrantId(1), 1));
        call!(t, grants::end(GrantId(1), at(320)));
        call!(t, grants::end(GrantId(1), at(321)));
        call!(t, grants::refresh(GrantId(1), 2));
        call!(t, grants::redeem(GrantId(2), at(321)));
        call!(t, grants::end_of_user(ana, one, at(330)));
        call!(t, grants::end_of_user(ana, two, at(330)));
        call!(t, grants::end_of_user(bea, one, at(330)));
        call!(t, grants::end_of_app(one, at(340)));
        call!(t, grants::add(&grant("four", 1, one), at(350)));
        call!(t, grants::end_of_app(one, at(351)));
        call!(t, grants::prune(at(302), 10));
        call!(t, grants::prune(at(303), 0));
        call!(t, grants::prune(at(303), 10));
        t.set_up(|conn| {
            (0..20).try_for_each(|nth| grants::add(conn, &grant(&format!("code {nth:02}"), 2, two), at(400)))
        });
        call!(t, grants::add(&grant("one more", 2, two), at(401)));

        call!(t, consents::find(ana, one));
        call!(t, consents::set(ana, one, Scopes::OPENID, at(500)));
        call!(t, consents::set(ana, one, Scopes::OPENID.and(Scopes::EMAIL), at(501)));
        call!(t, consents::set(ana, two, Scopes::default(), at(502)));
        call!(t, consents::set(UserId(99), two, Scopes::OPENID, at(502)));
        call!(t, consents::set(ana, AppId(99), Scopes::OPENID, at(502)));
        call!(t, consents::find(ana, one));
        call!(t, consents::of_user(ana));
        call!(t, consents::of_user(bea));
        call!(t, consents::remove(ana, one));
        call!(t, consents::remove(ana, one));
        call!(t, consents::remove_of_app(two));
        call!(t, consents::of_user(ana) => |all| sorted(all.clone()));
    });
    transcript.compare("grants");
}
