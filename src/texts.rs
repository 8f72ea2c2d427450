//! The catalogues, one per language, and the choice between them.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_langneg::{NegotiationStrategy, negotiate_languages};
use fluent_syntax::ast::Entry;
use unic_langid::LanguageIdentifier;

/// Tag and catalogue. The first is used when no other fits, and its keys are the ones that every catalogue must have.
const CATALOGUES: [(&str, &str); 2] = [
    ("en", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/locales/en.ftl"))),
    ("es", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/locales/es.ftl"))),
];
/// The key of a language's name in itself.
const NAME: &str = "language-name";

pub struct Texts {
    languages: Vec<Language>,
}

/// A language with its catalogue.
pub struct Language {
    pub tag: &'static str,
    pub name: &'static str,
    id: LanguageIdentifier,
    bundle: FluentBundle<FluentResource>,
}

/// A catalogue that can't be used, by its name. Portero's own are part of the program, so it is one of the
/// operator's, or their folder.
#[derive(Debug, thiserror::Error)]
#[error("the catalogue {name} can't be used: {reason}")]
pub struct BrokenCatalogue {
    name: String,
    reason: String,
}

impl Texts {
    /// Loads Portero's catalogues and those in the operator's folder, one file each, such as `pt.ftl` with exactly the keys that
    /// `en.ftl` has. A file for a language that Portero has takes the place of Portero's own.
    pub fn load(folder: Option<&Path>) -> Result<Self, BrokenCatalogue> {
        let mut all: Vec<(String, String)> = CATALOGUES.map(|(tag, text)| (tag.to_owned(), text.to_owned())).to_vec();
        for (tag, text) in folder.map_or_else(|| Ok(Vec::new()), in_folder)? {
            match all.iter_mut().find(|(known, _)| *known == tag) {
                Some((_, ours)) => *ours = text,
                None => all.push((tag, text)),
            }
        }
        let expected = keys(&resource("en", CATALOGUES[0].1.to_owned())?);
        let languages = all.into_iter().map(|(tag, text)| Language::read(tag, text, &expected));
        Ok(Self { languages: languages.collect::<Result<_, _>>()? })
    }

    pub fn languages(&self) -> &[Language] {
        &self.languages
    }

    /// By its tag.
    pub fn find(&self, tag: &str) -> Option<&Language> {
        self.languages.iter().find(|language| language.tag == tag)
    }

    /// The language chosen by hand or, without one, the one that fits `accepted` best, a list as browsers send it (RFC 9110, section
    /// 12.5.4); the first if none fits.
    pub fn choose(&self, accepted: &str, by_hand: Option<&str>) -> &Language {
        if let Some(chosen) = by_hand.and_then(|tag| self.find(tag)) {
            return chosen;
        }
        let requested = fluent_langneg::parse_accepted_languages(accepted);
        let available: Vec<_> = self.languages.iter().map(|language| language.id.clone()).collect();
        let best = negotiate_languages(&requested, &available, None, NegotiationStrategy::Lookup).into_iter().next();
        let found = best.and_then(|id| self.languages.iter().find(|language| language.id == *id));
        found.or(self.languages.first()).expect("CATALOGUES has a first")
    }
}

/// The tag and text of each catalogue in a folder, in the order of the tags.
fn in_folder(folder: &Path) -> Result<Vec<(String, String)>, BrokenCatalogue> {
    let broken =
        |error: std::io::Error| BrokenCatalogue { name: folder.display().to_string(), reason: error.to_string() };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(broken)? {
        let path = entry.map_err(broken)?.path();
        if let (Some("ftl"), Some(tag)) =
            (path.extension().and_then(OsStr::to_str), path.file_stem().and_then(OsStr::to_str))
        {
            found.push((tag.to_owned(), std::fs::read_to_string(&path).map_err(broken)?));
        }
    }
    found.sort();
    Ok(found)
}

fn resource(name: &str, text: String) -> Result<FluentResource, BrokenCatalogue> {
    FluentResource::try_new(text).map_err(|(_, errors)| BrokenCatalogue {
        name: name.to_owned(),
        reason: errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
    })
}

fn keys(resource: &FluentResource) -> BTreeSet<String> {
    let messages = resource.entries().filter_map(|entry| match entry {
        Entry::Message(message) => Some(message.id.name.to_owned()),
        _ => None,
    });
    messages.collect()
}

impl Language {
    fn read(tag: String, text: String, expected: &BTreeSet<String>) -> Result<Self, BrokenCatalogue> {
        let name = format!("{tag}.ftl");
        let broken = |reason: String| BrokenCatalogue { name: name.clone(), reason };
        let id: LanguageIdentifier = tag.parse().map_err(|_| broken(format!("{tag:?} is no language's tag")))?;
        let resource = resource(&name, text)?;
        let own = keys(&resource);
        let some = |keys: Vec<&String>| keys.into_iter().take(10).map(String::as_str).collect::<Vec<_>>().join(", ");
        let (missing, unknown): (Vec<_>, Vec<_>) =
            (expected.difference(&own).collect(), own.difference(expected).collect());
        if !missing.is_empty() {
            return Err(broken(format!("{} keys are missing, such as {}", missing.len(), some(missing))));
        }
        if !unknown.is_empty() {
            return Err(broken(format!("it has keys that mean nothing: {}", some(unknown))));
        }
        let mut bundle = FluentBundle::new_concurrent(vec![id.clone()]);
        // The invisible marks that Fluent puts around values would break tests and copying; none of Portero's languages is
        // written right to left.
        bundle.set_use_isolating(false);
        bundle.add_resource(resource).map_err(|errors| broken(format!("{errors:?}")))?;
        // Leaked once per start, and needed for as long as the program runs.
        let tag: &'static str = Box::leak(tag.into_boxed_str());
        let mut language = Self { tag, name: "", id, bundle };
        language.name = Box::leak(language.text(NAME, &[]).into_boxed_str());
        Ok(language)
    }

    /// The text of a key. A missing key shows as itself; a test sees to it that none is missing.
    pub fn text(&self, key: &str, values: &[(&str, FluentValue<'_>)]) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            tracing::error!(event = "text_missing", key, language = self.tag);
            return key.to_owned();
        };
        let args =
            || -> FluentArgs<'_> { values.iter().map(|(name, value)| (Cow::from(*name), value.clone())).collect() };
        let args = (!values.is_empty()).then(args);
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, args.as_ref(), &mut errors).into_owned();
        if !errors.is_empty() {
            tracing::error!(event = "text_broken", key, language = self.tag, errors = ?errors);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every `"…"` after one of these in the templates and the files of pages and mails, wherever they are, is a key.
    const CALLS: [&str; 6] = [".t(\"", ".tn(\"", ".t1(\"", ".t2(\"", "Flash::plain(\"", "Flash::counted(\""];

    fn used_keys() -> BTreeSet<String> {
        let mut used = BTreeSet::new();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut folders = vec![root.join("templates"), root.join("src/web"), root.join("src/mail")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let source = std::fs::read_to_string(path).unwrap();
                for call in CALLS {
                    let keys = source.split(call).skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()));
                    used.extend(keys.filter(|key| !key.is_empty()));
                }
                // A field first, then the key of what is wrong with it.
                for call in ["page.error(\"", ".refused(page, asked, \""] {
                    let behind_field = source.split(call).skip(1).filter_map(|rest| rest.split_once('"'));
                    let keys = behind_field.filter_map(|(_, rest)| rest.strip_prefix(", \"")?.split_once('"'));
                    used.extend(keys.map(|(key, _)| key.to_owned()));
                }
            }
        }
        used
    }

    fn english() -> BTreeSet<String> {
        keys(&resource("en", CATALOGUES[0].1.to_owned()).unwrap())
    }

    /// Loading the catalogues already checks that all of them have the same keys.
    #[test]
    fn every_key_that_is_used_is_there() {
        Texts::load(None).unwrap();
        let (used, there) = (used_keys(), english());
        assert!(used.len() > 200, "the search for keys finds too few: {used:?}");
        let missing: Vec<_> = used.difference(&there).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn every_reason_and_error_has_its_texts() {
        let keys = english();
        for reason in crate::domain::Reason::ALL {
            assert!(keys.contains(format!("reason-{}", reason.as_str()).as_str()), "{reason:?}");
        }
        for error in [
            "400",
            "401",
            "403",
            "403-csrf",
            "404",
            "405",
            "408",
            "410",
            "413",
            "415",
            "429",
            "500",
            "503",
            "503-still-open",
        ] {
            assert!(keys.contains(format!("error-{error}-title").as_str()), "{error}");
            assert!(keys.contains(format!("error-{error}-text").as_str()), "{error}");
        }
    }

    #[test]
    fn a_catalogue_that_lacks_something_or_has_too_much_is_refused_by_name() {
        let folder = tempfile::TempDir::new().unwrap();
        let load = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).unwrap();
            let refused = Texts::load(Some(folder.path())).err().unwrap().to_string();
            std::fs::remove_file(folder.path().join(name)).unwrap();
            refused
        };
        assert!(load("pt.ftl", "sign-out = Sair").starts_with("the catalogue pt.ftl can't be used: "));
        assert!(load("pt.ftl", "sign-out = Sair").contains("keys are missing, such as about-address"));
        let too_much = format!("{}\nsign-up = Registar\n", CATALOGUES[0].1);
        assert!(load("pt.ftl", &too_much).contains("keys that mean nothing: sign-up"));
        assert!(load("portuguese.ftl", CATALOGUES[0].1).contains("no language's tag"));
        assert!(load("pt.ftl", "= nonsense").contains("pt.ftl can't be used"));
        assert!(Texts::load(Some(&folder.path().join("nowhere"))).is_err());
    }

    #[test]
    fn the_language_is_the_one_chosen_or_the_one_preferred() {
        let texts = Texts::load(None).unwrap();
        let chosen = |accepted: &str, by_hand: Option<&str>| texts.choose(accepted, by_hand).tag;
        assert_eq!(chosen("es-MX,es;q=0.9,en;q=0.8", None), "es");
        assert_eq!(chosen("fr,en;q=0.5", None), "en");
        assert_eq!(chosen("fr", None), "en");
        assert_eq!(chosen("", None), "en");
        assert_eq!(chosen("en", Some("es")), "es");
        assert_eq!(chosen("es", Some("xx")), "es");
    }

    #[test]
    fn a_number_takes_its_plural() {
        let texts = Texts::load(None).unwrap();
        for language in texts.languages() {
            let text = |count: i64| language.text("flash-password-changed", &[("n", count.into())]);
            assert_ne!(text(1), text(2).replace('2', "1"), "{}", language.tag);
        }
    }
}
