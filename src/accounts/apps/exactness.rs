//! How long a session that has ended can live on at an app, at worst: it follows from how the app learns of the end.

use serde::Serialize;
use utoipa::ToSchema;

use super::keys::LONGEST_LIFE;
use crate::accounts::context::Accounts;
use crate::domain::App;

/// How an app learns that a session has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Learns {
    /// Its proxy asks about every request.
    Gate,
    /// It may ask about every token that it is shown.
    Introspection,
    /// It looks sessions up in the status list.
    StatusList,
    /// It is told. At worst it can't be, or takes no note.
    BackChannel,
    /// Not at all: it takes a token until that expires.
    Never,
    /// It is only observed: whoever is refused gets in all the same.
    Observed,
}

impl Learns {
    /// As the pages' catalogues spell it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Gate => "gate",
            Self::Introspection => "introspection",
            Self::StatusList => "status-list",
            Self::BackChannel => "back-channel",
            Self::Never => "never",
            Self::Observed => "observed",
        }
    }
}

/// How exact an app is about the end of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Exactness {
    pub learns: Learns,
    /// For how many seconds an ended session can live there at worst. 0: the next request is refused; `None`: there is no end to it.
    pub worst: Option<i64>,
}

/// How exact the app is; where it has several doors, by the one that is worst. `None`: nobody gets in anywhere.
pub fn exactness(accounts: &Accounts, app: &App) -> Option<Exactness> {
    let rules = &app.rules;
    let is_gated = !rules.origins.is_empty();
    if is_gated && !rules.observes {
        // Whatever else it takes, no request comes to it past the gate.
        return Some(Exactness { learns: Learns::Gate, worst: Some(0) });
    }
    if is_gated {
        return Some(Exactness { learns: Learns::Observed, worst: None });
    }
    let config = &accounts.config;
    let leeway = config.jwt.decode_leeway;
    if rules.openid.reads_status_list {
        return Some(Exactness { learns: Learns::StatusList, worst: Some(config.status_list_ttl) });
    }
    if rules.openid.is_used() {
        let learns = if rules.backchannel_logout.is_some() { Learns::BackChannel } else { Learns::Never };
        return Some(Exactness { learns, worst: Some(LONGEST_LIFE + leeway) });
    }
    if rules.introspects {
        return Some(Exactness { learns: Learns::Introspection, worst: Some(0) });
    }
    // It takes tokens of sessions, by a key that it shares or a public one.
    let life = config.session.access_lifetime.unwrap_or(config.session.absolute);
    rules.backchannel_logout.is_some().then_some(Exactness { learns: Learns::BackChannel, worst: Some(life + leeway) })
}
