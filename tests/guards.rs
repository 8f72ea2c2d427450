//! The Actix part of the engine as another app uses it: guards that refuse by themselves, handlers'
//! parameters that tell what the guard found, and every callback.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, init_service, read_body};
use actix_web::{App, HttpRequest, HttpResponse, web};
use portero::domain::{Methods, SessionId, Transport, UnixTime};
use portero::guards::{
    AccessToken, AnyToken, Caller, CurrentUser, FreshToken, FreshTwoFactors, Guard, Hooks, Identity, LocalBoxFuture,
    Lookup, NewCookies, OptionalToken, RefreshToken, Refusal, SharedHooks, TokenClaims, TokenHeader, TokenLocation,
    TwoFactors, cookies, shared,
};
use portero::tokens::options::{Location, Options, Secret};
use portero::tokens::{
    Algorithm, Engine, Fault, Fresh, IssueError, Key, Keys, Life, NewToken, SessionClaims, Unverified,
};
use serde_json::{Map, Value, json};

const SECRET: &str = "one secret of more than thirty-two bytes";
const OTHER: &str = "the secret of one tenant, of 32 bytes and more";

fn key(secret: &str) -> Key {
    Key::new(Algorithm::HS256, &Secret::new(secret)).unwrap()
}

fn engine(options: Options) -> Engine {
    Engine::new(options, Keys::one(key(SECRET)))
}

fn plain() -> SharedHooks {
    shared(engine(Options::default()))
}

/// Sends one request to an app with these routes; returns status and body.
async fn ask(jwt: &SharedHooks, routes: fn(&mut web::ServiceConfig), request: TestRequest) -> (u16, String) {
    let app = init_service(App::new().app_data(jwt.clone()).configure(routes)).await;
    read(&app, request).await
}

async fn read<B: MessageBody>(
    app: &impl Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    request: TestRequest,
) -> (u16, String) {
    let answer = app.call(request.to_request()).await.unwrap();
    let status = answer.status().as_u16();
    (status, String::from_utf8(read_body(answer).await.to_vec()).unwrap())
}

fn bearer(path: &str, token: &str) -> TestRequest {
    TestRequest::get().uri(path).insert_header(("authorization", format!("Bearer {token}")))
}

fn msg(answer: (u16, String)) -> (u16, String) {
    let body: Value = serde_json::from_str(&answer.1).unwrap();
    (answer.0, body["msg"].as_str().unwrap().to_owned())
}

async fn hello() -> &'static str {
    "hello"
}

fn guarded(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/access").wrap(Guard::access()).to(hello))
        .service(web::resource("/fresh").wrap(Guard::access().fresh()).to(hello))
        .service(web::resource("/refresh").wrap(Guard::refresh()).to(hello))
        .service(web::resource("/optional").wrap(Guard::optional()).to(hello))
        .service(web::resource("/any").wrap(Guard::any_type()).to(hello))
        .service(web::scope("/scope").wrap(Guard::access()).route("/inside", web::get().to(hello)));
}

#[actix_web::test]
async fn a_guard_refuses_by_itself_whatever_the_handler_asks_for() {
    let jwt = plain();
    let (access, refresh) =
        (jwt.create(NewToken::access("ana")).unwrap(), jwt.create(NewToken::refresh("ana")).unwrap());
    for path in ["/access", "/fresh", "/refresh", "/any", "/scope/inside"] {
        assert_eq!(ask(&jwt, guarded, TestRequest::get().uri(path)).await.0, 401, "{path}");
    }
    for (path, token, status) in [
        ("/access", &access, 200),
        ("/access", &refresh, 422),
        ("/fresh", &access, 401),
        ("/refresh", &refresh, 200),
        ("/refresh", &access, 422),
        ("/any", &refresh, 200),
        ("/optional", &access, 200),
        ("/scope/inside", &access, 200),
    ] {
        assert_eq!(ask(&jwt, guarded, bearer(path, token)).await.0, status, "{path}");
    }
    assert_eq!(ask(&jwt, guarded, TestRequest::get().uri("/optional")).await.0, 200);
    assert_eq!(ask(&jwt, guarded, bearer("/optional", "x.y.z")).await.0, 422);
}

