//! Refreshing implicitly: the tokens are in cookies, and when the access cookie has expired, the guard renews it by the refresh
//! cookie while it handles the request. A sign-out is never undone by that: what the handler does to the cookies stands.
//!
//!     cargo run --no-default-features --example refreshing_implicit
//!     curl -s -c jar -X POST localhost:8000/login; sleep 3
//!     curl -s -c jar -b jar localhost:8000/protected         # the access token has expired; new cookies come along
//!     curl -s -c jar -X POST localhost:8000/logout           # without -b: curl 7.88 brings removed cookies back from it

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use portero::guards::NewCookies;
use portero::guards::cookies::{self, PerCall};
use portero::guards::{Caller, Guard, Hooks, Identity, LocalBoxFuture, Refusal, SharedHooks, shared};
use portero::tokens::options::{Lifetime, Location, Options};
use portero::tokens::{Algorithm, Engine, Key, NewToken};
use serde_json::json;

struct Renewing(Engine);

impl Hooks for Renewing {
    fn engine(&self) -> &Engine {
        &self.0
    }

    /// A GET may renew. A form may not: it has to show that it comes from one of the app's own pages, and what shows that is the
    /// CSRF value of the access token.
    fn may_renew(&self, req: &HttpRequest) -> bool {
        req.method() == Method::GET
    }

    fn renew<'a>(&'a self, _: &'a HttpRequest, refresh: &'a Caller) -> LocalBoxFuture<'a, Result<NewCookies, Refusal>> {
        Box::pin(async {
            let jwt: &dyn Hooks = self;
            let access = jwt.create(NewToken::access(refresh.claims.identity.as_str()));
            let access = access.map_err(|_| Refusal::Unavailable)?;
            // The refresh token stays the same, so that no session outlives the refresh token of its sign-in.
            Ok(NewCookies::from_tokens(jwt, access, None, false)?)
        })
    }
}

async fn login(jwt: SharedHooks) -> Result<HttpResponse, actix_web::Error> {
    let create = |token| jwt.create(token).map_err(actix_web::error::ErrorInternalServerError);
    let (access, refresh) = (create(NewToken::access("ana"))?, create(NewToken::refresh("ana"))?);
    let mut res = HttpResponse::Ok().json(json!({ "msg": "login successful" }));
    let usual = PerCall::default();
    cookies::set_access_cookies(jwt.as_ref(), res.head_mut(), &access, &usual)
        .and_then(|()| cookies::set_refresh_cookies(jwt.as_ref(), res.head_mut(), &refresh, &usual))
        .map_err(actix_web::error::ErrorInternalServerError)?;
    Ok(res)
}

/// Wants no token: whoever is signed out already may sign out again.
async fn logout(jwt: SharedHooks) -> HttpResponse {
    let mut res = HttpResponse::Ok().json(json!({ "msg": "logout successful" }));
    cookies::unset_jwt_cookies(jwt.as_ref(), res.head_mut(), &PerCall::default());
    res
}

async fn protected(Identity(name): Identity) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "logged_in_as": name }))
}

fn routes(config: &mut ServiceConfig) {
    config.route("/login", web::post().to(login)).route("/logout", web::post().to(logout)).service(
        web::resource("/protected")
            .wrap(Guard::access())
            .route(web::get().to(protected))
            .route(web::post().to(protected)),
    );
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The access token expires after two seconds, so that one can watch the renewal.
    let options = Options {
        token_location: vec![Location::Cookies],
        access_token_expires: Lifetime::Seconds(2),
        ..Options::default()
    };
    let jwt = shared(Renewing(Engine::with_key(options, &Key::generate(Algorithm::HS256)?)?));
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8000".into());
    HttpServer::new(move || App::new().app_data(jwt.clone()).configure(routes)).bind(address)?.run().await?;
    Ok(())
}
