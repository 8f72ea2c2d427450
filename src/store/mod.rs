//! The database, and the only SQL: one file per table, and one for each list or act over several tables. [`Db`] is the only way to
//! a connection; the functions here take one.

pub mod apps;
pub mod attempts;
pub mod audit;
pub mod condition;
mod connection;
mod database_check;
mod db;
mod dialect;
pub mod factors;
mod follower;
pub mod hourly_counts;
pub mod instance;
mod job;
pub mod known_networks;
mod lanes;
pub mod last_uses;
pub mod links;
pub mod list_filter;
pub mod mass_ends;
#[cfg(feature = "postgres")]
pub mod move_rows;
pub mod name_parts;
pub mod names;
pub mod overview;
pub mod passes;
pub mod passkeys;
pub mod password_forms;
#[cfg(feature = "postgres")]
mod postgres;
mod prepared;
mod readers;
pub mod recovery_codes;
pub mod revoked;
mod schema;
pub mod second_factors;
pub mod session_ends;
pub mod session_lists;
pub mod sessions;
pub mod sign_in_failures;
pub mod signing_keys;
pub mod spent_challenges;
mod sqlite;
mod sqlite_file;
mod stand_still;
pub mod steps;
pub mod table_parts;
pub mod token_blocklist;
pub mod trouble;
pub mod trusted_browsers;
pub mod user_lists;
pub mod users;
pub mod wal;
mod writer;

pub use connection::{Conn, Error, OpenError, at_one_moment};
pub use database_check::DatabaseCheck;
pub use db::Db;
pub use dialect::{hold, skip_ids};
pub use follower::Memory;
pub use job::{Authority, Pending, Tx, Upkeep};
pub use lanes::Lane;
pub use sqlite_file::{copy_database, find_damage, read_file};
