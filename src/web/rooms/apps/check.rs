//! `GET /gate/check/…`: what a proxy asks before it sends a request on to an app. 2xx is the only yes.

use actix_web::http::header::{
    AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE,
};
use actix_web::http::{Method, StatusCode};
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use crate::accounts::apps::assertion::assertion;
use crate::accounts::apps::check::{Answer, check, check_token};
use crate::accounts::apps::entry::pass_key;
use crate::accounts::apps::kept_assertions::Subject;
use crate::blocklist::gate::Place;
use crate::domain::joined;
use crate::gate::forwarded::{self, ForwardedRequest, Kind, Proto, Style};
use crate::gate::headers;
use crate::tokens::Fault;
use crate::web::app::App;
use crate::web::http::app_host::{PASS, cookie};
use crate::web::http::client_address::{self, is_trusted, peer};
use crate::web::http::entry::start_address;
use crate::web::http::error::Error;
use crate::web::http::replies::message;
use crate::web::pages::gate_page;

const ASSERTION: HeaderName = HeaderName::from_static(headers::ASSERTION);
/// Who somebody is, for the app.
const IDENTITY: [HeaderName; 4] = [
    HeaderName::from_static("remote-user"),
    HeaderName::from_static("remote-name"),
    HeaderName::from_static("remote-email"),
    HeaderName::from_static("remote-groups"),
];

pub(in crate::web) async fn nginx(ThinData(app): ThinData<App>, req: HttpRequest) -> Result<HttpResponse, Error> {
    answer(&app, &req, Style::Nginx).await
}

pub(in crate::web) async fn forward(ThinData(app): ThinData<App>, req: HttpRequest) -> Result<HttpResponse, Error> {
    answer(&app, &req, Style::Forward).await
}

pub(in crate::web) async fn haproxy(ThinData(app): ThinData<App>, req: HttpRequest) -> Result<HttpResponse, Error> {
    answer(&app, &req, Style::Haproxy).await
}

async fn answer(app: &App, req: &HttpRequest, style: Style) -> Result<HttpResponse, Error> {
    // Only a test server has no peer.
    let Some(peer) = peer(req) else { return Err(Error::NotFound) };
    let headers: Vec<_> = req.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let asked = match forwarded::read(style, peer, |peer| is_trusted(app, peer), headers.iter().copied()) {
        Ok(asked) => asked,
        Err(refusal) => return Ok(refused(app, peer, &refusal.to_string())),
    };
    let found = app.accounts.blocklist.app_at(&asked.host).filter(|_| asked.proto == Proto::Https);
    let Some(place) = found else { return Ok(refused(app, peer, &format!("no app is at {}", asked.origin()))) };
    let rules = &place.app.rules;
    if asked.is_open(rules.open_paths.iter().map(|path| path.as_str())) {
        return Ok(entered(app, &place, None));
    }
    if asked.kind == Kind::Preflight && rules.passes_preflights {
        return Ok(entered(app, &place, None));
    }
    let answer = match shown_token(req).filter(|_| rules.takes_tokens) {
        // A token that was shown decides alone: whoever shows one wants to be who it says, not who holds the pass beside it.
        Some(token) => check_token(&app.accounts, &place, token, || client_address::visitor(app, req), app.now()).await,
        None => {
            let shown = cookie(req, PASS).and_then(|pass| pass_key(pass.as_bytes()));
            check(&app.accounts, &place, shown, app.now()).await
        }
    };
    let opens_page = asked.kind == Kind::Navigation && asked.method == Method::GET.as_str();
    let would_refuse = match &answer {
        // Somebody opens a page, so this is a moment at which the browser can be led to a new pass.
        Answer::Enter { is_due: true, .. } if opens_page => return sign_in(app, &asked, &place),
        Answer::Enter { user, groups, pass, sid, .. } => {
            let subject = Subject { pass: *pass, app: place.app.name.as_str(), sid: *sid, user, groups };
            return Ok(entered(app, &place, Some(&subject)));
        }
        Answer::Unknowable => return Ok(unknowable(app)),
        Answer::SignIn => "sign_in",
        Answer::Denied => "denied",
        Answer::TokenRefused(_) => "token",
    };
    if rules.observes {
        // The query may hold secrets of the app's.
        let path = asked.path_and_query.split('?').next().unwrap_or_default();
        let path: String = path.chars().take(MOST_OF_PATH).collect();
        let method = &asked.method;
        tracing::info!(event = "gate_would_refuse", app = %place.app.name, reason = would_refuse, method, path);
        return Ok(entered(app, &place, None));
    }
    match answer {
        Answer::Denied => Ok(denied(app, req, &asked, &place)),
        Answer::TokenRefused(fault) => Ok(token_refused(app, &fault)),
        Answer::Enter { .. } | Answer::SignIn | Answer::Unknowable => sign_in(app, &asked, &place),
    }
}

