//! Drills: an account that is made for it signs in at an app, its session is ended, and the app is asked until it refuses. Here is what
//! Portero does for one; `portero app drill` does what a browser does.

use std::sync::Arc;

use crate::accounts::authority::Operator;
use crate::accounts::context::{Accounts, Error, Pending};
use crate::accounts::people::add;
use crate::blocklist::change::Change;
use crate::blocklist::gate::Apps;
use crate::domain::{Allowed, AppId, Entrant, NewPassword, Role, UserId, Username};
use crate::store::app_drills::{self, Drill};
use crate::store::audit::event::{Details, Event, What};
use crate::store::{apps, users};

/// Makes an account that may enter the app. After `life` seconds it is shut out, and upkeep deletes it, whatever becomes of the drill. `None`:
/// there is no such app, or the name is taken. Hashes.
pub fn begin(
    accounts: &Arc<Accounts>,
    operator: Operator,
    app: AppId,
    username: Username,
    password: &NewPassword,
    life: i64,
) -> Pending<Option<UserId>> {
    let hash = match accounts.passwords.hash(password) {
        Ok(hash) => hash,
        Err(error) => return Pending::known(Err(error.into())),
    };
    accounts.write(operator, move |tx, _, by| {
        let Some(app) = apps::find(tx.conn, app)? else { return Ok(None) };
        let name = app.name.to_string();
        let Ok(user) = add::add(tx, &username, Some(&hash), Role::User, |_| by)? else { return Ok(None) };
        let until = tx.now.plus(life);
        users::set_disable_at(tx.conn, user, Some(until))?;
        app_drills::note_account(tx.conn, user, until)?;
        let mut rules = app.rules;
        if let Allowed::Listed(entrants) = &mut rules.allowed {
            entrants.push(Entrant::User(user));
            // What lets it in goes with the account.
            apps::set(tx.conn, app.id, &rules.tidied())?;
            let all = apps::all(tx.conn)?;
            tx.change(Change::AppsChanged(Arc::new(Apps::new(all))));
        }
        tx.after_commit(move || tracing::info!(event = "app_drill_began", app = name, user = %username));
        Ok(Some(user))
    })
}

/// Notes what a drill has shown. `false`: the app is gone.
pub fn note(accounts: &Arc<Accounts>, operator: Operator, app: AppId, drill: Drill) -> Pending<bool> {
    accounts.write(operator, move |tx, _, by| {
        let Some(app) = apps::find(tx.conn, app)? else { return Ok(false) };
        app_drills::note(tx.conn, app.id, drill)?;
        let name = app.name.to_string();
        Event::new(What::AppDrilled, &by).details(Details::App(name.clone())).record(tx)?;
        let outcome = drill.outcome.as_str();
        tx.after_commit(move || {
            tracing::info!(event = "app_drilled", app = name, outcome, after_ms = drill.lasted_ms);
        });
        Ok::<_, Error>(true)
    })
}
