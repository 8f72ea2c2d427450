//! The freshness pattern: a dangerous route wants a token from a recent sign-in, not one from a refresh.
//!
//!     cargo run --no-default-features --example freshness
//!     curl -s -X POST localhost:8000/login
//!     curl -s -X POST localhost:8000/change-password -H "Authorization: Bearer $ACCESS_TOKEN"

use actix_web::error::ErrorInternalServerError;
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, HttpResponse, HttpServer};
use portero::guards::{Guard, Identity, SharedHooks, shared};
use portero::tokens::options::Options;
use portero::tokens::{Algorithm, Engine, Fresh, Key, NewToken};
use serde_json::json;

/// For how many seconds a sign-in counts as fresh.
const FRESH_FOR: i64 = 300;

async fn login(jwt: SharedHooks) -> Result<HttpResponse, actix_web::Error> {
    let fresh = Fresh::until(jwt.now().plus(FRESH_FOR));
    let access = jwt.create(NewToken::access("ana").fresh(fresh)).map_err(ErrorInternalServerError)?;
    let refresh = jwt.create(NewToken::refresh("ana")).map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().json(json!({ "access_token": access, "refresh_token": refresh })))
}

/// The new token is not fresh, because nobody has proved again who they are.
async fn refresh(jwt: SharedHooks, Identity(name): Identity) -> Result<HttpResponse, actix_web::Error> {
    let access = jwt.create(NewToken::access(name)).map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().json(json!({ "access_token": access })))
}

async fn protected(Identity(name): Identity) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "logged_in_as": name }))
}

async fn change_password() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "msg": "password changed" }))
}

fn routes(config: &mut ServiceConfig) {
    config
        .route("/login", web::post().to(login))
        .service(web::resource("/refresh").wrap(Guard::refresh()).route(web::post().to(refresh)))
        .service(web::resource("/protected").wrap(Guard::access()).route(web::get().to(protected)))
        .service(
            web::resource("/change-password").wrap(Guard::access().fresh()).route(web::post().to(change_password)),
        );
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A new key at each start: tokens from before are worth nothing then. A real app keeps its key.
    let jwt = shared(Engine::with_key(Options::default(), &Key::generate(Algorithm::HS256)?)?);
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8000".into());
    HttpServer::new(move || App::new().app_data(jwt.clone()).configure(routes)).bind(address)?.run().await?;
    Ok(())
}
