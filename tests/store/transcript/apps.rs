//! Apps, how they are set up, and their drills.

use portero::domain::{
    Allowed, AppAlgorithm, AppId, AppName, AppOrigin, AppRules, AppUri, DrillOutcome, Entrant, GroupName, Level,
    LogoutUri, OpenIdRules, OpenPath, UserId,
};
use portero::store::app_drills::{self, Drill};
use portero::store::session_ends::{self, Which};
use portero::store::sessions::End;
use portero::store::{apps, groups, logout_deliveries, passes, users};

use super::{Transcript, at, call, session, sid, sorted};

fn app(text: &str) -> AppName {
    AppName::stored(text.into())
}

fn origins(texts: &[&str]) -> Vec<AppOrigin> {
    texts.iter().map(|text| AppOrigin::stored((*text).into())).collect()
}

fn with_everything() -> AppRules {
    AppRules {
        origins: origins(&["https://wiki.example.com", "https://docs.example.com"]),
        allowed: Allowed::Listed(vec![
            Entrant::Group("staff".into()),
            Entrant::User(UserId(10)),
            Entrant::User(UserId(9)),
            Entrant::Group("a-x".into()),
            Entrant::Group("a_x".into()),
            Entrant::Group("Zoo".into()),
            Entrant::Admins,
            Entrant::Admins,
        ]),
        level: Level::Two,
        max_age: Some(i64::MAX),
        open_paths: vec![
            OpenPath::stored("/b_x".into()),
            OpenPath::stored("/b-x".into()),
            OpenPath::stored("/Z".into()),
        ],
        observes: true,
        introspects: true,
        backchannel_logout: Some(LogoutUri::stored("https://wiki.example.com/logout".into())),
        openid: OpenIdRules {
            redirect_uris: vec![AppUri::stored("https://b_x/".into()), AppUri::stored("https://B-x/".into())],
            post_logout_uris: vec![AppUri::stored("https://b_x/".into())],
            algorithm: AppAlgorithm::ES256,
            reads_status_list: true,
            ..OpenIdRules::default()
        },
        ..AppRules::default()
    }
}

#[test]
fn apps_are_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        let plain = AppRules::default();
        call!(t, apps::all());
        call!(t, apps::find(AppId(1)));
        call!(t, apps::add("one", &app("Wiki"), &plain, at(300)));
        call!(t, apps::add("two", &app("Wiki"), &plain, at(301)));
        call!(t, apps::add("one", &app("Other"), &plain, at(301)));
        call!(t, apps::add("two", &app("álbum"), &with_everything(), at(302)));
        for (client_id, name) in [("three", "a-x"), ("four", "a_x"), ("five", "wiki")] {
            call!(t, apps::add(client_id, &app(name), &plain, at(303)));
        }
        call!(t, apps::all() => |all| format!("{:?}", all.iter().map(|app| app.name.as_str()).collect::<Vec<_>>()));
        call!(t, apps::find(AppId(2)));
        call!(t, apps::find_by_name("wiki") => |found| format!("{:?}", found.as_ref().map(|app| app.id)));
        call!(t, apps::find_by_name("WIKI"));
        call!(t, apps::find_by_client_id("one"));
        call!(t, apps::find_by_client_id("ONE"));
        call!(t, apps::introspects("two"));
        call!(t, apps::introspects("one"));
        call!(t, apps::introspects("nothing"));
        call!(t, apps::introspects("with\0zero"));
        call!(t, apps::taken_origin(&origins(&["https://new.example.com", "https://docs.example.com"]), None));
        call!(t, apps::taken_origin(&origins(&["https://docs.example.com"]), Some(AppId(2))));
        call!(t, apps::taken_origin(&origins(&["https://docs.example.com"]), Some(AppId(1))));
        call!(t, apps::taken_origin(&[], None));
        call!(t, apps::unknown_group(&plain));
        call!(t, apps::unknown_group(&with_everything()));
        t.set_up(|conn| groups::add(conn, &GroupName::parse("Staff").unwrap(), at(100)));
        call!(t, apps::unknown_group(&with_everything()));
        call!(t, apps::that_let_in(&GroupName::parse("STAFF").unwrap()));
        call!(t, apps::that_let_in(&GroupName::parse("nobody").unwrap()));
        call!(t, apps::let_in_no_more(UserId(9)));
        call!(t, apps::let_in_no_more(UserId(9)));
        let fewer = AppRules {
            origins: origins(&["https://docs.example.com", "https://new.example.com"]),
            allowed: Allowed::Everyone,
            backchannel_logout: None,
            ..with_everything()
        };
        call!(t, apps::set(AppId(2), &fewer));
        call!(t, apps::set(AppId(3), &AppRules { origins: origins(&["https://new.example.com"]), ..plain.clone() }));
        call!(t, apps::set(AppId(99), &plain));
        call!(t, apps::set(AppId(2), &plain));

        call!(t, apps::secret_hashes("one"));
        for (hash, moment) in [("first", 400), ("second", 401), ("third", 402)] {
            call!(t, apps::add_secret(AppId(1), hash, at(moment)));
        }
        call!(t, apps::add_secret(AppId(99), "nobody's", at(403)));
        call!(t, apps::secret_hashes("one") => |hashes| sorted(hashes.clone()));
        call!(t, apps::secret_hashes("with\0zero"));
        call!(t, apps::secrets_made(AppId(1)));
        call!(t, apps::secrets_made(AppId(2)));
        call!(t, apps::remove_secrets(AppId(1)));
        call!(t, apps::remove(AppId(1), at(500)));
        call!(t, apps::remove(AppId(1), at(500)));
        call!(t, apps::set(AppId(2), &with_everything()));
        call!(t, apps::remove(AppId(2), at(500)));
        call!(t, apps::prune_passes(10));
    });
    transcript.compare("apps");
}

