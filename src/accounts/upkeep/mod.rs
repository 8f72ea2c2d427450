//! What is done from time to time, and what memory holds of the database. Each job here looks at its own condition again. Blocks.

pub mod commands;
pub mod due;
pub mod last_seen;
pub mod lost_commits;
pub mod memory;
pub mod name_parts;
pub mod prune;
pub mod skeletons;
pub mod tries;
