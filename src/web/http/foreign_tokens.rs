//! Where peers' tokens are observed, the log tells of each that was accepted and would not have been: so an operator sees who still comes
//! with tokens of another system before these are refused.

use actix_web::HttpRequest;

use super::client_address;
use super::request_id::route;
use crate::accounts::accept_token::observed;
use crate::blocklist::Standing;
use crate::tokens::Claims;
use crate::web::app::App;

/// To be called with a token that was accepted. One line a minute for each user and kind of token.
pub(in crate::web) fn tell_of_observed(app: &App, req: &HttpRequest, claims: &Claims, standing: &Standing) {
    let Some(refused_by) = observed(&app.accounts, claims) else { return };
    if !app.observed_tokens.is_due((standing.user, claims.token_type)) {
        return;
    }
    tracing::info!(
        event = "foreign_token_observed",
        user = standing.username.as_str(),
        token = claims.token_type.as_str(),
        path = route(req),
        ip = client_address::visitor(app, req).ip,
        refused_by,
    );
}