fn by_parameters(config: &mut web::ServiceConfig) {
    config.service(
        web::scope("")
            .wrap(Guard::access().leave_to_handlers())
            .route("/access", web::get().to(async |_: AccessToken| "in"))
            .route("/fresh", web::get().to(async |_: FreshToken| "in"))
            .route("/two", web::get().to(async |_: TwoFactors| "in"))
            .route("/fresh-two", web::get().to(async |_: FreshTwoFactors| "in"))
            .route("/refresh", web::get().to(async |_: RefreshToken| "in"))
            .route(
                "/optional",
                web::get().to(async |OptionalToken(caller): OptionalToken| caller.map_or("nobody", |_| "in")),
            )
            .route("/any", web::get().to(async |_: AnyToken| "in")),
    );
}

#[actix_web::test]
async fn left_to_handlers_each_ones_parameters_decide() {
    let jwt = plain();
    let access = jwt.create(NewToken::access("ana")).unwrap();
    let fresh = jwt.create(NewToken::access("ana").fresh(Fresh::Yes)).unwrap();
    let path = |path: &'static str, token: &str| ask(&jwt, by_parameters, bearer(path, token));
    assert_eq!(path("/access", &access).await, (200, "in".into()));
    assert_eq!(msg(path("/fresh", &access).await), (401, "Fresh token required".into()));
    assert_eq!(path("/fresh", &fresh).await.0, 200);
    assert_eq!(msg(path("/refresh", &access).await), (422, "Only refresh tokens are allowed".into()));
    assert_eq!(path("/any", &access).await.0, 200);
    let without = |path: &'static str| ask(&jwt, by_parameters, TestRequest::get().uri(path));
    assert_eq!(without("/optional").await, (200, "nobody".into()));
    assert_eq!(msg(without("/access").await), (401, "Missing Authorization Header".into()));
}

