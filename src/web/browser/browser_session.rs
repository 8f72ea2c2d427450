//! The browser's own session: what it carries before and beside its tokens, sealed in a cookie by actix-session. That is the CSRF
//! value of signed-out forms, the messages that the next page shows, and its own wrong passwords, which give no right; and for some
//! minutes the links that an admin has made (`kept_links.rs`).

use actix_session::config::CookieContentSecurity;
use actix_session::storage::CookieSessionStore;
use actix_session::{Session, SessionMiddleware};
use actix_web::body::MessageBody;
use actix_web::cookie::{Cookie, CookieJar, Key, SameSite};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{COOKIE, HeaderMap, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::ThinData;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{NameKey, SessionId, UnixTime, Username};
use crate::guards::{MOST_OF_ONE_NAME, cookie_pairs};
use crate::web::app::App;
use crate::web::http::error::Error;

/// The browser's own session, which begins before anybody signs in. Not to be confused with the session of somebody who is signed in
/// (`store/sessions.rs`).
pub(in crate::web) type BrowserSession = Session;

/// How long a signed-out form may stand open, in seconds.
const FORM_LIFE: i64 = 60 * 60;
const FORM: &str = "form";
const FLASH: &str = "flash";
const NOTICES: &str = "notices";
/// How many notices wait for a page; a cookie has room for no more.
const MOST_NOTICES: usize = 5;
const ATTEMPT: &str = "attempt";
const ENROLMENT: &str = "enrolment";
const TYPOS: &str = "typos";
/// How many wrong passwords are remembered: more than the throttle lets through within minutes, and few enough for a cookie.
const MOST_TYPOS: usize = 16;

/// The CSRF value of signed-out forms. It carries the time at which it was made, because the cookie
/// itself never expires for the server.
#[derive(Serialize, Deserialize)]
struct FormValue {
    value: String,
    made_at: i64,
}

/// A message for the next page, as a key of the catalogue, so that it follows a change of language.
#[derive(Serialize, Deserialize)]
pub(in crate::web) struct Flash {
    pub(in crate::web) key: String,
    /// `None`: the text has no number in it.
    pub(in crate::web) count: Option<i64>,
    /// The user whom the text names. `None`: it names nobody.
    pub(in crate::web) user: Option<String>,
    /// The receipt to which the message links.
    pub(in crate::web) receipt: Option<String>,
}

impl Flash {
    pub(in crate::web) fn plain(key: &str) -> Self {
        Self { key: key.into(), count: None, user: None, receipt: None }
    }

    pub(in crate::web) fn counted(key: &str, count: i64) -> Self {
        Self { count: Some(count), ..Self::plain(key) }
    }

    pub(in crate::web) fn about(self, user: &Username) -> Self {
        Self { user: Some(user.to_string()), ..self }
    }

    /// `receipt`: that of the act of which the message tells. `None`: the act ended no session.
    pub(in crate::web) fn with_receipt(self, receipt: Option<String>) -> Self {
        Self { receipt, ..self }
    }
}

/// Something that a person who has just signed in should know, as a key of the catalogue.
#[derive(Serialize, Deserialize)]
pub(in crate::web) struct Notice {
    pub(in crate::web) key: String,
    /// `None`: the text has no number in it.
    pub(in crate::web) count: Option<i64>,
    /// The person's own session that it is about. `None`: it is about none, or that one is no longer stored.
    pub(in crate::web) session: Option<SessionId>,
    /// When and from which address it happened, where the text says so.
    #[serde(default)]
    pub(in crate::web) origin: Option<(UnixTime, String)>,
    /// What the person calls the second factor that it is about.
    #[serde(default)]
    pub(in crate::web) name: Option<String>,
}

/// A sign-in that waits for the second factor.
#[derive(Serialize, Deserialize)]
pub(in crate::web) struct WaitingAttempt {
    /// What the first step gave.
    pub(in crate::web) sealed: String,
    /// The name as it was typed.
    pub(in crate::web) username: String,
    /// Where the sign-in is to lead; empty: where that person begins.
    pub(in crate::web) next: String,
}

/// The wrong passwords that this browser gave for one name.
#[derive(Serialize, Deserialize)]
struct Typos {
    /// A keyed hash: people type passwords where names belong.
    name: String,
    at: Vec<i64>,
}

pub(in crate::web) fn middleware(app: &App) -> SessionMiddleware<CookieSessionStore> {
    SessionMiddleware::builder(CookieSessionStore::default(), app.browser_session_key.clone())
        .cookie_name(cookie_name(app))
        .cookie_secure(app.config().jwt.cookie_secure)
        .cookie_same_site(SameSite::Lax)
        .cookie_http_only(true)
        .cookie_content_security(CookieContentSecurity::Private)
        .build()
}

/// The middleware around [`middleware`]: leaves only cookies that can be read. One that is not UTF-8 costs Actix all the
/// others, and of two with this session's name the first one counts. Anybody on a neighbouring domain can set either kind, and
/// that must keep nobody from signing in.
pub(in crate::web) async fn without_broken_cookies<B: MessageBody + 'static>(
    mut req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    if let Some(ThinData(app)) = req.app_data::<ThinData<App>>()
        && let Some(tidy) = tidied(req.headers(), &cookie_name(app), &app.browser_session_key)
    {
        req.headers_mut().remove(COOKIE);
        req.headers_mut().insert(COOKIE, tidy);
    }
    next.call(req).await
}

