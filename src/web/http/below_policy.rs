//! What stays open to somebody of whom policy asks a second factor that they have not given: leaving, proving more, and setting one up.

use actix_web::HttpRequest;

use crate::config::SecondFactorPolicy;
use crate::tokens::Claims;
use crate::web::app::App;

/// The routes, by the patterns in `src/web/routes.rs`, whose guard lets such a session in. Those that read no token are open to anybody.
const STAY_OPEN: [&str; 15] = [
    "/logout",
    "/end-session",
    "/end-session/confirm",
    "/confirm",
    "/account/factors",
    "/account/factors/passkey",
    "/account/factors/totp",
    "/account/factors/totp/{id}/confirm",
    "/language",
    "/login",
    "/login/factor",
    "/link/{token}",
    "/setup/{token}",
    "/not-me/{token}",
    "/forgot-password",
];

pub(in crate::web) fn stays_open(req: &HttpRequest) -> bool {
    req.match_pattern().is_some_and(|pattern| pattern_stays_open(&pattern))
}

pub(in crate::web) fn pattern_stays_open(pattern: &str) -> bool {
    STAY_OPEN.contains(&pattern)
}

/// What policy asks here of whoever shows this token.
pub(in crate::web) fn policy_at(app: &App, req: &HttpRequest, claims: &Claims) -> SecondFactorPolicy {
    let policy = app.accounts.second_factor_policy(claims);
    // To find the pattern takes longer than all other questions of a check.
    if policy.asks_somebody() && stays_open(req) { SecondFactorPolicy::ASKS_NOBODY } else { policy }
}
