//! Counts by the hour as pictures, with a table of the same.

use super::activity_counts::{self, Kind, Slot};
use super::bars::Bars;
use super::list_query::link_to;
use super::page::Page;
use crate::domain::UnixTime;
use crate::store::audit::event::What;
use crate::store::hourly_counts::{Counted, HourCount};

/// The last hours or days, with a picture and a column of each kind that there was.
pub(in crate::web) struct Span {
    pub(in crate::web) id: &'static str,
    pub(in crate::web) title: String,
    pub(in crate::web) column: String,
    pub(in crate::web) charts: Vec<Chart>,
    /// Of which kinds there was nothing.
    pub(in crate::web) nothing: String,
    pub(in crate::web) rows: Vec<SlotRow>,
    /// How many rows are left out, because there was nothing.
    pub(in crate::web) left_out: Option<String>,
}

pub(in crate::web) struct Chart {
    pub(in crate::web) label: String,
    pub(in crate::web) total: Figure,
    pub(in crate::web) note: Option<String>,
    /// What the picture shows, for those who don't see it.
    pub(in crate::web) alt: String,
    pub(in crate::web) most: String,
    pub(in crate::web) bars: Bars,
    /// Whether each of what is counted is an attempt that failed.
    pub(in crate::web) is_failure: bool,
    pub(in crate::web) first: String,
    pub(in crate::web) last: String,
}

/// A count, with the events that it counts.
pub(in crate::web) struct Figure {
    pub(in crate::web) text: String,
    pub(in crate::web) href: Option<String>,
}

pub(in crate::web) struct SlotRow {
    pub(in crate::web) name: String,
    pub(in crate::web) figures: Vec<(String, Figure)>,
}

/// The texts of a span have its id in their keys.
pub(in crate::web) fn span(
    page: &Page,
    id: &'static str,
    counts: &[HourCount],
    slots: &[Slot],
    name: impl Fn(&Slot) -> String,
) -> Span {
    let is_in = |slot: &Slot, kind: Kind| slot.count(kind).all > 0;
    let (kinds, missing): (Vec<_>, Vec<_>) =
        Kind::ALL.into_iter().partition(|kind| slots.iter().any(|slot| is_in(slot, *kind)));
    let shown: Vec<_> = slots.iter().rev().filter(|slot| kinds.iter().any(|kind| is_in(slot, *kind))).collect();
    let left_out = slots.len() - shown.len();
    let rows = shown.into_iter().map(|slot| SlotRow {
        name: name(slot),
        figures: kinds
            .iter()
            .map(|kind| (page.t(label(*kind)), figure(*kind, slot.count(*kind).all, slot.from, slot.until)))
            .collect(),
    });
    Span {
        id,
        title: page.t(&format!("overview-{id}")),
        column: page.t1(&format!("overview-{id}-column"), "zone", &page.zone),
        charts: kinds.iter().map(|kind| chart(page, id, *kind, counts, slots, &name)).collect(),
        nothing: match kinds.is_empty() {
            true => page.t("overview-nothing"),
            false => missing.into_iter().map(|kind| page.t(&no(kind))).collect::<Vec<_>>().join(" "),
        },
        rows: rows.collect(),
        left_out: (left_out > 0).then(|| page.tn(&format!("overview-{id}-left-out"), left_out)),
    }
}

/// The text that says that there was nothing of the kind.
fn no(kind: Kind) -> String {
    format!("{}-none", label(kind))
}

fn label(kind: Kind) -> &'static str {
    match kind {
        Kind::SignedIn => "overview-signed-in",
        Kind::Failed => "overview-failed",
        Kind::Renewed => "overview-renewed",
        Kind::Ended => "overview-ended",
    }
}

/// A count that leads to the events it counts, if there are any: renewals are in no log.
fn figure(kind: Kind, count: i64, from: UnixTime, until: UnixTime) -> Figure {
    let what = match kind {
        Kind::SignedIn => Some(What::SignedIn),
        Kind::Failed => Some(What::SignInFailed),
        Kind::Ended => Some(What::SessionEnded),
        Kind::Renewed => None,
    };
    let href = what.filter(|_| count > 0).map(|what| {
        let (from, until) = (from.0.to_string(), until.0.to_string());
        link_to("/admin/audit", &[("what", what.as_str()), ("from", &from), ("until", &until)])
    });
    Figure { text: grouped(count), href }
}

fn chart(
    page: &Page,
    id: &'static str,
    kind: Kind,
    counts: &[HourCount],
    slots: &[Slot],
    name: &impl Fn(&Slot) -> String,
) -> Chart {
    let (from, until) = ends_of(slots);
    let of_kind: Vec<_> = slots.iter().map(|slot| slot.count(kind)).collect();
    let total = of_kind.iter().map(|count| count.all).sum();
    let danger: i64 = of_kind.iter().map(|count| count.danger).sum();
    let unknown = if kind == Kind::Failed { activity_counts::total(counts, Counted::UnknownName, from) } else { 0 };
    let bars = Bars::new(&of_kind);
    let label = page.t(label(kind));
    let most = page.t1(&format!("overview-{id}-most"), "n", &grouped(bars.most));
    Chart {
        total: figure(kind, total, from, until),
        note: if danger > 0 {
            Some(page.t1("overview-of-danger", "n", &grouped(danger)))
        } else {
            (unknown > 0).then(|| page.t1("overview-of-unknown", "n", &grouped(unknown)))
        },
        alt: page.t2("overview-picture", ("what", &format!("{label}: {}", grouped(total))), ("most", &most)),
        label,
        most,
        bars,
        is_failure: kind == Kind::Failed,
        first: slots.first().map(name).unwrap_or_default(),
        last: slots.last().map(name).unwrap_or_default(),
    }
}

/// The first and the last second of a span.
pub(in crate::web) fn ends_of(slots: &[Slot]) -> (UnixTime, UnixTime) {
    let from = slots.first().map_or(UnixTime(0), |slot| slot.from);
    (from, slots.last().map_or(from, |slot| slot.until))
}

/// A count with a narrow space between thousands, which every language can read.
pub(in crate::web) fn grouped(count: i64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}
