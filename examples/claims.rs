//! Additional claims: some for every token, some for one. They are signed, not hidden: whoever has the token reads them.
//!
//!     cargo run --no-default-features --example claims
//!     curl -s -X POST localhost:8000/login
//!     curl -s localhost:8000/protected -H "Authorization: Bearer $TOKEN"

use actix_web::error::ErrorInternalServerError;
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, HttpResponse, HttpServer};
use portero::guards::{Guard, Hooks, SharedHooks, TokenClaims, shared};
use portero::tokens::options::Options;
use portero::tokens::{Algorithm, Engine, Key, NewToken};
use serde_json::{Map, Value, json};

struct Shop(Engine);

impl Hooks for Shop {
    fn engine(&self) -> &Engine {
        &self.0
    }

    fn additional_claims(&self, identity: &Value) -> Map<String, Value> {
        let of_whom = identity.as_str().unwrap_or_default();
        Map::from_iter([("shop".into(), "north".into()), ("greeting".into(), format!("hello {of_whom}").into())])
    }
}

async fn login(jwt: SharedHooks) -> Result<HttpResponse, actix_web::Error> {
    // This token is for another shop: a token's own claims replace those of the callback.
    let token = NewToken::access("ana").claim("shop", "south").claim("till", 3);
    let token = jwt.create(token).map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().json(json!({ "access_token": token })))
}

async fn protected(TokenClaims(claims): TokenClaims) -> HttpResponse {
    // Not by index, which panics if a token lacks the claim.
    let claim = |name| claims.get(name);
    HttpResponse::Ok().json(json!({ "shop": claim("shop"), "till": claim("till"), "greeting": claim("greeting") }))
}

fn routes(config: &mut ServiceConfig) {
    config
        .route("/login", web::post().to(login))
        .service(web::resource("/protected").wrap(Guard::access()).route(web::get().to(protected)));
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A new key at each start: tokens from before are worth nothing then. A real app keeps its key.
    let jwt = shared(Shop(Engine::with_key(Options::default(), &Key::generate(Algorithm::HS256)?)?));
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8000".into());
    HttpServer::new(move || App::new().app_data(jwt.clone()).configure(routes)).bind(address)?.run().await?;
    Ok(())
}
