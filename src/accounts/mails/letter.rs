//! What a mail says, before it is put into words. Sealed while it waits: it may hold a one-time link, and says who signed in from where.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::accounts::context::{Accounts, Error};

/// A mail to one person. What does not belong to its kind is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The address.
    pub to: String,
    pub username: String,
    /// The tag of the language that the person chose.
    pub language: Option<String>,
    /// When it happened, in seconds since the epoch.
    pub at: i64,
    /// Where the act came from, if it was, or could have been, the person's own.
    pub ip: Option<String>,
    /// As the header says.
    pub user_agent: Option<String>,
    /// The secret of a one-time link, and until when it is good, in seconds since the epoch.
    pub link: Option<(String, i64)>,
    /// The secret behind "This wasn't me".
    pub report: Option<String>,
    /// The kind of a second factor, as it is spelled, and what the person calls it.
    pub factor: Option<(String, String)>,
    /// How many sessions ended, and the receipt for that.
    pub ended: Option<(usize, String)>,
}

impl Letter {
    pub(super) fn seal(&self, accounts: &Accounts, uid: Uuid) -> Result<Vec<u8>, Error> {
        let text = serde_json::to_vec(self).expect("texts and numbers can be written as JSON");
        accounts.mail_key.seal(&text, &uid.to_string()).map_err(|_| Error::Random)
    }

    /// `uid`: of the mail that it was sealed for. `None`: it was sealed for another, or by another installation.
    pub fn open(accounts: &Accounts, sealed: &[u8], uid: &str) -> Option<Self> {
        serde_json::from_slice(&accounts.mail_key.open(sealed, uid)?).ok()
    }
}
