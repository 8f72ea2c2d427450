//! A mail in words: its text and its HTML are made of the same.

use std::net::IpAddr;

use askama::Template;
use jiff::Timestamp;

use super::Site;
use crate::accounts::mails::letter::Letter;
use crate::domain::UnixTime;
use crate::store::outbox::Kind;
use crate::texts::{Language, Texts};
use crate::user_agent;

/// What a mail says, in the order in which it says it.
pub(super) struct Words {
    pub(super) subject: String,
    language: &'static str,
    site: String,
    greeting: String,
    paragraphs: Vec<String>,
    /// What happened, each with its name.
    facts: Vec<(String, String)>,
    action: Option<Action>,
    /// What there is to know of the action.
    notes: Vec<String>,
    report: Option<Report>,
    footer: String,
}

struct Action {
    label: String,
    url: String,
}

/// "This wasn't me".
struct Report {
    intro: String,
    action: Action,
}

#[derive(Template)]
#[template(path = "mail/letter.txt", escape = "none")]
struct AsText<'a> {
    words: &'a Words,
}

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct AsHtml<'a> {
    words: &'a Words,
}

/// Texts in one language, about one site.
struct In<'a> {
    language: &'a Language,
    site: &'a Site,
}

impl In<'_> {
    fn t(&self, key: &str) -> String {
        self.language.text(key, &[("site", self.site.name.as_str().into())])
    }

    fn t1(&self, key: &str, name: &str, value: &str) -> String {
        self.language.text(key, &[("site", self.site.name.as_str().into()), (name, value.into())])
    }

    fn count(&self, key: &str, n: usize) -> String {
        self.language.text(key, &[("n", i64::try_from(n).unwrap_or(i64::MAX).into())])
    }

    fn time(&self, moment: i64) -> String {
        match Timestamp::from_second(moment) {
            Ok(at) => at.to_zoned(self.site.time_zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string(),
            Err(_) => moment.to_string(),
        }
    }

    fn browser(&self, user_agent: &str) -> String {
        let described = user_agent::describe(user_agent);
        let browser = described.browser.map_or_else(|| self.t("unknown-browser"), str::to_owned);
        match described.system {
            Some(system) => {
                let values = [("browser", browser.as_str().into()), ("system", system.into())];
                self.language.text("browser-on-system", &values)
            }
            None => browser,
        }
    }

    fn action(&self, key: &str, path: &str) -> Action {
        Action { label: self.t(key), url: self.site.address(path) }
    }

    fn footer(&self) -> String {
        self.t1("mail-footer", "address", self.site.address("").as_str())
    }
}

impl Words {
    pub(super) fn of(texts: &Texts, site: &Site, kind: Kind, letter: &Letter) -> Self {
        let language = texts.choose("", letter.language.as_deref());
        let words = In { language, site };
        let key = |part: &str| format!("mail-{}-{part}", kind.as_str());
        let link = letter.link.as_ref().map(|(token, until)| {
            let (path, until_key) = match kind {
                Kind::ConfirmAddress => (format!("/account/mail/{token}"), "mail-address-until"),
                _ => (format!("/link/{token}"), "mail-link-until"),
            };
            (words.action(&key("action"), &path), words.t1(until_key, "when", &words.time(*until)))
        });
        let receipt = letter.ended.as_ref().filter(|(count, _)| *count > 0).map(|(_, receipt)| {
            (words.action("receipt-link", &format!("/receipts/{receipt}")), words.t("mail-receipt-note"))
        });
        let (action, mut notes) = match link.or(receipt) {
            Some((action, note)) => (Some(action), vec![note]),
            None => (None, Vec::new()),
        };
        if letter.link.is_some() {
            notes.push(words.t("mail-link-unwanted"));
        }
        let report = letter.report.as_ref().map(|token| Report {
            intro: words.t("mail-report-intro"),
            action: words.action("mail-report-action", &format!("/not-me/{token}")),
        });
        Self {
            subject: words.t(&key("subject")),
            language: language.tag,
            site: site.name.clone(),
            greeting: words.t1("mail-greeting", "user", &letter.username),
            paragraphs: vec![words.t1(&key("text"), "user", &letter.username)],
            facts: facts(&words, letter),
            action,
            notes,
            report,
            footer: words.footer(),
        }
    }

