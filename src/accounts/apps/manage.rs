//! Adding apps, changing how they are set up, and removing them.

use std::sync::Arc;

use aws_lc_rs::digest;
use uuid::Uuid;

use super::credentials::AppCredentials;
use crate::accounts::authority::{Actor, Administrator};
use crate::accounts::context::{Accounts, Error, Pending};
use crate::accounts::proof::secrets;
use crate::blocklist::change::Change;
use crate::blocklist::gate::Apps;
use crate::domain::{App, AppId, AppName, AppOrigin, AppRules};
use crate::store::audit::event::{Details, Event, What};
use crate::store::{Tx, apps};

/// An app that was added.
pub struct Added {
    pub id: AppId,
    /// Of an app that asks, about tokens or for them: what it authenticates with.
    pub credentials: Option<AppCredentials>,
}

/// Why an app is not added or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppFault {
    /// Another app is called so.
    NameTaken,
    /// Another app is there.
    OriginTaken(AppOrigin),
    /// It would let in a group of this name, and there is none.
    NoSuchGroup(String),
    /// There is no such app.
    NoSuchApp,
    /// Somebody else has changed it since the admin saw it.
    Outdated,
}

pub fn add(
    accounts: &Arc<Accounts>,
    by: impl Into<Administrator>,
    name: AppName,
    rules: AppRules,
) -> Pending<Result<Added, AppFault>> {
    let secret = match secrets::random() {
        Ok(secret) => secret,
        Err(error) => return Pending::known(Err(error)),
    };
    accounts.write(by.into(), move |tx, accounts, actor| {
        let rules = rules.tidied();
        if let Some(origin) = apps::taken_origin(tx.conn, &rules.origins, None)? {
            return Ok(Err(AppFault::OriginTaken(origin)));
        }
        if let Some(group) = apps::unknown_group(tx.conn, &rules)? {
            return Ok(Err(AppFault::NoSuchGroup(group)));
        }
        let client_id = Uuid::new_v4().to_string();
        let Some(id) = apps::add(tx.conn, &client_id, &name, &rules, tx.now)? else {
            return Ok(Err(AppFault::NameTaken));
        };
        let credentials = if rules.has_secret() {
            apps::add_secret(tx.conn, id, &secrets::hash(&secret), tx.now)?;
            Some(AppCredentials { id: client_id, secret })
        } else {
            None
        };
        record(tx, accounts, What::AppAdded, &actor, &name)?;
        Ok(Ok(Added { id, credentials }))
    })
}

/// Stands for how an app is set up, to tell whether somebody changed it meanwhile.
pub fn seen(rules: &AppRules) -> String {
    let all = format!("{:?}", rules.clone().tidied());
    hex::encode(digest::digest(&digest::SHA256, all.as_bytes())).chars().take(16).collect()
}

/// Replaces how an app is set up by what `change` makes of it. What it means for those who are in the app holds from their next request on.
/// Returns whether anything is another now.
pub fn set(
    accounts: &Arc<Accounts>,
    by: impl Into<Administrator>,
    id: AppId,
    change: impl FnOnce(&mut AppRules) + Send + 'static,
) -> Pending<Result<bool, AppFault>> {
    set_if(accounts, by.into(), id, |_| true, change)
}

/// The same unless somebody else has changed the app since the admin saw it ([`seen`]).
pub fn set_what_was_seen(
    accounts: &Arc<Accounts>,
    by: impl Into<Administrator>,
    id: AppId,
    shown: String,
    change: impl FnOnce(&mut AppRules) + Send + 'static,
) -> Pending<Result<bool, AppFault>> {
    set_if(accounts, by.into(), id, move |rules| seen(rules) == shown, change)
}

fn set_if(
    accounts: &Arc<Accounts>,
    by: Administrator,
    id: AppId,
    is_as_seen: impl FnOnce(&AppRules) -> bool + Send + 'static,
    change: impl FnOnce(&mut AppRules) + Send + 'static,
) -> Pending<Result<bool, AppFault>> {
    accounts.write(by, move |tx, accounts, actor| {
        let Some(app) = apps::find(tx.conn, id)? else { return Ok(Err(AppFault::NoSuchApp)) };
        if !is_as_seen(&app.rules) {
            return Ok(Err(AppFault::Outdated));
        }
        let mut rules = app.rules.clone();
        change(&mut rules);
        let rules = rules.tidied();
        if rules == app.rules.clone().tidied() {
            return Ok(Ok(false));
        }
        if let Some(origin) = apps::taken_origin(tx.conn, &rules.origins, Some(id))? {
            return Ok(Err(AppFault::OriginTaken(origin)));
        }
        if let Some(group) = apps::unknown_group(tx.conn, &rules)? {
            return Ok(Err(AppFault::NoSuchGroup(group)));
        }
        apps::set(tx.conn, id, &rules)?;
        if !rules.has_secret() {
            apps::remove_secrets(tx.conn, id)?;
        }
        record(tx, accounts, What::AppChanged, &actor, &app.name)?;
        Ok(Ok(true))
    })
}

