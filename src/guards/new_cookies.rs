//! A session's new cookies, which are to be set on an answer.

use crate::domain::UnixTime;

/// A token for a cookie, and when it expires.
#[derive(Clone)]
pub struct TokenCookie {
    /// The signed token.
    pub text: String,
    /// When the token expires; a cookie that is kept ends with it. Without `exp`, [`NewCookies::from_tokens`] sets 400 days.
    pub expires_at: UnixTime,
    /// The token's CSRF value, which scripts may read in a cookie beside it.
    pub csrf: String,
}

/// A session's new cookies, which are to be set on an answer.
#[derive(Clone)]
pub struct NewCookies {
    /// The new access token.
    pub access: TokenCookie,
    /// The new refresh token. `None`: the old one stays.
    pub refresh: Option<TokenCookie>,
    /// "Keep me signed in": whether the cookies outlive the browser's session. Counts only if the options leave that open
    /// (`session_cookie` is `None`).
    pub kept: bool,
}
