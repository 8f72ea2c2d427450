//! The apps (table `apps`), and what belongs to each in tables of its own: where it is, who may enter, what anybody may ask for, and its
//! secrets, of which only the hash is kept.

use std::collections::BTreeMap;

use diesel::{
    ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper,
};

use super::connection::{Conn, Error, known, on};
use super::schema::{app_access, app_open_paths, app_origins, app_secrets, apps, gate_codes, passes, user_groups};
use super::text_order::{sorted, sorted_by};
use super::{app_drills, consents, grants, logout_deliveries, openid_apps};
use crate::domain::{
    Allowed, App, AppId, AppName, AppOrigin, AppRules, Entrant, GroupName, Level, LogoutUri, OpenIdRules, OpenPath,
    OriginId, UnixTime, UserId, can_be_key,
};

/// How many secrets of an app are valid at a time: the new one and, while the app changes over, the one before.
const VALID_SECRETS: i64 = 2;

const EVERYONE: &str = "everyone";
const LISTED: &str = "listed";
const USER: &str = "user";
const GROUP: &str = "group";
const ADMINS: &str = "admins";

#[derive(Queryable, Selectable)]
#[diesel(table_name = apps)]
struct Row {
    id: i64,
    client_id: String,
    name: String,
    created_at: i64,
    introspects: bool,
    allows: String,
    level: String,
    max_age: Option<i64>,
    sends_identity: bool,
    observes: bool,
    passes_preflights: bool,
    takes_tokens: bool,
    backchannel_logout_uri: Option<String>,
}

impl Row {
    /// Without what stands in other tables.
    fn into_app(self) -> Result<App, Error> {
        let allowed = match self.allows.as_str() {
            EVERYONE => Allowed::Everyone,
            LISTED => Allowed::Listed(Vec::new()),
            other => known(None, "access of an app", other)?,
        };
        let rules = AppRules {
            origins: Vec::new(),
            allowed,
            level: known(Level::parse(&self.level), "level", &self.level)?,
            max_age: self.max_age,
            sends_identity: self.sends_identity,
            open_paths: Vec::new(),
            observes: self.observes,
            passes_preflights: self.passes_preflights,
            takes_tokens: self.takes_tokens,
            introspects: self.introspects,
            backchannel_logout: self.backchannel_logout_uri.map(LogoutUri::stored),
            openid: OpenIdRules::default(),
        };
        Ok(App {
            id: AppId(self.id),
            client_id: self.client_id,
            name: AppName::stored(self.name),
            created_at: UnixTime(self.created_at),
            rules,
            origin_ids: Vec::new(),
        })
    }
}

/// The first of these origins at which another app is. `own`: the app that is to be there.
pub fn taken_origin(conn: &mut Conn, origins: &[AppOrigin], own: Option<AppId>) -> Result<Option<AppOrigin>, Error> {
    let asked: Vec<&str> = origins.iter().map(AppOrigin::as_str).collect();
    let there = app_origins::table.filter(app_origins::origin.eq_any(asked));
    let there: Vec<(String, i64)> = there.select((app_origins::origin, app_origins::app_id)).load(conn)?;
    let taken = there.into_iter().find(|(_, app)| own.is_none_or(|own| own.0 != *app));
    Ok(taken.map(|(origin, _)| AppOrigin::stored(origin)))
}

/// The first group that these rules let in and that does not exist.
pub fn unknown_group(conn: &mut Conn, rules: &AppRules) -> Result<Option<String>, Error> {
    let Allowed::Listed(entrants) = &rules.allowed else { return Ok(None) };
    let named = |entrant: &Entrant| match entrant {
        Entrant::Group(name) => Some(name.clone()),
        Entrant::User(_) | Entrant::Admins => None,
    };
    let named: Vec<String> = entrants.iter().filter_map(named).collect();
    if named.is_empty() {
        return Ok(None);
    }
    let there: Vec<String> = user_groups::table.select(user_groups::canonical).load(conn)?;
    Ok(named.into_iter().find(|name| !there.contains(name)))
}

