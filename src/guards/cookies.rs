//! The four cookies: the two tokens, and beside each the CSRF value that scripts may read.
//! (`set_access_cookies`, `set_refresh_cookies`, `unset_jwt_cookies`)

use actix_web::HttpResponse;
use actix_web::body::MessageBody;
use actix_web::cookie::time::{Duration, OffsetDateTime};
use actix_web::cookie::{Cookie, SameSite as CookieSameSite};
use actix_web::dev::ResponseHead;
use actix_web::http::header::{HeaderValue, SET_COOKIE};

use super::hooks::Hooks;
use super::new_cookies::{NewCookies, TokenCookie};
use crate::domain::{TokenType, UnixTime};
use crate::tokens::options::{Options, SameSite};
use crate::tokens::{Claims, Fault};

impl NewCookies {
    /// Makes cookies of signed tokens, which have to be good ones. `kept`: whether the cookies outlive the browser's session; it
    /// counts only if the options leave that open (`session_cookie` is `None`).
    pub fn from_tokens(hooks: &dyn Hooks, access: String, refresh: Option<String>, kept: bool) -> Result<Self, Fault> {
        let read = |text: String| {
            let claims = hooks.decode(&text, None)?;
            let expires_at = claims.expires_at.unwrap_or_else(|| hooks.now().plus(FOUR_HUNDRED_DAYS));
            let csrf = csrf_value(hooks.engine().options(), &claims)?.to_owned();
            Ok::<_, Fault>(TokenCookie { text, expires_at, csrf })
        };
        Ok(Self { access: read(access)?, refresh: refresh.map(read).transpose()?, kept })
    }
}

/// The names and paths of the two cookies for one type of token.
pub struct Names<'a> {
    /// Name of the cookie with the token.
    pub token: &'a str,
    /// Path of that cookie.
    pub path: &'a str,
    /// Name of the cookie with the token's CSRF value.
    pub csrf: &'a str,
    /// Path of that cookie.
    pub csrf_path: &'a str,
}

/// Returns the names and paths that the options give for this type of token.
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

/// What one call sets otherwise than the options say.
#[derive(Clone, Debug, Default)]
pub struct PerCall {
    /// For how many seconds the browser keeps the cookies. `None`: as long as the token lives if `session_cookie` is
    /// `Some(false)`, otherwise until the browser is closed. Removing cookies ignores it.
    pub max_age: Option<i64>,
    /// `Domain` of the cookies. `None`: the options' for an access token, no domain for a refresh token.
    pub domain: Option<String>,
}

/// Sets an access token's cookies on an answer, including that of its CSRF value. The token has to be a good one.
/// (`set_access_cookies`)
pub fn set_access_cookies(
    hooks: &dyn Hooks,
    head: &mut ResponseHead,
    token: &str,
    call: &PerCall,
) -> Result<(), Fault> {
    set_encoded(hooks, head, TokenType::Access, token, call)
}

/// The same for a refresh token. (`set_refresh_cookies`)
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
    let csrf = csrf_value(options, &claims)?;
    // A token without `exp` is kept for as long as browsers keep any cookie.
    let left = claims.expires_at.map_or(FOUR_HUNDRED_DAYS, |end| end.since(hooks.now()));
    let kept = (options.session_cookie == Some(false)).then_some(left);
    let attributes = CookieAttributes { token_type, max_age: call.max_age.or(kept), domain: call.domain.as_deref() };
    set_cookies(options, head, &attributes, token, csrf);
    Ok(())
}

/// What stands in the token's CSRF cookie, if the options ask for one. Two tokens have two values, unless their claims were given one.
fn csrf_value<'a>(options: &Options, claims: &'a Claims) -> Result<&'a str, Fault> {
    match (csrf_cookies(options), &claims.csrf) {
        (false, _) => Ok(""),
        (true, Some(csrf)) => Ok(csrf),
        (true, None) => Err(Fault::missing_claim("csrf")),
    }
}

/// The longest that browsers keep a cookie, in seconds. (draft-ietf-httpbis-rfc6265bis §5.5)
const FOUR_HUNDRED_DAYS: i64 = 400 * 24 * 60 * 60;

