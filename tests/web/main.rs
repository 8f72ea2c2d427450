//! What users can see, asked through the front door of a real server.

#[path = "../support/mod.rs"]
mod support;

mod tutorial;