#[actix_web::test]
async fn a_parameter_asks_for_two_factors_and_for_their_age() {
    let jwt = shared(engine(Options::default()).with_sessions());
    let token = |methods: Methods, first: i64, second: Option<i64>, fresh: Fresh| {
        let session = SessionClaims {
            sid: SessionId::random(),
            generation: 0,
            auth_time: jwt.now().plus(-first),
            transport: Transport::Bearer,
            methods,
            factor_time: second.map(|ago| jwt.now().plus(-ago)),
        };
        jwt.create(NewToken { session: Some(session), ..NewToken::access("ana").fresh(fresh) }).unwrap()
    };
    let both = Methods::PASSWORD.and(Methods::OTP);
    for (token, two, fresh_two) in [
        (token(both, 60, Some(60), Fresh::Yes), 200, 200),
        (token(both, 60, Some(60), Fresh::No), 200, 401),
        (token(both, 60, Some(900), Fresh::Yes), 200, 401),
        (token(both, 900, Some(60), Fresh::Yes), 200, 401),
        (token(Methods::PASSWORD, 0, None, Fresh::Yes), 401, 401),
        (jwt.create(NewToken::access("ana").claim("acr", "aal2").fresh(Fresh::Yes)).unwrap(), 401, 401),
        (jwt.create(NewToken::refresh("ana")).unwrap(), 422, 422),
    ] {
        assert_eq!(ask(&jwt, by_parameters, bearer("/two", &token)).await.0, two);
        assert_eq!(ask(&jwt, by_parameters, bearer("/fresh-two", &token)).await.0, fresh_two);
    }
    let app = init_service(App::new().app_data(jwt.clone()).configure(by_parameters)).await;
    let challenge = async |path: &str, token: &str| {
        let answer = app.call(bearer(path, token).to_request()).await.unwrap();
        let header = answer.headers().get("www-authenticate").unwrap().to_str().unwrap().to_owned();
        let msg: Value = serde_json::from_slice(&read_body(answer).await).unwrap();
        (msg["msg"].as_str().unwrap().to_owned(), header.split("required\", ").nth(1).unwrap_or_default().to_owned())
    };
    let one = token(Methods::PASSWORD, 900, None, Fresh::No);
    let required = || "Second factor required".to_owned();
    assert_eq!(challenge("/two", &one).await, (required(), r#"acr_values="aal2""#.into()));
    assert_eq!(challenge("/fresh-two", &one).await, (required(), r#"acr_values="aal2", max_age="600""#.into()));
    let renewed = token(both, 60, Some(60), Fresh::No);
    assert_eq!(challenge("/fresh-two", &renewed).await.0, "Fresh token required");
}

fn unguarded(config: &mut web::ServiceConfig) {
    config
        .route("/access", web::get().to(async |_: AccessToken| "in"))
        .route("/identity", web::get().to(async |_: Identity| "in"))
        .route("/claims", web::get().to(async |_: TokenClaims| "in"))
        .route(
            "/location",
            web::get().to(async |TokenLocation(place): TokenLocation| place.map_or("none", Location::as_str)),
        );
}

#[actix_web::test]
async fn a_parameter_outside_every_guard_lets_nobody_in() {
    let jwt = plain();
    let token = jwt.create(NewToken::access("ana")).unwrap();
    for path in ["/access", "/identity", "/claims"] {
        assert_eq!(ask(&jwt, unguarded, bearer(path, &token)).await.0, 500, "{path}");
    }
    assert_eq!(ask(&jwt, unguarded, bearer("/location", &token)).await, (200, "none".into()));
    // A guard without the hooks that it needs answers 500 too.
    let app = init_service(App::new().configure(guarded)).await;
    let answer = app.call(bearer("/access", &token).to_request()).await;
    assert_eq!(answer.unwrap_err().as_response_error().status_code(), StatusCode::INTERNAL_SERVER_ERROR);
}

fn telling(config: &mut web::ServiceConfig) {
    let tell = async |Identity(identity): Identity,
                      TokenClaims(claims): TokenClaims,
                      TokenHeader(header): TokenHeader,
                      TokenLocation(location): TokenLocation| {
        HttpResponse::Ok().json(json!([identity, claims["role"], header["x"], location.map(Location::as_str)]))
    };
    let nobody =
        async |identity: Option<Identity>, TokenClaims(claims): TokenClaims, TokenHeader(header): TokenHeader| {
            HttpResponse::Ok().json(json!([identity.map(|Identity(text)| text), claims, header]))
        };
    config
        .service(web::resource("/tell").wrap(Guard::access()).to(tell))
        .service(web::resource("/optional").wrap(Guard::optional()).to(nobody));
}

#[actix_web::test]
async fn parameters_tell_what_the_token_says_and_where_it_was() {
    let jwt = plain();
    let token = jwt.create(NewToken::access("ana").claim("role", "cook").header("x", 7)).unwrap();
    assert_eq!(ask(&jwt, telling, bearer("/tell", &token)).await, (200, r#"["ana","cook",7,"headers"]"#.into()));
    assert_eq!(ask(&jwt, telling, TestRequest::get().uri("/optional")).await, (200, "[null,{},{}]".into()));
}

/// The hooks of an app that answers every callback in its own way.
struct Own {
    engine: Engine,
    tenants: Arc<Key>,
    asked: Mutex<Vec<&'static str>>,
}

struct User {
    name: String,
}

impl Own {
    fn note(&self, what: &'static str) {
        self.asked.lock().unwrap().push(what);
    }

    fn say(&self, what: &str, fault: &Fault, of: &str) -> HttpResponse {
        HttpResponse::ImATeapot().body(format!("{what}: {fault}: {of}"))
    }
}

impl Hooks for Own {
    fn engine(&self) -> &Engine {
        &self.engine
    }

    fn additional_claims(&self, identity: &Value) -> Map<String, Value> {
        Map::from_iter([("role".into(), identity["role"].clone()), ("tenant".into(), identity["tenant"].clone())])
    }

    fn additional_headers(&self, identity: &Value) -> Map<String, Value> {
        Map::from_iter([("tenant".into(), identity["tenant"].clone())])
    }

    fn user_identity(&self, identity: &Value) -> Value {
        identity["name"].clone()
    }

    fn encode_key(&self, identity: &Value) -> Option<Arc<Key>> {
        (identity["tenant"] == "other").then(|| Arc::clone(&self.tenants))
    }

    fn decode_key(&self, token: &Unverified<'_>) -> Result<Option<Arc<Key>>, Fault> {
        let of_claims = token.claims()?["tenant"].clone();
        if token.header().get("tenant") != Some(&of_claims) {
            return Err(Fault::invalid("Two tenants"));
        }
        Ok((of_claims == "other").then(|| Arc::clone(&self.tenants)))
    }

    fn token_in_blocklist<'a>(
        &'a self,
        _: &'a HttpRequest,
        token: &'a Caller,
    ) -> LocalBoxFuture<'a, Result<bool, Refusal>> {
        self.note("blocklist");
        Box::pin(async {
            match token.claims.all["role"].as_str() {
                Some("unknowable") => Err(Refusal::Unavailable),
                role => Ok(role == Some("blocked")),
            }
        })
    }

    fn token_verification<'a>(
        &'a self,
        _: &'a HttpRequest,
        token: &'a Caller,
    ) -> LocalBoxFuture<'a, Result<bool, Refusal>> {
        self.note("verification");
        Box::pin(async { Ok(token.claims.all["role"] != "unwanted") })
    }

    fn user_lookup<'a>(&'a self, _: &'a HttpRequest, token: &'a Caller) -> LocalBoxFuture<'a, Result<Lookup, Refusal>> {
        self.note("lookup");
        Box::pin(async {
            let name = token.claims.identity.clone();
            Ok(if name == "gone" { Lookup::Nobody } else { Lookup::User(Arc::new(User { name })) })
        })
    }

    fn expired_token(&self, fault: &Fault, token: &Caller) -> HttpResponse {
        self.say("expired", fault, &token.claims.identity)
    }

    fn invalid_token(&self, fault: &Fault) -> HttpResponse {
        self.say("invalid", fault, "")
    }

    fn unauthorized(&self, fault: &Fault) -> HttpResponse {
        self.say("unauthorized", fault, "")
    }

    fn needs_fresh_token(&self, fault: &Fault, token: &Caller) -> HttpResponse {
        self.say("stale", fault, &token.claims.identity)
    }

    fn revoked_token(&self, fault: &Fault, token: &Caller) -> HttpResponse {
        self.say("revoked", fault, &token.claims.identity)
    }

    fn token_verification_failed(&self, fault: &Fault, token: &Caller) -> HttpResponse {
        self.say("unwanted", fault, &token.claims.identity)
    }

    fn user_lookup_error(&self, fault: &Fault, token: &Caller) -> HttpResponse {
        self.say("nobody", fault, &token.claims.identity)
    }
}

