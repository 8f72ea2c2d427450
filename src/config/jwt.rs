//! flask-jwt-extended's options: the table `[jwt]`, and `JWT_…` in the environment.

use url::Host;

use super::parse::{choice, http_name, lifetime, list, seconds, switch, text};
use super::reader::{Raw, Reader, UNSET};
use super::settings::cookie_prefix;
use crate::tokens::options::{Location, Options, SameSite, Secret};
use crate::tokens::{Algorithm, Key};

/// flask-jwt-extended's options, with the server's defaults where those differ from the library's.
pub(super) fn options(r: &mut Reader, https: bool) -> Options {
    let cookie_secure = r.take("jwt.cookie_secure", if https { "true" } else { "false" }, switch);
    let cookie_domain = r.take_if_set("jwt.cookie_domain", UNSET, domain);
    let access_cookie_path = r.take("jwt.access_cookie_path", "/", cookie_path);
    let refresh_cookie_path = r.take("jwt.refresh_cookie_path", "/", cookie_path);
    let access_csrf_cookie_path = r.take("jwt.access_csrf_cookie_path", "/", cookie_path);
    let refresh_csrf_cookie_path = r.take("jwt.refresh_csrf_cookie_path", "/", cookie_path);
    let this_host_only = https && cookie_secure && cookie_domain.is_none();
    let named = |name: &str, path: &str| format!("{}{name}", cookie_prefix(this_host_only && path == "/"));

    Options {
        access_token_expires: r.take("jwt.access_token_expires", "15m", lifetime),
        refresh_token_expires: r.take("jwt.refresh_token_expires", "30d", lifetime),
        algorithm: r.take("jwt.algorithm", "HS256", algorithm),
        decode_algorithms: r.take("jwt.decode_algorithms", "", list(algorithm)),
        decode_leeway: r.take("jwt.decode_leeway", "0", seconds(0..=300)),
        decode_issuer: r.take_if_set("jwt.decode_issuer", UNSET, text),
        encode_issuer: r.take_if_set("jwt.encode_issuer", UNSET, text),
        decode_audience: r.take("jwt.decode_audience", "", list(text)),
        encode_audience: r.take("jwt.encode_audience", "", list(text)),
        encode_nbf: r.take("jwt.encode_nbf", "true", switch),
        error_message_key: r.take("jwt.error_message_key", "msg", text),
        error_code_key: r.take_if_set("jwt.error_code_key", UNSET, text),
        identity_claim: r.take("jwt.identity_claim", "sub", identity_claim),
        verify_sub: r.take("jwt.verify_sub", "true", switch),
        token_location: r.take("jwt.token_location", "headers, cookies", locations),
        header_name: r.take("jwt.header_name", "Authorization", http_name),
        header_type: r.take("jwt.header_type", "Bearer", header_type),
        access_cookie_name: r.take(
            "jwt.access_cookie_name",
            &named("access_token_cookie", &access_cookie_path),
            http_name,
        ),
        refresh_cookie_name: r.take(
            "jwt.refresh_cookie_name",
            &named("refresh_token_cookie", &refresh_cookie_path),
            http_name,
        ),
        cookie_csrf_protect: r.take("jwt.cookie_csrf_protect", "true", switch),
        cookie_samesite: Some(r.take(
            "jwt.cookie_samesite",
            "Lax",
            choice(SameSite::ALL.iter().map(|same| (same.as_str(), *same))),
        )),
        session_cookie: r.take_if_set("jwt.session_cookie", UNSET, switch),
        csrf_in_cookies: r.take("jwt.csrf_in_cookies", "true", switch),
        csrf_methods: r.take("jwt.csrf_methods", "POST, PUT, PATCH, DELETE", csrf_methods),
        csrf_check_form: r.take("jwt.csrf_check_form", "true", switch),
        access_csrf_cookie_name: r.take(
            "jwt.access_csrf_cookie_name",
            &named("csrf_access_token", &access_csrf_cookie_path),
            http_name,
        ),
        refresh_csrf_cookie_name: r.take(
            "jwt.refresh_csrf_cookie_name",
            &named("csrf_refresh_token", &refresh_csrf_cookie_path),
            http_name,
        ),
        access_csrf_header_name: r.take("jwt.access_csrf_header_name", "X-CSRF-TOKEN", http_name),
        refresh_csrf_header_name: r.take("jwt.refresh_csrf_header_name", "X-CSRF-TOKEN", http_name),
        access_csrf_field_name: r.take("jwt.access_csrf_field_name", "csrf_token", text),
        refresh_csrf_field_name: r.take("jwt.refresh_csrf_field_name", "csrf_token", text),
        query_string_name: r.take("jwt.query_string_name", "jwt", text),
        query_string_value_prefix: r.take("jwt.query_string_value_prefix", "", prefix),
        json_key: r.take("jwt.json_key", "access_token", text),
        refresh_json_key: r.take("jwt.refresh_json_key", "refresh_token", text),
        access_cookie_path,
        refresh_cookie_path,
        access_csrf_cookie_path,
        refresh_csrf_cookie_path,
        cookie_domain,
        cookie_secure,
    }
}

