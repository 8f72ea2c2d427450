//! A route that is open to everybody and greets by name whoever shows a token. A bad token is still refused: only its absence is
//! forgiven.
//!
//!     cargo run --no-default-features --example optional
//!     curl -s localhost:8000/greeting
//!     curl -s localhost:8000/greeting -H "Authorization: Bearer $(curl -s -X POST localhost:8000/login)"

use actix_web::error::ErrorInternalServerError;
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, HttpResponse, HttpServer};
use portero::guards::{Guard, Identity, SharedHooks, shared};
use portero::tokens::options::Options;
use portero::tokens::{Algorithm, Engine, Key, NewToken};
use serde_json::json;

async fn login(jwt: SharedHooks) -> Result<String, actix_web::Error> {
    jwt.create(NewToken::access("ana")).map_err(ErrorInternalServerError)
}

async fn greeting(identity: Option<Identity>) -> HttpResponse {
    let name = identity.map_or_else(|| "anonymous user".into(), |Identity(name)| name);
    HttpResponse::Ok().json(json!({ "logged_in_as": name }))
}

fn routes(config: &mut ServiceConfig) {
    config
        .route("/login", web::post().to(login))
        .service(web::resource("/greeting").wrap(Guard::optional()).route(web::get().to(greeting)));
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A new key at each start: tokens from before are worth nothing then. A real app keeps its key.
    let jwt = shared(Engine::with_key(Options::default(), &Key::generate(Algorithm::HS256)?)?);
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8000".into());
    HttpServer::new(move || App::new().app_data(jwt.clone()).configure(routes)).bind(address)?.run().await?;
    Ok(())
}
