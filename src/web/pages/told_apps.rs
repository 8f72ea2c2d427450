//! What apps know of sessions that have ended: for receipts, for a session's story and for the page of an app, in words and as JSON. An
//! app has taken note when it said so, and not before.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{AppId, UnixTime};
use crate::store::logout_deliveries::{Outcome, Told};
use crate::web::pages::page::Page;
use crate::web::pages::times::Time;

/// How it stands with one app and the sessions that have ended.
#[derive(Clone, Debug)]
pub(in crate::web) struct AppTold {
    pub(in crate::web) name: String,
    /// In how many of the sessions the app was entered, and of how many it has taken note.
    sessions: i64,
    acknowledged: i64,
    state: State,
    told_at: Option<UnixTime>,
    acknowledged_at: Option<UnixTime>,
    /// `None`: none is to be made.
    next_try_at: Option<UnixTime>,
    /// What the last try came to, if that was not success.
    trouble: Option<(Outcome, Option<u16>)>,
    /// By then every token has expired that the app could accept without asking.
    accepted_until: UnixTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It has taken note of all.
    Acknowledged,
    /// Portero goes on telling it.
    Waiting,
    /// It said that it does not take note.
    Refused,
    /// Portero has stopped telling it.
    GivenUp,
    /// It is told nothing, for it asks before each request.
    Asks,
    /// It is told nothing.
    NotTold,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Acknowledged => "acknowledged",
            Self::Waiting => "waiting",
            Self::Refused => "refused",
            Self::GivenUp => "given_up",
            Self::Asks => "asks",
            Self::NotTold => "not_told",
        }
    }
}

/// What an app knows of sessions that have ended.
#[derive(Serialize, ToSchema)]
#[schema(as = AppTold)]
pub(in crate::web) struct AppToldShown<'a> {
    app: &'a str,
    /// `acknowledged`, `waiting`, `refused`, `given_up`, `asks` or `not_told`.
    state: &'static str,
    /// In how many of them it was entered.
    sessions: i64,
    /// Of how many it has taken note.
    acknowledged: i64,
    told_at: Option<UnixTime>,
    acknowledged_at: Option<UnixTime>,
    next_try_at: Option<UnixTime>,
    #[schema(inline)]
    last_trouble: Option<Outcome>,
    /// The HTTP status of that try.
    last_status: Option<u16>,
    /// Until when it can still accept a token of theirs.
    accepted_until: Option<UnixTime>,
}

/// An app that was entered in sessions which have ended.
pub(in crate::web) struct Entered {
    pub(in crate::web) app: AppId,
    pub(in crate::web) name: String,
    pub(in crate::web) sessions: i64,
    /// Whether it stands behind the gate.
    pub(in crate::web) asks: bool,
}

/// How it stands with each app that was entered. `told`: what was told them. `leeway`: for how long after its end apps may accept a token.
/// `accepted_until`: of the sessions, for apps that are told nothing.
pub(in crate::web) fn summed(
    entered: Vec<Entered>,
    told: &[Told],
    leeway: i64,
    accepted_until: UnixTime,
) -> Vec<AppTold> {
    let mut by_app: BTreeMap<i64, Vec<&Told>> = BTreeMap::new();
    for one in told {
        by_app.entry(one.app.0).or_default().push(one);
    }
    let mut apps: Vec<_> = entered
        .into_iter()
        .map(|entered| match by_app.get(&entered.app.0) {
            Some(told) => AppTold { sessions: entered.sessions, ..sum(entered.name, told, leeway) },
            None => AppTold {
                name: entered.name,
                sessions: entered.sessions,
                acknowledged: 0,
                state: if entered.asks { State::Asks } else { State::NotTold },
                told_at: None,
                acknowledged_at: None,
                next_try_at: None,
                trouble: None,
                accepted_until,
            },
        })
        .collect();
    apps.sort_by(|one, other| one.name.cmp(&other.name));
    apps
}

/// The sum of what one app was told.
pub(in crate::web) fn sum(name: String, told: &[&Told], leeway: i64) -> AppTold {
    let (mut sessions, mut acknowledged, mut waiting, mut refused) = (0, 0, 0, 0);
    for one in told {
        sessions += one.count;
        waiting += one.waiting;
        match one.outcome {
            Some(Outcome::Acknowledged) => acknowledged += one.count,
            Some(Outcome::Refused) => refused += one.count,
            Some(
                Outcome::OtherAnswer
                | Outcome::Redirected
                | Outcome::NoAnswer
                | Outcome::NotReached
                | Outcome::AddressRefused,
            )
            | None => {}
        }
    }
    let is_open = |one: &&&Told| one.outcome != Some(Outcome::Acknowledged);
    let trouble = told.iter().filter(is_open).filter_map(|one| Some((one.outcome?, one.status))).next_back();
    let state = match () {
        () if acknowledged == sessions => State::Acknowledged,
        () if waiting > 0 => State::Waiting,
        () if refused > 0 => State::Refused,
        () => State::GivenUp,
    };
    let latest = told.iter().map(|one| one.accepted_until).max().unwrap_or(UnixTime(0));
    AppTold {
        name,
        sessions,
        acknowledged,
        state,
        told_at: told.iter().filter_map(|one| one.told_at).max(),
        acknowledged_at: told.iter().filter_map(|one| one.acknowledged_at).max(),
        next_try_at: told.iter().filter_map(|one| one.next_try_at).min(),
        trouble,
        accepted_until: latest.plus(leeway),
    }
}

