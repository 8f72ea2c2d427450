//! The paths of an app that are open to everybody. A path that an app could read in another way than Portero is never open: it is
//! checked like any other.

use percent_encoding::percent_decode_str;

/// Whether an app's open path opens the request's path, which is [`normal`]: `/share` opens `/share` and `/share/a`, not `/shared`.
pub fn opens(open: &str, normal: &str) -> bool {
    normal.strip_prefix(open.trim_end_matches('/')).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The path of a request's target, without its query and decoded. `None`: it is ambiguous, so that proxy, app and Portero might each
/// take it for another one.
pub fn normal(target: &str) -> Option<String> {
    let path = target.split('?').next()?;
    let percents = path.bytes().enumerate().filter(|(_, byte)| *byte == b'%');
    let is_hex = |at: usize| path.as_bytes().get(at).is_some_and(u8::is_ascii_hexdigit);
    for (at, _) in percents {
        if !is_hex(at + 1) || !is_hex(at + 2) {
            return None;
        }
    }
    // An encoded slash would be found as an empty or a further segment below, so it has to be refused before it is decoded.
    let lower = path.to_ascii_lowercase();
    if ["%2f", "%5c", "%25", "%3f", "%23", "%3b"].iter().any(|code| lower.contains(code)) {
        return None;
    }
    let decoded = percent_decode_str(path).decode_utf8().ok()?;
    if decoded.chars().any(|c| c.is_control() || matches!(c, '\\' | ';' | '#')) {
        return None;
    }
    let mut segments = decoded.strip_prefix('/')?.split('/').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        // Some systems drop dots and spaces at a name's end, so `...` or `.. ` may be `..` there.
        let is_dots = !segment.is_empty() && segment.chars().all(|c| matches!(c, '.' | ' '));
        if is_dots || (segment.is_empty() && !is_last) {
            return None;
        }
    }
    Some(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_open(path: &str, target: &str) -> bool {
        normal(target).is_some_and(|normal| opens(path, &normal))
    }

    #[test]
    fn a_path_opens_itself_and_what_is_beneath() {
        for target in
            ["/share", "/share/", "/share/a/b.png", "/share?x=/../y", "/share/a%20b", "/sh%61re/x", "/share/.well"]
        {
            assert!(is_open("/share", target), "{target}");
            assert!(is_open("/share/", target), "{target}");
        }
        assert!(is_open("/café", "/caf%C3%A9/x"));
    }

    #[test]
    fn what_only_looks_like_it_stays_closed() {
        for target in [
            "/",
            "/shared",
            "/SHARE",
            "/a/share",
            "/?/share",
            "/x?/share/",
            "/x#/share",
            "/share#/../x",
            "share",
            "",
            "/share/..",
            "/share/../x",
            "/share/%2e%2e/x",
            "/share/.%2E/x",
            "/share/.",
            "/share/./x",
            "/share/.../x",
            "/share/..%20/x",
            "//share",
            "/share//x",
            "/share%2fx",
            "/share/%2F../x",
            "/share/..%2fx",
            "/share%5c..%5cx",
            "/share\\..\\x",
            "/share/;x",
            "/share/..;/x",
            "/share%3b/x",
            "/share/%23",
            "/share/%3f",
            "/share/%252e%252e/x",
            "/share/%00",
            "/share/%0d%0a",
            "/share/%c0%ae%c0%ae/x",
            "/share/%",
            "/share/%2",
            "/share/%zz",
            "/share/\u{7f}",
        ] {
            assert!(!is_open("/share", target), "{target}");
        }
    }
}
