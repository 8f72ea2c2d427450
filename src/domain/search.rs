//! How names are searched: without regard to case and accents, from the beginning of any of their parts on.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::joiners::is_joiner;

/// How much of a part is compared, in characters.
const COMPARED: usize = 64;
/// How many parts of one name can be found.
const MOST_PARTS: usize = 24;
/// How many words a search has.
const MOST_WORDS: usize = 8;

/// What the names of a user can be found by: each of their parts with what follows it, so that `jordi-puig` is found by `puig` and by
/// `jordi-p`.
pub fn name_parts<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let mut parts = BTreeSet::new();
    for name in names {
        let name = folded(name);
        let mut after_separator = true;
        let begins = name.char_indices().filter(|(_, c)| {
            let begins = after_separator && !is_separator(*c);
            after_separator = is_separator(*c);
            begins
        });
        parts.extend(begins.take(MOST_PARTS).map(|(at, _)| compared(&name[at..])));
    }
    parts
}

/// What is searched for: words, each of which has to begin a part of the name.
#[derive(Clone, Debug, Default)]
pub struct Search {
    words: Vec<String>,
}

impl Search {
    /// A text without words finds everybody.
    pub fn parse(text: &str) -> Self {
        // A separator begins no part: `@example.org` is searched as `example.org`. A word of nothing else finds nobody.
        let words = text.split_whitespace().take(MOST_WORDS).map(|word| {
            let word = folded(word);
            let begun = word.trim_start_matches(is_separator);
            compared(if begun.is_empty() { &word } else { begun })
        });
        Self { words: words.collect() }
    }

    /// The words, folded; few and short, whatever was typed.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The longest word, which is likely to leave the fewest names. `None`: everybody is searched for.
    pub fn longest_word(&self) -> Option<&str> {
        self.words.iter().max_by_key(|word| word.len()).map(String::as_str)
    }

    /// Whether somebody with these [`name_parts`] is searched for.
    pub fn finds(&self, parts: &BTreeSet<String>) -> bool {
        self.words.iter().all(|word| first_with(parts, word).is_some())
    }
}

/// The first of the parts, in their order, that begins with `word`.
pub fn first_with<'a>(parts: &'a BTreeSet<String>, word: &str) -> Option<&'a String> {
    parts.range(word.to_owned()..).next().filter(|part| part.starts_with(word))
}

fn folded(text: &str) -> String {
    let is_accent = |c: char| ('\u{300}'..='\u{36f}').contains(&c);
    let plain: String = text.replace('’', "'").nfkd().filter(|c| !is_accent(*c) && !is_joiner(*c)).collect();
    unicase::UniCase::unicode(plain).to_folded_case().nfkc().collect()
}

fn compared(text: &str) -> String {
    text.chars().take(COMPARED).collect()
}

fn is_separator(c: char) -> bool {
    !c.is_alphanumeric() && !is_combining_mark(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(search: &str, names: &[&str]) -> bool {
        Search::parse(search).finds(&name_parts(names.iter().copied()))
    }

    #[test]
    fn a_name_is_found_by_the_beginning_of_any_of_its_parts() {
        for search in ["puig", "PUI", "jordi-p", "jordi", "jo pu", "puig jordi", "", " "] {
            assert!(finds(search, &["jordi-puig"]), "{search:?}");
        }
        for search in ["uig", "jordipuig", "puig-", "jordi anna", "%", "'", "-", "_"] {
            assert!(!finds(search, &["jordi-puig"]), "{search:?}");
        }
        let names = ["DOMAIN\\o'brien", "Íñigo Muñoz i Ferrer", "inigo@mail.example.org"];
        for search in ["brien", "o’b", "domain", "MUNOZ", "muñoz", "i\u{301}nigo", "@example.org", "ferr dom"] {
            assert!(finds(search, &names), "{search:?}");
        }
    }

    #[test]
    fn a_long_name_has_a_bounded_number_of_parts_and_is_found_by_a_long_word() {
        let long = "a-".repeat(500);
        assert!(name_parts([long.as_str()]).len() <= MOST_PARTS);
        let word = "ñ".repeat(500);
        assert!(finds(&word, &[&word]));
    }
}
