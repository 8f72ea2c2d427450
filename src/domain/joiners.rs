//! Where a name may hold one of the two characters that are seen only by what they do to their neighbours: the zero width non-joiner
//! (ZWNJ), which Persian words need, and the zero width joiner (ZWJ), which words of Sinhala, Malayalam and others need. Anywhere else they
//! would make two names of one that is seen. (UAX 31, Layout and Format Control Characters: the contexts A1, A2 and B)

use icu_properties::CodePointMapData;
use icu_properties::props::{CanonicalCombiningClass, IndicSyllabicCategory, JoiningType};
use unicode_normalization::char::is_combining_mark;

const ZWNJ: char = '\u{200c}';
const ZWJ: char = '\u{200d}';

pub(super) fn is_joiner(c: char) -> bool {
    matches!(c, ZWNJ | ZWJ)
}

/// Whether every joiner in the text does something to its neighbours.
pub(super) fn are_in_place(text: &str) -> bool {
    let joiners = text.char_indices().filter(|(_, c)| is_joiner(*c));
    joiners.map(|(at, joiner)| (joiner, &text[..at], &text[at + joiner.len_utf8()..])).all(|(joiner, before, after)| {
        match joiner {
            ZWNJ => breaks_cursive(before, after) || follows_virama(before) && letter_follows(after),
            _ => follows_virama(before) && !after.starts_with(is_dependent_vowel),
        }
    })
}

/// A1: the letters on both sides would be joined.
fn breaks_cursive(before: &str, after: &str) -> bool {
    let joining = |c: char| CodePointMapData::<JoiningType>::new().get(c);
    let neighbour =
        |chars: &mut dyn Iterator<Item = char>| chars.map(joining).find(|kind| *kind != JoiningType::Transparent);
    let left = neighbour(&mut before.chars().rev());
    let right = neighbour(&mut after.chars());
    matches!(left, Some(JoiningType::LeftJoining | JoiningType::DualJoining))
        && matches!(right, Some(JoiningType::RightJoining | JoiningType::DualJoining))
}

/// A2 and B: a letter with a virama comes before, which makes a conjunct with what follows.
fn follows_virama(before: &str) -> bool {
    let combining = |c: char| CodePointMapData::<CanonicalCombiningClass>::new().get(c);
    let mut marks = before.chars().rev().skip_while(|c| {
        !matches!(combining(*c), CanonicalCombiningClass::Virama | CanonicalCombiningClass::NotReordered)
    });
    marks.next().is_some_and(|c| combining(c) == CanonicalCombiningClass::Virama)
        && marks.find(|c| !is_combining_mark(*c)).is_some_and(char::is_alphabetic)
}

/// A2: and another letter comes after.
fn letter_follows(after: &str) -> bool {
    let combining = |c: char| CodePointMapData::<CanonicalCombiningClass>::new().get(c);
    let first = after.chars().find(|c| combining(*c) == CanonicalCombiningClass::NotReordered);
    first.is_some_and(|c| c.is_alphabetic() && !is_combining_mark(c))
}

fn is_dependent_vowel(c: char) -> bool {
    CodePointMapData::<IndicSyllabicCategory>::new().get(c) == IndicSyllabicCategory::VowelDependent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_joiner_stands_only_where_it_is_seen() {
        for good in [
            "نامه\u{200c}ای", // Persian, between letters that would join
            "نامهٔ\u{200c}ای", // and with a mark on the first
            "क्\u{200c}ष",     // Devanagari: no conjunct
            "क्\u{200d}ष",     // half form
            "ශ්\u{200d}රී",     // Sinhala
            "അവന്\u{200d}",    // Malayalam: a chillu as it was written before Unicode 5.1
            "no joiner",
        ] {
            assert!(are_in_place(good), "{good:?}");
        }
        for bad in [
            "a\u{200c}na",
            "a\u{200d}na",
            "\u{200c}نامه",
            "نامه\u{200c}",
            "ا\u{200c}ن", // alef never joins what follows
            "نا\u{200d}مه",
            "نامه\u{200c}\u{200c}ای", // the second one does nothing
            "क\u{200d}ष",
            "क्\u{200d}ि",
            "\u{94d}\u{200d}",
        ] {
            assert!(!are_in_place(bad), "{bad:?}");
        }
    }
}
