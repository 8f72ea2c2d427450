//! A blocklist: a token that was signed out is refused, though nothing is wrong with it.
//!
//!     cargo run --no-default-features --example blocklist
//!     curl -s -X POST localhost:8000/login
//!     curl -s -X DELETE localhost:8000/logout -H "Authorization: Bearer $TOKEN"      # either of the two tokens
//!     curl -s localhost:8000/protected -H "Authorization: Bearer $TOKEN"

use std::collections::HashMap;
use std::sync::RwLock;

use actix_web::error::ErrorInternalServerError;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use portero::domain::UnixTime;
use portero::guards::{AnyToken, Caller, Guard, Hooks, Identity, LocalBoxFuture, Refusal, SharedHooks, shared_from};
use portero::tokens::options::Options;
use portero::tokens::{Algorithm, Engine, Key, NewToken};
use serde_json::json;

struct Shop {
    engine: Engine,
    /// Ids of revoked tokens, each with the time at which it expires anyway. Held in memory only: an app that keeps its key over
    /// a restart has to keep this list too.
    blocked: RwLock<HashMap<String, UnixTime>>,
}

impl Hooks for Shop {
    fn engine(&self) -> &Engine {
        &self.engine
    }

    fn token_in_blocklist<'a>(
        &'a self,
        _: &'a HttpRequest,
        token: &'a Caller,
    ) -> LocalBoxFuture<'a, Result<bool, Refusal>> {
        Box::pin(async {
            // A token without an id could never be revoked, so it is refused.
            let Some(jti) = &token.claims.jti else { return Ok(true) };
            // If the list can't be read, the token is refused: a poisoned lock is a 503, not free entry.
            let blocked = self.blocked.read().map_err(|_| Refusal::Unavailable)?;
            Ok(blocked.contains_key(jti))
        })
    }
}

impl Shop {
    fn block(&self, token: &Caller) -> Result<(), actix_web::Error> {
        let mut blocked = self.blocked.write().map_err(|_| ErrorInternalServerError("the list is broken"))?;
        let now = self.now();
        blocked.retain(|_, until| *until > now);
        if let Some(jti) = &token.claims.jti {
            blocked.insert(jti.clone(), token.claims.expires_at.unwrap_or(UnixTime(i64::MAX)));
        }
        Ok(())
    }
}

async fn login(jwt: SharedHooks) -> Result<HttpResponse, actix_web::Error> {
    let access = jwt.create(NewToken::access("ana")).map_err(ErrorInternalServerError)?;
    let refresh = jwt.create(NewToken::refresh("ana")).map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().json(json!({ "access_token": access, "refresh_token": refresh })))
}

async fn logout(shop: Data<Shop>, AnyToken(caller): AnyToken) -> Result<HttpResponse, actix_web::Error> {
    shop.block(&caller)?;
    let kind = if caller.claims.all["type"] == "refresh" { "Refresh" } else { "Access" };
    Ok(HttpResponse::Ok().json(json!({ "msg": format!("{kind} token successfully revoked") })))
}

async fn protected(Identity(name): Identity) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "logged_in_as": name }))
}

fn routes(config: &mut ServiceConfig) {
    config
        .route("/login", web::post().to(login))
        .service(web::resource("/logout").wrap(Guard::any_type()).route(web::delete().to(logout)))
        .service(web::resource("/protected").wrap(Guard::access()).route(web::get().to(protected)));
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = Engine::with_key(Options::default(), &Key::generate(Algorithm::HS256)?)?;
    let shop = Data::new(Shop { engine, blocked: RwLock::default() });
    // The same object, once under its own type for the handlers and once as hooks for the guards.
    let jwt = shared_from(&shop);
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8000".into());
    let app = move || App::new().app_data(shop.clone()).app_data(jwt.clone()).configure(routes);
    HttpServer::new(app).bind(address)?.run().await?;
    Ok(())
}
