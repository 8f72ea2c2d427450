//! `examples/flask_peer.py`: a Flask app that was there before Portero, and now asks it whether a token is still good.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use portero::accounts::apps::manage::add_client;

use crate::support::{TestApp, Tokens, operator};
use crate::{Python, Reply, Request, SECRET};

pub(crate) fn peer(app: &TestApp, settings: &[(&str, &str)]) -> Python {
    let name = format!("shop {}", settings.len());
    let credentials = add_client(&app.accounts, operator(), &name).committed().unwrap().unwrap();
    Python::start("examples/flask_peer.py", |command, address| {
        command
            .env("LISTEN", address.to_string())
            .env("PORTERO_URL", format!("http://{}", app.address))
            .env("PORTERO_CLIENT_ID", &credentials.id)
            .env("PORTERO_CLIENT_SECRET", &credentials.secret)
            .env("JWT_SECRET_KEY", SECRET)
            .envs(settings.iter().copied());
    })
}

pub(crate) fn orders(peer: &Python, token: &str) -> Reply {
    Request::new("GET", "/orders").bearer(token).send(peer.address)
}

fn with_ana() -> (TestApp, Tokens) {
    let app = TestApp::with(&[("jwt.secret_key", SECRET)]);
    app.add_user("ana");
    let tokens = app.tokens("ana");
    (app, tokens)
}

#[test]
fn who_signs_out_in_portero_is_refused_in_flask_on_the_next_request() {
    let (app, tokens) = with_ana();
    let peer = peer(&app, &[("PORTERO_CACHE_SECONDS", "0")]);
    for _ in 0..3 {
        let reply = orders(&peer, &tokens.access);
        assert_eq!((reply.status, reply.json()["user"].as_str()), (200, Some("ana")));
    }
    assert_eq!(app.client().delete("/logout", Some(&tokens.access)).status, 200);
    let reply = orders(&peer, &tokens.access);
    assert_eq!((reply.status, reply.json()["msg"].as_str()), (401, Some("Token has been revoked")));
    // Another session, even of the same user, is served.
    assert_eq!(orders(&peer, &app.tokens("ana").access).status, 200);
}

/// The app has to ask about the token that it has checked, not about another one in the same request.
#[test]
fn a_token_that_was_signed_out_does_not_get_in_behind_another() {
    let (app, ended) = with_ana();
    let peer = peer(&app, &[("PORTERO_CACHE_SECONDS", "0")]);
    let active = app.tokens("ana");
    assert_eq!(app.client().delete("/logout", Some(&ended.access)).status, 200);
    let both = |value: String| Request::new("GET", "/orders").header("Authorization", value).send(peer.address).status;
    assert_eq!(both(format!("Bearer {}, Basic {}", ended.access, active.access)), 401);
    assert_eq!(both(format!("Basic {}, Bearer {}", active.access, ended.access)), 401);
    assert_eq!(both(format!("Bearer {},", active.access)), 200);
}

#[test]
fn with_its_cache_it_is_refused_a_second_later() {
    let (app, tokens) = with_ana();
    let peer = peer(&app, &[]);
    assert_eq!(orders(&peer, &tokens.access).status, 200);
    assert_eq!(app.client().delete("/logout", Some(&tokens.access)).status, 200);
    let begin = Instant::now();
    while orders(&peer, &tokens.access).status == 200 {
        assert!(begin.elapsed() < Duration::from_secs(10), "the cache never lets go");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(orders(&peer, &tokens.access).status, 401, "and it stays so");
}

#[test]
fn while_portero_is_away_it_does_as_it_was_told() {
    let (app, tokens) = with_ana();
    let refusing = peer(&app, &[("PORTERO_CACHE_SECONDS", "0")]);
    let accepting = peer(&app, &[("PORTERO_CACHE_SECONDS", "0"), ("PORTERO_AWAY", "accept")]);
    for peer in [&refusing, &accepting] {
        assert_eq!(orders(peer, &tokens.access).status, 200);
    }
    drop(app.stop());
    assert_eq!(orders(&refusing, &tokens.access).status, 503);
    assert_eq!(orders(&accepting, &tokens.access).status, 200);
}

#[test]
fn with_a_key_pair_it_reads_the_public_key_from_portero() {
    let app = TestApp::with(&[("jwt.algorithm", "ES256")]);
    app.add_user("ana");
    let tokens = app.tokens("ana");
    let peer = peer(&app, &[("JWT_ALGORITHM", "ES256"), ("PORTERO_CACHE_SECONDS", "0")]);
    assert_eq!(orders(&peer, &tokens.access).status, 200);
    let forged = crate::cases::good();
    assert_ne!(orders(&peer, &forged).status, 200);
    assert_eq!(app.client().delete("/logout", Some(&tokens.access)).status, 200);
    assert_eq!(orders(&peer, &tokens.access).status, 401);
}

#[test]
fn its_fresh_route_knows_a_fresh_login() {
    let (app, tokens) = with_ana();
    let peer = peer(&app, &[]);
    let fresh =
        |address: SocketAddr, token: &str| Request::new("GET", "/orders/fresh").bearer(token).send(address).status;
    assert_eq!(fresh(peer.address, &tokens.access), 200);
    let renewed = app.client().post("/refresh", Some(&tokens.refresh)).json();
    assert_eq!(fresh(peer.address, renewed["access_token"].as_str().unwrap()), 401);
}
