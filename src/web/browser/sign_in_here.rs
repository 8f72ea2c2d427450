//! What a sign-in leaves in the browser.

use actix_web::{HttpRequest, HttpResponse};
use uuid::Uuid;

use super::browser_session::{self, BrowserSession, Notice};
use super::{device_cookie, language, token_cookies};
use crate::accounts::proof::sign_in_limits::Account;
use crate::accounts::sessions::sign_in::{News, SignedIn, Suspicion};
use crate::accounts::sessions::tokens::Pair;
use crate::domain::FactorChange;
use crate::web::app::App;
use crate::web::http::error::Error;
use crate::web::http::local_path::LocalPath;
use crate::web::http::replies::see_other;

/// Answers a sign-in to this account: leads on to `next`, and gives the browser the session's cookies and its device cookie. `device`: the
/// browser's id, if the sign-in has given it one.
pub(in crate::web) fn sign_in_here(
    app: &App,
    req: &HttpRequest,
    browser: &BrowserSession,
    next: &str,
    account: Account,
    device: Option<Uuid>,
    pair: Pair,
) -> Result<HttpResponse, Error> {
    let enrolment_link = browser_session::enrolment_link(browser);
    // What was planted or left in the browser before the sign-in has no say after it.
    browser.clear();
    // But for this: whoever uses it is asked whether it is theirs.
    if let Some(token) = enrolment_link {
        browser_session::set_enrolment_link(browser, &token)?;
    }
    let mut res = see_other(next);
    token_cookies::set(app, res.head_mut(), &token_cookies::from_pair(pair), app.now());
    device_cookie::set(app, req, &mut res, account, device)?;
    Ok(res)
}

/// Answers a sign-in by a form, whether it took one step or two: the same, and the person is told what has happened, in the language
/// that they once chose. `next`: where they wanted to go, if it is a path.
pub(in crate::web) fn finish(
    app: &App,
    req: &HttpRequest,
    browser: &BrowserSession,
    next: &str,
    done: SignedIn,
) -> Result<HttpResponse, Error> {
    let SignedIn { account, pair, locale, news, role, device } = done;
    let next = LocalPath::or_home(next, role);
    let mut res = sign_in_here(app, req, browser, next.as_str(), account, device, pair)?;
    tell(browser, news);
    let by_hand = language::by_hand(app, req);
    if let (None, Some(locale)) = (by_hand, locale) {
        let cookie = language::cookie(app, &locale);
        res.add_cookie(&cookie).map_err(|error| Error::Internal(error.to_string()))?;
    }
    Ok(res)
}

/// Tells a person who has just signed in what they should know, the worst first.
fn tell(browser: &BrowserSession, news: News) {
    let plain = |key: &str| Notice { key: key.into(), count: None, session: None, origin: None, name: None };
    let ends = news.suspicious_ends.into_iter().map(|end| {
        let key = match end.why {
            Suspicion::Reuse => "notice-reuse",
            Suspicion::Guessing => "notice-guessing",
        };
        Notice { session: end.sid, ..plain(key) }
    });
    let half =
        news.half_sign_in.map(|half| Notice { origin: Some((half.at, half.ip)), ..plain("notice-half-sign-in") });
    let factors = news.factor_change.map(|change| {
        let key = match change.what {
            FactorChange::Added => "notice-factor-added",
            FactorChange::Removed => "notice-factor-removed",
            FactorChange::Reset => "notice-factors-reset",
        };
        Notice { origin: Some((change.at, change.ip)), ..plain(key) }
    });
    let failed = (news.failed_attempts > 0)
        .then(|| Notice { count: Some(news.failed_attempts), ..plain("notice-failed-attempts") });
    let copied = news.copied_passkey.map(|name| Notice { name: Some(name), ..plain("notice-passkey-copied") });
    let notices: Vec<_> = ends.chain(copied).chain(half).chain(factors).chain(failed).collect();
    if !notices.is_empty() {
        browser_session::add_notices(browser, notices);
    }
}