fn own_routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/me")
                .wrap(Guard::access())
                .to(async |CurrentUser(user): CurrentUser<User>| user.name.clone()),
        )
        .service(web::resource("/wrong").wrap(Guard::access()).to(async |_: CurrentUser<String>| "in"))
        .service(web::resource("/fresh").wrap(Guard::access().fresh()).to(hello));
}

fn own() -> (SharedHooks, Arc<Own>) {
    let own =
        Arc::new(Own { engine: engine(Options::default()), tenants: Arc::new(key(OTHER)), asked: Mutex::default() });
    (web::Data::from(Arc::clone(&own) as Arc<dyn Hooks>), own)
}

#[actix_web::test]
async fn every_callback_is_asked() {
    let (jwt, own) = own();
    let token = |name: &str, role: &str, life: Life| {
        jwt.create(NewToken::access(json!({ "name": name, "role": role, "tenant": "ours" })).life(life)).unwrap()
    };
    let good = token("ana", "cook", Life::Configured);
    let claims = jwt.decode(&good, None).unwrap();
    assert_eq!((claims.identity.as_str(), &claims.all["role"]), ("ana", &json!("cook")));

    assert_eq!(ask(&jwt, own_routes, bearer("/me", &good)).await, (200, "ana".into()));
    assert_eq!(*own.asked.lock().unwrap(), ["blocklist", "verification", "lookup"], "in this order");
    for (path, token, said) in [
        ("/me", token("ana", "cook", Life::Until(jwt.now())), "expired: Token has expired: ana"),
        ("/me", "x".into(), "invalid: Not enough segments: "),
        ("/me", token("ana", "blocked", Life::Configured), "revoked: Token has been revoked: ana"),
        ("/me", token("ana", "unwanted", Life::Configured), "unwanted: User claims verification failed: ana"),
        ("/me", token("gone", "cook", Life::Configured), "nobody: Error loading the user gone: gone"),
        ("/fresh", good.clone(), "stale: Fresh token required: ana"),
    ] {
        assert_eq!(ask(&jwt, own_routes, bearer(path, &token)).await, (418, said.into()));
    }
    let nothing = ask(&jwt, own_routes, TestRequest::get().uri("/me")).await;
    assert_eq!(nothing, (418, "unauthorized: Missing Authorization Header: ".into()));
    let unknowable = token("ana", "unknowable", Life::Configured);
    assert_eq!(ask(&jwt, own_routes, bearer("/me", &unknowable)).await.0, 503);
    assert_eq!(ask(&jwt, own_routes, bearer("/wrong", &good)).await.0, 500, "the callback finds another type");
}

