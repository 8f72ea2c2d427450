//! What a guesser knows beforehand (the user's name, the site's, famous phrases), and what remains of a password without it.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What a password is built on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// The name of the user whose password it is to be.
    UserName,
    /// The site's name, its host, or a word that the operator added.
    SiteWord,
    /// A phrase that many people know by heart.
    Phrase,
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UserName => "beside the user name it has too little",
            Self::SiteWord => "beside the name of this site, or a word that goes with it, it has too little",
            Self::Phrase => "it is a well-known phrase",
        })
    }
}

/// The shortest word that is looked for: a shorter one would be found in everything.
const MIN_CHARS: usize = 3;

/// Words to look for in passwords.
#[derive(Default)]
pub(super) struct KnownWords(Vec<(Known, Vec<char>)>);

impl KnownWords {
    /// The famous phrases. Names and words are [added](Self::add) to them.
    pub(super) fn phrases() -> Self {
        let mut words = Self::default();
        for phrase in PHRASES.lines() {
            words.push(Known::Phrase, phrase);
        }
        words
    }

    /// Adds a name, and each word in it: of `ana.ruiz` also `ana` and `ruiz`.
    pub(super) fn add(&mut self, known: Known, name: &str) {
        self.push(known, name);
        let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric() && !is_combining_mark(c)).collect();
        if words.len() > 1 {
            words.into_iter().for_each(|word| self.push(known, word));
        }
    }

    fn push(&mut self, known: Known, word: &str) {
        let letters: Vec<char> = plain(word).into_iter().filter(|c| c.is_alphanumeric()).collect();
        if letters.len() >= MIN_CHARS {
            self.0.push((known, letters));
        }
    }

    /// What remains of `text` without these words and without years and punctuation, and which of them was found first. `None`: none.
    /// A word is found however its letters are written: in capitals, with accents, as in `v4l3r1@`, or with punctuation between them.
    pub(super) fn remainder(&self, text: &str) -> Option<(Known, String)> {
        let mut rest = plain(text);
        let mut first = None;
        for (known, word) in &self.0 {
            let mut at = 0;
            while at < rest.len() {
                match length_at(&rest[at..], word) {
                    // What stood before and after does not become one word.
                    Some(length) => {
                        rest.splice(at..at + length, [' ']);
                        first = first.or(Some(*known));
                    }
                    None => at += 1,
                }
            }
        }
        first.map(|known| (known, without_years_and_punctuation(&rest)))
    }
}

/// In lower case and without accents.
fn plain(text: &str) -> Vec<char> {
    text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

/// How many characters of `text` the word takes up if it begins there. Between its letters there may be punctuation.
fn length_at(text: &[char], word: &[char]) -> Option<usize> {
    let mut letters = word.iter().peekable();
    for (at, c) in text.iter().enumerate() {
        let letter = letters.peek()?;
        if stands_for(*c, **letter) {
            letters.next();
            if letters.peek().is_none() {
                return Some(at + 1);
            }
        } else if at == 0 || c.is_alphanumeric() {
            return None;
        }
    }
    None
}

fn stands_for(c: char, letter: char) -> bool {
    c == letter
        || match letter {
            'a' => matches!(c, '4' | '@'),
            'b' => c == '8',
            'c' => matches!(c, '(' | '{' | '[' | '<'),
            'e' => c == '3',
            'g' => matches!(c, '6' | '9'),
            'i' => matches!(c, '1' | '!' | '|'),
            'l' => matches!(c, '1' | '|' | '7'),
            'o' => c == '0',
            's' => matches!(c, '$' | '5'),
            't' => matches!(c, '+' | '7'),
            'x' => c == '%',
            'z' => c == '2',
            _ => false,
        }
}

/// A year: four digits in a row, of this century or the last.
fn without_years_and_punctuation(text: &[char]) -> String {
    let runs = text.chunk_by(|one, other| one.is_ascii_digit() == other.is_ascii_digit());
    let is_year = |run: &[char]| matches!(run, ['1', '9', _, _] | ['2', '0', _, _]);
    runs.filter(|run| !is_year(run)).flatten().filter(|c| c.is_alphanumeric()).collect()
}

/// One phrase a line.
const PHRASES: &str = include_str!("famous_phrases.txt");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_remains_of_a_password_is_what_no_guesser_knows() {
        let mut words = KnownWords::phrases();
        words.add(Known::UserName, "valeria");
        words.add(Known::SiteWord, "Acme Login");
        for (text, known, remainder) in [
            ("valeria2026!!", Known::UserName, ""),
            ("Valeria-1999-Valeria", Known::UserName, ""),
            ("V4l3r1@__2026", Known::UserName, ""),
            ("v.a.l.e.r.i.a!!", Known::UserName, ""),
            ("VALÉRIA...2026", Known::UserName, ""),
            ("valeria123456", Known::UserName, "123456"),
            ("valeria20267", Known::UserName, "20267"),
            ("acme2026!!!!!", Known::SiteWord, ""),
            ("Acme-Login-2026", Known::SiteWord, ""),
            ("L0gin@valeria", Known::UserName, ""),
            ("correct horse battery staple", Known::Phrase, ""),
            ("Correct-Horse-Battery-Staple-2026!", Known::Phrase, ""),
            ("EnUnLugarDeLaMancha", Known::Phrase, ""),
            ("valeria and seven herons", Known::UserName, "andsevenherons"),
            ("vale, ría es otra cosa", Known::UserName, "esotracosa"),
        ] {
            assert_eq!(words.remainder(text), Some((known, remainder.to_owned())), "{text}");
        }
        for nothing in ["correct horse battery", "seven herons on one wire", "2026!!", ""] {
            assert_eq!(words.remainder(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_name_of_two_letters_is_in_everything_and_not_looked_for() {
        let mut words = KnownWords::default();
        words.add(Known::UserName, "jo");
        words.add(Known::UserName, "x.y");
        assert_eq!(words.remainder("jo-jo-jo-jo-x-y"), None);
        words.add(Known::UserName, "ana.ruiz");
        assert_eq!(words.remainder("ruiz y ana"), Some((Known::UserName, "y".into())));
    }
}