/// The `Cookie` header without what can't be read. `own`: the name of the session's cookie, of which only one that opens is kept.
/// `None`: the header may stay as it is.
fn tidied(headers: &HeaderMap, own: &str, key: &Key) -> Option<HeaderValue> {
    let pairs = || headers.get_all(COOKIE).flat_map(|line| cookie_pairs(line.as_bytes()));
    let read = |pair| {
        let pair = std::str::from_utf8(pair).ok()?.trim();
        // A name in disguise: cookie parsers decode the escapes in it, and browsers don't.
        pair.split_once('=').filter(|(name, _)| !name.contains('%'))
    };
    let all: Vec<(&str, &str)> = pairs().filter_map(read).collect();
    if all.len() == pairs().count() && all.iter().filter(|(name, _)| *name == own).count() < 2 {
        return None;
    }
    let opens = |(name, value): &(&str, &str)| {
        let cookie = Cookie::parse_encoded(format!("{name}={value}")).ok()?;
        CookieJar::new().private(key).decrypt(cookie)
    };
    let mut candidates = all.iter().enumerate().filter(|(_, pair)| pair.0 == own).take(MOST_OF_ONE_NAME);
    let mine = candidates.find(|(_, pair)| opens(pair).is_some()).map(|(at, _)| at);
    let kept = all.iter().enumerate().filter(|(at, pair)| pair.0 != own || mine == Some(*at));
    let text: Vec<_> = kept.map(|(_, (name, value))| format!("{name}={value}")).collect();
    HeaderValue::from_bytes(text.join("; ").as_bytes()).ok()
}

pub(in crate::web) fn cookie_name(app: &App) -> String {
    format!("{}portero_form", app.config().cookie_prefix())
}

/// Returns the CSRF value for a signed-out form: the present one while it is at most half of [`FORM_LIFE`] old, so that two tabs do
/// not spoil each other's forms; otherwise a new one.
pub(in crate::web) fn form_value(browser: &BrowserSession, now: UnixTime) -> String {
    if let Ok(Some(form)) = browser.get::<FormValue>(FORM)
        && is_recent(&form, FORM_LIFE / 2, now)
    {
        return form.value;
    }
    let form = FormValue { value: Uuid::new_v4().to_string(), made_at: now.0 };
    if let Err(error) = browser.insert(FORM, &form) {
        // The form will be shown again as expired: nothing is lost, but the operator should know.
        tracing::error!(event = "form_value_failed", error = %error);
    }
    form.value
}