/// The same in words.
pub(in crate::web) struct Row {
    pub(in crate::web) name: String,
    /// The class of its badge.
    pub(in crate::web) badge: &'static str,
    pub(in crate::web) state: String,
    /// What there is to say besides.
    pub(in crate::web) detail: Option<String>,
    pub(in crate::web) told_at: Option<Time>,
    pub(in crate::web) acknowledged_at: Option<Time>,
    pub(in crate::web) next_try_at: Option<Time>,
    /// `None`: nothing can be accepted there any more.
    pub(in crate::web) accepted_until: Option<Time>,
}

/// What a receipt says of all apps together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Verdict {
    /// Each has taken note, or asks before each request.
    AllKnow,
    /// Of so many apps this is not known, but none can accept a token any more.
    RunOut(i64),
    /// So many could still accept one.
    Open(i64),
}

/// `None`: no app was entered.
pub(in crate::web) fn verdict(apps: &[AppTold], now: UnixTime) -> Option<Verdict> {
    let count = |which: &dyn Fn(&AppTold) -> bool| i64::try_from(apps.iter().filter(|app| which(app)).count()).ok();
    let unsure = count(&|app| !app.knows())?;
    let open = count(&|app| !app.knows() && app.accepted_until > now)?;
    match (apps, unsure, open) {
        ([], ..) => None,
        (_, 0, _) => Some(Verdict::AllKnow),
        (_, unsure, 0) => Some(Verdict::RunOut(unsure)),
        (_, unsure, _) => Some(Verdict::Open(unsure)),
    }
}

impl AppTold {
    /// Whether it is a fact that the app lets nobody in by these sessions.
    fn knows(&self) -> bool {
        matches!(self.state, State::Acknowledged | State::Asks)
    }

    pub(in crate::web) fn row(&self, page: &Page, now: UnixTime) -> Row {
        let is_partly = self.sessions > 1 && self.state != State::Asks && self.state != State::NotTold;
        let partly = is_partly.then(|| {
            page.t2("told-of", ("count", &self.acknowledged.to_string()), ("all", &self.sessions.to_string()))
        });
        let trouble = self.trouble.map(|(outcome, status)| trouble(page, outcome, status));
        let details: Vec<String> = [partly, trouble].into_iter().flatten().collect();
        let can_accept = !self.knows() && self.accepted_until > now;
        Row {
            name: self.name.clone(),
            badge: match self.state {
                State::Acknowledged | State::Asks => "here",
                State::Waiting | State::NotTold if can_accept => "caution",
                State::Waiting | State::NotTold => "",
                State::Refused | State::GivenUp => "danger",
            },
            state: page.t(&format!("told-{}", self.state.as_str().replace('_', "-"))),
            detail: (!details.is_empty()).then(|| details.join(" · ")),
            told_at: self.told_at.map(|at| page.exact(at)),
            acknowledged_at: self.acknowledged_at.map(|at| page.exact(at)),
            next_try_at: self.next_try_at.filter(|at| *at > now).map(|at| page.exact(at)),
            accepted_until: can_accept.then(|| page.exact(self.accepted_until)),
        }
    }

    pub(in crate::web) fn shown(&self, now: UnixTime) -> AppToldShown<'_> {
        AppToldShown {
            app: &self.name,
            state: self.state.as_str(),
            sessions: self.sessions,
            acknowledged: self.acknowledged,
            told_at: self.told_at,
            acknowledged_at: self.acknowledged_at,
            next_try_at: self.next_try_at.map(|at| at.max(now)),
            last_trouble: self.trouble.map(|(outcome, _)| outcome),
            last_status: self.trouble.and_then(|(_, status)| status),
            accepted_until: (!self.knows() && self.accepted_until > now).then_some(self.accepted_until),
        }
    }
}

/// What a try came to that the app did not acknowledge.
pub(in crate::web) fn trouble(page: &Page, outcome: Outcome, status: Option<u16>) -> String {
    let key = format!("told-try-{}", outcome.as_str().replace('_', "-"));
    let status = status.map_or_else(String::new, |status| status.to_string());
    page.t1(&key, "status", &status)
}
