//! The store from within: readers and the one writer, pruning, and races that no page shows.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "../support/mod.rs"]
mod support;

mod audit;
#[cfg(feature = "postgres")]
mod changes;
mod given_up;
mod hourly_counts;
mod lanes;
mod loading;
mod mass_ends;
mod name_parts;
mod password_forms;
#[cfg(feature = "postgres")]
mod postgres;
mod prune;
mod races;
mod skeletons;
mod transcript;
mod user_lists;
mod writer;
