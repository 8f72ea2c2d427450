//! Rows in the order of their texts. They are sorted here, because each database orders texts in its own way: SQLite by their bytes,
//! PostgreSQL perhaps by the rules of a language.

use std::cmp::Ordering;

/// The rows in their own order.
pub(super) fn sorted<T: Ord>(mut rows: Vec<T>) -> Vec<T> {
    rows.sort();
    rows
}

/// The rows in the order that `compare` gives to two of them.
pub(super) fn sorted_by<T>(mut rows: Vec<T>, compare: impl FnMut(&T, &T) -> Ordering) -> Vec<T> {
    rows.sort_by(compare);
    rows
}
