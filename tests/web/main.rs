//! What people, programs and apps can see of a real server, asked over HTTP: page by page in `rooms`,
//! and in `promises` what holds on all pages.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "../support/mod.rs"]
mod support;

mod common;
mod openid;
mod openid_modules;
mod promises;
mod rooms;
