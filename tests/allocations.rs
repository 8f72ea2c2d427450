//! Refusing a token allocates the same number of bytes however long the token is, and wherever it was found.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use actix_web::dev::Service;
use actix_web::{App, HttpResponse, test as actix_test, web};
use portero::domain::UnixTime;
use portero::guards::{Guard, shared};
use portero::tokens::options::{Location, Options, Secret};
use portero::tokens::{Algorithm, Engine, Key, Keys};

fn engine() -> Engine {
    let options = Options {
        token_location: vec![Location::Headers, Location::Cookies, Location::QueryString],
        ..Options::default()
    };
    let secret = Secret::new("one secret of more than thirty-two bytes");
    Engine::new(options, Keys::one(Key::new(Algorithm::HS256, &secret).unwrap()))
}

const SIZES: [usize; 4] = [5_000, 50_000, 500_000, 5_000_000];

#[test]
fn a_long_tokens_refusal_allocates_as_much_as_a_longer_ones() {
    let engine = engine();
    let bytes = SIZES.map(|size| {
        let token = format!("{}.{}.{}", "a".repeat(size), "b".repeat(size), "c".repeat(size));
        allocation_counter::measure(|| assert!(engine.decode(&token, None, UnixTime(0)).is_err())).bytes_total
    });
    assert!(bytes.iter().all(|one| *one == bytes[0]), "{bytes:?}");
}

#[test]
fn wherever_the_token_is_found() {
    let system = actix_web::rt::System::new();
    let app = App::new()
        .app_data(shared(engine()))
        .service(web::resource("/").wrap(Guard::access()).to(async || HttpResponse::Ok().finish()));
    let app = system.block_on(actix_test::init_service(app));
    for place in ["header", "cookie", "query"] {
        // The first size is not counted: its request fills the buffers that the framework keeps.
        let bytes = [5_000, 10_000, 10_000, 21_000].map(|size| {
            // Escaped in the query, the token has to be decoded, which makes a copy.
            let token = if place == "query" { "%61".repeat(size) } else { "a".repeat(size) };
            let request = match place {
                "header" => actix_test::TestRequest::get().insert_header(("authorization", format!("Bearer {token}"))),
                "cookie" => {
                    actix_test::TestRequest::get().insert_header(("cookie", format!("access_token_cookie={token}")))
                }
                _ => actix_test::TestRequest::get().uri(&format!("/?jwt={token}")),
            };
            let request = request.to_request();
            let mut status = 0;
            let info = allocation_counter::measure(|| {
                status = system.block_on(app.call(request)).unwrap().status().as_u16();
            });
            assert_eq!(status, 422, "{place}");
            info.bytes_total
        });
        assert!(bytes[1] == bytes[2] && bytes[2] == bytes[3], "{place}: {bytes:?}");
    }
}
