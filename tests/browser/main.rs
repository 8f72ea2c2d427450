//! The pages of the real program in a real browser: headless Chromium, driven by WebDriver. Screenshots
//! go to `tests/screenshots/`, for people to look at.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod accessibility;
mod axe;
mod browser;
mod crashes;
#[path = "../support/database.rs"]
mod database;
mod gate;
#[path = "../process/gate_set.rs"]
#[allow(dead_code, reason = "each test binary uses its part")]
mod gate_set;
mod home_network;
mod journeys;
mod keyboard;
#[path = "../support/mail_server.rs"]
#[allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]
mod mail_server;
mod moving_picture;
mod oidc_client;
mod openid;
mod passkeys;
#[path = "../process/portero.rs"]
#[allow(dead_code, reason = "each test binary uses its part")]
mod portero;
#[path = "../support/ports.rs"]
mod ports;
#[path = "../support/proxies.rs"]
#[allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]
mod proxies;
mod screenshots;
mod second_factor;
mod sessions;
mod support {
    pub(crate) use crate::{ports, proxies};
}
mod several_nodes;
mod tables;
mod told_apps;
#[path = "../support/totp.rs"]
#[allow(dead_code, reason = "each test binary uses its part")]
mod totp;
mod two_browsers;
mod without_script;
