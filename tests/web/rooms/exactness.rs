//! How long a session that has ended can live on at an app: on the app's page, on *About*, and for programs.

use portero::accounts::apps::drill;
use portero::accounts::upkeep::due;
use portero::domain::{Allowed, AppRules, AppUri, DrillOutcome, Entrant, LogoutUri, NewPassword, Username};
use portero::store::app_drills::Drill;
use portero::store::{apps, users};
use serde_json::{Value, json};

use super::apps::{add_app, rules};
use crate::common::{app_with_admin, as_json};
use crate::support::{PASSWORD, operator};

fn openid(change: impl FnOnce(&mut AppRules)) -> AppRules {
    let mut rules = AppRules::default();
    rules.openid.redirect_uris = vec![AppUri::parse("https://wiki.example.org/callback").unwrap()];
    change(&mut rules);
    rules
}

fn told(rules: &mut AppRules) {
    rules.backchannel_logout = Some(LogoutUri::parse("https://wiki.example.org/told", true).unwrap());
}

#[test]
fn how_long_an_ended_session_can_live_at_an_app_follows_from_how_it_learns_of_the_end() {
    let app = app_with_admin();
    let mut alone = AppRules::default();
    told(&mut alone);
    let gated = |host| rules(&[host]);
    let all: Vec<(&str, AppRules, Value)> = vec![
        ("a gated", gated("a.example.org"), json!({ "learns": "gate", "worst": 0 })),
        (
            "an observed",
            AppRules { observes: true, ..gated("b.example.org") },
            json!({ "learns": "observed", "worst": null }),
        ),
        (
            "asks",
            AppRules { introspects: true, ..AppRules::default() },
            json!({ "learns": "introspection", "worst": 0 }),
        ),
        ("plain", openid(|_| {}), json!({ "learns": "never", "worst": 3600 })),
        ("told", openid(told), json!({ "learns": "back_channel", "worst": 3600 })),
        (
            "lists",
            openid(|rules| rules.openid.reads_status_list = true),
            json!({ "learns": "status_list", "worst": 60 }),
        ),
        // What asks about each request is exact, whatever else the app takes.
        (
            "gate before",
            AppRules { origins: gated("c.example.org").origins, ..openid(|_| {}) },
            json!({ "learns": "gate", "worst": 0 }),
        ),
        // It asks about sessions; what it holds of its own is good for an hour all the same.
        ("asks and signs in", openid(|rules| rules.introspects = true), json!({ "learns": "never", "worst": 3600 })),
        ("shares the key", alone, json!({ "learns": "back_channel", "worst": 900 })),
        ("nobody", AppRules::default(), Value::Null),
    ];
    for (name, rules, _) in &all {
        add_app(&app, name, rules.clone());
    }
    let mut browser = app.signed_in("adm");
    let listed = as_json(&mut browser, "/admin/apps");
    let listed = listed["apps"].as_array().unwrap();
    for (name, _, expected) in &all {
        let found = listed.iter().find(|one| one["name"] == *name).unwrap();
        assert_eq!(found["exactness"], *expected, "{name}");
    }
    let about = as_json(&mut browser, "/admin/about");
    assert_eq!(about["exactness"]["worst"], Value::Null, "one refuses nobody");
    assert_eq!(about["exactness"]["apps"].as_array().unwrap().len(), all.len() - 1);
}

