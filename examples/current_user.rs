//! Automatic user loading: a token is made of a user and comes back as one.
//!
//!     cargo run --no-default-features --example current_user
//!     curl -s localhost:8000/login -H 'Content-Type: application/json' -d '{"username":"ana"}'
//!     curl -s localhost:8000/who-am-i -H "Authorization: Bearer $TOKEN"

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use actix_web::error::ErrorInternalServerError;
use actix_web::web::{self, Data, Json, ServiceConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use portero::guards::{Caller, CurrentUser, Guard, Hooks, LocalBoxFuture, Lookup, Refusal, SharedHooks, shared_from};
use portero::tokens::options::Options;
use portero::tokens::{Algorithm, Engine, Key, NewToken};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Clone, Serialize)]
struct User {
    id: u64,
    username: String,
    full_name: String,
}

struct Shop {
    engine: Engine,
    users: RwLock<HashMap<String, Arc<User>>>,
}

impl Hooks for Shop {
    fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The token holds only the id of the user that `create` is given, as text.
    fn user_identity(&self, user: &Value) -> Value {
        user["id"].to_string().into()
    }

    fn user_lookup<'a>(&'a self, _: &'a HttpRequest, token: &'a Caller) -> LocalBoxFuture<'a, Result<Lookup, Refusal>> {
        Box::pin(async {
            let users = self.users.read().map_err(|_| Refusal::Unavailable)?;
            let found = users.values().find(|user| user.id.to_string() == token.claims.identity);
            Ok(found.cloned().map_or(Lookup::Nobody, |user| Lookup::User(user)))
        })
    }
}

#[derive(Deserialize)]
struct Login {
    username: String,
}

async fn login(shop: Data<Shop>, jwt: SharedHooks, Json(login): Json<Login>) -> Result<HttpResponse, actix_web::Error> {
    let users = shop.users.read().map_err(|_| ErrorInternalServerError("the list is broken"))?;
    let Some(user) = users.get(&login.username) else {
        return Ok(HttpResponse::Unauthorized().json(json!({ "msg": "Bad username or password" })));
    };
    let token = jwt.create(NewToken::access(json!(user.as_ref()))).map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().json(json!({ "access_token": token })))
}

async fn who_am_i(CurrentUser(user): CurrentUser<User>) -> HttpResponse {
    HttpResponse::Ok().json(user.as_ref())
}

/// Removes the user. Their tokens then name an identity that nobody has, and are refused.
async fn leave(shop: Data<Shop>, CurrentUser(user): CurrentUser<User>) -> Result<HttpResponse, actix_web::Error> {
    let mut users = shop.users.write().map_err(|_| ErrorInternalServerError("the list is broken"))?;
    users.remove(&user.username);
    Ok(HttpResponse::Ok().json(json!({ "msg": format!("{} has left", user.full_name) })))
}

fn routes(config: &mut ServiceConfig) {
    config
        .route("/login", web::post().to(login))
        .service(web::resource("/who-am-i").wrap(Guard::access()).route(web::get().to(who_am_i)))
        .service(web::resource("/leave").wrap(Guard::access()).route(web::post().to(leave)));
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = Engine::with_key(Options::default(), &Key::generate(Algorithm::HS256)?)?;
    let ana = User { id: 1, username: "ana".into(), full_name: "Ana Ruiz".into() };
    let users = RwLock::new(HashMap::from([(ana.username.clone(), Arc::new(ana))]));
    let shop = Data::new(Shop { engine, users });
    // The same object, once under its own type for the handlers and once as hooks for the guards.
    let jwt = shared_from(&shop);
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8000".into());
    let app = move || App::new().app_data(shop.clone()).app_data(jwt.clone()).configure(routes);
    HttpServer::new(app).bind(address)?.run().await?;
    Ok(())
}
