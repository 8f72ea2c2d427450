//! Portero, a self-hosted login service. Without its default feature `server` it is a library: [`tokens`], the token engine, and
//! [`guards`], its Actix part, make another app speak flask-jwt-extended (`examples/`, `docs/flask-jwt-extended.md`).
//!
//! The modules in reading order, each importing only from those above it (`tests/layers.rs` holds them to it):
//!
//! - [`domain`]: values right by construction, no I/O; `bom`, `clock`, `error_chain`, `fair_queue`, `lease`, `user_agent`, `workers`: small
//!   things that many use
//! - [`tokens`]: the token engine; `passwords`: hashing; `totp`: time-based codes; `sealing`: what only Portero reads; `blocklist`: what is refused, in memory; `throttle`: who tries too often;
//!   `store`: the only SQL
//! - `outbound`: calls to apps, all that Portero asks of other hosts by HTTP
//! - `gate`: what a proxy that asks about a request tells of it
//! - `config`: every setting; `texts`: the catalogues
//! - `accounts`: the acts, by what is done: proof, sessions, people, apps, upkeep
//! - [`guards`]: the Actix part of the engine
//! - `installation`: what lies on disk; `doctor`: what can be wrong with it
//! - `web`: the HTTP of Portero: what HTTP needs, what a browser carries, what pages are made of, and the rooms, one file per page
//!   or endpoint
//! - `telling`: tells apps that sessions have ended
//! - `mail`: how a mail reads, and SMTP; `mailing`: sends those that wait
//! - `metrics`: what Portero counts, for Prometheus
//! - `server`: start, serve, stop; `cli`: the commands

pub mod domain;
pub mod gate;
pub mod guards;
pub mod tokens;

#[cfg(feature = "server")]
pub mod accounts;
#[cfg(feature = "server")]
pub mod blocklist;
#[cfg(feature = "server")]
mod bom;
#[cfg(feature = "server")]
pub mod bounded_http;
#[cfg(feature = "server")]
pub mod cli;
#[cfg(feature = "server")]
pub mod clock;
#[cfg(feature = "server")]
pub mod config;
#[cfg(feature = "server")]
pub mod connections;
#[cfg(feature = "server")]
pub mod counters;
#[cfg(feature = "server")]
pub mod descriptors;
#[cfg(feature = "server")]
pub mod doctor;
#[cfg(feature = "server")]
mod error_chain;
#[cfg(feature = "server")]
pub mod fair_queue;
#[cfg(feature = "server")]
pub mod installation;
#[cfg(feature = "server")]
pub mod lease;
#[cfg(feature = "server")]
pub mod listening;
#[cfg(feature = "server")]
pub mod mail;
#[cfg(feature = "server")]
mod mailing;
#[cfg(feature = "server")]
pub mod metrics;
#[cfg(feature = "server")]
pub mod outbound;
#[cfg(feature = "server")]
pub mod passkeys;
#[cfg(feature = "server")]
pub mod passwords;
#[cfg(feature = "server")]
pub mod sealing;
#[cfg(feature = "server")]
pub mod seldom;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "server")]
pub mod service_manager;
#[cfg(feature = "server")]
pub mod store;
#[cfg(feature = "server")]
mod telling;
#[cfg(feature = "server")]
pub mod texts;
#[cfg(feature = "server")]
pub mod throttle;
#[cfg(feature = "server")]
pub mod totp;
#[cfg(feature = "server")]
pub mod unix_socket;
#[cfg(feature = "server")]
pub mod user_agent;
#[cfg(feature = "server")]
pub mod web;
#[cfg(feature = "server")]
pub mod workers;
