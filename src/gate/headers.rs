//! The headers between a proxy, Portero and an app, by their names in lower case.

/// Who somebody is, for the app. All of them are in every answer that lets a request pass, also if one is empty.
pub const IDENTITY: [&str; 4] = ["remote-user", "remote-name", "remote-email", "remote-groups"];
/// The same, signed for this app.
pub const ASSERTION: &str = "x-portero-assertion";
/// In the questions of nginx and HAProxy: the method of the request that the question is about.
pub const ORIGINAL_METHOD: &str = "x-original-method";
/// Its whole address.
pub const ORIGINAL_URL: &str = "x-original-url";
/// The same in the questions of Caddy and Traefik.
pub const FORWARDED_METHOD: &str = "x-forwarded-method";
pub const FORWARDED_PROTO: &str = "x-forwarded-proto";
pub const FORWARDED_HOST: &str = "x-forwarded-host";
/// Path and query.
pub const FORWARDED_URI: &str = "x-forwarded-uri";

/// Where people get in an app's host what the gate needs there; the proxy sends what is beneath it to Portero.
pub const OWN_PATHS: &str = "/.portero/";

/// The headers that an app or Portero believes.
const BELIEVED: [&str; 13] = [
    "remote-user",
    "remote-name",
    "remote-email",
    "remote-groups",
    ASSERTION,
    ORIGINAL_METHOD,
    ORIGINAL_URL,
    FORWARDED_METHOD,
    FORWARDED_PROTO,
    FORWARDED_HOST,
    FORWARDED_URI,
    "x-forwarded-for",
    "x-forwarded-prefix",
];

/// The header that `name` is taken for by whoever makes variables of headers, as CGI does: `X_Original_URL` is such an alias of
/// `X-Original-URL`. `None`: it is no alias, but the name itself or something else.
pub fn alias_of(name: &str) -> Option<&'static str> {
    // Asked of every header of every question, and hardly any has another character.
    if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return None;
    }
    let same = |one: u8, other: u8| {
        let plain = |byte: u8| if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() } else { b'-' };
        plain(one) == other
    };
    BELIEVED.into_iter().find(|believed| {
        believed.len() == name.len() && name.bytes().zip(believed.bytes()).all(|(one, other)| same(one, other))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_is_known_by_what_a_program_makes_of_it() {
        for alias in ["Remote_User", "remote_user", "REMOTE.USER", "remote~user"] {
            assert_eq!(alias_of(alias), Some("remote-user"), "{alias}");
        }
        assert_eq!(alias_of("X-Portero_Assertion"), Some(ASSERTION));
        for own in ["Remote-User", "x-original-url", "X-Requested-With", "remote-use_", "accept", ""] {
            assert_eq!(alias_of(own), None, "{own}");
        }
    }
}
