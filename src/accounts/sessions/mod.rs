//! Sessions: how one begins (only by [`begin`]), renews and ends, its tokens, and its story.

pub mod begin;
pub mod being_marked;
pub mod confirm;
pub mod earlier_sign_in;
pub mod end;
pub mod first_use;
pub(in crate::accounts) mod guessing;
pub mod last_seen;
pub mod mass_end;
pub mod passkey_sign_in;
pub mod renew;
pub mod reuse;
mod rotation;
pub mod second_step;
pub mod sign_in;
pub mod sign_in_counts;
pub mod sign_out;
pub(in crate::accounts) mod single_token;
pub(in crate::accounts) mod status;
mod story;
pub mod tokens;
