//! A guard of one's own: a handler parameter that only an administrator's token satisfies.
//!
//!     cargo run --no-default-features --example role_guard
//!     curl -s localhost:8000/login -H 'Content-Type: application/json' -d '{"username":"ana"}'
//!     curl -s localhost:8000/admin -H "Authorization: Bearer $TOKEN"

use std::fmt;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::error::ErrorInternalServerError;
use actix_web::http::StatusCode;
use actix_web::web::{self, Json, ServiceConfig};
use actix_web::{App, FromRequest, HttpRequest, HttpResponse, HttpServer, ResponseError};
use portero::guards::{AccessToken, Caller, Guard, SharedHooks, shared};
use portero::tokens::options::Options;
use portero::tokens::{Algorithm, Engine, Key, NewToken};
use serde::Deserialize;
use serde_json::json;

/// An administrator's good access token. A handler that takes one can't forget the check.
struct Admin(Caller);

#[derive(Debug)]
struct NotAdmin;

impl fmt::Display for NotAdmin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Admins only!")
    }
}

impl ResponseError for NotAdmin {
    fn status_code(&self) -> StatusCode {
        StatusCode::FORBIDDEN
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::Forbidden().json(json!({ "msg": self.to_string() }))
    }
}

impl FromRequest for Admin {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let token = AccessToken::from_request(req, payload).into_inner();
        ready(token.and_then(|AccessToken(caller)| {
            let is_admin = caller.claims.all.get("is_administrator").is_some_and(|claim| claim == true);
            if is_admin { Ok(Self(caller)) } else { Err(NotAdmin.into()) }
        }))
    }
}

#[derive(Deserialize)]
struct Login {
    username: String,
}

async fn login(jwt: SharedHooks, Json(login): Json<Login>) -> Result<HttpResponse, actix_web::Error> {
    // The claim stays in the token until it expires. An app that must be able to take a role away at once looks it up instead
    // (see `current_user`).
    let is_administrator = login.username == "ana";
    let token = NewToken::access(login.username).claim("is_administrator", is_administrator);
    let token = jwt.create(token).map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().json(json!({ "access_token": token })))
}

async fn admin(Admin(caller): Admin) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "welcome": caller.claims.identity }))
}

fn routes(config: &mut ServiceConfig) {
    config
        .route("/login", web::post().to(login))
        .service(web::resource("/admin").wrap(Guard::access()).route(web::get().to(admin)));
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A new key at each start: tokens from before are worth nothing then. A real app keeps its key.
    let jwt = shared(Engine::with_key(Options::default(), &Key::generate(Algorithm::HS256)?)?);
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8000".into());
    HttpServer::new(move || App::new().app_data(jwt.clone()).configure(routes)).bind(address)?.run().await?;
    Ok(())
}
