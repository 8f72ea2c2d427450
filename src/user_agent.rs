//! Browser and system in words, from a `User-Agent` header. To be shown to people and to notice a change, never to decide what
//! anybody may do.

use woothee::parser::{Parser, WootheeResult};

/// What a `User-Agent` header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Described<'a> {
    /// `None`: the header names none.
    pub browser: Option<&'a str>,
    pub system: Option<&'a str>,
}

/// What kind of thing sends a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    Computer,
    Phone,
    Tablet,
    /// Anything that is no known browser.
    Program,
}

/// Describes a header in a few words. Anything but a browser is called by the header's first word, up to the slash.
pub fn describe(user_agent: &str) -> Described<'_> {
    described(user_agent, parsed(user_agent).as_ref())
}

/// The same, and the kind of device that the header names. A tablet that asks for the sites of computers, as iPads do, is taken for one.
pub fn describe_with_device(user_agent: &str) -> (Described<'_>, Device) {
    let parsed = parsed(user_agent);
    (described(user_agent, parsed.as_ref()), device(user_agent, parsed.as_ref()))
}

/// What there is to know of a header. Takes as long as a checked request.
fn parsed(user_agent: &str) -> Option<WootheeResult<'_>> {
    Parser::new().parse(user_agent)
}

fn device(user_agent: &str, parsed: Option<&WootheeResult<'_>>) -> Device {
    let Some(found) = parsed else { return Device::Program };
    match (found.category, found.os) {
        (_, "iPad") => Device::Tablet,
        ("smartphone", "Android") if !user_agent.contains("Mobile") => Device::Tablet,
        ("smartphone" | "mobilephone", _) => Device::Phone,
        ("pc", _) => Device::Computer,
        _ => Device::Program,
    }
}

fn described<'a>(user_agent: &'a str, parsed: Option<&WootheeResult<'a>>) -> Described<'a> {
    let known = |found: &&WootheeResult<'a>| !matches!(found.category, "misc" | "UNKNOWN") && found.name != "UNKNOWN";
    let browser = parsed.filter(known).map(|found| match found.name {
        "SamsungBrowser" => "Samsung Internet",
        name => name,
    });
    // Every browser calls itself Mozilla, which says nothing.
    let says_something = |name: &&str| !matches!(*name, "" | "Mozilla");
    let own_name = || user_agent.split(['/', ' ', '(']).next().map(str::trim).filter(says_something);
    Described { browser: browser.or_else(own_name), system: parsed.and_then(|found| system(found.os)) }
}

fn system(os: &str) -> Option<&str> {
    match os {
        "UNKNOWN" => None,
        "Mac OSX" => Some("macOS"),
        // Browsers no longer say which Windows it is.
        os if os.starts_with("Windows ") && !os.starts_with("Windows Phone") => Some("Windows"),
        os => Some(os),
    }
}

/// Whether two headers can't come from one browser that was updated in between.
pub fn differ(one: &str, other: &str) -> bool {
    one != other && describe(one) != describe(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    const SAFARI: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) \
         Version/18.0 Safari/605.1.15";
    const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
         Version/18.0 Mobile/15E148 Safari/604.1";

    #[test]
    fn browsers_and_programs_are_told_in_words() {
        for (user_agent, browser, system) in [
            (CHROME, Some("Chrome"), Some("Windows")),
            (&format!("{CHROME} Edg/140.0.0.0"), Some("Edge"), Some("Windows")),
            (FIREFOX, Some("Firefox"), Some("Linux")),
            (SAFARI, Some("Safari"), Some("macOS")),
            (IPHONE, Some("Safari"), Some("iPhone")),
            ("curl/8.5.0", Some("curl"), None),
            ("ureq/3.5.2", Some("ureq"), None),
            ("", None, None),
            ("Mozilla/5.0 (X11; Linux x86_64) NewBrowser/1.0", None, Some("Linux")),
        ] {
            assert_eq!(describe(user_agent), Described { browser, system }, "{user_agent}");
        }
    }

    #[test]
    fn a_device_is_told_by_its_kind() {
        const ANDROID: &str = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) \
             Chrome/140.0.0.0 Mobile Safari/537.36";
        const IPAD: &str = "Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
             Version/18.0 Mobile/15E148 Safari/604.1";
        for (user_agent, kind) in [
            (CHROME, Device::Computer),
            (FIREFOX, Device::Computer),
            (SAFARI, Device::Computer),
            (IPHONE, Device::Phone),
            (ANDROID, Device::Phone),
            (&ANDROID.replace(" Mobile", ""), Device::Tablet),
            (IPAD, Device::Tablet),
            ("curl/8.5.0", Device::Program),
            ("", Device::Program),
        ] {
            assert_eq!(describe_with_device(user_agent).1, kind, "{user_agent}");
        }
    }

    #[test]
    fn an_update_is_no_other_browser() {
        assert!(!differ(CHROME, &CHROME.replace("140", "141")));
        assert!(differ(CHROME, FIREFOX) && differ(SAFARI, IPHONE) && differ(CHROME, "curl/8.5.0"));
    }
}
