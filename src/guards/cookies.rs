//! The four cookies: the two tokens, and beside each the CSRF value that scripts may read.
//! (`set_access_cookies`, `set_refresh_cookies`, `unset_jwt_cookies`)

use actix_web::HttpResponse;
use actix_web::body::MessageBody;
use actix_web::cookie::time::{Duration, OffsetDateTime};
use actix_web::cookie::{Cookie, SameSite as CookieSameSite};
use actix_web::dev::ResponseHead;
use actix_web::http::header::{HeaderValue, SET_COOKIE};

use super::Hooks;
use crate::domain::{TokenType, UnixTime};
use crate::tokens::Fault;
use crate::tokens::options::{Options, SameSite};

/// A token with its end, which becomes the cookie's.
#[derive(Clone)]
pub struct TokenCookie {
    /// As it is signed.
    pub text: String,
    /// Its `exp`.
    pub expires_at: UnixTime,
}

/// A session's cookies that are to be set.
#[derive(Clone)]
pub struct NewCookies {
    /// The new access token.
    pub access: TokenCookie,
    /// `None`: the refresh token stays as it is.
    pub refresh: Option<TokenCookie>,
    /// The value in both tokens.
    pub csrf: String,
    /// "Keep me signed in": whether the cookies outlive the browser's session, where the options leave that open.
    pub kept: bool,
}

impl NewCookies {
    /// From tokens as they are signed, which have to be good ones. `kept`: whether the cookies outlive the browser's session, where the
    /// options leave that open.
    pub fn from_tokens(hooks: &dyn Hooks, access: String, refresh: Option<String>, kept: bool) -> Result<Self, Fault> {
        let read = |text: String| {
            let claims = hooks.decode(&text, None)?;
            let expires_at = claims.expires_at.unwrap_or_else(|| hooks.now().plus(FOUR_HUNDRED_DAYS));
            Ok::<_, Fault>((TokenCookie { text, expires_at }, claims.csrf.clone()))
        };
        let (access, csrf) = read(access)?;
        let refresh = refresh.map(read).transpose()?.map(|(token, _)| token);
        Ok(Self { access, refresh, csrf: csrf.unwrap_or_default(), kept })
    }
}

/// The names and paths that go with one kind of token.
pub struct Names<'a> {
    /// Of the token's own cookie.
    pub token: &'a str,
    /// And its path.
    pub path: &'a str,
    /// Of the one with its CSRF value.
    pub csrf: &'a str,
    /// And its path.
    pub csrf_path: &'a str,
}

/// As the options have them.
pub fn names(options: &Options, token: TokenType) -> Names<'_> {
    match token {
        TokenType::Access => Names {
            token: &options.access_cookie_name,
            path: &options.access_cookie_path,
            csrf: &options.access_csrf_cookie_name,
            csrf_path: &options.access_csrf_cookie_path,
        },
        TokenType::Refresh => Names {
            token: &options.refresh_cookie_name,
            path: &options.refresh_cookie_path,
            csrf: &options.refresh_csrf_cookie_name,
            csrf_path: &options.refresh_csrf_cookie_path,
        },
    }
}

/// What a call wants otherwise than the options do.
#[derive(Clone, Debug, Default)]
pub struct PerCall {
    /// Seconds for which the browser is to keep the cookies. Default: as long as the token lives, or, where `session_cookie` says
    /// so, until it is closed.
    pub max_age: Option<i64>,
    /// Their `Domain`. Default: the options' for an access token, none for a refresh token.
    pub domain: Option<String>,
}

/// Sets an access token's cookies on an answer, the CSRF value's among them. The token has to be a good one.
/// (`set_access_cookies`)
pub fn set_access_cookies(
    hooks: &dyn Hooks,
    head: &mut ResponseHead,
    token: &str,
    call: &PerCall,
) -> Result<(), Fault> {
    set_encoded(hooks, head, TokenType::Access, token, call)
}

/// The same with a refresh token. (`set_refresh_cookies`)
pub fn set_refresh_cookies(
    hooks: &dyn Hooks,
    head: &mut ResponseHead,
    token: &str,
    call: &PerCall,
) -> Result<(), Fault> {
    set_encoded(hooks, head, TokenType::Refresh, token, call)
}

fn set_encoded(
    hooks: &dyn Hooks,
    head: &mut ResponseHead,
    token_type: TokenType,
    token: &str,
    call: &PerCall,
) -> Result<(), Fault> {
    let options = hooks.engine().options();
    let claims = hooks.decode(token, None)?;
    let csrf = match (csrf_cookies(options), &claims.csrf) {
        (false, _) => "",
        (true, Some(csrf)) => csrf,
        (true, None) => return Err(Fault::missing_claim("csrf")),
    };
    // Without an end of its own a token is kept for as long as browsers keep anything.
    let left = claims.expires_at.map_or(FOUR_HUNDRED_DAYS, |end| end.since(hooks.now()));
    let kept = (options.session_cookie == Some(false)).then_some(left);
    let place = Place { token_type, max_age: call.max_age.or(kept), domain: call.domain.as_deref() };
    put(options, head, &place, token, csrf);
    Ok(())
}

/// The most that browsers keep a cookie for. (draft-ietf-httpbis-rfc6265bis §5.5)
const FOUR_HUNDRED_DAYS: i64 = 400 * 24 * 60 * 60;

