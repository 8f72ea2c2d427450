//! How people are told of what was recorded: in the same words on every page that shows events.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::filter_words::in_words;
use super::list_query::{self, Choice, ListQuery, ON_A_PAGE};
use super::page::Page;
use super::session_view;
use super::times::Time;
use crate::accounts::json::{self, AuditEventShown};
use crate::domain::{Reason, Role, SessionId, Transport, UnixTime, UserId};
use crate::store::audit::event::What;
use crate::store::audit::list::{self, AuditEvent, AuditFilter, MOST_LOOKED_AT, Place};
use crate::store::audit::seal::Seal;
use crate::store::users::User;
use crate::store::{Conn, steps};
use crate::web::app::App;
use crate::web::http::error::Error;

/// An event as a row of a list.
pub(in crate::web) struct EventRow {
    pub(in crate::web) n: i64,
    pub(in crate::web) at: Time,
    pub(in crate::web) what: String,
    /// What else there is to say, each in a few words.
    pub(in crate::web) details: Vec<String>,
    /// Whether it may have been the work of a thief.
    pub(in crate::web) is_danger: bool,
    /// Whether somebody tried something and was refused.
    pub(in crate::web) is_failure: bool,
    /// Whom it happened to, by name, with their page.
    pub(in crate::web) user: Option<Link>,
    /// Who did it, by name or in words. `None`: whom it happened to, or nobody knows.
    pub(in crate::web) by: Option<Link>,
    /// The address, or that there was one; with the list of events from there.
    pub(in crate::web) ip: Option<Link>,
    /// The session by its first digits.
    pub(in crate::web) session: Option<String>,
    /// The path of the page that tells most about it: the session's story, the receipt or the user's page.
    pub(in crate::web) story: Option<String>,
    /// The path of the receipt.
    pub(in crate::web) receipt: Option<String>,
}

/// A text that may lead somewhere.
pub(in crate::web) struct Link {
    pub(in crate::web) text: String,
    pub(in crate::web) href: Option<String>,
}

/// Events that were found, and the names of whom they speak of.
#[derive(Default)]
pub(in crate::web) struct Events {
    pub(in crate::web) rows: Vec<AuditEvent>,
    pub(in crate::web) names: HashMap<UserId, String>,
    /// The user agents of those sign-ins whose browser is to be named.
    pub(in crate::web) browsers: HashMap<SessionId, String>,
    /// Where the search stopped because it had looked at so many rows.
    pub(in crate::web) stopped_at: Option<Place>,
}

/// Events, the newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Events)]
pub(in crate::web) struct EventsShown<'a> {
    events: Vec<AuditEventShown<'a>>,
    /// The `before` of the next page. Null: this is the last one.
    next: Option<String>,
    /// How many were looked at, if that is why the page is not full.
    looked_at: Option<i64>,
}

impl<'a> EventsShown<'a> {
    pub(in crate::web) fn new(events: &'a Events, next: Option<String>) -> Self {
        Self {
            events: events.rows.iter().map(|event| json::audit_event(event, &events.names)).collect(),
            next,
            looked_at: events.stopped_at.map(|_| MOST_LOOKED_AT),
        }
    }
}

impl Events {
    /// Looks events up, on a connection.
    pub(in crate::web) fn read(
        conn: &mut Conn,
        seal: Option<&Seal>,
        filter: &AuditFilter,
    ) -> Result<Self, crate::store::Error> {
        let found = list::page(conn, seal.ok_or(crate::store::Error::NoSeal)?, filter)?;
        let names = list::names(conn, &found.events)?;
        Ok(Self { names, rows: found.events, browsers: HashMap::new(), stopped_at: found.stopped_at })
    }

    /// The same, where the name of whom they are about is known.
    pub(in crate::web) fn read_about(
        conn: &mut Conn,
        seal: Option<&Seal>,
        user: &User,
        filter: AuditFilter,
    ) -> Result<Self, crate::store::Error> {
        let filter = AuditFilter { user: Some(user.id), ..filter };
        let found = list::page(conn, seal.ok_or(crate::store::Error::NoSeal)?, &filter)?;
        let known = HashMap::from([(user.id, user.username.to_string())]);
        let names = list::names_besides(conn, &found.events, known)?;
        Ok(Self { names, rows: found.events, browsers: HashMap::new(), stopped_at: found.stopped_at })
    }

    /// Looks events up, on a reader's thread.
    pub(in crate::web) async fn find(app: &App, filter: AuditFilter) -> Result<Self, Error> {
        let seal = app.accounts.db.seal().cloned();
        app.read(move |conn| Self::read(conn, seal.as_deref(), &filter)).await
    }

    /// Looks up in which browser each session of these events began: what people know their own sign-ins by.
    pub(in crate::web) fn with_browsers(self, conn: &mut Conn) -> Result<Self, crate::store::Error> {
        let begun = self.rows.iter().filter(|event| event.what == Some(What::SignedIn));
        let sids: Vec<_> = begun.filter_map(|event| event.sid).collect();
        Ok(Self { browsers: steps::user_agents_at_sign_in(conn, &sids)?, ..self })
    }

