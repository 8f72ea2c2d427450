//! `/userinfo`: what an app may know of whoever its access token is about, as things stand now. (OpenID Connect Core §5.3)

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::accounts::apps::openid::tokens::AccessToken;
use crate::accounts::apps::openid::{claims, holding};
use crate::domain::Scopes;
use crate::web::app::App;
use crate::web::http::error::Error;
use crate::web::http::input::Input;
use crate::web::http::openid::cors;
use crate::web::pages::error_page::answer_to;

#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = UserinfoRequest)]
pub(in crate::web) struct Fields {
    access_token: Option<String>,
}

/// Why nothing is told. (RFC 6750 §3)
enum Refused {
    NoToken,
    /// There are two tokens, or a form that can't be read.
    BadRequest,
    BadToken,
    NotForThis,
    Failed(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

pub(in crate::web) async fn show(ThinData(app): ThinData<App>, req: HttpRequest) -> HttpResponse {
    let told = match bearer(&req) {
        Ok(Some(token)) => about(&app, &token).await,
        Ok(None) => Err(Refused::NoToken),
        Err(refused) => Err(refused),
    };
    answered(&app, &req, told)
}

/// The same by POST, with the token in the header or in the form.
pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    input: Result<Input, Error>,
) -> HttpResponse {
    let in_form = match input.and_then(Input::only_form::<Fields>) {
        Ok(fields) => Ok(fields.access_token),
        // The token stands in it twice, say.
        Err(Error::BadInput(_)) => Err(Refused::BadRequest),
        // Without a form there is nothing to read in it.
        Err(_) => Ok(None),
    };
    let told = match (bearer(&req), in_form) {
        (Err(refused), _) | (_, Err(refused)) => Err(refused),
        (Ok(Some(_)), Ok(Some(_))) => Err(Refused::BadRequest),
        (Ok(Some(token)), Ok(None)) | (Ok(None), Ok(Some(token))) => about(&app, &token).await,
        (Ok(None), Ok(None)) => Err(Refused::NoToken),
    };
    answered(&app, &req, told)
}

/// What a browser asks before it sends the call of a public app's script.
pub(in crate::web) async fn preflight(ThinData(app): ThinData<App>, req: HttpRequest) -> HttpResponse {
    cors::preflight(&app, &req, "GET, POST")
}

fn bearer(req: &HttpRequest) -> Result<Option<String>, Refused> {
    let mut lines = req.headers().get_all(AUTHORIZATION);
    let Some(line) = lines.next() else { return Ok(None) };
    if lines.next().is_some() {
        return Err(Refused::BadRequest);
    }
    let shown = line.to_str().ok().and_then(|text| text.split_once(' '));
    match shown {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim().to_owned())),
        Some(_) | None => Ok(None),
    }
}

async fn about(app: &App, shown: &str) -> Result<HttpResponse, Refused> {
    let now = app.now();
    let token =
        AccessToken::open(&app.accounts, shown).filter(|token| token.expires_at > now).ok_or(Refused::BadToken)?;
    if !token.scopes.include(Scopes::OPENID) {
        return Err(Refused::NotForThis);
    }
    let accounts = Arc::clone(&app.accounts);
    let found = app.read(move |conn| holding::find(&accounts, conn, token.grant, now)).await?;
    let holding = found.ok_or(Refused::BadToken)?;
    Ok(HttpResponse::Ok().json(claims::userinfo(&holding, token.scopes)))
}

fn answered(app: &App, req: &HttpRequest, told: Result<HttpResponse, Refused>) -> HttpResponse {
    let refused = |status, error: &str| {
        let challenge = HeaderValue::from_str(&format!("Bearer realm=\"portero\", error=\"{error}\""));
        let mut res = HttpResponse::build(status).json(json!({ "error": error }));
        if let Ok(challenge) = challenge {
            res.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        res
    };
    let res = match told {
        Ok(res) => res,
        // Whoever shows nothing is told only what to show.
        Err(Refused::NoToken) => {
            let challenge = HeaderValue::from_static("Bearer realm=\"portero\"");
            HttpResponse::Unauthorized().insert_header((WWW_AUTHENTICATE, challenge)).finish()
        }
        Err(Refused::BadRequest) => refused(StatusCode::BAD_REQUEST, "invalid_request"),
        Err(Refused::BadToken) => refused(StatusCode::UNAUTHORIZED, "invalid_token"),
        Err(Refused::NotForThis) => refused(StatusCode::FORBIDDEN, "insufficient_scope"),
        Err(Refused::Failed(error)) => answer_to(req, &error),
    };
    cors::for_public_apps(app, req, res)
}
