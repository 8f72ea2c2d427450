//! Locations: headers, cookies with their CSRF value, the query string and JSON bodies, in this order; and a route with a
//! location of its own.
//!
//!     cargo run --no-default-features --example locations
//!     curl -s -c jar -X POST localhost:8000/login            # the token in the answer, and in cookies
//!     curl -s "localhost:8000/protected?jwt=$TOKEN"
//!     curl -s -b jar -X POST localhost:8000/protected -H "X-CSRF-TOKEN: $(awk '/csrf_access/ {print $7}' jar)"

use actix_web::error::ErrorInternalServerError;
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, HttpResponse, HttpServer};
use portero::guards::cookies::{self, PerCall};
use portero::guards::{Guard, SharedHooks, TokenLocation, shared};
use portero::tokens::options::{Location, Options};
use portero::tokens::{Algorithm, Engine, Key, NewToken};
use serde_json::json;

async fn login(jwt: SharedHooks) -> Result<HttpResponse, actix_web::Error> {
    let token = jwt.create(NewToken::access("ana")).map_err(ErrorInternalServerError)?;
    let mut res = HttpResponse::Ok().json(json!({ "access_token": token }));
    cookies::set_access_cookies(jwt.as_ref(), res.head_mut(), &token, &PerCall::default())
        .map_err(ErrorInternalServerError)?;
    Ok(res)
}

async fn protected(TokenLocation(location): TokenLocation) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "found_in": location.map(Location::as_str) }))
}

fn routes(config: &mut ServiceConfig) {
    config
        .route("/login", web::post().to(login))
        .service(web::resource("/protected").wrap(Guard::access()).to(protected))
        // A link to a download carries its token in the query string, and no other location counts.
        .service(
            web::resource("/download")
                .wrap(Guard::access().locations([Location::QueryString]))
                .route(web::get().to(protected)),
        );
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options {
        token_location: vec![Location::Headers, Location::Cookies, Location::QueryString, Location::Json],
        ..Options::default()
    };
    let jwt = shared(Engine::with_key(options, &Key::generate(Algorithm::HS256)?)?);
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8000".into());
    HttpServer::new(move || App::new().app_data(jwt.clone()).configure(routes)).bind(address)?.run().await?;
    Ok(())
}