/// The signing key in the settings, if any: `secret_key` for a shared key, `private_key` for a key pair, each also as a file.
pub(super) fn signing_key(r: &mut Reader, options: &Options, allow_weak: bool) -> Option<Secret> {
    let algorithm = options.algorithm;
    let least = algorithm.min_shared_key();
    let secret = r.secret("jwt.secret_key", "jwt.secret_key_file", least.unwrap_or(32), allow_weak);
    let private = r.given("jwt.private_key", "jwt.private_key_file", UNSET);
    let public = r.given("jwt.public_key", "jwt.public_key_file", UNSET);
    let name = algorithm.as_str();
    for (key, given) in [("jwt.private_key", &private), ("jwt.public_key", &public)] {
        let text = format!(
            "{name} takes a shared secret (jwt.secret_key) and no key pair; leave it out, or set another algorithm"
        );
        r.check(&["jwt.algorithm", key], given.is_none() || least.is_none(), &text);
    }
    let text = format!(
        "{name} takes a key pair (jwt.private_key) and no shared secret; leave it out, or set another algorithm"
    );
    r.check(&["jwt.algorithm", "jwt.secret_key"], secret.is_none() || least.is_some(), &text);
    r.check(
        &["jwt.public_key", "jwt.private_key"],
        public.is_none() || private.is_some(),
        "Portero signs tokens, so it needs the private key; the public one follows from it and may be left out",
    );
    if least.is_some() {
        if let Some(Err(fault)) = secret.as_ref().map(|secret| Key::new(algorithm, secret)) {
            r.fault(&["jwt.secret_key"], &fault.to_string());
        }
        return secret;
    }
    let (key_name, private) = private?;
    let key = Key::new(algorithm, &private).map_err(|fault| (key_name, fault));
    let checked = match (key, public) {
        (Ok(key), Some((name, public))) => key.with_public(public.as_bytes()).map_err(|fault| (name, fault)),
        (key, _) => key,
    };
    match checked {
        Ok(key) => {
            let fits = |other: &Algorithm| other.family() == key.algorithm().family();
            r.check(
                &["jwt.decode_algorithms", key_name],
                options.decode_algorithms.iter().all(fits),
                "no key here could verify such a token; leave out what goes with another kind of key",
            );
            Some(private)
        }
        Err((name, fault)) => {
            r.fault(&[name], &fault.to_string());
            None
        }
    }
}

fn algorithm(raw: &Raw) -> Result<Algorithm, String> {
    // PyJWT has these; the crate that signs here does not.
    const LACKING: [&str; 5] = ["ES256K", "ES512", "ES521", "Ed448", "none"];
    match raw {
        Raw::Text(name) if LACKING.contains(&name.as_str()) => {
            Err(format!("{name} is not available here; ES256, ES384 and EdDSA (Ed25519) are"))
        }
        raw => choice(Algorithm::ALL.iter().map(|algorithm| (algorithm.as_str(), *algorithm)))(raw),
    }
}

fn identity_claim(raw: &Raw) -> Result<String, String> {
    const TAKEN: [&str; 13] =
        ["exp", "iat", "nbf", "jti", "iss", "aud", "type", "fresh", "csrf", "sid", "gen", "auth_time", "transport"];
    let claim = text(raw)?;
    if TAKEN.contains(&claim.as_str()) { Err(format!("{claim:?} means something else in a token")) } else { Ok(claim) }
}

fn locations(raw: &Raw) -> Result<Vec<Location>, String> {
    let locations = list(choice(Location::ALL.iter().map(|location| (location.as_str(), *location))))(raw)?;
    for (i, location) in locations.iter().enumerate() {
        if locations.iter().skip(i + 1).any(|other| other == location) {
            return Err(format!("{} stands there twice", location.as_str()));
        }
    }
    if locations.is_empty() { Err("is empty; headers and cookies are right".into()) } else { Ok(locations) }
}

/// A prefix, which may end with a space, as `Bearer ` does. Empty: none.
fn prefix(raw: &Raw) -> Result<String, String> {
    match raw {
        Raw::Text(text) if !text.contains(char::is_control) => Ok(text.clone()),
        _ => Err(format!("{raw} is not text such as \"Bearer \", or empty for none")),
    }
}

fn header_type(raw: &Raw) -> Result<String, String> {
    match raw {
        Raw::Text(word) if word.chars().all(|c| c.is_ascii_graphic() && c != ',') => Ok(word.clone()),
        _ => Err(format!("{raw} is not one word such as Bearer, or empty for none")),
    }
}

fn cookie_path(raw: &Raw) -> Result<String, String> {
    let path = text(raw)?;
    let fits = path.starts_with('/') && path.chars().all(|c| c.is_ascii_graphic() && c != ';');
    if fits { Ok(path) } else { Err(format!("{path:?} is not a path that begins with /")) }
}

/// A domain, without the leading dot that it used to have in cookies (Werkzeug strips it too).
fn domain(raw: &Raw) -> Result<String, String> {
    let text = text(raw)?;
    match Host::parse(text.strip_prefix('.').unwrap_or(&text)) {
        Ok(Host::Domain(domain)) => Ok(domain),
        Ok(Host::Ipv4(_) | Host::Ipv6(_)) | Err(_) => Err(format!("{text:?} is not a domain such as example.org")),
    }
}

fn csrf_methods(raw: &Raw) -> Result<Vec<String>, String> {
    let methods = list(http_name)(raw)?;
    if methods.is_empty() {
        return Err("is empty; to demand no CSRF value from programs, set jwt.cookie_csrf_protect = false".into());
    }
    match methods.iter().find(|method| method.contains(|c: char| c.is_ascii_lowercase())) {
        Some(method) => Err(format!("{method:?} would match no request; write {}", method.to_uppercase())),
        None => Ok(methods),
    }
}