/// Removes an app: nobody can enter it any more, and it may ask nothing. `false`: there is none.
pub fn remove(accounts: &Arc<Accounts>, by: impl Into<Administrator>, id: AppId) -> Pending<bool> {
    accounts.write(by.into(), move |tx, accounts, actor| match apps::find(tx.conn, id)? {
        Some(app) => remove_in(tx, accounts, &actor, &app).map(|()| true),
        None => Ok(false),
    })
}

fn remove_in(tx: &mut Tx<'_>, accounts: &Accounts, actor: &Actor, app: &App) -> Result<(), Error> {
    apps::remove(tx.conn, app.id, tx.now)?;
    record(tx, accounts, What::AppRemoved, actor, &app.name)
}

/// Adds an app that may ask about tokens. `None`: there is one of that name, or it is no name.
pub fn add_client(
    accounts: &Arc<Accounts>,
    by: impl Into<Administrator>,
    name: &str,
) -> Pending<Option<AppCredentials>> {
    let Some(name) = AppName::parse(name) else { return Pending::known(Ok(None)) };
    let rules = AppRules { introspects: true, ..AppRules::default() };
    add(accounts, by, name, rules).then(|added| Ok(added?.ok().and_then(|added| added.credentials)))
}

/// Takes an app's right to ask about tokens away, and the app with it if it stands behind no gate. `false`: there is none of that name
/// that may ask.
pub fn remove_client(accounts: &Arc<Accounts>, by: impl Into<Administrator>, name: String) -> Pending<bool> {
    accounts.write(by.into(), move |tx, accounts, actor| {
        let found = apps::find_by_name(tx.conn, &name)?.filter(|app| app.rules.introspects);
        let Some(mut app) = found else { return Ok(false) };
        if app.rules.origins.is_empty() && !app.rules.openid.is_used() {
            remove_in(tx, accounts, &actor, &app)?;
        } else {
            app.rules.introspects = false;
            apps::set(tx.conn, app.id, &app.rules)?;
            if !app.rules.has_secret() {
                apps::remove_secrets(tx.conn, app.id)?;
            }
            record(tx, accounts, What::AppChanged, &actor, &app.name)?;
        }
        Ok(true)
    })
}

/// Makes another secret for an app that asks, about tokens or for them. The newest one before it stays valid. `None`: there is no
/// such app.
pub fn new_secret(
    accounts: &Arc<Accounts>,
    by: impl Into<Administrator>,
    id: AppId,
) -> Pending<Option<AppCredentials>> {
    let secret = match secrets::random() {
        Ok(secret) => secret,
        Err(error) => return Pending::known(Err(error)),
    };
    accounts.write(by.into(), move |tx, accounts, actor| {
        let found = apps::find(tx.conn, id)?.filter(|app| app.rules.has_secret());
        let Some(app) = found else { return Ok(None) };
        apps::add_secret(tx.conn, id, &secrets::hash(&secret), tx.now)?;
        record(tx, accounts, What::AppSecretMade, &actor, &app.name)?;
        Ok(Some(AppCredentials { id: app.client_id, secret }))
    })
}

/// In the audit log and in the log; and memory learns what apps there are now.
fn record(tx: &mut Tx<'_>, accounts: &Accounts, what: What, actor: &Actor, app: &AppName) -> Result<(), Error> {
    Event::new(what, &actor.by).details(Details::App(app.to_string())).record(tx)?;
    let all = apps::all(tx.conn)?;
    accounts.want_app_keys(&all);
    tx.change(Change::AppsChanged(Arc::new(Apps::new(all))));
    let ((by, ip), app) = (actor.for_log(), app.to_string());
    tx.after_commit(move || match what {
        What::AppAdded => tracing::info!(event = "app_added", app, by, ip),
        What::AppRemoved => tracing::info!(event = "app_removed", app, by, ip),
        What::AppSecretMade => tracing::info!(event = "app_secret_made", app, by, ip),
        _ => tracing::info!(event = "app_changed", app, by, ip),
    });
    Ok(())
}
