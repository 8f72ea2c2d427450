//! What only the database knows: the doors, the one writer, and races that no page shows.

#[path = "../support/mod.rs"]
mod support;

mod races;
mod writer;
