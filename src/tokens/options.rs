//! The options of the token engine as plain values, each under the name that flask-jwt-extended gives it. Where they come from
//! and whether they fit together is for `config` to settle; nothing here reads a file or the environment.

use std::fmt;

use super::algorithm::Algorithm;
use crate::domain::spelled;

/// How tokens are made, carried and checked. The defaults are flask-jwt-extended's, not the server's (`config` sets those).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// `JWT_ACCESS_TOKEN_EXPIRES`: lifetime of access tokens. Default: 15 minutes.
    pub access_token_expires: Lifetime,
    /// `JWT_REFRESH_TOKEN_EXPIRES`: lifetime of refresh tokens. Default: 30 days.
    pub refresh_token_expires: Lifetime,
    /// `JWT_ALGORITHM`: the algorithm of the key that signs new tokens, which is always accepted. Default: HS256.
    pub algorithm: Algorithm,
    /// `JWT_DECODE_ALGORITHMS`: the algorithms accepted besides, each only with a key of its own kind. Default: none.
    pub decode_algorithms: Vec<Algorithm>,
    /// `JWT_DECODE_LEEWAY`: seconds tolerated on `exp`, `nbf` and `iat`. Default: 0.
    pub decode_leeway: i64,
    /// `JWT_DECODE_ISSUER`: the `iss` that a token must have. Default: none, `iss` is not checked.
    pub decode_issuer: Option<String>,
    /// `JWT_ENCODE_ISSUER`: the `iss` of new tokens. Default: none.
    pub encode_issuer: Option<String>,
    /// `JWT_DECODE_AUDIENCE`: one of these must be in a token's `aud`. Default: empty, `aud` is not checked.
    pub decode_audience: Vec<String>,
    /// `JWT_ENCODE_AUDIENCE`: the `aud` of new tokens. Default: empty, no `aud`.
    pub encode_audience: Vec<String>,
    /// `JWT_ENCODE_NBF`: whether new tokens have `nbf` (equal to `iat`). Default: true.
    pub encode_nbf: bool,
    /// `JWT_ERROR_MESSAGE_KEY`: the key of the text in error bodies. Default: `msg`.
    pub error_message_key: String,
    /// The key of the machine-readable [`Fault::code`](super::Fault::code) in error bodies. Portero's own, not the library's.
    /// Default: none, the code is left out.
    pub error_code_key: Option<String>,
    /// `JWT_IDENTITY_CLAIM`: the claim that says whose token it is. Default: `sub`.
    pub identity_claim: String,
    /// `JWT_VERIFY_SUB`: refuse tokens whose `sub` is not a string. Default: true.
    pub verify_sub: bool,

    /// `JWT_TOKEN_LOCATION`: where a token is looked for, in this order. Default: headers only.
    pub token_location: Vec<Location>,
    /// `JWT_HEADER_NAME`: the request header that carries a token. Default: `Authorization`.
    pub header_name: String,
    /// `JWT_HEADER_TYPE`: the word before the token, in which case matters; if empty, the header is the bare token. Default:
    /// `Bearer`.
    pub header_type: String,

    /// `JWT_ACCESS_COOKIE_NAME`. Default: `access_token_cookie`.
    pub access_cookie_name: String,
    /// `JWT_REFRESH_COOKIE_NAME`. Default: `refresh_token_cookie`.
    pub refresh_cookie_name: String,
    /// `JWT_ACCESS_COOKIE_PATH`. Default: `/`.
    pub access_cookie_path: String,
    /// `JWT_REFRESH_COOKIE_PATH`. Default: `/`.
    pub refresh_cookie_path: String,
    /// `JWT_COOKIE_CSRF_PROTECT`: put `csrf` into every token, demand its value on cookie requests, set the CSRF cookies.
    /// Default: true.
    pub cookie_csrf_protect: bool,
    /// `JWT_COOKIE_DOMAIN`: `Domain` of the access token's two cookies, without a leading dot. Default: none, this host only.
    /// Unlike in the library, the refresh token's cookies are for this host only in any case.
    pub cookie_domain: Option<String>,
    /// `JWT_COOKIE_SAMESITE`. Default: none, the attribute is left out.
    pub cookie_samesite: Option<SameSite>,
    /// `JWT_COOKIE_SECURE`: `Secure` on all four cookies. Default: false.
    pub cookie_secure: bool,
    /// `JWT_SESSION_COOKIE`: whether cookies end with the browser's session (true) or are kept (false). `None`: "keep me signed
    /// in" decides for each session. Default: true.
    pub session_cookie: Option<bool>,

    /// `JWT_CSRF_IN_COOKIES`: set the readable CSRF cookies. Default: true.
    pub csrf_in_cookies: bool,
    /// `JWT_CSRF_METHODS`: methods for which the CSRF value is demanded. Default: POST, PUT, PATCH, DELETE.
    pub csrf_methods: Vec<String>,
    /// `JWT_CSRF_CHECK_FORM`: look for the value in the form when the header has none. Default: false.
    pub csrf_check_form: bool,
    /// `JWT_ACCESS_CSRF_COOKIE_NAME`. Default: `csrf_access_token`.
    pub access_csrf_cookie_name: String,
    /// `JWT_REFRESH_CSRF_COOKIE_NAME`. Default: `csrf_refresh_token`.
    pub refresh_csrf_cookie_name: String,
    /// `JWT_ACCESS_CSRF_COOKIE_PATH`. Default: `/`.
    pub access_csrf_cookie_path: String,
    /// `JWT_REFRESH_CSRF_COOKIE_PATH`. Default: `/`.
    pub refresh_csrf_cookie_path: String,
    /// `JWT_ACCESS_CSRF_HEADER_NAME`. Default: `X-CSRF-TOKEN`.
    pub access_csrf_header_name: String,
    /// `JWT_REFRESH_CSRF_HEADER_NAME`. Default: `X-CSRF-TOKEN`, the same as for access tokens.
    pub refresh_csrf_header_name: String,
    /// `JWT_ACCESS_CSRF_FIELD_NAME`. Default: `csrf_token`.
    pub access_csrf_field_name: String,
    /// `JWT_REFRESH_CSRF_FIELD_NAME`. Default: `csrf_token`.
    pub refresh_csrf_field_name: String,

    /// `JWT_QUERY_STRING_NAME`: the parameter that carries a token. Default: `jwt`.
    pub query_string_name: String,
    /// `JWT_QUERY_STRING_VALUE_PREFIX`: the text before the token in that parameter. Default: empty.
    pub query_string_value_prefix: String,
    /// `JWT_JSON_KEY`: the member of a JSON body that carries an access token. Default: `access_token`.
    pub json_key: String,
    /// `JWT_REFRESH_JSON_KEY`: the same for a refresh token. Default: `refresh_token`.
    pub refresh_json_key: String,
}

