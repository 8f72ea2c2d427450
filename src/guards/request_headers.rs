//! What a request's headers say about the kind of its body, and its cookies.

use actix_web::http::header::{self, HeaderMap, HeaderValue};
use memchr::memchr;

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
        .flat_map(|line| cookie_pairs(line.as_bytes()))
        // Most cookies are others, whose values are not looked at.
        .filter(|pair| memchr(b'=', pair).is_some_and(|end| pair[..end].ends_with(name.as_bytes())))
        .filter_map(|pair| std::str::from_utf8(pair).ok()?.trim().split_once('='))
        .filter(move |(found, _)| *found == name)
        .map(|(_, value)| value.trim().trim_matches('"'))
        .filter(|value| !value.is_empty())
        .take(MOST_OF_ONE_NAME)
}

/// The parts of a `Cookie` header between the semicolons.
pub fn cookie_pairs(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let line = rest?;
        // Many bytes at a time, where `split` takes each: half of what a cookie cost beyond a header.
        let end = memchr(b';', line);
        rest = end.map(|end| &line[end + 1..]);
        Some(&line[..end.unwrap_or(line.len())])
    })
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// What the values are, found by reading every pair.
    fn by_reading_all(line: &[u8], name: &str) -> Vec<String> {
        let pairs = line.split(|byte| *byte == b';').filter_map(|pair| std::str::from_utf8(pair).ok());
        let named = pairs.filter_map(|pair| pair.trim().split_once('=')).filter(|(found, _)| *found == name);
        let values = named.map(|(_, value)| value.trim().trim_matches('"').to_owned());
        values.filter(|value| !value.is_empty()).take(MOST_OF_ONE_NAME).collect()
    }

    fn piece() -> impl Strategy<Value = Vec<u8>> {
        let bytes = |text: &'static str| Just(text.as_bytes().to_vec());
        prop_oneof![
            bytes("token"),
            bytes("="),
            bytes(";"),
            bytes("; "),
            bytes(" "),
            bytes("\""),
            bytes("\u{a0}"),
            bytes("my_token"),
            vec(0x80..=0xff_u8, 1..3),
            vec(0x20..0x7f_u8, 0..4),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

        #[test]
        fn cookies_are_found_as_if_every_pair_were_read(pieces in vec(piece(), 0..24)) {
            let line = pieces.concat();
            let mut headers = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_bytes(&line) {
                headers.insert(header::COOKIE, value);
                let found: Vec<_> = cookie_values(&headers, "token").collect();
                prop_assert_eq!(found, by_reading_all(&line, "token"));
            }
        }
    }
}
