//! Which app asks, at the endpoints for apps that speak OpenID Connect: by its secret or, if it can keep none, by its name alone.

use crate::accounts::apps::credentials::AppCredentials;
use crate::accounts::context::Error;
use crate::domain::App;
use crate::store::{self, Authority, Conn, Tx, apps};

/// What an app has shown.
#[derive(Clone)]
pub enum AppCaller {
    WithSecret(AppCredentials),
    /// Its client id. It proves nothing: what was made for the app has to be shown besides.
    Public(String),
}

impl AppCaller {
    /// The app, if it may come so. `None`: there is none, its secret is not good, or it has to show one.
    pub fn app(&self, conn: &mut Conn) -> Result<Option<App>, store::Error> {
        let (id, has_secret) = match self {
            Self::WithSecret(credentials) => (&credentials.id, true),
            Self::Public(id) => (id, false),
        };
        let found = apps::find_by_client_id(conn, id)?.filter(|app| app.rules.openid.is_used());
        let Some(app) = found.filter(|app| app.rules.openid.has_secret() == has_secret) else { return Ok(None) };
        let is_good = match self {
            Self::WithSecret(credentials) => credentials.are_good(conn)?,
            Self::Public(_) => true,
        };
        Ok(is_good.then_some(app))
    }
}

impl Authority<Error> for AppCaller {
    type Granted = App;

    fn judge(self, tx: &mut Tx<'_>) -> Result<App, Error> {
        self.app(tx.conn)?.ok_or(Error::UnknownApp)
    }
}
