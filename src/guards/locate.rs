//! Where the token is: the places in their order, of which only "not here" leads on to the next.

use std::borrow::Cow;

use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap};
use serde_json::Value;

use super::body::{self, BodyFault};
use super::{CsrfCheck, Guard, Hooks, cookies};
use crate::domain::TokenType;
use crate::tokens::options::{Location, Options};
use crate::tokens::{Fault, MAX_TOKEN_BYTES};

/// What a place holds. More than one only where several cookies of the name were sent.
pub(super) struct Tokens {
    pub(super) first: String,
    pub(super) others: Vec<String>,
}

pub(super) struct Found {
    pub(super) tokens: Tokens,
    /// What has to equal the token's `csrf` claim; `None`: nothing has to.
    pub(super) csrf: Option<String>,
    pub(super) location: Location,
}

/// One place: a token, or why there is none here, or why there will be none at all.
enum Place {
    Here(Found),
    NotHere(String),
    Fatal(Fault),
}

impl Place {
    /// A token that no browser sends by itself: nothing need come with it.
    fn here(token: &str, location: Location) -> Self {
        // Before it is copied: what a refusal costs must not grow with what was sent.
        if token.len() > MAX_TOKEN_BYTES {
            return Self::Fatal(Fault::too_long());
        }
        let tokens = Tokens { first: token.to_owned(), others: Vec::new() };
        Self::Here(Found { tokens, csrf: None, location })
    }
}

/// The outer error ends everything; the inner one is "no token" or a container that is malformed.
pub(super) async fn find(
    hooks: &dyn Hooks,
    guard: &Guard,
    req: &mut ServiceRequest,
) -> Result<Result<Found, Fault>, BodyFault> {
    let options = hooks.engine().options();
    let locations = guard.locations.as_deref().unwrap_or(&options.token_location);
    let mut missing = Vec::new();
    for location in locations {
        let place = match location {
            Location::Headers => in_header(options, req.headers()),
            Location::Cookies => in_cookie(hooks, guard, req).await?,
            Location::QueryString => in_query(options, req.query_string()),
            // Boxed, as everything that reads a body: or every request would carry about what that needs.
            Location::Json => Box::pin(in_json(hooks, guard, req)).await?,
        };
        match place {
            Place::Here(found) => return Ok(Ok(found)),
            Place::Fatal(fault) => return Ok(Err(fault)),
            Place::NotHere(text) => missing.push(text),
        }
    }
    Ok(Err(Fault::Missing(nowhere(locations, &missing))))
}

fn nowhere(locations: &[Location], missing: &[String]) -> String {
    match (locations, missing) {
        (_, [only]) => only.clone(),
        ([first @ .., last], _) => {
            let first: Vec<_> = first.iter().map(|location| location.as_str()).collect();
            format!("Missing JWT in {} or {} ({})", first.join(", "), last.as_str(), missing.join("; "))
        }
        ([], _) => "Missing JWT".into(),
    }
}

fn in_header(options: &Options, headers: &HeaderMap) -> Place {
    if let Some(token) = plain_header(options, headers) {
        return Place::here(token, Location::Headers);
    }
    let name = &options.header_name;
    // Repeated lines are one header with a comma between. (RFC 9110 §5.3)
    let mut lines = headers.get_all(name.as_str()).map(|line| String::from_utf8_lossy(line.as_bytes()));
    let first = lines.next().unwrap_or_default();
    let all = lines.fold(first, |all, line| all + "," + line);
    let value = all.trim_matches(|c: char| c.is_whitespace() || c == ',');
    if value.is_empty() {
        return Place::NotHere(format!("Missing {name} Header"));
    }
    let here = |token: &str| Place::here(token, Location::Headers);
    let scheme = options.header_type.as_str();
    if scheme.is_empty() {
        let mut words = value.split_whitespace();
        return match (words.next(), words.next()) {
            (Some(token), None) => here(token),
            _ => Place::Fatal(Fault::invalid(format!("Bad {name} header. Expected '{name}: <JWT>'"))),
        };
    }
    let mut with_scheme = value.split(',').filter(|piece| piece.split_whitespace().next() == Some(scheme));
    let (Some(piece), None) = (with_scheme.next(), with_scheme.next()) else {
        return Place::NotHere(format!(
            "Missing '{scheme}' type in '{name}' header. Expected '{name}: {scheme} <JWT>'"
        ));
    };
    let words: Vec<_> = piece.split_whitespace().collect();
    match words.as_slice() {
        [_, token] => here(token),
        _ => Place::Fatal(Fault::invalid(format!("Bad {name} header. Expected '{name}: {scheme} <JWT>'"))),
    }
}

