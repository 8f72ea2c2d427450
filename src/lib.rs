//! Portero, a self-hosted login service. Without its default feature `server` it is a library: [`tokens`], the token engine, and
//! [`guards`], its Actix part, make another app speak flask-jwt-extended (`examples/`, `docs/flask-jwt-extended.md`).
//!
//! The modules in reading order, each importing only from those above it (`tests/layers.rs` draws the line):
//!
//! - [`domain`]: values right by construction, no I/O; `user_agent`: browsers in words
//! - [`tokens`]: the token engine; `password`: hashing; `lane`: threads for what blocks; `blocklist`: what is refused, in memory;
//!   `throttle`: who tries too often; `store`: the only SQL
//! - `config`: every setting
//! - `accounts`: the acts, one file each
//! - [`guards`]: the Actix part of the engine
//! - `installation`: what lies on disk
//! - `web`: the HTTP of Portero: routes, error answers, and the rooms, one file per page or endpoint
//! - `server`: start, serve, stop; `cli`: the commands

pub mod domain;
pub mod guards;
pub mod tokens;

#[cfg(feature = "server")]
pub mod accounts;
#[cfg(feature = "server")]
pub mod blocklist;
#[cfg(feature = "server")]
pub mod cli;
#[cfg(feature = "server")]
pub mod config;
#[cfg(feature = "server")]
pub mod installation;
#[cfg(feature = "server")]
pub mod lane;
#[cfg(feature = "server")]
pub mod password;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "server")]
pub mod store;
#[cfg(feature = "server")]
pub mod throttle;
#[cfg(feature = "server")]
pub mod user_agent;
#[cfg(feature = "server")]
pub mod web;