/// The names of the apps that let this group in, in their order.
pub fn that_let_in(conn: &mut Conn, group: &GroupName) -> Result<Vec<String>, Error> {
    let named = apps::table.inner_join(app_access::table.on(app_access::app_id.eq(apps::id)));
    let named = named.filter(app_access::kind.eq(GROUP)).filter(app_access::subject.eq(group.canonical()));
    Ok(sorted(named.select(apps::name).load(conn)?))
}

/// Takes a user from the lists of those who may enter. Returns whether they stood on any.
pub fn let_in_no_more(conn: &mut Conn, user: UserId) -> Result<bool, Error> {
    let listed = app_access::table.filter(app_access::kind.eq(USER)).filter(app_access::subject.eq(user.to_string()));
    Ok(diesel::delete(listed).execute(conn)? > 0)
}

/// Adds an app; no other one may be at its origins. `None`: the name is taken.
pub fn add(
    conn: &mut Conn,
    client_id: &str,
    name: &AppName,
    rules: &AppRules,
    now: UnixTime,
) -> Result<Option<AppId>, Error> {
    let row = (
        apps::client_id.eq(client_id),
        apps::name.eq(name.as_str()),
        apps::created_at.eq(now.0),
        apps::introspects.eq(rules.introspects),
        apps::allows.eq(allows(rules)),
        apps::level.eq(rules.level.as_str()),
        apps::max_age.eq(rules.max_age),
        apps::sends_identity.eq(rules.sends_identity),
        apps::observes.eq(rules.observes),
        apps::passes_preflights.eq(rules.passes_preflights),
        apps::takes_tokens.eq(rules.takes_tokens),
        apps::backchannel_logout_uri.eq(rules.backchannel_logout.as_ref().map(LogoutUri::as_str)),
    );
    let insert = diesel::insert_into(apps::table).values(row).on_conflict_do_nothing();
    if on!(conn, c => insert.execute(c))? == 0 {
        return Ok(None);
    }
    let id = AppId(apps::table.filter(apps::client_id.eq(client_id)).select(apps::id).get_result(conn)?);
    store_parts(conn, id, rules)?;
    Ok(Some(id))
}

/// Replaces how an app is set up; no other one may be at its origins. An origin that stays keeps its number, and so its passes.
pub fn set(conn: &mut Conn, id: AppId, rules: &AppRules) -> Result<(), Error> {
    let change = (
        apps::introspects.eq(rules.introspects),
        apps::allows.eq(allows(rules)),
        apps::level.eq(rules.level.as_str()),
        apps::max_age.eq(rules.max_age),
        apps::sends_identity.eq(rules.sends_identity),
        apps::observes.eq(rules.observes),
        apps::passes_preflights.eq(rules.passes_preflights),
        apps::takes_tokens.eq(rules.takes_tokens),
        apps::backchannel_logout_uri.eq(rules.backchannel_logout.as_ref().map(LogoutUri::as_str)),
    );
    if rules.backchannel_logout.is_none() {
        logout_deliveries::give_up(conn, id)?;
    }
    diesel::update(apps::table.find(id.0)).set(change).execute(conn)?;
    let kept: Vec<&str> = rules.origins.iter().map(AppOrigin::as_str).collect();
    let gone: Vec<i64> = app_origins::table
        .filter(app_origins::app_id.eq(id.0))
        .filter(app_origins::origin.ne_all(kept))
        .select(app_origins::id)
        .load(conn)?;
    remove_origins(conn, &gone)?;
    diesel::delete(app_access::table.filter(app_access::app_id.eq(id.0))).execute(conn)?;
    diesel::delete(app_open_paths::table.filter(app_open_paths::app_id.eq(id.0))).execute(conn)?;
    store_parts(conn, id, rules)
}