    /// A mail that says that mail works.
    pub(super) fn of_test(texts: &Texts, site: &Site, now: UnixTime) -> Self {
        let language = texts.choose("", None);
        let words = In { language, site };
        Self {
            subject: words.t("mail-test-subject"),
            language: language.tag,
            site: site.name.clone(),
            greeting: words.t("mail-test-greeting"),
            paragraphs: vec![words.t("mail-test-text")],
            facts: vec![(words.t("mail-fact-at"), words.time(now.0))],
            action: None,
            notes: Vec::new(),
            report: None,
            footer: words.footer(),
        }
    }

    pub(super) fn text(&self) -> askama::Result<String> {
        AsText { words: self }.render()
    }

    pub(super) fn html(&self) -> askama::Result<String> {
        AsHtml { words: self }.render()
    }
}

fn facts(words: &In<'_>, letter: &Letter) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut add = |key: &str, value: String| facts.push((words.t(key), value));
    if let Some((kind, name)) = &letter.factor {
        add("mail-fact-factor", format!("{name} ({})", words.t(&format!("factor-kind-{kind}"))));
    }
    if let Some((count, _)) = &letter.ended {
        add("mail-fact-ended", words.count("mail-sessions", *count));
    }
    add("mail-fact-at", words.time(letter.at));
    if let Some(user_agent) = &letter.user_agent {
        add("mail-fact-browser", words.browser(user_agent));
    }
    if let Some(ip) = &letter.ip {
        let known = ip.parse::<IpAddr>().is_ok();
        add("mail-fact-address", if known { ip.clone() } else { words.t("unknown-address") });
    }
    facts
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use url::Url;

    use super::*;

    fn site() -> Site {
        let base_url = Some(Url::parse("https://login.example.org").unwrap());
        Site { name: "Ex <ample>".into(), base_url, time_zone: TimeZone::UTC }
    }

    fn letter() -> Letter {
        Letter {
            to: "ana@example.org".into(),
            username: "ana".into(),
            at: 1_795_374_306,
            ip: Some("203.0.113.7".into()),
            user_agent: Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".into()),
            link: Some(("LINK".into(), 1_795_374_906)),
            report: Some("REPORT".into()),
            factor: Some(("totp".into(), "<b>Phone".into())),
            ended: Some((2, "RECEIPT".into())),
            ..Letter::default()
        }
    }

    #[test]
    fn every_kind_has_its_words_in_every_language() {
        let texts = Texts::load(None).unwrap();
        for language in texts.languages() {
            for kind in Kind::ALL {
                let has_link = matches!(kind, Kind::Invitation | Kind::NewPassword | Kind::ForgottenPassword)
                    || *kind == Kind::ConfirmAddress;
                let link = letter().link.filter(|_| has_link);
                let letter = Letter { language: Some(language.tag.into()), link, ..letter() };
                let words = Words::of(&texts, &site(), *kind, &letter);
                let (text, html) = (words.text().unwrap(), words.html().unwrap());
                // A key that is missing shows as itself.
                let own = format!("mail-{}", kind.as_str());
                for said in [&words.subject, &text, &html] {
                    assert!(!said.contains(&own) && !said.contains("mail-fact"), "{} {kind:?}: {said}", language.tag);
                }
                let first = match kind {
                    Kind::ConfirmAddress => "https://login.example.org/account/mail/LINK",
                    _ if has_link => "https://login.example.org/link/LINK",
                    _ => "/receipts/RECEIPT",
                };
                for part in [first, "https://login.example.org/not-me/REPORT", "203.0.113.7"] {
                    assert!(text.contains(part) && html.contains(part), "{} {kind:?} {part}: {text}", language.tag);
                }
                assert!(html.contains("&#60;b&#62;Phone") && !html.contains("<b>Phone"), "{html}");
                assert!(text.contains("<b>Phone"), "{text}");
            }
        }
    }

    #[test]
    fn a_mail_fetches_nothing_from_elsewhere() {
        let texts = Texts::load(None).unwrap();
        let html = Words::of(&texts, &site(), Kind::NewBrowser, &letter()).html().unwrap();
        for loads in ["src=", "<link", "<img", "<script", "url("] {
            assert!(!html.contains(loads), "{loads}: {html}");
        }
    }

    #[test]
    fn the_language_is_the_persons() {
        let texts = Texts::load(None).unwrap();
        let subject = |language: Option<&str>| {
            let letter = Letter { language: language.map(str::to_owned), ..letter() };
            Words::of(&texts, &site(), Kind::PasswordChanged, &letter).subject
        };
        assert_ne!(subject(Some("es")), subject(Some("en")));
        assert_eq!(subject(Some("tlh")), subject(None), "the first language, where theirs is gone");
    }
}