/// Removes an access token's cookies. (`unset_access_cookies`)
pub fn unset_access_cookies(hooks: &dyn Hooks, head: &mut ResponseHead, call: &PerCall) {
    remove_cookies(hooks.engine().options(), head, TokenType::Access, call);
}

/// Removes a refresh token's cookies. (`unset_refresh_cookies`)
pub fn unset_refresh_cookies(hooks: &dyn Hooks, head: &mut ResponseHead, call: &PerCall) {
    remove_cookies(hooks.engine().options(), head, TokenType::Refresh, call);
}

/// Removes all four cookies. (`unset_jwt_cookies`)
pub fn unset_jwt_cookies(hooks: &dyn Hooks, head: &mut ResponseHead, call: &PerCall) {
    unset_access_cookies(hooks, head, call);
    unset_refresh_cookies(hooks, head, call);
}

/// Sets a session's new cookies on an answer.
pub fn set(options: &Options, head: &mut ResponseHead, new: &NewCookies, now: UnixTime) {
    set_access(options, head, new, now);
    set_refresh(options, head, new, now);
}

/// Sets only the access token's two cookies.
pub fn set_access(options: &Options, head: &mut ResponseHead, new: &NewCookies, now: UnixTime) {
    set_one(options, head, TokenType::Access, &new.access, new, now);
}

/// Sets only the refresh token's two cookies, if there is a new refresh token.
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
    set_cookies(options, head, &CookieAttributes { token_type, max_age, domain: None }, &token.text, &token.csrf);
}

/// Which token's cookies, for how many seconds they are kept (`None`: until the browser is closed), and their domain if it is not
/// the options'.
struct CookieAttributes<'a> {
    token_type: TokenType,
    max_age: Option<i64>,
    domain: Option<&'a str>,
}

fn set_cookies(options: &Options, head: &mut ResponseHead, attributes: &CookieAttributes<'_>, token: &str, csrf: &str) {
    let max_age = attributes.max_age.map(|seconds| Duration::seconds(seconds.max(0)));
    for mut cookie in cookies(options, attributes, token, csrf) {
        cookie.set_max_age(max_age);
        add(head, cookie);
    }
}

fn remove_cookies(options: &Options, head: &mut ResponseHead, token_type: TokenType, call: &PerCall) {
    let attributes = CookieAttributes { token_type, max_age: None, domain: call.domain.as_deref() };
    for mut cookie in cookies(options, &attributes, "", "") {
        cookie.set_expires(OffsetDateTime::UNIX_EPOCH);
        add(head, cookie);
    }
}

fn csrf_cookies(options: &Options) -> bool {
    options.cookie_csrf_protect && options.csrf_in_cookies
}

/// The token's cookie and, if the options ask for it, that of its CSRF value.
fn cookies<'a>(
    options: &'a Options,
    attributes: &CookieAttributes<'a>,
    token: &'a str,
    csrf: &'a str,
) -> impl Iterator<Item = Cookie<'a>> {
    let names = names(options, attributes.token_type);
    let domain = attributes.domain.or_else(|| domain(options, attributes.token_type));
    let csrf = csrf_cookies(options).then(|| cookie(options, names.csrf, names.csrf_path, domain, csrf));
    let mut token = cookie(options, names.token, names.path, domain, token);
    token.set_http_only(true);
    [Some(token), csrf].into_iter().flatten()
}

/// Whether the answer already sets or removes the cookie for this type of token.
pub fn touched<B: MessageBody>(options: &Options, res: &HttpResponse<B>, token: TokenType) -> bool {
    let name = names(options, token).token;
    res.cookies().any(|cookie| cookie.name() == name)
}

/// The refresh token's cookies are for this host alone: apps on neighbouring hosts need access tokens only.
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
    // In Portero this can't fail: names, paths and domain were checked with the settings; tokens and UUIDs are ASCII.
    match HeaderValue::from_str(&cookie.to_string()) {
        Ok(value) => head.headers_mut().append(SET_COOKIE, value),
        Err(_) => {
            tracing::error!(event = "cookie_not_set", cookie = cookie.name(), "a cookie can't be written as a header")
        }
    }
}