    /// Cuts what was found with one row too many to a page. Returns where the next page begins; `None`: this is the last one.
    pub(in crate::web) fn cut_to_page(&mut self) -> Option<Place> {
        let more = self.rows.len() > ON_A_PAGE;
        self.rows.truncate(ON_A_PAGE);
        self.rows.last().filter(|_| more).map(AuditEvent::place).or(self.stopped_at)
    }

    pub(in crate::web) fn view(&self, page: &Page, reader: Reader) -> Vec<EventRow> {
        self.rows.iter().map(|event| row(page, event, self, reader)).collect()
    }
}

/// How many words of what was typed are looked up as sessions: anybody who is signed in can type as many as fit into a query.
const MOST_WORDS: usize = 8;

/// The query with what was typed into the one field put where it belongs: an id is a session's if there are events of that session that
/// concern `user`, or anybody (`None`). Any other word is what it is in the other lists.
pub(in crate::web) async fn sorted(app: &App, mut query: ListQuery, user: Option<UserId>) -> Result<ListQuery, Error> {
    let words = query.q.clone();
    let found = app.read(move |conn| {
        for word in words.split_whitespace().take(MOST_WORDS) {
            if let Some(sid) = list::session_named(conn, word, user)? {
                return Ok(Some((word.to_owned(), sid)));
            }
        }
        Ok(None)
    });
    if let Some((id, sid)) = found.await? {
        let others: Vec<_> = query.q.split_whitespace().filter(|word| *word != id).collect();
        query.q = others.join(" ");
        query.session = sid.to_string();
    }
    Ok(query.sorted())
}

/// What the query asks for, but for the users, whom only the database knows. [`Error::BadInput`] if a field can't be read.
pub(in crate::web) fn filter(query: &ListQuery, zone: &TimeZone) -> Result<AuditFilter, Error> {
    let (from, until) = list_query::span(&query.from, &query.until, zone)?;
    Ok(AuditFilter {
        user: None,
        by: None,
        what: list_query::read(&query.what, "what", What::parse)?,
        ip: list_query::address(&query.ip)?,
        session: list_query::read(&query.session, "session", SessionId::parse)?,
        from,
        until,
        before: list_query::read(&query.before, "before", place)?,
        // One more than a page has, to learn whether there is another page.
        limit: ON_A_PAGE + 1,
    })
}

/// The kinds of events, as a field offers them.
pub(in crate::web) fn kinds(page: &Page, selected: &str, kinds: impl IntoIterator<Item = What>) -> Vec<Choice> {
    let any = Choice { value: "", label: page.t("audit-any"), selected: selected.is_empty() };
    let each = kinds.into_iter().map(|what| Choice {
        value: what.as_str(),
        label: page.tn(&format!("event-{}", what.as_str()), 1),
        selected: selected == what.as_str(),
    });
    std::iter::once(any).chain(each).collect()
}

/// Reads the place of a row from a link: its moment and number, `1795374306.42`.
pub(in crate::web) fn place(text: &str) -> Option<Place> {
    let (moment, n) = text.split_once('.')?;
    Some((UnixTime(moment.parse().ok()?), n.parse().ok()?))
}

pub(in crate::web) fn place_in_link((at, n): Place) -> String {
    format!("{}.{n}", at.0)
}

/// Who looks at the list, because not every page is for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Reader {
    Admin,
    /// The user whom the events are about.
    Themselves,
}

fn row(page: &Page, event: &AuditEvent, events: &Events, reader: Reader) -> EventRow {
    let of = |id: UserId| Link {
        text: events.names.get(&id).cloned().unwrap_or_default(),
        href: (reader == Reader::Admin).then(|| format!("/admin/users/{}", id.0)),
    };
    let receipt = text_of(event, "receipt").map(|receipt| format!("/receipts/{receipt}"));
    let user = event.user.map(of);
    let session_path = event.sid.map(|sid| match reader {
        Reader::Admin => format!("/admin/sessions/{sid}"),
        Reader::Themselves => format!("/account/sessions/{sid}"),
    });
    EventRow {
        n: event.n,
        at: Time { text: page.exact(event.at).text, ..page.ago(event.at) },
        what: match event.what {
            Some(_) => page.tn(&format!("event-{}", event.spelled), sessions(event)),
            // A word of a newer version.
            None => event.spelled.clone(),
        },
        details: details(page, event, event.sid.and_then(|sid| events.browsers.get(&sid))),
        is_danger: matches!(event.what, Some(What::RefreshReused | What::AuditDidNotFit)),
        is_failure: is_failure(event),
        by: match event.by {
            // Whoever gave a wrong password has not shown who they are.
            None if is_failure(event) => None,
            Some(by) if event.user == Some(by) => None,
            Some(by) => Some(of(by)),
            None => Some(Link { text: not_a_user(page, event), href: None }),
        },
        ip: address(page, event, reader),
        session: event.sid.map(SessionId::short),
        story: [session_path, receipt.clone(), user.as_ref().and_then(|user| user.href.clone())]
            .into_iter()
            .flatten()
            .find(|path| *path != page.path),
        user,
        receipt,
    }
}