/// What stands behind `Bearer` in the request's `Authorization`. Where there are two such headers nobody can say which one counts: the empty
/// text, which is no token. `None`: the request shows none, in this way.
fn shown_token(req: &HttpRequest) -> Option<&str> {
    let mut all = req.headers().get_all(AUTHORIZATION).map(|value| bearer(value.as_bytes()));
    match (all.next(), all.next()) {
        (Some(token), None) => token,
        (None, _) => None,
        (Some(first), Some(second)) => {
            (first.is_some() || second.is_some() || all.any(|other| other.is_some())).then_some("")
        }
    }
}

fn bearer(value: &[u8]) -> Option<&str> {
    const SCHEME: &[u8] = b"bearer";
    let (scheme, token) = value.split_at_checked(SCHEME.len())?;
    let is_scheme = scheme.eq_ignore_ascii_case(SCHEME) && matches!(token.first(), None | Some(b' ' | b'\t'));
    is_scheme.then(|| str::from_utf8(token).unwrap_or_default().trim())
}

/// Programs follow no redirect to a sign-in.
fn token_refused(app: &App, fault: &Fault) -> HttpResponse {
    let mut res = message(app, StatusCode::UNAUTHORIZED, &fault.to_string());
    let challenge = fault.challenge().unwrap_or_else(|| "Bearer error=\"invalid_token\"".into());
    if let Ok(challenge) = HeaderValue::from_str(&challenge) {
        res.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    res
}

/// How much of a path the log shows, in characters.
const MOST_OF_PATH: usize = 200;

/// All headers are sent, empty ones too: one that is missing would let through what a client sent under its name.
fn entered(app: &App, place: &Place, subject: Option<&Subject<'_>>) -> HttpResponse {
    let mut res = HttpResponse::new(StatusCode::OK);
    let subject = subject.filter(|_| place.app.rules.sends_identity);
    let told = subject.map(|subject| subject.user);
    let contact = told.and_then(|user| user.contact.as_deref());
    let groups = subject.map(|subject| joined(subject.groups));
    let values = [
        told.map(|user| user.username.as_str()),
        contact.and_then(|contact| contact.display_name.as_deref()),
        contact.and_then(|contact| contact.mail.as_deref()),
        groups.as_deref(),
    ];
    let signed = subject.and_then(|subject| assertion(&app.accounts, subject, app.now()));
    let headers = res.headers_mut();
    put(headers, ASSERTION, signed.as_deref().unwrap_or_default());
    for (name, value) in IDENTITY.into_iter().zip(values) {
        put(headers, name, value.unwrap_or_default());
    }
    res
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    // Names and addresses hold no control characters; others could end the header.
    let value = HeaderValue::from_bytes(value.as_bytes()).unwrap_or(HeaderValue::from_static(""));
    headers.insert(name, value);
}

/// Pages are led to sign in; what a page loads, and programs, are told so.
fn sign_in(app: &App, asked: &ForwardedRequest, place: &Place) -> Result<HttpResponse, Error> {
    if asked.kind != Kind::Navigation {
        let login = format!("{}/.portero/start", place.origin);
        let challenge = format!("Cookie form-action=\"{login}\", cookie-name=\"{PASS}\"");
        let key = &app.accounts.engine.options().error_message_key;
        let mut body = json!({ "login": login });
        if let Some(members) = body.as_object_mut() {
            members.insert(key.clone(), "Sign in first".into());
        }
        return Ok(HttpResponse::Unauthorized().insert_header((WWW_AUTHENTICATE, challenge)).json(body));
    }
    let only_reads = matches!(asked.method.as_str(), "GET" | "HEAD");
    let status = match asked.style {
        // It knows no other refusal, and takes the address from there.
        Style::Nginx => StatusCode::UNAUTHORIZED,
        Style::Forward | Style::Haproxy if only_reads => StatusCode::FOUND,
        Style::Forward | Style::Haproxy => StatusCode::SEE_OTHER,
    };
    let address = start_address(app, place, &asked.path_and_query)?;
    Ok(HttpResponse::build(status).insert_header((LOCATION, address)).finish())
}

fn denied(app: &App, req: &HttpRequest, asked: &ForwardedRequest, place: &Place) -> HttpResponse {
    match asked.kind {
        Kind::Navigation => gate_page::denied(app, req, place),
        Kind::Script | Kind::Websocket | Kind::Preflight => {
            message(app, StatusCode::FORBIDDEN, "You may not enter this app")
        }
    }
}

fn unknowable(app: &App) -> HttpResponse {
    let mut res = message(app, StatusCode::SERVICE_UNAVAILABLE, "Temporarily unavailable, try again in a moment");
    res.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    res
}

/// The proxy is set up wrongly, or somebody tries whether it is.
fn refused(app: &App, peer: std::net::IpAddr, why: &str) -> HttpResponse {
    if app.refused_checks.is_due(peer) {
        tracing::warn!(event = "gate_check_refused", peer = %peer, why);
    }
    message(app, StatusCode::BAD_REQUEST, why)
}
