//! A request of an app that waits until the person has signed in, proved more, or agreed: kept in the browser (`waiting.rs`).

use actix_web::HttpRequest;
use actix_web::http::header::HeaderValue;
use actix_web::{HttpResponse, http::header::CONTENT_SECURITY_POLICY};

use super::request::fields;
use super::waiting::Kind;
use crate::domain::{UnixTime, form_target};
use crate::web::app::App;
use crate::web::http::error::Error;

const REQUESTS: Kind = Kind { cookie: "portero_app_", place: "openid request", path: "/authorize?kept=" };
/// Where the answer to a form may lead on to the app. Nowhere else does the policy admit it.
const LEADING_ON: [&str; 5] = ["/login", "/login/factor", "/confirm", "/authorize", "/authorize/consent"];

/// A request that waits.
#[derive(Clone, Debug)]
pub(in crate::web) struct Kept {
    pub(in crate::web) id: String,
    pub(in crate::web) begun_at: UnixTime,
    /// When whoever was signed in then had last proved who they are. `None`: nobody was.
    pub(in crate::web) proved_at: Option<UnixTime>,
    /// As it can be read again.
    pub(in crate::web) text: String,
}

impl Kept {
    fn get(&self, wanted: &str) -> Option<String> {
        fields(&self.text).into_iter().find(|(name, _)| name == wanted).map(|(_, value)| value)
    }
}

/// The path at which a request that waits is gone on with.
pub(in crate::web) fn path(id: &str) -> String {
    REQUESTS.path(id)
}

/// Keeps a request, and leads to where it is gone on with. `proved_at`: when whoever is signed in has last proved who they are.
pub(in crate::web) fn keep(
    app: &App,
    req: &HttpRequest,
    proved_at: Option<UnixTime>,
    text: &str,
) -> Result<HttpResponse, Error> {
    REQUESTS.keep(app, req, &format!("{} {text}", proved_at.map_or(0, |at| at.0)))
}

/// The request that waits under this id. `None`: there is none, or it has waited for too long.
pub(in crate::web) fn find(app: &App, req: &HttpRequest, id: &str) -> Option<Kept> {
    all(app, req).into_iter().find(|kept| kept.id == id)
}

/// The request that a sign-in leads on to. `next`: the path to which it leads.
pub(in crate::web) fn awaited(app: &App, req: &HttpRequest, next: &str) -> Option<Kept> {
    find(app, req, next.strip_prefix(path("").as_str())?)
}

/// Who is expected, as the app has heard, for the sign-in page.
pub(in crate::web) fn login_hint(app: &App, req: &HttpRequest, next: &str) -> Option<String> {
    /// Longer than any name.
    const MOST_CHARS: usize = 200;
    let hint = awaited(app, req, next)?.get("login_hint")?;
    (hint.chars().count() <= MOST_CHARS && !hint.chars().any(char::is_control)).then_some(hint)
}

/// The languages in which the app would have people asked, best first, on pages that lead on to one.
pub(in crate::web) fn ui_locales(app: &App, req: &HttpRequest) -> Vec<String> {
    if !LEADING_ON.contains(&req.path()) {
        return Vec::new();
    }
    let newest = all(app, req).into_iter().max_by_key(|kept| kept.begun_at);
    let wanted = newest.and_then(|kept| kept.get("ui_locales")).unwrap_or_default();
    wanted.split(' ').take(8).map(str::to_owned).collect()
}

/// Forgets a request that was answered.
pub(in crate::web) fn forget(app: &App, res: &mut HttpResponse, id: &str) -> Result<(), Error> {
    REQUESTS.forget(app, res, id)
}

/// The policy of a page whose form may lead on to apps that wait for this browser: their own addresses are admitted, for browsers hold the
/// policy against redirects after a form, too. `None`: no app waits, or it is no such page.
pub(in crate::web) fn policy(app: &App, req: &HttpRequest) -> Option<HeaderValue> {
    if !LEADING_ON.contains(&req.path()) {
        return None;
    }
    policy_for(all(app, req).iter().filter_map(|kept| registered_target(app, kept)))
}

/// The same for a page whose form goes to this address of an app's own.
pub(in crate::web) fn policy_for(targets: impl Iterator<Item = String>) -> Option<HeaderValue> {
    let mut targets: Vec<String> = targets.collect();
    targets.sort();
    targets.dedup();
    // One more might be another directive.
    targets.retain(|target| !target.bytes().any(|byte| b" ;,".contains(&byte)));
    if targets.is_empty() {
        return None;
    }
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self' {}; base-uri 'none'; \
         frame-ancestors 'none'",
        targets.join(" ")
    );
    HeaderValue::from_str(&policy).ok()
}

/// Puts a policy on an answer, in the place of the usual one.
pub(in crate::web) fn set_policy(headers: &mut actix_web::http::header::HeaderMap, policy: Option<HeaderValue>) {
    if let Some(policy) = policy
        && !headers.contains_key(CONTENT_SECURITY_POLICY)
    {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
}

/// Where the answer to this request goes, if the app is still there.
fn registered_target(app: &App, kept: &Kept) -> Option<String> {
    let (client_id, uri) = (kept.get("client_id")?, kept.get("redirect_uri")?);
    let registered = app.accounts.blocklist.app_with_client_id(&client_id)?;
    let openid = &registered.rules.openid;
    openid.redirect_uris.iter().any(|own| own.is_meant_by(&uri, openid.is_public)).then(|| form_target(&uri))?
}

fn all(app: &App, req: &HttpRequest) -> Vec<Kept> {
    let read = REQUESTS.all(app, req).into_iter().filter_map(|waiting| {
        let (proved_at, text) = waiting.text.split_once(' ')?;
        let proved_at = Some(UnixTime(proved_at.parse().ok()?)).filter(|at| at.0 > 0);
        Some(Kept { id: waiting.id, begun_at: waiting.begun_at, proved_at, text: text.to_owned() })
    });
    read.collect()
}
