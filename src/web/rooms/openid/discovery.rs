//! `GET /.well-known/openid-configuration`, and the same by OAuth's own name: where an app finds what, and what there is. (OpenID Connect
//! Discovery 1.0, RFC 8414)

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::ThinData;
use serde_json::{Value, json};

use crate::domain::{AppAlgorithm, Level, Scopes};
use crate::web::app::App;
use crate::web::http::error::Error;
use crate::web::http::openid::cors;
use crate::web::http::openid::issuer::issuer;

/// How long apps may keep the answer.
const CACHING: &str = "public, max-age=300";

pub(in crate::web) async fn show(ThinData(app): ThinData<App>) -> Result<HttpResponse, Error> {
    let res = HttpResponse::Ok().insert_header((CACHE_CONTROL, CACHING)).json(metadata(&issuer(&app)?));
    Ok(cors::for_all(res))
}

fn metadata(issuer: &str) -> Value {
    let at = |path: &str| format!("{issuer}{path}");
    let authenticated = ["client_secret_basic", "client_secret_post"];
    let may_be_public = ["client_secret_basic", "client_secret_post", "none"];
    json!({
        "issuer": issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/userinfo"),
        "jwks_uri": at("/.well-known/portero/apps.jwks.json"),
        "introspection_endpoint": at("/introspect"),
        "revocation_endpoint": at("/revoke"),
        "end_session_endpoint": at("/end-session"),
        "status_list_aggregation_endpoint": at("/status-lists"),
        "scopes_supported": Scopes::all().collect::<Vec<_>>(),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": AppAlgorithm::ALL,
        "token_endpoint_auth_methods_supported": may_be_public,
        "introspection_endpoint_auth_methods_supported": authenticated,
        "revocation_endpoint_auth_methods_supported": may_be_public,
        "code_challenge_methods_supported": ["S256"],
        "acr_values_supported": [Level::One.acr(), Level::Two.acr()],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "claim_types_supported": ["normal"],
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash", "preferred_username", "name", "locale",
            "email", "email_verified", "groups",
        ],
        "ui_locales_supported": ["en", "es"],
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        // Left out, it would mean that there is.
        "request_uri_parameter_supported": false,
        "authorization_response_iss_parameter_supported": true,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
    })
}