#[test]
fn the_apps_page_and_about_say_it_in_words() {
    let app = app_with_admin();
    let gated = add_app(&app, "camera", rules(&["camera.example.org"]));
    let mut browser = app.signed_in("adm");
    let page = browser.get(&format!("/admin/apps/{}", gated.0)).body;
    assert!(
        page.contains("refused on the next request") && page.contains("The gate asks about every request"),
        "{page}"
    );
    assert!(browser.get("/admin/about").body.contains("Every app refuses it on the next request."));
    let wiki = add_app(&app, "wiki", openid(|rules| rules.openid.reads_status_list = true));
    let page = browser.get(&format!("/admin/apps/{}", wiki.0)).body;
    assert!(page.contains(">1 minute</span>"), "{page}");
    let about = browser.get("/admin/about").body;
    assert!(about.contains("At worst, it lives on at an app for 1 minute."), "{about}");
    assert!(about.contains(&format!("<a href=\"/admin/apps/{}\">wiki</a>", wiki.0)));
    let spanish = browser.get_with("/admin/about", &[("accept-language", "es")]).body;
    assert!(spanish.contains("sobrevive en una aplicación durante 1 minuto."), "{spanish}");
}

#[test]
fn the_apps_page_shows_the_last_drill() {
    let app = app_with_admin();
    let wiki = add_app(&app, "wiki", openid(told));
    let mut browser = app.signed_in("adm");
    let path = format!("/admin/apps/{}", wiki.0);
    assert!(!browser.get(&path).body.contains("Last drill"));
    assert_eq!(as_json(&mut browser, "/admin/apps")["apps"][0]["last_drill"], Value::Null);
    let at = app.accounts.now();
    let drills = [
        (DrillOutcome::Refused, 40, 0, false, "refused on the next request"),
        (DrillOutcome::Refused, 2310, 12, true, "said yes, let in for another 2.3 s, then refused"),
        (DrillOutcome::StillLetIn, 30_120, 57, false, "still let in after 30.1 s"),
        (DrillOutcome::StillLetIn, 12_000, 57, true, "said yes, still let in after 12.0 s"),
    ];
    for (outcome, lasted_ms, let_in, acknowledged, words) in drills {
        let drill = Drill { at, outcome, lasted_ms, let_in, acknowledged };
        assert!(drill::note(&app.accounts, operator(), wiki, drill).committed().unwrap());
        let page = browser.get(&path).body;
        assert!(page.contains("Last drill") && page.contains(&format!(">{words}</span>")), "{words}: {page}");
    }
    let told = &as_json(&mut browser, "/admin/apps")["apps"][0]["last_drill"];
    let expected = json!({
        "at": at, "outcome": "still_let_in", "lasted_ms": 12_000, "let_in": 57, "acknowledged": true,
    });
    assert_eq!(*told, expected);
    assert!(browser.get_with(&path, &[("accept-language", "es")]).body.contains("seguía dejando entrar a los 12,0 s"));
}

#[test]
fn the_account_of_a_drill_that_was_killed_is_shut_out_and_then_deleted() {
    let app = app_with_admin();
    let camera = add_app(
        &app,
        "camera",
        AppRules { allowed: Allowed::Listed(vec![Entrant::Admins]), ..rules(&["camera.example.org"]) },
    );
    let name = Username::parse("drill-1").unwrap();
    let password = NewPassword::parse(PASSWORD.into(), Some(&name), app.accounts.config.password_rules()).unwrap();
    let begun = drill::begin(&app.accounts, operator(), camera, name.clone(), &password, 600).committed().unwrap();
    let allowed = || app.accounts.db.read(|conn| apps::find(conn, camera)).unwrap().unwrap().rules.allowed;
    assert_eq!(allowed(), Allowed::Listed(vec![Entrant::Admins, Entrant::User(begun.unwrap())]));
    let mut account = app.signed_in("drill-1");
    assert_eq!(due::delete_left_accounts(&app.accounts).unwrap(), 0, "its time is not over");
    assert!(account.is_signed_in());
    app.clock.advance(601);
    assert!(!account.is_signed_in());
    assert_eq!(due::delete_left_accounts(&app.accounts).unwrap(), 1);
    assert_eq!(allowed(), Allowed::Listed(vec![Entrant::Admins]), "nobody else is let in");
    assert!(app.accounts.db.read(|conn| users::find_by_name(conn, &name)).unwrap().is_none());
    assert_eq!(due::delete_left_accounts(&app.accounts).unwrap(), 0);
}
