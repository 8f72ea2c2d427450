//! Refreshing explicitly: a long-lived refresh token gets new access tokens, which are not fresh.
//!
//!     cargo run --no-default-features --example refreshing_explicit
//!     curl -s -X POST localhost:8000/login
//!     curl -s -X POST localhost:8000/refresh -H "Authorization: Bearer $REFRESH_TOKEN"

use actix_web::error::ErrorInternalServerError;
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, HttpResponse, HttpServer};
use portero::guards::{Guard, Identity, SharedHooks, shared};
use portero::tokens::options::Options;
use portero::tokens::{Algorithm, Engine, Fresh, Key, NewToken};
use serde_json::json;

/// Signs everybody in as ana; `basic_usage` shows how to check a password.
async fn login(jwt: SharedHooks) -> Result<HttpResponse, actix_web::Error> {
    let access = jwt.create(NewToken::access("ana").fresh(Fresh::Yes)).map_err(ErrorInternalServerError)?;
    let refresh = jwt.create(NewToken::refresh("ana")).map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().json(json!({ "access_token": access, "refresh_token": refresh })))
}

async fn refresh(jwt: SharedHooks, Identity(name): Identity) -> Result<HttpResponse, actix_web::Error> {
    let access = jwt.create(NewToken::access(name)).map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().json(json!({ "access_token": access })))
}

async fn protected(Identity(name): Identity) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "logged_in_as": name }))
}

fn routes(config: &mut ServiceConfig) {
    config
        .route("/login", web::post().to(login))
        // This route accepts only refresh tokens, and it is the only one that does.
        .service(web::resource("/refresh").wrap(Guard::refresh()).route(web::post().to(refresh)))
        .service(web::resource("/protected").wrap(Guard::access()).route(web::get().to(protected)));
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A new key at each start: tokens from before are worth nothing then. A real app keeps its key.
    let jwt = shared(Engine::with_key(Options::default(), &Key::generate(Algorithm::HS256)?)?);
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8000".into());
    HttpServer::new(move || App::new().app_data(jwt.clone()).configure(routes)).bind(address)?.run().await?;
    Ok(())
}
