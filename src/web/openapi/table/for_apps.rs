//! For apps, with their credentials or a token that they were given.

use crate::web::http::app_request::Fields;
use crate::web::openapi::access::Access;
use crate::web::openapi::operation::{Operation, get, post};
use crate::web::openapi::standards::{Claims, Introspected, Jwks, ProviderMetadata};
use crate::web::rooms::openid::{token, userinfo};
use crate::web::rooms::programs::status_list::StatusLists;

/// With a bad token there is a body, too: the error of the challenge.
const NO_TOKEN: &str = "No token, or none that is good. `WWW-Authenticate` says which. (RFC 6750 §3)";
const JWKS: &str = "application/jwk-set+json";

pub(in crate::web::openapi) fn operations() -> Vec<Operation> {
    vec![
        post("/introspect", "introspect", "Whether a token may act at this moment (RFC 7662)")
            .by(Access::APP)
            .takes_form::<Fields>()
            .answers::<Introspected>(200, "What there is to know of it; of a token that is not good, only that.")
            .for_apps(),
        post("/revoke", "revoke", "Have a token refused (RFC 7009)")
            .by(Access::NAMED_APP)
            .takes_form::<Fields>()
            .answers_nothing(200, "It is refused from now on, or was no good anyway.")
            .for_apps(),
        post("/token", "token", "Redeem a code or a refresh token (OpenID Connect)")
            .by(Access::NAMED_APP)
            .takes_form::<token::Fields>()
            .answers::<token::TokensShown>(200, "Tokens of an app, and who has signed in.")
            .for_apps(),
        get("/userinfo", "userinfo", "Who has signed in at an app (OpenID Connect)")
            .by(Access::APPS_TOKEN)
            .answers::<Claims>(200, "What the app may know.")
            .answers_nothing(401, NO_TOKEN)
            .for_apps(),
        post("/userinfo", "userinfo_by_form", "The same, with the token in a form")
            .by(Access::APPS_TOKEN)
            .may_take_form::<userinfo::Fields>()
            .answers::<Claims>(200, "What the app may know.")
            .answers_nothing(401, NO_TOKEN)
            .for_apps(),
        get("/.well-known/openid-configuration", "openid_configuration", "Where an app finds what (OpenID Connect)")
            .answers::<ProviderMetadata>(200, "Addresses, and what there is.")
            .headers(&["Cache-Control"])
            .errors(&[404])
            .for_apps(),
        get("/.well-known/oauth-authorization-server", "oauth_metadata", "The same by the name of OAuth (RFC 8414)")
            .answers::<ProviderMetadata>(200, "Addresses, and what there is.")
            .headers(&["Cache-Control"])
            .errors(&[404])
            .for_apps(),
        get("/.well-known/jwks.json", "jwks", "The public keys of Portero’s tokens (RFC 7517)")
            .answers_as::<Jwks>(JWKS, "Empty while the keys are shared secrets.")
            .headers(&["Cache-Control"])
            .for_apps(),
        get(
            "/.well-known/portero/apps.jwks.json",
            "apps_jwks",
            "The public keys of what is signed for apps (RFC 7517)",
        )
        .answers_as::<Jwks>(JWKS, "Empty until an app needs one.")
        .headers(&["Cache-Control"])
        .for_apps(),
        get("/status-lists", "status_lists", "The addresses of all status lists")
            .answers::<StatusLists>(200, "One address for each list.")
            .headers(&["Cache-Control"])
            .errors(&[404])
            .for_apps(),
        get("/status-lists/{name}", "status_list", "Which sessions have ended, as a signed list (Token Status List)")
            .answers_text(&["application/statuslist+jwt"], "A signed list.")
            .headers(&["ETag", "Cache-Control"])
            .answers_nothing(304, "It is what `If-None-Match` names.")
            .headers(&["ETag", "Cache-Control"])
            .answers_nothing(501, "The query has `time`: older states are not kept.")
            .for_apps(),
    ]
}
