//! The same app as `flask_app.py`, but with Portero as its library: guarded routes that tell what the guard found.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Json};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use portero::guards::cookies::{self, PerCall};
use portero::guards::{
    AnyToken, Caller, Guard, Hooks, LocalBoxFuture, Lookup, OptionalToken, Refusal, SharedHooks, TokenClaims,
    TokenHeader, TokenLocation,
};
use portero::tokens::options::{Location, Options, Secret};
use portero::tokens::{Engine, Key, Keys};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::SECRET;

/// What the callbacks answer. If `users` is `None`, every user exists.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Answers {
    blocked: HashSet<String>,
    refuse_claims: bool,
    users: Option<HashSet<String>>,
}

struct MirrorHooks {
    engine: Engine,
    answers: Answers,
}

impl Hooks for MirrorHooks {
    fn engine(&self) -> &Engine {
        &self.engine
    }

    fn token_in_blocklist<'a>(
        &'a self,
        _: &'a HttpRequest,
        token: &'a Caller,
    ) -> LocalBoxFuture<'a, Result<bool, Refusal>> {
        let blocked = token.claims.jti.as_ref().is_some_and(|jti| self.answers.blocked.contains(jti));
        Box::pin(async move { Ok(blocked) })
    }

    fn token_verification<'a>(
        &'a self,
        _: &'a HttpRequest,
        _: &'a Caller,
    ) -> LocalBoxFuture<'a, Result<bool, Refusal>> {
        Box::pin(async { Ok(!self.answers.refuse_claims) })
    }

    fn user_lookup<'a>(&'a self, _: &'a HttpRequest, token: &'a Caller) -> LocalBoxFuture<'a, Result<Lookup, Refusal>> {
        let is_there = self.answers.users.as_ref().is_none_or(|users| users.contains(&token.claims.identity));
        let found = if is_there { Lookup::User(Arc::new(token.claims.identity.clone())) } else { Lookup::Nobody };
        Box::pin(async move { Ok(found) })
    }
}

pub(crate) struct Mirror {
    pub(crate) address: SocketAddr,
    handle: ServerHandle,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Mirror {
    pub(crate) fn start(options: Options, key: Option<Key>, answers: Answers) -> Self {
        let key = key.unwrap_or_else(|| Key::new(options.algorithm, &Secret::new(SECRET)).unwrap());
        let hooks = MirrorHooks { engine: Engine::new(options, Keys::one(key)), answers };
        let hooks: SharedHooks = portero::guards::shared(hooks);
        let (sender, receiver) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async {
                let server = HttpServer::new(move || App::new().app_data(hooks.clone()).configure(routes))
                    .workers(1)
                    .bind("127.0.0.1:0")
                    .unwrap();
                let address = server.addrs()[0];
                let server = server.run();
                sender.send((address, server.handle())).unwrap();
                server.await.unwrap();
            });
        });
        let (address, handle) = receiver.recv().unwrap();
        Self { address, handle, thread: Some(thread) }
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn routes(config: &mut web::ServiceConfig) {
    use Location::{Cookies, Headers, Json, QueryString};
    for (path, guard) in [
        ("/access", Guard::access()),
        ("/fresh", Guard::access().fresh()),
        ("/refresh-only", Guard::refresh()),
        ("/optional", Guard::optional()),
        ("/any-type", Guard::any_type()),
        ("/unchecked", Guard::access().skip_revocation_check()),
        ("/headers-only", Guard::access().locations([Headers])),
        ("/cookies-only", Guard::access().locations([Cookies])),
        ("/query-only", Guard::access().locations([QueryString])),
        ("/json-only", Guard::access().locations([Json])),
        ("/cookies-then-headers", Guard::access().locations([Cookies, Headers])),
        ("/fresh-refresh", Guard::refresh().fresh()),
    ] {
        config.service(web::resource(path).wrap(guard).to(tell));
    }
    config
        .service(web::resource("/echo").wrap(Guard::access()).to(echo))
        .route("/_cookies", web::post().to(set_cookies))
        .route("/_unset", web::post().to(unset_cookies));
}

async fn tell(
    req: HttpRequest,
    caller: Result<AnyToken, actix_web::Error>,
    TokenLocation(location): TokenLocation,
    claims: Result<TokenClaims, actix_web::Error>,
    header: Result<TokenHeader, actix_web::Error>,
) -> HttpResponse {
    // The guard has run on everything but OPTIONS, where there is nothing to tell.
    if req.method() == actix_web::http::Method::OPTIONS {
        return HttpResponse::Ok().finish();
    }
    let (Ok(TokenClaims(claims)), Ok(TokenHeader(header))) = (claims, header) else {
        return HttpResponse::InternalServerError().finish();
    };
    let identity = caller.ok().map(|AnyToken(caller)| caller.claims.identity.clone());
    let location = location.map(Location::as_str);
    HttpResponse::Ok().json(json!({ "identity": identity, "claims": claims, "header": header, "location": location }))
}

/// Tells what is left of the body for the handler.
async fn echo(_: OptionalToken, body: String) -> String {
    body
}

#[derive(Deserialize)]
struct CookieCall {
    access: Option<String>,
    refresh: Option<String>,
    max_age: Option<i64>,
    domain: Option<String>,
}

async fn set_cookies(jwt: SharedHooks, Json(call): Json<CookieCall>) -> HttpResponse {
    let mut res = HttpResponse::Ok().finish();
    let per_call = PerCall { max_age: call.max_age, domain: call.domain };
    let set = || {
        if let Some(token) = &call.access {
            cookies::set_access_cookies(jwt.as_ref(), res.head_mut(), token, &per_call)?;
        }
        if let Some(token) = &call.refresh {
            cookies::set_refresh_cookies(jwt.as_ref(), res.head_mut(), token, &per_call)?;
        }
        Ok(())
    };
    match { set }() {
        Ok(()) => res,
        Err(fault) => portero::guards::json_answer(jwt.engine(), &fault),
    }
}

async fn unset_cookies(jwt: SharedHooks) -> HttpResponse {
    let mut res = HttpResponse::Ok().finish();
    cookies::unset_jwt_cookies(jwt.as_ref(), res.head_mut(), &PerCall::default());
    res
}

/// Callbacks that refuse nothing: no token is blocked, and every user exists.
pub(crate) fn no_answers() -> Answers {
    serde_json::from_value(Value::Object(serde_json::Map::new())).unwrap()
}
