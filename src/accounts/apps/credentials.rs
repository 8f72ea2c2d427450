//! The apps that may ask about tokens and revoke them, each with an id and a secret of its own. (OAuth calls them clients.)

use std::sync::Arc;

use uuid::Uuid;

use crate::accounts::authority::Operator;
use crate::accounts::context::{Accounts, Error, Pending};
use crate::accounts::proof::secrets;
use crate::domain::By;
use crate::store::apps::{self, RegisteredApp};
use crate::store::audit::event::{Details, Event, What};
use crate::store::{self, Authority, Conn, Tx};

/// What an app authenticates with. The secret is told once; only its hash is kept.
#[derive(Clone)]
pub struct AppCredentials {
    pub id: String,
    pub secret: String,
}

impl AppCredentials {
    /// Whether they are good now.
    pub fn are_good(&self, conn: &mut Conn) -> Result<bool, store::Error> {
        let expected = apps::secret_hash(conn, &self.id)?;
        let shown = secrets::hash(&self.secret);
        Ok(expected.is_some_and(|expected| {
            aws_lc_rs::constant_time::verify_slices_are_equal(expected.as_bytes(), shown.as_bytes()).is_ok()
        }))
    }
}

/// An app acts.
impl Authority<Error> for AppCredentials {
    type Granted = By;

    fn judge(self, tx: &mut Tx<'_>) -> Result<By, Error> {
        if self.are_good(tx.conn)? { Ok(By::App(self.id)) } else { Err(Error::UnknownApp) }
    }
}

/// `None`: there is an app of that name.
pub fn add_app(accounts: &Arc<Accounts>, operator: Operator, name: String) -> Pending<Option<AppCredentials>> {
    let secret = match secrets::random() {
        Ok(secret) => secret,
        Err(error) => return Pending::known(Err(error)),
    };
    accounts.write(operator, move |tx, _, by| {
        let app = RegisteredApp { id: Uuid::new_v4().to_string(), name, created_at: tx.now };
        if !apps::add(tx.conn, &app, &secrets::hash(&secret))? {
            return Ok(None);
        }
        Event::new(What::AppAdded, &by).details(Details::App(app.name)).record(tx)?;
        Ok(Some(AppCredentials { id: app.id, secret }))
    })
}

/// `false`: there is none of that name.
pub fn remove_app(accounts: &Arc<Accounts>, operator: Operator, name: String) -> Pending<bool> {
    accounts.write(operator, move |tx, _, by| {
        if !apps::remove(tx.conn, &name)? {
            return Ok(false);
        }
        Event::new(What::AppRemoved, &by).details(Details::App(name)).record(tx)?;
        Ok(true)
    })
}