/// Whether a signed-out form came back in time with the value that it was given.
pub(in crate::web) fn form_is_ours(browser: &BrowserSession, shown: &str, now: UnixTime) -> bool {
    browser.get::<FormValue>(FORM).ok().flatten().is_some_and(|form| {
        is_recent(&form, FORM_LIFE, now)
            && aws_lc_rs::constant_time::verify_slices_are_equal(form.value.as_bytes(), shown.as_bytes()).is_ok()
    })
}

fn is_recent(form: &FormValue, life: i64, now: UnixTime) -> bool {
    (0..=life).contains(&now.since(UnixTime(form.made_at)))
}

pub(in crate::web) fn set_flash(browser: &BrowserSession, flash: &Flash) {
    if let Err(error) = browser.insert(FLASH, flash) {
        tracing::error!(event = "flash_failed", error = %error);
    }
}

/// Leaves these notices for the next page, beside any that no page has shown yet.
pub(in crate::web) fn add_notices(browser: &BrowserSession, notices: Vec<Notice>) {
    let mut all: Vec<Notice> = browser.get(NOTICES).ok().flatten().unwrap_or_default();
    all.extend(notices);
    all.truncate(MOST_NOTICES);
    if let Err(error) = browser.insert(NOTICES, all) {
        tracing::error!(event = "flash_failed", error = %error);
    }
}

/// Takes the notices out of the session, so that each is shown once.
pub(in crate::web) fn take_notices(browser: &BrowserSession) -> Vec<Notice> {
    browser.remove_as::<Vec<Notice>>(NOTICES).and_then(Result::ok).unwrap_or_default()
}

/// When this browser gave wrong passwords for this name.
pub(in crate::web) fn typos(browser: &BrowserSession, name: NameKey) -> Vec<UnixTime> {
    let kept = browser.get::<Typos>(TYPOS).ok().flatten().filter(|kept| kept.name == typo_name(name));
    kept.map(|kept| kept.at.into_iter().map(UnixTime).collect()).unwrap_or_default()
}

/// Remembers that this browser gave a wrong password for this name. Those for another name are forgotten.
pub(in crate::web) fn note_typo(browser: &BrowserSession, name: NameKey, now: UnixTime) {
    let mut at: Vec<_> = typos(browser, name).into_iter().map(|at| at.0).chain([now.0]).collect();
    at.drain(..at.len().saturating_sub(MOST_TYPOS));
    if let Err(error) = browser.insert(TYPOS, Typos { name: typo_name(name), at }) {
        tracing::error!(event = "flash_failed", error = %error);
    }
}

fn typo_name(name: NameKey) -> String {
    format!("{:x}", name.0)
}

/// Keeps what a right password has left, until the second factor comes. In the place of any other.
pub(in crate::web) fn set_attempt(browser: &BrowserSession, attempt: &WaitingAttempt) -> Result<(), Error> {
    browser.insert(ATTEMPT, attempt).map_err(|error| Error::Internal(error.to_string()))
}

/// What a right password has left in this browser; nothing says that it can still be used.
pub(in crate::web) fn attempt(browser: &BrowserSession) -> Option<WaitingAttempt> {
    browser.get(ATTEMPT).ok().flatten()
}

pub(in crate::web) fn forget_attempt(browser: &BrowserSession) {
    browser.remove(ATTEMPT);
}

/// Keeps the secret of a link by which to set up a second factor, until its person has signed in and done so.
pub(in crate::web) fn set_enrolment_link(browser: &BrowserSession, token: &str) -> Result<(), Error> {
    browser.insert(ENROLMENT, token).map_err(|error| Error::Internal(error.to_string()))
}

/// The secret of the link that was opened in this browser; nothing says whose it is, or that it can still be used.
pub(in crate::web) fn enrolment_link(browser: &BrowserSession) -> Option<String> {
    browser.get(ENROLMENT).ok().flatten()
}

pub(in crate::web) fn forget_enrolment_link(browser: &BrowserSession) {
    browser.remove(ENROLMENT);
}

/// Takes the message out of the session, so that it is shown once.
pub(in crate::web) fn take_flash(browser: &BrowserSession) -> Option<Flash> {
    browser.remove_as::<Flash>(FLASH)?.ok()
}
