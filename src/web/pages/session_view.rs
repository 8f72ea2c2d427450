//! How people are told of a session: in the same words on every page that shows one.

use super::page::Page;
use super::times::Time;
use crate::domain::{Reason, Transport, UserId};
use crate::store::sessions::Session;
use crate::user_agent::{self, Described, Device};
use crate::web::app::App;
use crate::web::http::client_address;

/// A session as a row of a list.
pub(in crate::web) struct SessionView {
    pub(in crate::web) sid: String,
    pub(in crate::web) short: String,
    pub(in crate::web) browser: String,
    pub(in crate::web) device: Device,
    /// Whether it is a program's, which shows its token in a header.
    pub(in crate::web) is_program: bool,
    pub(in crate::web) ip: String,
    /// The list of what came from this address, where there is one.
    pub(in crate::web) ip_path: Option<String>,
    pub(in crate::web) signed_in: Time,
    pub(in crate::web) last_seen: Time,
    pub(in crate::web) how: String,
    pub(in crate::web) odd: bool,
    /// The number of the first odd step in its story, where a page leads there.
    pub(in crate::web) odd_step: Option<i64>,
}

pub(in crate::web) fn view(app: &App, page: &Page, session: &Session) -> SessionView {
    let (described, device) = user_agent::describe_with_device(&session.user_agent);
    SessionView {
        sid: session.sid.to_string(),
        short: session.sid.short(),
        browser: in_words(page, described),
        device,
        is_program: session.transport == Transport::Bearer,
        ip: address(page, &session.ip),
        ip_path: None,
        signed_in: page.ago(session.created_at),
        last_seen: page.ago(app.accounts.last_seen.newest(session)),
        how: page.t(&format!("transport-{}", session.transport.as_str())),
        odd: session.odd,
        odd_step: None,
    }
}

/// The address that a session or a step came from.
pub(in crate::web) fn address(page: &Page, ip: &str) -> String {
    if ip == client_address::UNKNOWN { page.t("unknown-address") } else { ip.to_owned() }
}

/// The browser and system that the header names, in words.
pub(in crate::web) fn browser(page: &Page, user_agent: &str) -> String {
    in_words(page, user_agent::describe(user_agent))
}

fn in_words(page: &Page, described: Described<'_>) -> String {
    let browser = described.browser.map_or_else(|| page.t("unknown-browser"), str::to_owned);
    match described.system {
        Some(system) => page.t2("browser-on-system", ("browser", &browser), ("system", system)),
        None => browser,
    }
}

/// Who ended a session or revoked a token, in words. `by` and `name`: the user who did, if it was one. `owner`: whose it was.
pub(in crate::web) fn by(page: &Page, by: Option<UserId>, name: Option<&str>, owner: UserId, reason: Reason) -> String {
    match by {
        Some(by) if by == owner => page.t("by-user"),
        Some(_) => name.unwrap_or_default().to_owned(),
        None => match reason {
            Reason::Reuse
            | Reason::Guessing
            | Reason::Lost
            | Reason::Forgotten
            | Reason::Expired
            | Reason::Idle
            | Reason::Limit
            | Reason::Replayed => page.t("by-system"),
            Reason::Logout
            | Reason::LogoutAtApp
            | Reason::PasswordChange
            | Reason::Replaced
            | Reason::EndedByUser
            | Reason::EndedByAdmin
            | Reason::Disabled
            | Reason::Deleted
            | Reason::FactorsReset
            | Reason::Renamed
            | Reason::ReportedByMail
            | Reason::Superseded => page.t("by-operator"),
            Reason::RevokedByApp => page.t("by-app"),
        },
    }
}

pub(in crate::web) fn reason(page: &Page, reason: Reason) -> String {
    page.t(&format!("reason-{}", reason.as_str()))
}
