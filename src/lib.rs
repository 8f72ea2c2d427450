//! Portero, a self-hosted login service. The modules in reading order, each importing only from those above it
//! (`tests/layers.rs` draws the line):
//!
//! - [`domain`]: values right by construction, no I/O; [`user_agent`]: browsers in words
//! - [`tokens`]: the token engine; [`password`]: hashing; [`blocklist`]: what is refused, in memory; [`store`]: the only SQL
//! - [`config`]: every setting
//! - [`accounts`]: the acts, one file each
//! - [`guards`]: the Actix part of the engine
//! - [`web`]: the HTTP of Portero: routes, error answers, and the rooms, one file per page or endpoint
//! - [`server`]: start, serve, stop; [`cli`]: the commands

pub mod accounts;
pub mod blocklist;
pub mod cli;
pub mod config;
pub mod domain;
pub mod guards;
pub mod installation;
pub mod password;
pub mod server;
pub mod store;
pub mod tokens;
pub mod user_agent;
pub mod web;