#[test]
fn drills_are_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        let (ana, bea) = (t.person("ana").id, t.person("bea").id);
        let told = AppRules { backchannel_logout: Some(LogoutUri::stored("https://a/".into())), ..AppRules::default() };
        let wiki = t.set_up(|conn| {
            apps::add(conn, "one", &app("Wiki"), &told, at(100))?;
            Ok(apps::all(conn)?.remove(0))
        });
        t.session(&session(1, ana));
        let drill = Drill { at: at(300), outcome: DrillOutcome::Refused, lasted_ms: 12, let_in: 0, acknowledged: true };
        call!(t, app_drills::last(wiki.id));
        call!(t, app_drills::note(wiki.id, drill));
        call!(t, app_drills::note(wiki.id, Drill { outcome: DrillOutcome::StillLetIn, acknowledged: false, ..drill }));
        call!(t, app_drills::note(AppId(99), drill));
        call!(t, app_drills::last(wiki.id));
        call!(t, app_drills::all());
        call!(t, app_drills::note_account(ana, at(400)));
        call!(t, app_drills::note_account(ana, at(401)));
        call!(t, app_drills::note_account(bea, at(401)));
        call!(t, app_drills::note_account(UserId(99), at(401)));
        call!(t, app_drills::left_accounts(at(399)));
        call!(t, app_drills::left_accounts(at(400)));
        t.set_up(|conn| users::delete(conn, UserId(1), at(300)));
        call!(t, app_drills::left_accounts(at(900)));
        call!(t, app_drills::forget_account(ana));
        call!(t, app_drills::forget_account(ana));
        call!(t, app_drills::has_entered(ana, wiki.id));
        call!(t, passes::note_entry(sid(1), &wiki, at(300)));
        call!(t, app_drills::has_entered(ana, wiki.id));
        call!(t, app_drills::has_entered(bea, wiki.id));
        let end = End { at: at(400), reason: portero::domain::Reason::Logout, by: None };
        call!(t, session_ends::end(Which::One(sid(1)), end, "receipt"));
        call!(t, app_drills::has_acknowledged(ana, wiki.id));
        let claimed = call!(t, logout_deliveries::claim(1, at(400))).unwrap().unwrap();
        let outcome = logout_deliveries::Outcome::Acknowledged;
        let tried = logout_deliveries::Tried { outcome, status: Some(200), at: at(401), next_try_at: None };
        call!(t, logout_deliveries::note(1, claimed, tried));
        call!(t, app_drills::has_acknowledged(ana, wiki.id));
        call!(t, app_drills::has_acknowledged(bea, wiki.id));
    });
    transcript.compare("drills");
}
