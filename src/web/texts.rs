//! The catalogues, one per language, and the choice between them.

use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::http::header::ACCEPT_LANGUAGE;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_langneg::{NegotiationStrategy, negotiate_languages};
use unic_langid::LanguageIdentifier;

/// Tag, name in its own language, and catalogue. The first is the one that answers when nothing else fits.
const CATALOGUES: [(&str, &str, &str); 2] = [
    ("en", "English", include_str!("../../templates/locales/en.ftl")),
    ("es", "Español", include_str!("../../templates/locales/es.ftl")),
];

pub struct Texts {
    languages: Vec<Language>,
}

pub(super) struct Language {
    pub(super) tag: &'static str,
    pub(super) name: &'static str,
    id: LanguageIdentifier,
    bundle: FluentBundle<FluentResource>,
}

/// A catalogue that can't be used. They are part of the program, so only a test or a developer ever sees this.
#[derive(Debug, thiserror::Error)]
#[error("the catalogue {tag} is broken: {reason}")]
pub struct BrokenCatalogue {
    tag: &'static str,
    reason: String,
}

impl Texts {
    pub fn load() -> Result<Self, BrokenCatalogue> {
        let languages = CATALOGUES.into_iter().map(|(tag, name, source)| {
            let broken = |reason: String| BrokenCatalogue { tag, reason };
            let id: LanguageIdentifier = tag.parse().map_err(|error| broken(format!("{error}")))?;
            let resource =
                FluentResource::try_new(source.to_owned()).map_err(|(_, errors)| broken(format!("{errors:?}")))?;
            let mut bundle = FluentBundle::new_concurrent(vec![id.clone()]);
            // The invisible marks that Fluent puts around values would break tests and copying; nothing of ours is bidi.
            bundle.set_use_isolating(false);
            bundle.add_resource(resource).map_err(|errors| broken(format!("{errors:?}")))?;
            Ok(Language { tag, name, id, bundle })
        });
        Ok(Self { languages: languages.collect::<Result<_, _>>()? })
    }

    pub(super) fn languages(&self) -> &[Language] {
        &self.languages
    }

    pub(super) fn find(&self, tag: &str) -> Option<&Language> {
        self.languages.iter().find(|language| language.tag == tag)
    }

    /// Chosen by hand, or by what the browser prefers.
    pub(super) fn choose(&self, req: &HttpRequest, by_hand: Option<&str>) -> &Language {
        if let Some(chosen) = by_hand.and_then(|tag| self.find(tag)) {
            return chosen;
        }
        let header = req.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let requested = fluent_langneg::parse_accepted_languages(header);
        let available: Vec<_> = self.languages.iter().map(|language| language.id.clone()).collect();
        let best = negotiate_languages(&requested, &available, None, NegotiationStrategy::Lookup).into_iter().next();
        let found = best.and_then(|id| self.languages.iter().find(|language| language.id == *id));
        found.or(self.languages.first()).expect("CATALOGUES has a first")
    }
}

impl Language {
    /// The text of a key. One that is missing shows as itself; a test sees to it that none is.
    pub(super) fn text(&self, key: &str, values: &[(&str, FluentValue<'_>)]) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            tracing::error!(event = "text_missing", key, language = self.tag);
            return key.to_owned();
        };
        let args: FluentArgs<'_> = values.iter().map(|(name, value)| (Cow::from(*name), value.clone())).collect();
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, Some(&args), &mut errors).into_owned();
        if !errors.is_empty() {
            tracing::error!(event = "text_broken", key, language = self.tag, errors = ?errors);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use actix_web::test::TestRequest;

    use super::*;

    fn keys(source: &str) -> BTreeSet<&str> {
        let begins = |line: &str| line.starts_with(|c: char| c.is_ascii_alphabetic());
        source.lines().filter(|line| begins(line)).filter_map(|line| Some(line.split_once('=')?.0.trim())).collect()
    }

    /// Every `"…"` after one of these in the templates and rooms is a key.
    fn used_keys() -> BTreeSet<String> {
        let mut used = BTreeSet::new();
        for folder in ["templates", "src/web"] {
            let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
            for entry in std::fs::read_dir(root).unwrap() {
                let path = entry.unwrap().path();
                if path.is_file() {
                    let source = std::fs::read_to_string(path).unwrap();
                    for call in [".t(\"", ".tn(\"", ".t1(\"", "Flash::plain(\"", "Flash::counted(\""] {
                        used.extend(
                            source.split(call).skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())),
                        );
                    }
                }
            }
        }
        used
    }

    #[test]
    fn all_catalogues_have_the_same_keys_and_every_key_that_is_used() {
        let (_, _, english) = CATALOGUES[0];
        let used = used_keys();
        assert!(used.len() > 40, "the search for keys finds too few: {used:?}");
        for (tag, _, source) in CATALOGUES {
            assert_eq!(keys(english), keys(source), "{tag}");
            let missing: Vec<_> = used.iter().filter(|key| !keys(source).contains(key.as_str())).collect();
            assert!(missing.is_empty(), "{tag} lacks {missing:?}");
        }
    }

    #[test]
    fn every_reason_and_error_has_its_texts() {
        let keys = keys(CATALOGUES[0].2);
        for reason in crate::domain::Reason::ALL {
            assert!(keys.contains(format!("reason-{}", reason.as_str()).as_str()), "{reason:?}");
        }
        for error in ["400", "401", "403", "403-csrf", "404", "405", "408", "410", "413", "415", "500", "503"] {
            assert!(keys.contains(format!("error-{error}-title").as_str()), "{error}");
            assert!(keys.contains(format!("error-{error}-text").as_str()), "{error}");
        }
    }

    #[test]
    fn the_language_is_the_one_chosen_or_the_one_preferred() {
        let texts = Texts::load().unwrap();
        let chosen = |header: &str, by_hand: Option<&str>| {
            let req = TestRequest::get().insert_header(("accept-language", header)).to_http_request();
            texts.choose(&req, by_hand).tag
        };
        assert_eq!(chosen("es-MX,es;q=0.9,en;q=0.8", None), "es");
        assert_eq!(chosen("fr,en;q=0.5", None), "en");
        assert_eq!(chosen("fr", None), "en");
        assert_eq!(chosen("", None), "en");
        assert_eq!(chosen("en", Some("es")), "es");
        assert_eq!(chosen("es", Some("xx")), "es");
    }

    #[test]
    fn a_number_takes_its_plural() {
        let texts = Texts::load().unwrap();
        for language in texts.languages() {
            let text = |count: i64| language.text("flash-password-changed", &[("n", count.into())]);
            assert_ne!(text(1), text(2).replace('2', "1"), "{}", language.tag);
        }
    }
}