/// The token of a header as nearly all are: one line, scheme, space, token. What follows in [`in_header`] finds the same in it, in
/// ten times the time, which is a twentieth of a whole request's.
fn plain_header<'a>(options: &Options, headers: &'a HeaderMap) -> Option<&'a str> {
    let mut lines = headers.get_all(options.header_name.as_str());
    let (Some(line), None) = (lines.next(), lines.next()) else { return None };
    let scheme = options.header_type.as_bytes();
    let token = line.as_bytes().strip_prefix(scheme)?.strip_prefix(b" ")?;
    // To the end in any case: without a way out in the middle, many bytes are looked at at once.
    let is_odd = token.iter().fold(false, |odd, byte| odd | !byte.is_ascii_graphic() | (*byte == b','));
    if scheme.is_empty() || token.is_empty() || is_odd { None } else { std::str::from_utf8(token).ok() }
}

async fn in_cookie(hooks: &dyn Hooks, guard: &Guard, req: &mut ServiceRequest) -> Result<Place, BodyFault> {
    let options = hooks.engine().options();
    let name = cookies::names(options, guard.token).token;
    let fits = |value: &Cow<'_, str>| value.len() <= MAX_TOKEN_BYTES;
    let mut values = cookie_values(req.headers(), name).filter(fits).map(Cow::into_owned);
    let Some(first) = values.next() else {
        return Ok(match cookie_values(req.headers(), name).next() {
            None => Place::NotHere(format!("Missing cookie \"{name}\"")),
            Some(_) => Place::Fatal(Fault::too_long()),
        });
    };
    let tokens = Tokens { first, others: values.collect() };
    let csrf = if csrf_is_due(options, guard, req.method()) {
        match Box::pin(csrf_value(hooks, guard, req)).await? {
            Some(value) => Some(value),
            None => return Ok(Place::Fatal(Fault::CsrfMissing)),
        }
    } else {
        None
    };
    Ok(Place::Here(Found { tokens, csrf, location: Location::Cookies }))
}

/// The parameter's first value. (`query_string` in the library)
fn in_query(options: &Options, query: &str) -> Place {
    let (name, prefix) = (&options.query_string_name, &options.query_string_value_prefix);
    let decode =
        |text: &str| percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let mut parameters = query.split('&').map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")));
    let encoded = parameters.find(|(found, _)| decode(found) == *name).map(|(_, value)| value);
    // At most three characters stand for one.
    if encoded.is_some_and(|value| value.len() / 3 > prefix.len() + MAX_TOKEN_BYTES) {
        return Place::Fatal(Fault::too_long());
    }
    match encoded.map(decode).filter(|value| !value.is_empty()) {
        // The library's spelling.
        None => Place::NotHere(format!("Missing '{name}' query paramater")),
        Some(value) => match value.strip_prefix(prefix.as_str()) {
            Some(token) => Place::here(token, Location::QueryString),
            None => Place::Fatal(Fault::invalid(format!(
                "Invalid value for query parameter '{name}'. Expected the value to start with '{prefix}'"
            ))),
        },
    }
}

