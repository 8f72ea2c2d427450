//! Finding a request's token: the locations are searched in order, and only "not here" leads on to the next.

use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, HeaderValue};
use serde_json::Value;

use super::body::{self, BodyFault};
use super::caller::Refusal;
use super::cookies;
use super::guard::{CsrfCheck, Guard};
use super::hooks::Hooks;
use super::request_headers::{cookie_values, is_form, is_json, token_lines};
use crate::domain::TokenType;
use crate::tokens::options::{Location, Options};
use crate::tokens::{Fault, MAX_TOKEN_BYTES};

/// The tokens in one location. There is more than one only if several cookies of the same name were sent.
pub(super) struct Tokens {
    pub(super) first: String,
    pub(super) others: Vec<String>,
}

pub(super) struct Found {
    pub(super) tokens: Tokens,
    /// The value that has to equal the token's `csrf` claim. `None`: none is demanded.
    pub(super) csrf: Option<String>,
    pub(super) location: Location,
}

/// What one location gave: a token, why there is none here, or a fault that ends the search.
enum Place {
    Here(Found),
    NotHere(String),
    Fatal(Fault),
}

impl Place {
    /// A token that no browser sends by itself, so that no CSRF value need come with it.
    fn here(token: &str, location: Location) -> Self {
        // Checked before the token is copied: the cost of a refusal must not grow with what was sent.
        if token.len() > MAX_TOKEN_BYTES {
            return Self::Fatal(Fault::too_long());
        }
        let tokens = Tokens { first: token.to_owned(), others: Vec::new() };
        Self::Here(Found { tokens, csrf: None, location })
    }
}

/// What must be the token if it is a known one: what stands in the first place where a token may be, alone, and without a CSRF value.
/// If it is a token at all, [`find`] finds the same.
pub(super) fn at_once<'a>(
    options: &'a Options,
    guard: &Guard,
    req: &'a ServiceRequest,
) -> Option<(&'a [u8], Location)> {
    let locations = guard.locations.as_deref().unwrap_or(&options.token_location);
    for location in locations {
        let found = match location {
            Location::Headers => match only(token_lines(req.headers(), options))? {
                Some(line) => Some(after_scheme(options, line)?),
                None => None,
            },
            Location::Cookies if csrf_is_due(options, guard, req.method()) => return None,
            Location::Cookies => {
                let values = cookie_values(req.headers(), cookies::names(options, guard.token).token);
                only(values)?.map(str::as_bytes)
            }
            Location::QueryString | Location::Json => return None,
        };
        if let Some(token) = found {
            return Some((token, *location));
        }
    }
    None
}

/// Finds the request's token. [`Refusal::Fault`]: there is none, its CSRF value is missing, or what should hold it is malformed.
/// Any other refusal ends the check: the body could not be read.
pub(super) async fn find(hooks: &dyn Hooks, guard: &Guard, req: &mut ServiceRequest) -> Result<Found, Refusal> {
    let options = hooks.engine().options();
    let locations = guard.locations.as_deref().unwrap_or(&options.token_location);
    let mut missing = Vec::new();
    for location in locations {
        let place = match location {
            Location::Headers => in_header(options, req.headers()),
            Location::Cookies => in_cookie(hooks, guard, req).await?,
            Location::QueryString => in_query(options, req.query_string()),
            // Boxed, like everything that reads a body, because otherwise every request would carry the space for that.
            Location::Json => Box::pin(in_json(hooks, guard, req)).await?,
        };
        match place {
            Place::Here(found) => return Ok(found),
            Place::Fatal(fault) => return Err(fault.into()),
            Place::NotHere(text) => missing.push(text),
        }
    }
    Err(Fault::Missing(missing_text(locations, &missing)).into())
}

fn missing_text(locations: &[Location], missing: &[String]) -> String {
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
    let name = &options.header_name;
    let line = only(token_lines(headers, options)).flatten();
    if let Some(token) = line.and_then(|line| in_plain_line(options, line)) {
        return Place::here(token, Location::Headers);
    }
    // Repeated lines are one header, joined by commas. (RFC 9110 §5.3)
    let mut lines = token_lines(headers, options).map(|line| String::from_utf8_lossy(line.as_bytes()));
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

/// The only one of these, if there is one. The outer `None`: there are several.
fn only<T>(mut all: impl Iterator<Item = T>) -> Option<Option<T>> {
    let first = all.next();
    all.next().is_none().then_some(first)
}

/// The token of a header in the form that nearly all have: one line, scheme, space, token. The rest of [`in_header`] finds the
/// same token in it, but takes ten times as long, which is a twentieth of the time for a whole request.
fn in_plain_line<'a>(options: &Options, line: &'a HeaderValue) -> Option<&'a str> {
    let token = after_scheme(options, line)?;
    // Looks at every byte in any case: without an early exit, the loop can take many bytes at once.
    let needs_full_parser = token.iter().fold(false, |odd, byte| odd | !byte.is_ascii_graphic() | (*byte == b','));
    if needs_full_parser { None } else { std::str::from_utf8(token).ok() }
}

/// What stands behind the scheme and a space, if anything does.
fn after_scheme<'a>(options: &Options, line: &'a HeaderValue) -> Option<&'a [u8]> {
    let scheme = options.header_type.as_bytes();
    let token = line.as_bytes().strip_prefix(scheme)?.strip_prefix(b" ")?;
    if scheme.is_empty() || token.is_empty() { None } else { Some(token) }
}

async fn in_cookie(hooks: &dyn Hooks, guard: &Guard, req: &mut ServiceRequest) -> Result<Place, BodyFault> {
    let options = hooks.engine().options();
    let name = cookies::names(options, guard.token).token;
    let fits = |value: &&str| value.len() <= MAX_TOKEN_BYTES;
    let mut values = cookie_values(req.headers(), name).filter(fits).map(str::to_owned);
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

/// Looks at the first value of the query parameter. (`query_string` in the library)
fn in_query(options: &Options, query: &str) -> Place {
    let (name, prefix) = (&options.query_string_name, &options.query_string_value_prefix);
    let decode =
        |text: &str| percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let mut parameters = query.split('&').map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")));
    let encoded = parameters.find(|(found, _)| decode(found) == *name).map(|(_, value)| value);
    // A byte takes at most three characters when it is percent-encoded.
    if encoded.is_some_and(|value| value.len() / 3 > prefix.len() + MAX_TOKEN_BYTES) {
        return Place::Fatal(Fault::too_long());
    }
    match encoded.map(decode).filter(|value| !value.is_empty()) {
        // "paramater" is the library's spelling.
        None => Place::NotHere(format!("Missing '{name}' query paramater")),
        Some(value) => match value.strip_prefix(prefix.as_str()) {
            Some(token) => Place::here(token, Location::QueryString),
            None => Place::Fatal(Fault::invalid(format!(
                "Invalid value for query parameter '{name}'. Expected the value to start with '{prefix}'"
            ))),
        },
    }
}

/// Looks at a member of the JSON body, whatever the method.
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
        // What is false to Python counts as missing.
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

/// Returns the CSRF value from the header or, if there is none and forms count, from the form's field.
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
