//! `POST /token`: an app redeems its code, or its refresh token. (RFC 6749 §4.1.3 and §6, OpenID Connect Core §3.1.3)

use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::accounts::apps::openid::claims::{self, ID_TOKEN_TYP};
use crate::accounts::apps::openid::redeem::{CodeShown, Given, redeem};
use crate::accounts::apps::openid::refresh::{Refreshed, refresh};
use crate::accounts::apps::openid::tokens::RefreshToken;
use crate::domain::Scopes;
use crate::web::app::App;
use crate::web::http::error::{AppFault, Error};
use crate::web::http::input::Input;
use crate::web::http::openid::caller::caller;
use crate::web::http::openid::cors;
use crate::web::http::openid::issuer::issuer;
use crate::web::pages::error_page::answer_to;

/// Unknown fields are ignored. (RFC 6749 §3.2)
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = TokenRequest)]
pub(in crate::web) struct Fields {
    grant_type: Option<String>,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
    refresh_token: Option<String>,
    scope: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
}

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    input: Result<Input, Error>,
) -> HttpResponse {
    let res = tokens(&app, &req, input).await.unwrap_or_else(|error| answer_to(&req, &error));
    cors::for_public_apps(&app, &req, res)
}

/// What a browser asks before it sends the call of a public app's script.
pub(in crate::web) async fn preflight(ThinData(app): ThinData<App>, req: HttpRequest) -> HttpResponse {
    cors::preflight(&app, &req, "POST")
}

async fn tokens(app: &App, req: &HttpRequest, input: Result<Input, Error>) -> Result<HttpResponse, Error> {
    let fields: Fields = Input::form_of_app(input)?;
    let issuer = issuer(app)?;
    let caller = caller(req, fields.client_id, fields.client_secret)?;
    let known = caller.clone();
    let found = app.read(move |conn| known.app(conn)).await?.ok_or(Error::App(AppFault::InvalidClient))?;
    // Before anything is used up: without a key, nothing could be given for it.
    let keys = app.keys_for_apps(found.rules.openid.algorithm)?;
    let needed =
        |field: Option<String>| field.filter(|text| !text.is_empty()).ok_or(Error::App(AppFault::InvalidRequest));
    let (given, is_first) = match needed(fields.grant_type)?.as_str() {
        "authorization_code" => {
            let shown = CodeShown {
                code: needed(fields.code)?,
                redirect_uri: needed(fields.redirect_uri)?,
                verifier: fields.code_verifier.filter(|verifier| !verifier.is_empty()),
            };
            let given = redeem(&app.accounts, caller, shown).everywhere().await?;
            (given.ok_or(Error::App(AppFault::InvalidGrant))?, true)
        }
        "refresh_token" => {
            let shown = RefreshToken::open(&app.accounts, &needed(fields.refresh_token)?);
            let shown = shown.ok_or(Error::App(AppFault::InvalidGrant))?;
            let scopes = fields.scope.filter(|scope| !scope.is_empty()).map(|scope| Scopes::parse(&scope));
            match refresh(&app.accounts, caller, shown, scopes).everywhere().await? {
                Refreshed::Given(given) => (*given, false),
                Refreshed::NotGood => return Err(Error::App(AppFault::InvalidGrant)),
                Refreshed::TooMuch => return Err(Error::App(AppFault::InvalidScope)),
            }
        }
        _ => return Err(Error::App(AppFault::UnsupportedGrantType)),
    };
    let claims = claims::id_token(&app.accounts, &issuer, &given, at_hash(&given.access), is_first);
    let id_token = app.sign_for_app(keys, ID_TOKEN_TYP, move || claims).await?;
    Ok(HttpResponse::Ok().json(told(given, id_token)))
}

/// What an app is given. (OpenID Connect Core §3.1.3.3)
#[derive(Serialize, ToSchema)]
#[schema(as = AppTokens)]
pub(in crate::web) struct TokensShown {
    access_token: String,
    token_type: &'static str,
    /// In seconds.
    expires_in: i64,
    /// Only for the scope `offline_access`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refresh_token: Option<String>,
    /// Separated by spaces.
    scope: String,
    #[schema(format = "jwt")]
    id_token: String,
}

fn told(given: Given, id_token: String) -> TokensShown {
    TokensShown {
        scope: given.scopes.to_string(),
        access_token: given.access,
        token_type: "Bearer",
        expires_in: given.life,
        refresh_token: given.refresh,
        id_token,
    }
}

/// The left half of the access token's hash, for either algorithm. (OpenID Connect Core §3.1.3.6)
fn at_hash(access: &str) -> String {
    let hash = digest(&SHA256, access.as_bytes());
    URL_SAFE_NO_PAD.encode(hash.as_ref().iter().take(16).copied().collect::<Vec<u8>>())
}
