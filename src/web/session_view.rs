//! A session as people and programs are told of it: the same words on every page that lists one.

use serde_json::{Value, json};

use super::App;
use super::page::{Page, Time};
use crate::domain::{Reason, SessionId, UserId, Username};
use crate::store::sessions::Session;
use crate::user_agent;

/// A row of a list of sessions.
pub(super) struct SessionView {
    pub(super) sid: String,
    pub(super) short: String,
    pub(super) browser: String,
    pub(super) ip: String,
    pub(super) signed_in: Time,
    pub(super) last_seen: Time,
    pub(super) how: String,
    pub(super) odd: bool,
}

pub(super) fn of(app: &App, page: &Page, session: &Session) -> SessionView {
    SessionView {
        sid: session.sid.to_string(),
        short: session.sid.short(),
        browser: browser(page, &session.user_agent),
        ip: session.ip.clone(),
        signed_in: page.time(session.created_at),
        last_seen: page.time(app.accounts.last_seen.newest(session)),
        how: page.t(&format!("transport-{}", session.transport.as_str())),
        odd: session.odd,
    }
}

/// Browser and system in words.
pub(super) fn browser(page: &Page, user_agent: &str) -> String {
    let described = user_agent::describe(user_agent);
    let browser = described.browser.map_or_else(|| page.t("unknown-browser"), str::to_owned);
    match described.system {
        Some(system) => page.t2("browser-on-system", ("browser", &browser), ("system", system)),
        None => browser,
    }
}

/// Who ended it, in words. `name`: of that user, if it was one.
pub(super) fn by(page: &Page, by: Option<UserId>, name: Option<&str>, owner: UserId, reason: Reason) -> String {
    match by {
        Some(by) if by == owner => page.t("by-user"),
        Some(_) => name.unwrap_or_default().to_owned(),
        None => match reason {
            Reason::Reuse | Reason::Lost | Reason::Expired | Reason::Idle | Reason::Limit => page.t("by-system"),
            Reason::Logout
            | Reason::PasswordChange
            | Reason::Replaced
            | Reason::EndedByUser
            | Reason::EndedByAdmin
            | Reason::Disabled
            | Reason::Superseded => page.t("by-operator"),
            Reason::RevokedByApp => page.t("by-app"),
        },
    }
}

pub(super) fn reason(page: &Page, reason: Reason) -> String {
    page.t(&format!("reason-{}", reason.as_str()))
}

/// The same for programs. Moments are seconds since the epoch.
pub(super) fn json(app: &App, session: &Session, user: Option<&Username>, own: Option<SessionId>) -> Value {
    json!({
        "sid": session.sid,
        "user": user,
        "transport": session.transport,
        "ip": session.ip,
        "user_agent": session.user_agent,
        "signed_in_at": session.created_at,
        "auth_time": session.auth_time,
        "last_seen_at": app.accounts.last_seen.newest(session),
        "expires_at": session.expires_at,
        "access_until": session.access_until,
        "renewals": session.generation,
        "odd": session.odd,
        "this": own.map(|own| own == session.sid),
        "ended_at": session.end.map(|end| end.at),
        "end_reason": session.end.map(|end| end.reason),
        "receipt": session.receipt,
    })
}
