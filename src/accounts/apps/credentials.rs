//! What an app that asks about tokens, or for them, authenticates with: an id and a secret of its own. (OAuth calls such apps clients.)

use crate::accounts::context::Error;
use crate::accounts::proof::secrets;
use crate::domain::By;
use crate::store::apps;
use crate::store::{self, Authority, Conn, Tx};

/// What an app authenticates with. The secret is told once; only its hash is kept.
#[derive(Clone)]
pub struct AppCredentials {
    pub id: String,
    pub secret: String,
}

impl AppCredentials {
    /// Whether they are good now: what the app may do is another matter.
    pub fn are_good(&self, conn: &mut Conn) -> Result<bool, store::Error> {
        let shown = secrets::hash(&self.secret);
        let is_shown = |valid: &String| {
            aws_lc_rs::constant_time::verify_slices_are_equal(valid.as_bytes(), shown.as_bytes()).is_ok()
        };
        Ok(apps::secret_hashes(conn, &self.id)?.iter().any(is_shown))
    }
}

/// An app acts on sessions of Portero's own.
impl Authority<Error> for AppCredentials {
    type Granted = By;

    fn judge(self, tx: &mut Tx<'_>) -> Result<By, Error> {
        if self.are_good(tx.conn)? && apps::introspects(tx.conn, &self.id)? {
            Ok(By::App(self.id))
        } else {
            Err(Error::UnknownApp)
        }
    }
}