/// An app that accepts at once every token that it is asked about in that way, and no other.
struct AtOnce {
    engine: Engine,
    now: AtomicI64,
}

impl Hooks for AtOnce {
    fn engine(&self) -> &Engine {
        &self.engine
    }

    fn now(&self) -> UnixTime {
        UnixTime(self.now.load(Ordering::Relaxed))
    }

    fn accepts_at_once(&self, _: &HttpRequest, _: &mut Caller, _: &Guard, _: UnixTime) -> bool {
        true
    }

    fn accept<'a>(
        &'a self,
        _: &'a HttpRequest,
        _: &'a mut Caller,
        _: &'a Guard,
    ) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        Box::pin(async { Err(Fault::Revoked.into()) })
    }
}

#[actix_web::test]
async fn an_app_is_asked_to_accept_at_once_only_what_passed_every_other_check() {
    let options = Options { token_location: vec![Location::Headers, Location::Cookies], ..Options::default() };
    let app = Arc::new(AtOnce { engine: engine(options), now: AtomicI64::new(1_000) });
    let jwt: SharedHooks = web::Data::from(Arc::clone(&app) as Arc<dyn Hooks>);
    let (access, refresh) =
        (jwt.create(NewToken::access("ana")).unwrap(), jwt.create(NewToken::refresh("ana")).unwrap());
    let answer = async |request: TestRequest| ask(&jwt, guarded, request).await.0;
    let cookies = |req: TestRequest, value: &str| req.uri("/access").insert_header(("cookie", value.to_owned()));
    let cookie = format!("access_token_cookie={access}");

    assert_eq!(answer(bearer("/access", &access)).await, 401, "not remembered yet");
    assert_eq!(answer(bearer("/access", &access)).await, 200);
    assert_eq!(answer(bearer("/any", &access)).await, 200);
    assert_eq!(answer(cookies(TestRequest::get(), &cookie)).await, 200);
    assert_eq!(answer(bearer("/access", &format!("{access}x"))).await, 422, "another token");
    assert_eq!(answer(bearer("/access", &refresh)).await, 422, "another type");
    assert_eq!(answer(bearer("/refresh", &access)).await, 422);
    assert_eq!(answer(bearer("/fresh", &access)).await, 401, "not fresh");
    assert_eq!(answer(cookies(TestRequest::post(), &cookie)).await, 401, "without its CSRF value");
    assert_eq!(answer(cookies(TestRequest::get(), &format!("access_token_cookie=x; {cookie}"))).await, 401, "two");
    let two = bearer("/access", &access).append_header(("authorization", "Bearer x"));
    assert_eq!(answer(two).await, 401, "two headers are one with a comma");

    app.now.store(999, Ordering::Relaxed);
    assert_eq!(answer(bearer("/access", &access)).await, 422, "not valid yet");
    app.now.store(1_000 + 15 * 60, Ordering::Relaxed);
    assert_eq!(answer(bearer("/access", &access)).await, 401, "expired");
}

#[actix_web::test]
async fn each_tenant_may_have_a_key_of_its_own() {
    let (jwt, _) = own();
    let of = |tenant: &str| NewToken::access(json!({ "name": "ana", "role": "cook", "tenant": tenant }));
    let (ours, other) = (jwt.create(of("ours")).unwrap(), jwt.create(of("other")).unwrap());
    for token in [&ours, &other] {
        assert_eq!(ask(&jwt, own_routes, bearer("/me", token)).await.0, 200);
    }
    let theirs = Engine::new(Options::default(), Keys::one(key(OTHER)));
    assert!(theirs.decode(&other, None, jwt.now()).is_ok() && theirs.decode(&ours, None, jwt.now()).is_err());
    // `decode_key` sees header and claims before the signature is checked; if the two disagree, it refuses.
    let two = jwt.create(of("ours").header("tenant", "other")).unwrap();
    assert_eq!(ask(&jwt, own_routes, bearer("/me", &two)).await, (418, "invalid: Two tenants: ".into()));
}

