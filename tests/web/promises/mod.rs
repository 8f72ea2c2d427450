//! Promises: what holds on every page and endpoint, in one file each.

mod attacks;
mod bad_input;
mod cookie_or_bearer;
mod csrf;
mod decoys;
mod ended;
mod generated;
mod headers;
mod home_network;
mod honest;
mod languages;
mod locations;
mod names;
mod peers;
mod permissions;
mod raw_http;
mod renewal;
mod rotation;
mod second_factor;
mod snapshots;
mod store_trouble;
mod throttle;
mod token_kinds;
mod tutorial;
mod who_acts;
