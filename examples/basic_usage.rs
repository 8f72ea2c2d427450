//! Basic usage: sign in, and show the token to a route that wants one.
//!
//!     cargo run --no-default-features --example basic_usage
//!     curl -s localhost:8000/login -H 'Content-Type: application/json' -d '{"username":"ana","password":"test"}'
//!     curl -s localhost:8000/protected -H "Authorization: Bearer $TOKEN"

use actix_web::web::{self, Json, ServiceConfig};
use actix_web::{App, HttpResponse, HttpServer};
use portero::guards::{Guard, Identity, SharedHooks, shared};
use portero::tokens::options::Options;
use portero::tokens::{Algorithm, Engine, Key, NewToken};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Credentials {
    username: String,
    password: String,
}

async fn login(jwt: SharedHooks, Json(given): Json<Credentials>) -> HttpResponse {
    if (given.username.as_str(), given.password.as_str()) != ("ana", "test") {
        return HttpResponse::Unauthorized().json(json!({ "msg": "Bad username or password" }));
    }
    match jwt.create(NewToken::access(given.username)) {
        Ok(token) => HttpResponse::Ok().json(json!({ "access_token": token })),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

async fn protected(Identity(name): Identity) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "logged_in_as": name }))
}

fn routes(config: &mut ServiceConfig) {
    config
        .route("/login", web::post().to(login))
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
