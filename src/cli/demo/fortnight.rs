//! What happens in the demo's fortnight.

use super::cast::{ELSEWHERE, HOME, OFFICE, PHONE, Place, SCRIPT, SignedIn, Stage, TRAIN, named};
use crate::accounts::apps::manage;
use crate::accounts::people::links::{invite, new_link};
use crate::accounts::people::state::{StateChange, disable};
use crate::accounts::sessions::end::{Own, end_anybodys, end_own};
use crate::cli::operator::operator;
use crate::cli::output::Failure;
use crate::domain::{Allowed, AppName, AppOrigin, AppRules, Entrant, OriginId, Reason, Role};
use crate::store::apps;
use crate::store::session_ends::Which;

/// How long it takes.
pub(super) const SECONDS: i64 = 14 * 24 * 60 * 60;

/// Whom there is to be, and what of them.
pub(super) const ROLES: [(&str, &str); 6] = [
    ("ana", "the admin: sees and ends everybody's sessions, and reads what happened"),
    ("bruno", "signed in on three devices; somebody has been guessing his password"),
    ("carla", "a cookie of hers was stolen and caught; she is told when she signs in"),
    ("dmitri", "has left: disabled, and out everywhere"),
    ("elena", "enters the wiki through the gate"),
    ("farid", "has a script that signs in every day"),
];

const WIKI: &str = "https://wiki.example.org";

/// People, and the apps that stand behind the gate.
pub(super) fn set_the_stage(stage: &Stage) -> Result<(), Failure> {
    stage.add("ana", "Ana Prado", Role::Admin)?;
    for (name, display_name) in [
        ("bruno", "Bruno Vidal"),
        ("carla", "Carla Núñez"),
        ("dmitri", "Dmitri Orlov"),
        ("elena", "Elena Rossi"),
        ("farid", "Farid Haddad"),
    ] {
        stage.add(name, display_name, Role::User)?;
    }
    for (name, origin, allowed) in [
        ("wiki", WIKI, Allowed::Everyone),
        ("cameras", "https://cameras.example.net", Allowed::Listed(vec![Entrant::Admins])),
    ] {
        let name = AppName::parse(name).ok_or("that is no app's name")?;
        let rules = AppRules { origins: vec![AppOrigin::parse(origin)?], allowed, ..AppRules::default() };
        manage::add(&stage.accounts, operator(), name, rules).committed()?.map_err(|fault| format!("{fault:?}"))?;
    }
    Ok(())
}

pub(super) fn happens(stage: &Stage) -> Result<(), Failure> {
    let wiki = stage.accounts.db.read(|conn| apps::find_by_name(conn, "wiki"))?;
    let wiki = *wiki.ok_or("there is no wiki")?.origin_ids.first().ok_or("the wiki has no address")?;
    first_week(stage)?;
    let mut carla = signs_in(stage, 100, "carla", HOME)?;
    let stolen = carla.pair.refresh.text.clone();
    theft(stage, &mut carla, &stolen)?;
    last_days(stage, wiki)
}

/// So many hours before the end.
fn signs_in(stage: &Stage, hours: i64, name: &str, place: Place) -> Result<SignedIn, Failure> {
    stage.hours_ago(hours);
    stage.signs_in(name, place)
}

/// Everybody comes and goes, somebody is invited, somebody leaves.
fn first_week(stage: &Stage) -> Result<(), Failure> {
    let accounts = &stage.accounts;
    let ana = signs_in(stage, 332, "ana", OFFICE)?;
    let by = stage.mandate(&ana, Role::Admin)?;
    invite(accounts, by, named("greta")?, Role::User, None).committed()?;
    for (hours, name, place) in [
        (316, "bruno", OFFICE),
        (314, "carla", OFFICE),
        (297, "dmitri", TRAIN),
        (290, "elena", PHONE),
        (265, "bruno", HOME),
        (242, "carla", PHONE),
    ] {
        let who = signs_in(stage, hours, name, place)?;
        stage.minutes_ago(60 * hours - 50);
        stage.signs_out(who)?;
    }
    signs_in(stage, 218, "dmitri", OFFICE)?;
    for hours in [195, 171] {
        let script = signs_in(stage, hours, "farid", SCRIPT)?;
        stage.minutes_ago(60 * hours - 4);
        stage.signs_out(script)?;
    }
    stage.hours_ago(150);
    for _ in 0..3 {
        stage.mistypes("elena", PHONE)?;
    }
    let ana = signs_in(stage, 149, "ana", OFFICE)?;
    let elena = stage.user("elena")?;
    new_link(accounts, stage.mandate(&ana, Role::Admin)?, elena).committed()?;
    stage.minutes_ago(60 * 149 - 9);
    let change = disable(accounts, stage.mandate(&ana, Role::Admin)?, named("dmitri")?).committed()?;
    if matches!(change, StateChange::Done { .. }) { Ok(()) } else { Err("dmitri is not disabled".into()) }
}

/// Somebody copies a cookie, and shows it after its owner has gone on with newer ones.
fn theft(stage: &Stage, carla: &mut SignedIn, stolen: &str) -> Result<(), Failure> {
    for hours in [99, 98, 80] {
        stage.hours_ago(hours);
        stage.comes_back(carla)?;
    }
    stage.hours_ago(75);
    match stage.shows(stolen, ELSEWHERE)? {
        None => Ok(()),
        Some(_) => Err("the theft was not noticed".into()),
    }
}

fn last_days(stage: &Stage, wiki: OriginId) -> Result<(), Failure> {
    let accounts = &stage.accounts;
    let script = signs_in(stage, 60, "farid", SCRIPT)?;
    let ana = signs_in(stage, 59, "ana", PHONE)?;
    end_anybodys(accounts, stage.mandate(&ana, Role::Admin)?, Which::One(script.sid())).committed()?;
    signs_in(stage, 50, "bruno", OFFICE)?;
    let forgotten = signs_in(stage, 49, "bruno", TRAIN)?;
    let bruno = signs_in(stage, 28, "bruno", PHONE)?;
    let mandate = stage.mandate(&bruno, Role::User)?;
    end_own(accounts, mandate, Own::One(forgotten.sid()), Reason::EndedByUser).committed()?;
    signs_in(stage, 27, "bruno", HOME)?;
    stage.hours_ago(21);
    for minute in 0..5 {
        stage.minutes_ago(60 * 21 - minute);
        stage.mistypes("bruno", ELSEWHERE)?;
    }
    let elena = signs_in(stage, 20, "elena", HOME)?;
    stage.enters(&elena, wiki)?;
    signs_in(stage, 5, "farid", SCRIPT)?;
    let mut ana = signs_in(stage, 3, "ana", OFFICE)?;
    stage.enters(&ana, wiki)?;
    stage.hours_ago(2);
    stage.comes_back(&mut ana)?;
    stage.minutes_ago(0);
    Ok(())
}
