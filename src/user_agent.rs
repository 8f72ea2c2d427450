//! Browser and system in words, from a `User-Agent` header. To be shown to people and to notice a change, never to decide what
//! anybody may do.

/// What a `User-Agent` header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Described<'a> {
    /// `None`: the header names none.
    pub browser: Option<&'a str>,
    pub system: Option<&'a str>,
}

/// Describes a header in a few words. Anything but a browser is called by the header's first word, up to the slash.
pub fn describe(user_agent: &str) -> Described<'_> {
    let parsed = woothee::parser::Parser::new().parse(user_agent);
    let browser =
        parsed.as_ref().filter(|found| !matches!(found.category, "misc" | "UNKNOWN")).map(|found| match found.name {
            "SamsungBrowser" => "Samsung Internet",
            name => name,
        });
    let own_name = || user_agent.split(['/', ' ', '(']).next().map(str::trim).filter(|name| !name.is_empty());
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
        ] {
            assert_eq!(describe(user_agent), Described { browser, system }, "{user_agent}");
        }
    }

    #[test]
    fn an_update_is_no_other_browser() {
        assert!(!differ(CHROME, &CHROME.replace("140", "141")));
        assert!(differ(CHROME, FIREFOX) && differ(SAFARI, IPHONE) && differ(CHROME, "curl/8.5.0"));
    }
}
