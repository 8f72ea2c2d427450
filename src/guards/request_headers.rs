//! What a request's headers say about the kind of its body, and its cookies.

use actix_web::http::header::{self, HeaderMap, HeaderValue};

use crate::tokens::options::Options;

/// Whether the body is a URL-encoded form.
pub fn is_form(headers: &HeaderMap) -> bool {
    essence(headers) == "application/x-www-form-urlencoded"
}

/// Whether the body is `application/json`, or another type of `application/` that ends with `+json`.
pub fn is_json(headers: &HeaderMap) -> bool {
    let essence = essence(headers);
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The content type in lower case, without its parameters.
fn essence(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The lines of the header in which the options let tokens come.
pub fn token_lines<'a>(headers: &'a HeaderMap, options: &Options) -> impl Iterator<Item = &'a HeaderValue> {
    // By the header's constant if the name is the usual one: a name in text is parsed each time, which costs more than the look-up.
    if options.header_name == "Authorization" {
        headers.get_all(header::AUTHORIZATION)
    } else {
        headers.get_all(options.header_name.as_str())
    }
}

/// How many cookies of one name are looked at: checking a token of ours costs a signature each.
pub const MOST_OF_ONE_NAME: usize = 8;

/// Returns the value of every cookie with this name that is not empty, in the order in which they came, but at most [`MOST_OF_ONE_NAME`].
/// There are several if another host on the same domain has set one too, which must not shut out the right one. Cookies of other
/// names, however many, cost nothing but reading them. The header is parsed here because
/// Actix drops all cookies if one contains a broken byte, and a neighbour's broken cookie must not sign anybody out.
pub fn cookie_values<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(header::COOKIE)
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| std::str::from_utf8(pair).ok()?.trim().split_once('='))
        .filter(move |(found, _)| *found == name)
        .map(|(_, value)| value.trim().trim_matches('"'))
        .filter(|value| !value.is_empty())
        .take(MOST_OF_ONE_NAME)
}