#[actix_web::test]
async fn what_a_callback_adds_stands_behind_what_the_token_brings() {
    let (jwt, _) = own();
    let token = NewToken::access(json!({ "name": "ana", "role": "cook", "tenant": "ours" })).claim("role", "admin");
    let claims = jwt.decode(&jwt.create(token).unwrap(), None).unwrap();
    assert_eq!(claims.all["role"], "admin");
    let nameless = jwt.create(NewToken::access(json!({ "role": "cook", "tenant": "ours" })));
    assert!(matches!(nameless, Err(IssueError::Refused(_))));
}

#[actix_web::test]
async fn a_code_for_programs_goes_along_where_it_is_asked_for() {
    let options = Options { error_code_key: Some("code".into()), ..Options::default() };
    let jwt = shared(engine(options));
    let (status, body) = ask(&jwt, guarded, TestRequest::get().uri("/access")).await;
    assert_eq!((status, body.as_str()), (401, r#"{"code":"token_missing","msg":"Missing Authorization Header"}"#));
}

struct SmallBodies(Engine);

impl Hooks for SmallBodies {
    fn engine(&self) -> &Engine {
        &self.0
    }

    fn max_body_bytes(&self) -> usize {
        100
    }
}

#[actix_web::test]
async fn a_body_is_read_for_a_token_only_as_far_as_the_app_allows() {
    let options = Options { token_location: vec![Location::Headers, Location::Json], ..Options::default() };
    let jwt = shared(SmallBodies(engine(options)));
    let large = json!({ "access_token": "x".repeat(200) });
    let post = |body: &Value| TestRequest::post().uri("/access").set_json(body);
    assert_eq!(ask(&jwt, guarded, post(&large)).await.0, 413);
    assert_eq!(ask(&jwt, guarded, post(&json!({ "access_token": "x" }))).await.0, 422);
    // With a token in the header, the body is not read.
    let token = jwt.create(NewToken::access("ana")).unwrap();
    let request = post(&large).insert_header(("authorization", format!("Bearer {token}")));
    assert_eq!(ask(&jwt, guarded, request).await.0, 200);
}

/// Two tokens that are made one by one have two CSRF values. flask-jwt-extended writes each beside its own token.
#[actix_web::test]
async fn new_cookies_of_two_tokens_have_each_ones_own_csrf_value() {
    let jwt = plain();
    let (access, refresh) =
        (jwt.create(NewToken::access("ana")).unwrap(), jwt.create(NewToken::refresh("ana")).unwrap());
    let csrf_of = |token: &str| jwt.decode(token, None).unwrap().csrf.clone().unwrap();
    let (of_access, of_refresh) = (csrf_of(&access), csrf_of(&refresh));
    assert_ne!(of_access, of_refresh);

    let new = NewCookies::from_tokens(jwt.as_ref(), access.clone(), Some(refresh.clone()), true).unwrap();
    let mut res = HttpResponse::Ok().finish();
    cookies::set(jwt.engine().options(), res.head_mut(), &new, jwt.now());
    let set: Vec<_> = res.cookies().map(|cookie| (cookie.name().to_owned(), cookie.value().to_owned())).collect();
    let expected = [
        ("access_token_cookie", &access),
        ("csrf_access_token", &of_access),
        ("refresh_token_cookie", &refresh),
        ("csrf_refresh_token", &of_refresh),
    ];
    assert_eq!(set, expected.map(|(name, value)| (name.to_owned(), value.clone())));
}

#[actix_web::test]
async fn a_token_without_a_csrf_value_makes_no_cookie_that_could_never_be_used() {
    let unprotected = shared(engine(Options { cookie_csrf_protect: false, ..Options::default() }));
    let access = unprotected.create(NewToken::access("ana")).unwrap();
    assert!(NewCookies::from_tokens(unprotected.as_ref(), access.clone(), None, false).is_ok());
    let refused = NewCookies::from_tokens(plain().as_ref(), access, None, false);
    assert!(matches!(refused, Err(fault) if fault == Fault::missing_claim("csrf")));
}
