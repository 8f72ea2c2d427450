//! A passkey in a form: what its page asks the browser, and what is made of the answer.

use std::sync::Arc;

use actix_web::HttpRequest;

use crate::accounts::Visitor;
use crate::accounts::proof::passkey::{self, Asked, Checked, GivenPasskey, Place, Shown};
use crate::throttle::Try;
use crate::web::app::{App, counted};
use crate::web::http::error::Error;
use crate::web::http::passkeys_here::passkeys_here;

/// Asks for a passkey, whichever there is. `None`: none works at this address.
pub(in crate::web) fn ask(app: &App, req: &HttpRequest, place: Place) -> Option<Asked> {
    ask_for(app, req, place, &[])
}

/// Asks for one of these, by their ids.
pub(in crate::web) fn ask_for(app: &App, req: &HttpRequest, place: Place, allowed: &[String]) -> Option<Asked> {
    let here = passkeys_here(app, req).ok()?;
    match passkey::ask(&app.accounts, here, place, allowed) {
        Ok(asked) => Some(asked),
        Err(error) => {
            // The page works without it, but the operator should know.
            tracing::error!(event = "passkey_not_asked", error = %error);
            None
        }
    }
}

/// Why an answer led to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::web) enum Refused {
    Lapsed,
    /// Nobody has a passkey with this id.
    Unknown(String),
    Disabled,
    /// Its count had gone back.
    Copied,
    Other,
}

impl Refused {
    /// The catalogue's key.
    pub(in crate::web) fn key(&self) -> &'static str {
        match self {
            Self::Lapsed => "error-passkey-lapsed",
            Self::Unknown(_) => "error-passkey-unknown",
            Self::Disabled => "error-disabled",
            Self::Copied => "error-passkey-copied",
            Self::Other => "error-passkey-refused",
        }
    }

    /// What a browser's password manager can be told: that this passkey is of no use here. JSON.
    pub(in crate::web) fn signal(&self, app: &App) -> Option<String> {
        match (self, &app.passkeys) {
            (Self::Unknown(id), Ok(here)) => {
                Some(serde_json::json!({ "unknown": { "rpId": here.host(), "credentialId": id } }).to_string())
            }
            _ => None,
        }
    }
}

/// Checks an answer on a reader's thread, which takes less than a millisecond. What is refused counts as a wrong try, unless it is only late.
pub(in crate::web) async fn check(
    app: &App,
    begun: Try,
    place: Place,
    shown: Shown,
    visitor: Visitor,
) -> Result<Result<(Box<GivenPasskey>, Try), Refused>, Error> {
    let Ok(here) = &app.passkeys else { return Ok(Err(Refused::Other)) };
    let (accounts, here, ip) = (Arc::clone(&app.accounts), Arc::clone(here), visitor.ip.clone());
    let looked = app.read(move |conn| passkey::check(&accounts, &here, conn, place, &shown, &visitor)).await;
    let (checked, begun) = counted(begun, looked)?;
    let refused = |reason: &str, refused| {
        tracing::info!(event = "passkey_refused", ip, reason);
        Ok(Err(refused))
    };
    match checked {
        Checked::Good(given) => Ok(Ok((given, begun))),
        Checked::Lapsed => {
            begun.succeeded();
            Ok(Err(Refused::Lapsed))
        }
        Checked::Disabled => {
            begun.succeeded();
            refused("disabled", Refused::Disabled)
        }
        Checked::Unknown { credential_id } => refused("unknown", Refused::Unknown(credential_id)),
        Checked::Refused(refusal) => refused(&refusal.to_string(), Refused::Other),
    }
}