fn store_parts(conn: &mut Conn, id: AppId, rules: &AppRules) -> Result<(), Error> {
    for origin in &rules.origins {
        let row = (app_origins::origin.eq(origin.as_str()), app_origins::app_id.eq(id.0));
        let insert = diesel::insert_into(app_origins::table).values(row).on_conflict_do_nothing();
        on!(conn, c => insert.execute(c))?;
    }
    if let Allowed::Listed(entrants) = &rules.allowed {
        for entrant in entrants {
            let (kind, subject) = spelled(entrant);
            let row = (app_access::app_id.eq(id.0), app_access::kind.eq(kind), app_access::subject.eq(subject));
            let insert = diesel::insert_into(app_access::table).values(row).on_conflict_do_nothing();
            on!(conn, c => insert.execute(c))?;
        }
    }
    for path in &rules.open_paths {
        let row = (app_open_paths::app_id.eq(id.0), app_open_paths::path.eq(path.as_str()));
        let insert = diesel::insert_into(app_open_paths::table).values(row).on_conflict_do_nothing();
        on!(conn, c => insert.execute(c))?;
    }
    openid_apps::set(conn, id, &rules.openid)
}

fn allows(rules: &AppRules) -> &'static str {
    match rules.allowed {
        Allowed::Everyone => EVERYONE,
        Allowed::Listed(_) => LISTED,
    }
}

fn spelled(entrant: &Entrant) -> (&'static str, String) {
    match entrant {
        Entrant::User(user) => (USER, user.to_string()),
        Entrant::Group(name) => (GROUP, name.clone()),
        Entrant::Admins => (ADMINS, String::new()),
    }
}

fn entrant(kind: &str, subject: String) -> Result<Entrant, Error> {
    let found = match kind {
        USER => subject.parse().ok().map(|id| Entrant::User(UserId(id))),
        GROUP => Some(Entrant::Group(subject)),
        ADMINS => Some(Entrant::Admins),
        _ => None,
    };
    known(found, "entrant", kind)
}

/// All apps, ordered by name.
pub fn all(conn: &mut Conn) -> Result<Vec<App>, Error> {
    let rows = sorted_by(apps::table.select(Row::as_select()).load(conn)?, |one, other| one.name.cmp(&other.name));
    let mut found = rows.into_iter().map(Row::into_app).collect::<Result<Vec<_>, _>>()?;
    let at: BTreeMap<i64, usize> = found.iter().enumerate().map(|(at, app)| (app.id.0, at)).collect();
    let mut with = |id: i64, act: &mut dyn FnMut(&mut App)| {
        if let Some(app) = at.get(&id).and_then(|at| found.get_mut(*at)) {
            act(app);
        }
    };
    let origins: Vec<(i64, String, i64)> = app_origins::table.order(app_origins::id).load(conn)?;
    for (id, origin, app) in origins {
        with(app, &mut |app| {
            app.rules.origins.push(AppOrigin::stored(origin.clone()));
            app.origin_ids.push(OriginId(id));
        });
    }
    let access: Vec<(i64, String, String)> = app_access::table.load(conn)?;
    for (app, kind, subject) in sorted(access) {
        let entrant = entrant(&kind, subject)?;
        with(app, &mut |app| {
            if let Allowed::Listed(entrants) = &mut app.rules.allowed {
                entrants.push(entrant.clone());
            }
        });
    }
    let paths: Vec<(i64, String)> = app_open_paths::table.load(conn)?;
    for (app, path) in sorted(paths) {
        with(app, &mut |app| app.rules.open_paths.push(OpenPath::stored(path.clone())));
    }
    for (app, rules) in openid_apps::all(conn)? {
        with(app.0, &mut |app| app.rules.openid = rules.clone());
    }
    Ok(found)
}

/// The app of this name. There are few apps.
pub fn find_by_name(conn: &mut Conn, name: &str) -> Result<Option<App>, Error> {
    Ok(all(conn)?.into_iter().find(|app| app.name.as_str() == name))
}

pub fn find(conn: &mut Conn, id: AppId) -> Result<Option<App>, Error> {
    Ok(all(conn)?.into_iter().find(|app| app.id == id))
}

/// The app that names itself so.
pub fn find_by_client_id(conn: &mut Conn, client_id: &str) -> Result<Option<App>, Error> {
    Ok(all(conn)?.into_iter().find(|app| app.client_id == client_id))
}

/// Whether the app may ask about tokens of Portero's own sessions.
pub fn introspects(conn: &mut Conn, client_id: &str) -> Result<bool, Error> {
    if !can_be_key(client_id) {
        return Ok(false);
    }
    let app = apps::table.filter(apps::client_id.eq(client_id)).select(apps::introspects);
    Ok(app.get_result(conn).optional()?.unwrap_or(false))
}

