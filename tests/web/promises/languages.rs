//! Promise: one file adds a language, and every page speaks it. In a pseudo-language a text that was forgotten stands out.

use std::fmt::Write;

use tempfile::TempDir;

use crate::common::app;
use crate::support::{PASSWORD, TestApp};

const ENGLISH: &str = include_str!("../../../templates/locales/en.ftl");

/// The English catalogue with a mark before and behind every text; names, selectors and places for values stay.
fn pseudo() -> String {
    let mut text = String::new();
    for line in ENGLISH.lines() {
        let is_text = |value: &str| !value.trim().is_empty();
        let marked = match line.split_once(" = ") {
            Some((key, value)) if !line.starts_with([' ', '#']) && is_text(value) => Some((format!("{key} = "), value)),
            _ if line.trim_start().starts_with(['[', '*']) => {
                line.split_once("] ").map(|(selector, value)| (format!("{selector}] "), value))
            }
            _ => None,
        };
        match marked {
            Some((before, value)) => writeln!(text, "{before}«{value}»").unwrap(),
            None => writeln!(text, "{line}").unwrap(),
        }
    }
    text
}

/// The texts that people read on a page, without tags and their attributes.
fn words(page: &str) -> Vec<String> {
    let body = page.split("<body").nth(1).unwrap();
    let texts = body.split('<').filter_map(|piece| piece.split_once('>')).map(|(_, text)| text.trim().to_owned());
    texts.filter(|text| text.chars().any(char::is_alphabetic)).collect()
}

#[test]
fn every_page_speaks_a_language_that_was_added_by_one_file() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("qps.ftl"), pseudo()).unwrap();
    let app = TestApp::with(&[("languages_dir", folder.path().to_str().unwrap()), ("site_name", "Sitio")]);
    app.add_admin("ana");
    app.add_user("bea");
    let mut browser = app.browser();
    browser.headers.push(("accept-language".into(), "qps,en;q=0.5".into()));
    let login = browser.get("/login").body;
    assert!(login.contains("<html lang=\"qps\">") && login.contains("«English»"), "it can be chosen by its name");
    let mut pages = vec![login, browser.get("/sign-in-help").body, browser.get("/nowhere").body];
    pages.push(browser.sign_in("ana", "a wrong password").body);
    browser.sign_in("ana", PASSWORD);
    for path in [
        "/account",
        "/change-password",
        "/confirm",
        "/logout",
        "/admin/users",
        "/admin/users/add",
        "/admin/users/2",
        "/admin/users/2/disable",
        "/admin/users/2/delete",
        "/admin/users/2/schedule",
        "/admin/sessions",
        "/admin/revoked",
        "/admin/sessions/end",
    ] {
        let page = browser.get(path);
        assert_eq!(page.status, 200, "{path}");
        pages.push(page.body);
    }
    // Names, moments, addresses and ids belong to no language.
    let is_nobodys = |text: &str| {
        ["ana", "bea", "Sitio", "English", "Español", "UTC", "TestBrowser", "127.0.0.1"]
            .iter()
            .any(|word| text.contains(word))
            || text.chars().any(|c| c.is_ascii_digit())
    };
    for page in &pages {
        for text in words(page) {
            assert!(text.contains('«') || is_nobodys(&text), "{text:?} is not translated in {page}");
        }
    }
}

#[test]
fn the_new_language_has_its_own_plural_forms() {
    let folder = TempDir::new().unwrap();
    // Polish has a plural form for 2 to 4.
    let few = "end-sessions-count =\n    { $n ->\n        [one] jedna sesja\n        [few] { $n } sesje\n       *[other] { $n } sesji\n    }\n";
    let at = ENGLISH.find("end-sessions-count =").unwrap();
    let end = at + ENGLISH[at..].find("    }\n").unwrap() + "    }\n".len();
    let polish = format!("{}{few}{}", &ENGLISH[..at], &ENGLISH[end..]);
    std::fs::write(folder.path().join("pl.ftl"), polish).unwrap();
    let app = TestApp::with(&[("languages_dir", folder.path().to_str().unwrap())]);
    app.add_admin("ana");
    app.add_user("bea");
    let mut browser = app.signed_in("ana");
    browser.headers.push(("accept-language".into(), "pl".into()));
    for (count, words) in [(1, "jedna sesja"), (2, "2 sesje"), (3, "3 sesje"), (4, "4 sesje"), (5, "5 sesji")] {
        app.tokens("bea");
        assert!(browser.get("/admin/users/2/disable").body.contains(words), "{count}");
    }
}

#[test]
fn an_error_page_speaks_the_readers_language() {
    let app = app();
    let mut browser = app.browser();
    browser.headers.push(("accept-language".into(), "es-AR,es;q=0.9,en;q=0.5".into()));
    assert!(browser.get("/nowhere").body.contains("Página no encontrada"));
}
