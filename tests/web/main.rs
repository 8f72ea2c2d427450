//! What users can see, asked through the front door of a real server: by page in `rooms`, and in `promises` what
//! holds on all of them.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "../support/mod.rs"]
mod support;

mod common;
mod promises;
mod rooms;
