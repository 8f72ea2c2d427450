//! The acts: what a person, an admin, an app, the operator or Portero itself can do. They know neither HTTP nor pages.
//!
//! An act names its authority (`authority`, [`proof`]), which is judged in the act's own transaction, and returns one [`Pending`]:
//! [`committed`](Pending::committed) may block, [`everywhere`](Pending::everywhere) only awaits. Acts that hash say so; they belong
//! on a password worker. [`upkeep`] is no act: it runs many small jobs, and blocks.

pub mod accept_token;
pub mod apps;
mod authority;
pub mod bell;
mod context;
pub mod export;
pub mod factors;
pub mod first_load;
pub mod json;
mod keyed_ids;
mod level;
pub mod mails;
pub mod people;
pub mod proof;
pub mod reflection;
mod same_place;
pub mod sessions;
pub mod tries;
pub mod upkeep;

pub use authority::{Administrator, LevelNeeded, Mandate, Needs, Operator, OwnToken};
pub use context::{Accounts, Error, Pending, Visitor};
pub use keyed_ids::KeyedIds;
