//! What the README and the pages in `docs/` promise: that every link leads somewhere, every command exists and is run by a test, the lists for
//! reference are whole, and the first ten minutes go as told.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod commands;
#[path = "../support/database.rs"]
mod database;
mod errors;
mod first_ten_minutes;
mod pages;
#[path = "../process/portero.rs"]
#[allow(dead_code, reason = "each test binary uses its part")]
mod portero;
#[path = "../support/ports.rs"]
mod ports;
#[path = "../support/proxies.rs"]
#[allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]
mod proxies;
mod site;
