//! An app's request that somebody be signed out, as it comes to `/end-session`. What is wrong with it is told to the person: nobody is led to
//! an address that the app has not registered. (OpenID Connect RP-Initiated Logout 1.0, §2 to §4)

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse};

use super::reply::with_query;
use super::request::{fields, form_text, id_token_claims};
use super::waiting::Kind;
use crate::accounts::apps::openid::claims::session_at;
use crate::domain::{App as RegisteredApp, SessionId, form_target};
use crate::web::app::App;
use crate::web::http::error::Error;

const REQUESTS: Kind = Kind { cookie: "portero_leave_", place: "openid sign-out", path: "/end-session?kept=" };
/// The longest request without its ID token, in bytes: it has to fit into a cookie until the person has answered.
const MOST_BYTES: usize = 2600;
/// What is read of a request. Anything else is ignored, and so is `logout_hint`: who is signed in here is known.
const KNOWN: [&str; 5] = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales"];

/// What the app has shown of the session that is to end.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Hint {
    Nothing,
    /// It is no ID token of ours.
    Bad,
    /// An ID token of this session, as the app knows it.
    Session(String),
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(in crate::web) struct Asked {
    hint: Hint,
    client_id: Option<String>,
    uri: Option<String>,
    state: Option<String>,
    ui_locales: Option<String>,
}

/// A request that can be answered.
pub(in crate::web) struct SignOut {
    /// `None`: it is not certain which app asks.
    pub(in crate::web) app: Option<Arc<RegisteredApp>>,
    hint: Hint,
    /// Where the person is led afterwards.
    pub(in crate::web) onward: Option<Onward>,
}

/// An address that the app has registered.
pub(in crate::web) struct Onward {
    /// With the app's `state`.
    pub(in crate::web) address: String,
    /// What a page has to name in `form-action` whose form leads there.
    pub(in crate::web) target: Option<String>,
}

/// Reads a request. `fields`: of a query or a form, in which each may be there once. An error names a text of the catalogue.
pub(in crate::web) fn read(app: &App, issuer: &str, fields: Vec<(String, String)>) -> Result<Asked, &'static str> {
    let is_read = |(name, value): &(String, String)| KNOWN.contains(&name.as_str()) && !value.is_empty();
    let known: Vec<_> = fields.into_iter().filter(is_read).collect();
    if KNOWN.iter().any(|wanted| known.iter().filter(|(name, _)| name == wanted).count() > 1) {
        return Err("openid-bad-sign-out");
    }
    let get = |wanted: &str| known.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
    let shown = get("id_token_hint");
    let claims = shown.as_ref().and_then(|token| id_token_claims(app, issuer, token)).unwrap_or_default();
    let said = |name: &str| claims.get(name)?.as_str().map(str::to_owned);
    let hint = match (shown.is_some(), said("sid")) {
        (false, _) => Hint::Nothing,
        (true, Some(session)) => Hint::Session(session),
        (true, None) => Hint::Bad,
    };
    let client_id = match (said("aud"), get("client_id")) {
        // Another app's token says nothing for this one.
        (Some(of_token), Some(named)) if of_token != named => return Err("openid-bad-sign-out"),
        (of_token, named) => of_token.or(named),
    };
    let uri = get("post_logout_redirect_uri");
    let asked = Asked { hint, client_id, uri, state: get("state"), ui_locales: get("ui_locales") };
    if asked.text().len() > MOST_BYTES { Err("openid-bad-sign-out") } else { Ok(asked) }
}

impl Asked {
    /// Compares it with what the app has registered. An error names a text of the catalogue.
    pub(in crate::web) fn check(&self, app: &App) -> Result<SignOut, &'static str> {
        let hint = self.hint.clone();
        // Whoever shows a false token may name any app.
        if hint == Hint::Bad {
            return Ok(SignOut { app: None, hint, onward: None });
        }
        let find = |id: &str| app.accounts.blocklist.app_with_client_id(id).filter(|app| app.rules.openid.is_used());
        let registered = match &self.client_id {
            Some(id) => Some(find(id).ok_or("openid-no-such-app")?),
            None => None,
        };
        let onward = match &self.uri {
            Some(uri) => Some(self.onward(registered.as_deref(), uri).ok_or("openid-wrong-onward")?),
            None => None,
        };
        Ok(SignOut { app: registered, hint, onward })
    }

    fn onward(&self, app: Option<&RegisteredApp>, uri: &str) -> Option<Onward> {
        app?.rules.openid.post_logout_uris.iter().find(|own| own.as_str() == uri)?;
        let state: Vec<_> = self.state.iter().map(|state| ("state", state.clone())).collect();
        Some(Onward { address: with_query(uri, &state), target: form_target(uri) })
    }

    /// Keeps it, and leads to where it is gone on with.
    pub(in crate::web) fn keep(&self, app: &App, req: &HttpRequest) -> Result<HttpResponse, Error> {
        REQUESTS.keep(app, req, &self.text())
    }

    /// As it can be read again. The ID token would not fit into a cookie if it named many groups: what counts of it is which session it is of.
    fn text(&self) -> String {
        let hint = match &self.hint {
            Hint::Nothing => None,
            Hint::Bad => Some(""),
            Hint::Session(session) => Some(session.as_str()),
        };
        let all = [
            ("hint", hint),
            ("client_id", self.client_id.as_deref()),
            ("uri", self.uri.as_deref()),
            ("state", self.state.as_deref()),
            ("ui_locales", self.ui_locales.as_deref()),
        ];
        let there: Vec<_> =
            all.iter().filter_map(|(name, value)| Some(((*name).to_owned(), (*value)?.to_owned()))).collect();
        form_text(&there)
    }

    fn from_text(text: &str) -> Self {
        let all = fields(text);
        let get = |wanted: &str| all.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
        let hint = match get("hint") {
            None => Hint::Nothing,
            Some(session) if session.is_empty() => Hint::Bad,
            Some(session) => Hint::Session(session),
        };
        let (client_id, uri) = (get("client_id"), get("uri"));
        Self { hint, client_id, uri, state: get("state"), ui_locales: get("ui_locales") }
    }
}

impl SignOut {
    /// Whether the app has shown an ID token of this very session.
    pub(in crate::web) fn means(&self, app: &App, session: SessionId) -> bool {
        match (&self.hint, &self.app) {
            (Hint::Session(shown), Some(registered)) => *shown == session_at(&app.accounts, registered, session),
            (Hint::Session(_), None) | (Hint::Nothing | Hint::Bad, _) => false,
        }
    }
}

/// The request that waits under this id. `None`: there is none, or it has waited for too long.
pub(in crate::web) fn find(app: &App, req: &HttpRequest, id: &str) -> Option<Asked> {
    let found = REQUESTS.all(app, req).into_iter().find(|waiting| waiting.id == id)?;
    Some(Asked::from_text(&found.text))
}

/// Forgets a request that was answered.
pub(in crate::web) fn forget(app: &App, res: &mut HttpResponse, id: &str) -> Result<(), Error> {
    REQUESTS.forget(app, res, id)
}

/// The languages in which the app would have the person asked, best first.
pub(in crate::web) fn ui_locales(app: &App, req: &HttpRequest) -> Vec<String> {
    if req.path() != "/end-session" {
        return Vec::new();
    }
    let query = fields(req.query_string());
    let get = |wanted: &str| query.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
    let kept = get("kept").and_then(|id| find(app, req, &id)?.ui_locales);
    let wanted = kept.or_else(|| get("ui_locales")).unwrap_or_default();
    wanted.split(' ').take(8).map(str::to_owned).collect()
}
