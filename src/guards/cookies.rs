//! The four cookies: the two tokens, and beside each the CSRF value that scripts may read.
//! (`set_access_cookies`, `set_refresh_cookies`, `unset_jwt_cookies`)

use actix_web::HttpResponse;
use actix_web::body::MessageBody;
use actix_web::cookie::time::{Duration, OffsetDateTime};
use actix_web::cookie::{Cookie, SameSite as CookieSameSite};
use actix_web::dev::ResponseHead;
use actix_web::http::header::{HeaderValue, SET_COOKIE};

use crate::domain::{TokenType, UnixTime};
use crate::tokens::options::{Options, SameSite};

/// A token with its end, which becomes the cookie's.
#[derive(Clone)]
pub struct TokenCookie {
    pub text: String,
    pub expires_at: UnixTime,
}

/// What is to be set.
#[derive(Clone)]
pub struct NewCookies {
    pub access: TokenCookie,
    /// `None`: the refresh token stays as it is.
    pub refresh: Option<TokenCookie>,
    pub csrf: String,
    /// "Keep me signed in": whether the cookies outlive the browser's session, where the options leave that open.
    pub kept: bool,
}

/// The names and paths that go with one kind of token.
pub struct Names<'a> {
    pub token: &'a str,
    pub path: &'a str,
    pub csrf: &'a str,
    pub csrf_path: &'a str,
}

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

/// Sets the cookies on an answer.
pub fn set(options: &Options, head: &mut ResponseHead, new: &NewCookies, now: UnixTime) {
    set_access(options, head, new, now);
    set_refresh(options, head, new, now);
}

/// Only the access token's two. (`set_access_cookies`)
pub fn set_access(options: &Options, head: &mut ResponseHead, new: &NewCookies, now: UnixTime) {
    set_one(options, head, TokenType::Access, &new.access, new, now);
}

/// Only the refresh token's two, if there is a new one. (`set_refresh_cookies`)
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
    let names = names(options, token_type);
    let max_age = kept.then(|| Duration::seconds(token.expires_at.since(now).max(0)));
    let domain = domain(options, token_type);
    add(head, cookie(options, names.token, names.path, domain, &token.text, true, max_age));
    if options.cookie_csrf_protect && options.csrf_in_cookies {
        add(head, cookie(options, names.csrf, names.csrf_path, domain, &new.csrf, false, max_age));
    }
}

/// Removes all four from the browser.
pub fn unset(options: &Options, head: &mut ResponseHead) {
    for token_type in [TokenType::Access, TokenType::Refresh] {
        let names = names(options, token_type);
        let domain = domain(options, token_type);
        let mut gone = vec![cookie(options, names.token, names.path, domain, "", true, None)];
        if options.cookie_csrf_protect && options.csrf_in_cookies {
            gone.push(cookie(options, names.csrf, names.csrf_path, domain, "", false, None));
        }
        for mut cookie in gone {
            cookie.set_expires(OffsetDateTime::UNIX_EPOCH);
            add(head, cookie);
        }
    }
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

fn cookie<'a>(
    options: &Options,
    name: &'a str,
    path: &'a str,
    domain: Option<&'a str>,
    value: &'a str,
    http_only: bool,
    max_age: Option<Duration>,
) -> Cookie<'a> {
    let mut cookie = Cookie::build(name, value).path(path).http_only(http_only).secure(options.cookie_secure).finish();
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
    if let Some(max_age) = max_age {
        cookie.set_max_age(max_age);
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