/// Removes an access token's cookies. (`unset_access_cookies`)
pub fn unset_access_cookies(hooks: &dyn Hooks, head: &mut ResponseHead, call: &PerCall) {
    take_away(hooks.engine().options(), head, TokenType::Access, call);
}

/// Removes a refresh token's cookies. (`unset_refresh_cookies`)
pub fn unset_refresh_cookies(hooks: &dyn Hooks, head: &mut ResponseHead, call: &PerCall) {
    take_away(hooks.engine().options(), head, TokenType::Refresh, call);
}

/// Removes all four. (`unset_jwt_cookies`)
pub fn unset_jwt_cookies(hooks: &dyn Hooks, head: &mut ResponseHead, call: &PerCall) {
    unset_access_cookies(hooks, head, call);
    unset_refresh_cookies(hooks, head, call);
}

/// Sets a session's new cookies on an answer.
pub fn set(options: &Options, head: &mut ResponseHead, new: &NewCookies, now: UnixTime) {
    set_access(options, head, new, now);
    set_refresh(options, head, new, now);
}

/// Only the access token's two.
pub fn set_access(options: &Options, head: &mut ResponseHead, new: &NewCookies, now: UnixTime) {
    set_one(options, head, TokenType::Access, &new.access, new, now);
}

/// Only the refresh token's two, if there is a new one.
pub fn set_refresh(options: &Options, head: &mut ResponseHead, new: &NewCookies, now: UnixTime) {
    if let Some(refresh) = &new.refresh {
        set_one(options, head, TokenType::Refresh, refresh, new, now);
    }
}

fn set_one(
    options: &Options,
    head: &mut ResponseHead,
    token_type: TokenType,
    token: &TokenCookie,
    new: &NewCookies,
    now: UnixTime,
) {
    let kept = options.session_cookie.map_or(new.kept, |ends_with_browser| !ends_with_browser);
    let max_age = kept.then(|| token.expires_at.since(now));
    put(options, head, &Place { token_type, max_age, domain: None }, &token.text, &new.csrf);
}

/// Whose cookies, how long they stay in seconds, and their domain where it is not the options'.
struct Place<'a> {
    token_type: TokenType,
    max_age: Option<i64>,
    domain: Option<&'a str>,
}

fn put(options: &Options, head: &mut ResponseHead, place: &Place<'_>, token: &str, csrf: &str) {
    let max_age = place.max_age.map(|seconds| Duration::seconds(seconds.max(0)));
    for mut cookie in cookies(options, place, token, csrf) {
        cookie.set_max_age(max_age);
        add(head, cookie);
    }
}

fn take_away(options: &Options, head: &mut ResponseHead, token_type: TokenType, call: &PerCall) {
    let place = Place { token_type, max_age: None, domain: call.domain.as_deref() };
    for mut cookie in cookies(options, &place, "", "") {
        cookie.set_expires(OffsetDateTime::UNIX_EPOCH);
        add(head, cookie);
    }
}

fn csrf_cookies(options: &Options) -> bool {
    options.cookie_csrf_protect && options.csrf_in_cookies
}

/// The token's cookie and, where there is one, its CSRF value's.
fn cookies<'a>(
    options: &'a Options,
    place: &Place<'a>,
    token: &'a str,
    csrf: &'a str,
) -> impl Iterator<Item = Cookie<'a>> {
    let names = names(options, place.token_type);
    let domain = place.domain.or_else(|| domain(options, place.token_type));
    let csrf = csrf_cookies(options).then(|| cookie(options, names.csrf, names.csrf_path, domain, csrf));
    let mut token = cookie(options, names.token, names.path, domain, token);
    token.set_http_only(true);
    [Some(token), csrf].into_iter().flatten()
}

/// Whether the answer sets or removes this token's cookie already.
pub fn touched<B: MessageBody>(options: &Options, res: &HttpResponse<B>, token: TokenType) -> bool {
    let name = names(options, token).token;
    res.cookies().any(|cookie| cookie.name() == name)
}

/// A refresh token is for this host alone: apps on its neighbours need access tokens only.
fn domain(options: &Options, token: TokenType) -> Option<&str> {
    match token {
        TokenType::Access => options.cookie_domain.as_deref(),
        TokenType::Refresh => None,
    }
}

fn cookie<'a>(options: &Options, name: &'a str, path: &'a str, domain: Option<&'a str>, value: &'a str) -> Cookie<'a> {
    let mut cookie = Cookie::build(name, value).path(path).secure(options.cookie_secure).finish();
    if let Some(domain) = domain {
        cookie.set_domain(domain);
    }
    if let Some(same_site) = options.cookie_samesite {
        cookie.set_same_site(match same_site {
            SameSite::Strict => CookieSameSite::Strict,
            SameSite::Lax => CookieSameSite::Lax,
            SameSite::None => CookieSameSite::None,
        });
    }
    cookie
}

fn add(head: &mut ResponseHead, cookie: Cookie<'_>) {
    // Names, paths and domain were checked with the settings; tokens and UUIDs are ASCII.
    match HeaderValue::from_str(&cookie.to_string()) {
        Ok(value) => head.headers_mut().append(SET_COOKIE, value),
        Err(_) => tracing::error!(cookie = cookie.name(), "a cookie can't be written as a header"),
    }
}
