//! What admins note about a user besides the user name.

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What a user is called, as people write names: up to 100 characters, in NFC, with single spaces between the words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct DisplayName(String);

/// An email address as it was typed, in NFC and without the spaces around it. Two are the same if their
/// [`canonical`](Self::canonical) forms are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Mail(String);

/// Notes about a user: plain text of up to 1,000 characters, in lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Notes(String);

/// Why a text is not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DetailFault {
    /// It is too long.
    Length,
    /// It has a character that could deceive, or lacks what makes it one.
    Form,
}

impl DisplayName {
    /// In characters, not bytes.
    pub const MAX_CHARS: usize = 100;

    /// `None`: the text is empty.
    pub fn parse(text: &str) -> Result<Option<Self>, DetailFault> {
        let text = bounded(text, Self::MAX_CHARS)?;
        let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if name.is_empty() {
            return Ok(None);
        }
        let is_name = name.chars().any(char::is_alphanumeric) && !name.chars().any(deceives);
        if is_name { Ok(Some(Self(name))) } else { Err(DetailFault::Form) }
    }

    /// The name of a row in the database, which was parsed when it was stored.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The name as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Mail {
    /// The longest address that mail can be sent to, in bytes. (RFC 5321, section 4.5.3.1.3)
    pub const MAX_BYTES: usize = 254;

    /// Takes an address as people write it, `name@host`; quoted names and addresses of machines (`[192.0.2.1]`) are refused.
    /// `None`: the text is empty.
    pub fn parse(text: &str) -> Result<Option<Self>, DetailFault> {
        let address: String = bounded(text.trim(), Self::MAX_BYTES)?;
        if address.is_empty() {
            return Ok(None);
        }
        if address.len() > Self::MAX_BYTES {
            return Err(DetailFault::Length);
        }
        let (name, host) = address.rsplit_once('@').ok_or(DetailFault::Form)?;
        let name_char = |c: char| !c.is_whitespace() && !deceives(c) && !r#"()<>[]:;,\"@"#.contains(c);
        let is_name = name.len() <= 64 && name.split('.').all(|word| !word.is_empty() && word.chars().all(name_char));
        let label_char = |c: char| c.is_alphanumeric() || is_combining_mark(c) || c == '-';
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(label_char)
        };
        if is_name && host.split('.').all(is_label) { Ok(Some(Self(address))) } else { Err(DetailFault::Form) }
    }

    /// The address of a row in the database, which was parsed when it was stored.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The address as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which addresses are compared: the host in lower case. The name before it is the receiving host's business, and may
    /// tell upper from lower case. (RFC 5321, section 2.4)
    pub fn canonical(&self) -> String {
        match self.0.rsplit_once('@') {
            Some((name, host)) => format!("{name}@{}", host.to_lowercase().nfc()),
            None => self.0.clone(),
        }
    }
}

impl Notes {
    /// In characters, not bytes.
    pub const MAX_CHARS: usize = 1000;

    /// `None`: the text is empty.
    pub fn parse(text: &str) -> Result<Option<Self>, DetailFault> {
        // Browsers send line ends as CR LF.
        let text = bounded(text.replace("\r\n", "\n").trim(), Self::MAX_CHARS)?;
        if text.is_empty() {
            return Ok(None);
        }
        let is_plain = !text.chars().any(|c| deceives(c) && !matches!(c, '\n' | '\t'));
        if is_plain { Ok(Some(Self(text))) } else { Err(DetailFault::Form) }
    }

    /// The text, its lines separated by `\n`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text in NFC. One far over the limit is refused before it is normalised, because the cost of that grows with the text.
fn bounded(text: &str, max_chars: usize) -> Result<String, DetailFault> {
    if text.len() > max_chars * 16 {
        return Err(DetailFault::Length);
    }
    let text: String = text.nfc().collect();
    if text.chars().count() > max_chars { Err(DetailFault::Length) } else { Ok(text) }
}

/// Control characters, and those that are not seen but change what is seen around them. (Unicode, `Default_Ignorable_Code_Point`,
/// without the joiners, which some languages need)
fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'
                | '\u{200e}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_display_name_is_what_people_write() {
        let name = |text: &str| DisplayName::parse(text).map(|name| name.map(|name| name.0));
        assert_eq!(name("  Jordi   Puig i\tFerrer "), Ok(Some("Jordi Puig i Ferrer".into())));
        assert_eq!(name("I\u{301}n\u{303}igo"), Ok(Some("Íñigo".into())));
        assert_eq!(name("نامه\u{200c}ای"), Ok(Some("نامه\u{200c}ای".into())));
        assert_eq!(name(" \n"), Ok(None));
        for bad in ["-", "Ana\u{202e}", "A\0na", "\u{200c}", "\u{3164}", "Ana\u{7}"] {
            assert_eq!(name(bad), Err(DetailFault::Form), "{bad:?}");
        }
        assert_eq!(name(&"ñ".repeat(101)), Err(DetailFault::Length));
        assert!(name(&"ñ".repeat(100)).is_ok());
    }

    #[test]
    fn addresses_are_compared_by_their_host_in_any_case() {
        let canonical = |text: &str| Mail::parse(text).unwrap().unwrap().canonical();
        assert_eq!(canonical(" Ana.Ruiz+x@Example.ORG "), "Ana.Ruiz+x@example.org");
        assert_eq!(canonical("jose\u{301}@MÜNCHEN.de"), "josé@münchen.de");
        assert_eq!(canonical("root@localhost"), "root@localhost");
        assert_eq!(Mail::parse(" "), Ok(None));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in [
            "ana",
            "@x.org",
            "ana@",
            "a@b@c.org",
            "a b@c.org",
            "ana@-x.org",
            "ana@x..org",
            ".ana@x.org",
            "an..a@x.org",
            "ana@x.org.",
            "\"a b\"@x.org",
            "ana@[192.0.2.1]",
            "ana@x_y.org",
            "a\r\nBcc:b@x.org",
            "<ana@x.org>",
            "ana@x.org,b@x.org",
            "a\u{200b}na@x.org",
            "ana@x.org\u{202e}",
        ] {
            assert_eq!(Mail::parse(bad), Err(DetailFault::Form), "{bad:?}");
        }
        assert_eq!(Mail::parse(&format!("{}@x.org", "a".repeat(300))), Err(DetailFault::Length));
        assert!(Mail::parse(&format!("{}@x.org", "a".repeat(65))).is_err());
    }

    #[test]
    fn notes_keep_their_lines() {
        let notes = |text: &str| Notes::parse(text).map(|notes| notes.map(|notes| notes.0));
        assert_eq!(notes("\r\nOne\r\n\r\n\tTwo \r\n"), Ok(Some("One\n\n\tTwo".into())));
        assert_eq!(notes("\n"), Ok(None));
        assert_eq!(notes("a\u{0}"), Err(DetailFault::Form));
        assert_eq!(notes(&"x".repeat(1001)), Err(DetailFault::Length));
    }
}