impl Options {
    /// Whether tokens signed by this algorithm may be accepted.
    pub fn accepts(&self, algorithm: Algorithm) -> bool {
        algorithm == self.algorithm || self.decode_algorithms.contains(&algorithm)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            access_token_expires: Lifetime::Seconds(15 * 60),
            refresh_token_expires: Lifetime::Seconds(30 * 24 * 60 * 60),
            algorithm: Algorithm::HS256,
            decode_algorithms: Vec::new(),
            decode_leeway: 0,
            decode_issuer: None,
            encode_issuer: None,
            decode_audience: Vec::new(),
            encode_audience: Vec::new(),
            encode_nbf: true,
            error_message_key: "msg".into(),
            error_code_key: None,
            identity_claim: "sub".into(),
            verify_sub: true,
            token_location: vec![Location::Headers],
            header_name: "Authorization".into(),
            header_type: "Bearer".into(),
            access_cookie_name: "access_token_cookie".into(),
            refresh_cookie_name: "refresh_token_cookie".into(),
            access_cookie_path: "/".into(),
            refresh_cookie_path: "/".into(),
            cookie_csrf_protect: true,
            cookie_domain: None,
            cookie_samesite: None,
            cookie_secure: false,
            session_cookie: Some(true),
            csrf_in_cookies: true,
            csrf_methods: ["POST", "PUT", "PATCH", "DELETE"].map(String::from).to_vec(),
            csrf_check_form: false,
            access_csrf_cookie_name: "csrf_access_token".into(),
            refresh_csrf_cookie_name: "csrf_refresh_token".into(),
            access_csrf_cookie_path: "/".into(),
            refresh_csrf_cookie_path: "/".into(),
            access_csrf_header_name: "X-CSRF-TOKEN".into(),
            refresh_csrf_header_name: "X-CSRF-TOKEN".into(),
            access_csrf_field_name: "csrf_token".into(),
            refresh_csrf_field_name: "csrf_token".into(),
            query_string_name: "jwt".into(),
            query_string_value_prefix: String::new(),
            json_key: "access_token".into(),
            refresh_json_key: "refresh_token".into(),
        }
    }
}

/// How long a token lives after it was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// A number of seconds, at least 1. Zero is no lifetime here, though to flask-jwt-extended it means "never expires".
    Seconds(i64),
    /// No limit: the token has no `exp`. A token of a Portero session still ends with its session.
    Never,
}

impl Lifetime {
    /// The lifetime in seconds. `None`: [`Never`](Self::Never).
    pub fn seconds(self) -> Option<i64> {
        match self {
            Self::Seconds(seconds) => Some(seconds),
            Self::Never => None,
        }
    }
}

/// Where a request may carry a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// The header named by `JWT_HEADER_NAME`.
    Headers,
    /// The cookie for the token's type.
    Cookies,
    /// The query parameter named by `JWT_QUERY_STRING_NAME`.
    QueryString,
    /// A member of a JSON body, named by `JWT_JSON_KEY` or `JWT_REFRESH_JSON_KEY`.
    Json,
}

spelled!(Location { Headers = "headers", Cookies = "cookies", QueryString = "query_string", Json = "json" });

/// The cookie attribute `SameSite`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// The cookie is sent only with requests from this site's own pages.
    Strict,
    /// It is also sent when somebody follows a link from elsewhere.
    Lax,
    /// It is always sent; browsers want `Secure` beside it.
    None,
}

spelled!(SameSite { Strict = "Strict", Lax = "Lax", None = "None" });

/// Secret bytes: a key or the pepper. Their `Debug` shows nothing, and they have no `==`.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Wraps the bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes themselves. Only code that signs, verifies or hashes should ask for them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_reads_back() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::parse(algorithm.as_str()), Some(*algorithm));
        }
        for location in Location::ALL {
            assert_eq!(Location::parse(location.as_str()), Some(*location));
        }
        assert_eq!(Algorithm::parse("none"), None);
    }

    #[test]
    fn a_secret_does_not_tell_itself() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(hidden)");
    }
}
