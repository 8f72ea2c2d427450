//! What users can see, asked through the front door of a real server.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "../support/mod.rs"]
mod support;

mod admin;
mod apps;
mod attacks;
mod bad_input;
mod csrf;
mod first_run;
mod generated;
mod headers;
mod honest;
mod languages;
mod locations;
mod pages;
mod people;
mod raw_http;
mod renewal;
mod rotation;
mod sessions;
mod snapshots;
mod store_trouble;
mod throttle;
mod tutorial;