/// A member of the body, whatever the method.
async fn in_json(hooks: &dyn Hooks, guard: &Guard, req: &mut ServiceRequest) -> Result<Place, BodyFault> {
    let options = hooks.engine().options();
    if !is_json(req.headers()) {
        return Ok(Place::NotHere("Invalid content-type. Must be application/json.".into()));
    }
    let key = match guard.token {
        TokenType::Access => &options.json_key,
        TokenType::Refresh => &options.refresh_json_key,
    };
    let body: Value = serde_json::from_slice(&body::peek(req, hooks.max_body_bytes()).await?).unwrap_or_default();
    Ok(match body.get(key) {
        Some(Value::String(token)) if !token.is_empty() => Place::here(token, Location::Json),
        // What Python takes for nothing is nothing.
        None | Some(Value::String(_) | Value::Null | Value::Bool(false)) => no_key(key),
        Some(Value::Array(items)) if items.is_empty() => no_key(key),
        Some(Value::Object(members)) if members.is_empty() => no_key(key),
        Some(Value::Number(number)) if number.as_f64() == Some(0.0) => no_key(key),
        Some(Value::Bool(true) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Place::Fatal(Fault::invalid("Invalid token type. Token must be a <class 'bytes'>"))
        }
    })
}

fn no_key(key: &str) -> Place {
    Place::NotHere(format!("Missing \"{key}\" key in json data."))
}

fn csrf_is_due(options: &Options, guard: &Guard, method: &Method) -> bool {
    match guard.csrf {
        CsrfCheck::Never => false,
        CsrfCheck::Always => !matches!(*method, Method::GET | Method::HEAD),
        CsrfCheck::Configured => {
            options.cookie_csrf_protect && options.csrf_methods.iter().any(|one| one == method.as_str())
        }
    }
}

/// From the header, or, where there is none and forms count, from the form's field.
async fn csrf_value(hooks: &dyn Hooks, guard: &Guard, req: &mut ServiceRequest) -> Result<Option<String>, BodyFault> {
    let options = hooks.engine().options();
    let (header_name, field_name) = match guard.token {
        TokenType::Access => (&options.access_csrf_header_name, &options.access_csrf_field_name),
        TokenType::Refresh => (&options.refresh_csrf_header_name, &options.refresh_csrf_field_name),
    };
    let in_header = req.headers().get(header_name.as_str()).map(|value| String::from_utf8_lossy(value.as_bytes()));
    if let Some(value) = in_header.filter(|value| !value.is_empty()) {
        return Ok(Some(value.into_owned()));
    }
    if !options.csrf_check_form && guard.csrf != CsrfCheck::Always {
        return Ok(None);
    }
    let boundary = body::multipart_boundary(req.headers());
    if boundary.is_none() && !is_form(req.headers()) {
        return Ok(None);
    }
    let body = body::peek(req, hooks.max_body_bytes()).await?;
    let value = match boundary {
        Some(boundary) => body::multipart_field(body, boundary, field_name).await,
        None => {
            let fields = body::form_fields(&body).unwrap_or_default();
            fields.into_iter().find(|(name, _)| name == field_name).map(|(_, value)| value)
        }
    };
    Ok(value.filter(|value| !value.is_empty()))
}

/// Whether the body is a form, URL-encoded.
pub fn is_form(headers: &HeaderMap) -> bool {
    essence(headers) == "application/x-www-form-urlencoded"
}

/// Whether the body is `application/json`, or a kin of it.
pub fn is_json(headers: &HeaderMap) -> bool {
    let essence = essence(headers);
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The content type without its parameters.
fn essence(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Every cookie of this name that is not empty, in the order in which they came. There are several where a neighbour on the
/// same domain has set one too: it must not shut out ours. Our own reading: one broken byte in a neighbour's cookie must not
/// sign anybody out, and Actix drops the whole jar then.
pub fn cookie_values<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = Cow<'a, str>> {
    headers
        .get_all(header::COOKIE)
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| std::str::from_utf8(pair).ok()?.trim().split_once('='))
        .filter(move |(found, _)| *found == name)
        .map(|(_, value)| Cow::from(value.trim().trim_matches('"')))
        .filter(|value| !value.is_empty())
}
