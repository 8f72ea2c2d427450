//! How long a session that has ended can live on at an app, in words.

use super::page::Page;
use crate::accounts::apps::exactness::Exactness;

/// What a page says of one app.
pub(in crate::web) struct ExactnessShown {
    /// How the app learns of the end.
    pub(in crate::web) learns: String,
    /// How long a session lives on there at worst.
    pub(in crate::web) worst: String,
    /// How that is marked.
    pub(in crate::web) badge: &'static str,
}

impl ExactnessShown {
    pub(in crate::web) fn new(page: &Page, exactness: Exactness) -> Self {
        let Exactness { learns, worst } = exactness;
        let worst_in_words = match worst {
            None => page.t("exactness-no-end"),
            Some(0) => page.t("exactness-next-request"),
            Some(seconds) => length(page, seconds),
        };
        Self {
            learns: page.t(&format!("exactness-by-{}", learns.key())),
            worst: worst_in_words,
            badge: match worst {
                None => "danger",
                Some(0) => "here",
                Some(_) => "",
            },
        }
    }
}

/// A length of time, to the second.
pub(in crate::web) fn length(page: &Page, seconds: i64) -> String {
    let units = [
        ("days", seconds / 86_400),
        ("hours", seconds / 3600 % 24),
        ("minutes", seconds / 60 % 60),
        ("seconds", seconds % 60),
    ];
    let filled: Vec<_> = units.into_iter().filter(|(_, n)| *n > 0).collect();
    if filled.is_empty() {
        return page.tn("about-seconds", seconds);
    }
    filled.into_iter().map(|(unit, n)| page.tn(&format!("about-{unit}"), n)).collect::<Vec<_>>().join(" ")
}