fn is_failure(event: &AuditEvent) -> bool {
    matches!(event.what, Some(What::SignInFailed | What::ConfirmFailed | What::SecondFactorFailed))
}

fn address(page: &Page, event: &AuditEvent, reader: Reader) -> Option<Link> {
    if event.ip_cleared {
        return Some(Link { text: page.t("event-address-cleared"), href: None });
    }
    let ip = event.ip.as_deref()?;
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("ip", ip).finish();
    let href = (reader == Reader::Admin).then(|| format!("/admin/audit?{query}"));
    Some(Link { text: session_view::address(page, ip), href })
}

/// Who did it, if it was no user.
fn not_a_user(page: &Page, event: &AuditEvent) -> String {
    if let Some(system_user) = text_of(event, "operator") {
        page.t1("event-by-operator", "name", system_user)
    } else if text_of(event, "client_id").is_some() {
        page.t("by-app")
    } else {
        page.t("by-system")
    }
}

/// `user_agent`: of the session that began, if its browser is to be named.
fn details(page: &Page, event: &AuditEvent, user_agent: Option<&String>) -> Vec<String> {
    let transport = text_of(event, "transport");
    let began_in = user_agent.filter(|_| transport.is_some());

    let role = text_of(event, "role").and_then(Role::parse);
    let reason = text_of(event, "reason").and_then(Reason::parse);
    let words = [
        began_in.map(|user_agent| session_view::browser(page, user_agent)),
        // That a browser signed in on a page needs no saying.
        transport
            .filter(|transport| began_in.is_none() || *transport != Transport::Cookie.as_str())
            .map(|transport| page.t(&format!("transport-{transport}"))),
        role.map(|role| page.t(&format!("role-{}", role.as_str()))),
        text_of(event, "purpose").map(|purpose| page.t(&format!("event-link-{purpose}"))),
        // Of a reused token the event itself says so.
        reason
            .filter(|reason| event.what != Some(What::RefreshReused) || *reason != Reason::Reuse)
            .map(|reason| session_view::reason(page, reason)),
        event.details.get("disable_at").map(|date| match date.as_i64() {
            Some(date) => page.exact(UnixTime(date)).text,
            None => page.t("event-no-date"),
        }),
        text_of(event, "from")
            .zip(text_of(event, "to"))
            .map(|(from, to)| page.t2("event-renamed", ("from", from), ("to", to))),
        fields(page, event),
        event
            .details
            .get("made_at")
            .and_then(Value::as_i64)
            .map(|made| page.t1("event-backup-of", "when", &page.exact(UnixTime(made)).text)),
        event.details.get("events").and_then(Value::as_i64).map(|n| page.tn("event-sealed-up-to", n)),
        text_of(event, "name").map(str::to_owned),
        text_of(event, "app").map(str::to_owned),
        text_of(event, "group").map(str::to_owned),
        text_of(event, "kid").map(str::to_owned),
        event.details.get("found").and_then(Value::as_i64).map(|found| {
            let expected = event.details.get("expected").and_then(Value::as_i64);
            let expected = expected.map_or_else(|| "?".to_owned(), |expected| expected.to_string());
            page.t2("event-did-not-fit", ("expected", &expected), ("found", &found.to_string()))
        }),
    ];
    words.into_iter().flatten().chain(exported(page, event)).collect()
}

/// What was exported: the list, the format, and what it was narrowed to.
fn exported(page: &Page, event: &AuditEvent) -> Vec<String> {
    let title = match text_of(event, "list") {
        Some("audit") => "audit-title",
        Some("sessions") => "open-title",
        Some("revoked") => "revoked-title",
        Some("users") => "users-title",
        // No export, or a list of a newer version.
        Some(_) | None => return Vec::new(),
    };
    let format = text_of(event, "format").map(|format| if format == "csv" { "CSV" } else { "JSON Lines" });
    let mut words = vec![page.t(title)];
    words.extend(format.map(str::to_owned));
    let filters = event.details.get("filters").and_then(Value::as_object);
    words.extend(filters.into_iter().flatten().map(|(name, value)| in_words(page, name, value)));
    words
}

/// Which details of a user changed, in words.
fn fields(page: &Page, event: &AuditEvent) -> Option<String> {
    let fields = event.details.get("fields")?.as_array()?.iter().filter_map(Value::as_str);
    // A word of a newer version has no text.
    let known = fields.filter(|field| ["display_name", "mail", "mail_verified", "notes"].contains(field));
    Some(known.map(|field| page.t(&format!("event-field-{field}"))).collect::<Vec<_>>().join(", "))
}

/// How many sessions the act ended; 1 where that is not said.
fn sessions(event: &AuditEvent) -> i64 {
    ["sessions", "users"].iter().find_map(|name| event.details.get(*name)).and_then(Value::as_i64).unwrap_or(1)
}

fn text_of<'a>(event: &'a AuditEvent, member: &str) -> Option<&'a str> {
    event.details.get(member)?.as_str()
}