/// The hashes of the app's secrets. None if there is no such app, or if it has none.
pub fn secret_hashes(conn: &mut Conn, client_id: &str) -> Result<Vec<String>, Error> {
    if !can_be_key(client_id) {
        return Ok(Vec::new());
    }
    let of_app = apps::table.inner_join(app_secrets::table.on(app_secrets::app_id.eq(apps::id)));
    let of_app = of_app.filter(apps::client_id.eq(client_id.to_owned()));
    Ok(of_app.select(app_secrets::hash).load(conn)?)
}

/// Adds a secret. Of those before, the newest stays valid.
pub fn add_secret(conn: &mut Conn, id: AppId, hash: &str, now: UnixTime) -> Result<(), Error> {
    let older: Vec<i64> = app_secrets::table
        .filter(app_secrets::app_id.eq(id.0))
        .order(app_secrets::id.desc())
        .offset(VALID_SECRETS - 1)
        .limit(i64::from(u16::MAX))
        .select(app_secrets::id)
        .load(conn)?;
    diesel::delete(app_secrets::table.filter(app_secrets::id.eq_any(older))).execute(conn)?;
    let row = (app_secrets::hash.eq(hash), app_secrets::app_id.eq(id.0), app_secrets::created_at.eq(now.0));
    diesel::insert_into(app_secrets::table).values(row).execute(conn)?;
    Ok(())
}

/// When the app's secrets were made, the newest first.
pub fn secrets_made(conn: &mut Conn, id: AppId) -> Result<Vec<UnixTime>, Error> {
    let of_app = app_secrets::table.filter(app_secrets::app_id.eq(id.0)).order(app_secrets::id.desc());
    let made: Vec<i64> = of_app.select(app_secrets::created_at).load(conn)?;
    Ok(made.into_iter().map(UnixTime).collect())
}

/// Takes all the app's secrets away.
pub fn remove_secrets(conn: &mut Conn, id: AppId) -> Result<(), Error> {
    diesel::delete(app_secrets::table.filter(app_secrets::app_id.eq(id.0))).execute(conn)?;
    Ok(())
}

/// Deletes the app with all that belongs to it, passes included. What it was given has ended.
pub fn remove(conn: &mut Conn, id: AppId, now: UnixTime) -> Result<(), Error> {
    let origins: Vec<i64> =
        app_origins::table.filter(app_origins::app_id.eq(id.0)).select(app_origins::id).load(conn)?;
    remove_origins(conn, &origins)?;
    remove_secrets(conn, id)?;
    logout_deliveries::give_up(conn, id)?;
    openid_apps::remove(conn, id)?;
    app_drills::forget(conn, id)?;
    consents::remove_of_app(conn, id)?;
    grants::end_of_app(conn, id, now)?;
    diesel::delete(app_access::table.filter(app_access::app_id.eq(id.0))).execute(conn)?;
    diesel::delete(app_open_paths::table.filter(app_open_paths::app_id.eq(id.0))).execute(conn)?;
    diesel::delete(apps::table.find(id.0)).execute(conn)?;
    Ok(())
}

/// Passes for an origin that is gone open nothing; upkeep deletes them, because there may be many.
fn remove_origins(conn: &mut Conn, origins: &[i64]) -> Result<(), Error> {
    diesel::delete(gate_codes::table.filter(gate_codes::origin_id.eq_any(origins))).execute(conn)?;
    diesel::delete(app_origins::table.filter(app_origins::id.eq_any(origins))).execute(conn)?;
    Ok(())
}

/// Deletes passes for origins that are gone, at most `limit`. Returns how many.
pub fn prune_passes(conn: &mut Conn, limit: i64) -> Result<usize, Error> {
    let left: Vec<i64> = app_origins::table.select(app_origins::id).load(conn)?;
    let lost: Vec<i64> =
        passes::table.filter(passes::origin_id.ne_all(left)).select(passes::id).limit(limit).load(conn)?;
    Ok(diesel::delete(passes::table.filter(passes::id.eq_any(lost))).execute(conn)?)
}
