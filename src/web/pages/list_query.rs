//! The query of an admin's lists: filters, and the place where a page begins.

use std::borrow::Cow;
use std::net::IpAddr;

use actix_web::http::StatusCode;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::filter_words::in_words;
use super::page::Page;
use crate::accounts::export::format::Format;
use crate::domain::{BareDate, Reason, SessionId, ShortId, UnixTime, UserId, Username, can_be_key};
use crate::store::list_filter::{COUNTED, ListFilter};
use crate::store::{Conn, users};
use crate::web::app::App;
use crate::web::http::client_address;
use crate::web::http::error::Error;

/// How many rows a page has.
pub(in crate::web) const ON_A_PAGE: usize = 50;

/// The query as it was sent; a field that is empty filters nothing.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(in crate::web) struct ListQuery {
    // [`ListQuery::sorted`] puts it where it belongs.
    /// One field that understands users, addresses and sessions.
    pub(in crate::web) q: String,
    /// Whose.
    pub(in crate::web) user: String,
    /// From which address.
    pub(in crate::web) ip: String,
    /// Of events: the whole id of the session that they happened in.
    pub(in crate::web) session: String,
    /// Of events: who did it.
    pub(in crate::web) by: String,
    /// Of events: their kind.
    pub(in crate::web) what: String,
    /// Of sessions: `odd`, those that more than one browser or program has used.
    pub(in crate::web) state: String,
    /// Why it ended.
    pub(in crate::web) reason: String,
    /// A date or a moment, by the clock of `time_zone`.
    pub(in crate::web) from: String,
    /// The same.
    pub(in crate::web) until: String,
    /// The moment and id of the last row of the page before, `1795374306.5116c888-…`; of events, their moment and number.
    pub(in crate::web) before: String,
    /// Where the pages between the first and this one begin ([`Pager::new`]).
    pub(in crate::web) trail: String,
}

impl ListQuery {
    /// The query with what was typed into the one field put where it belongs: an address is one, anything else names a user. Two users
    /// or two addresses make a name that nobody bears.
    pub(in crate::web) fn sorted(mut self) -> Self {
        for word in std::mem::take(&mut self.q).split_whitespace() {
            let is_address = word.parse::<IpAddr>().is_ok() && self.ip.trim().is_empty();
            let field = if is_address { &mut self.ip } else { &mut self.user };
            if !field.trim().is_empty() {
                field.push(' ');
            }
            field.push_str(word);
        }
        self
    }

    /// What the one field shows of a query that was [`sorted`](Self::sorted).
    pub(in crate::web) fn words(&self) -> String {
        let session = SessionId::parse(self.session.trim()).map(SessionId::short);
        let words = [given(&self.user), given(&self.ip), session.as_deref()];
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// Whether one of the filters is set that a page hides at first.
    pub(in crate::web) fn has_more(&self) -> bool {
        let more = [&self.by, &self.what, &self.state, &self.reason, &self.from, &self.until];
        more.into_iter().any(|field| given(field).is_some())
    }

    /// Whether the list is narrowed at all.
    pub(in crate::web) fn is_narrowed(&self) -> bool {
        self.has_more() || [&self.user, &self.ip, &self.session].into_iter().any(|field| given(field).is_some())
    }

    /// The filter for the store, but for the user, whom only the database knows ([`find_user`]). It asks for one row more than a
    /// page has, to learn whether there is another page. [`Error::BadInput`] if a field can't be read.
    pub(in crate::web) fn filter(&self, zone: &TimeZone) -> Result<ListFilter, Error> {
        let (from, until) = span(&self.from, &self.until, zone)?;
        Ok(ListFilter {
            user: None,
            ip: address(&self.ip)?,
            odd: false,
            reason: read(&self.reason, "reason", Reason::parse)?,
            from,
            until,
            before: read(&self.before, "before", place)?,
            limit: i64::try_from(ON_A_PAGE).unwrap_or(i64::MAX) + 1,
        })
    }

    /// The query with its moments as a form's fields take them, so that the next search has them too.
    pub(in crate::web) fn with_moments(self, from: Option<UnixTime>, until: Option<UnixTime>, zone: &TimeZone) -> Self {
        Self { from: as_field(from, zone), until: as_field(until, zone), ..self }
    }

    /// `next`: the place where the next page begins, as a link carries it. `None`: this is the last page.
    pub(in crate::web) fn pager(&self, path: &str, next: Option<&str>) -> Pager {
        Pager::new(&self.before, &self.trail, next, |before, trail| self.link_on(path, before, trail))
    }

    /// What stands in the place of the list if it is empty. `user_known`: whether somebody bears the name that was asked for.
    pub(in crate::web) fn nothing(&self, app: &App, page: &Page, list: &List, user_known: bool) -> Nothing {
        let name = self.user.trim();
        let is_id = SessionId::parse(name).is_some() || ShortId::parse(name).is_some();
        let why = if let Some(text) = self.no_address().filter(|_| !user_known) {
            page.t1("find-no-address", "text", text)
        } else if !user_known {
            page.t1(if is_id { "find-nobody" } else { "revoked-user-unknown" }, "user", name)
        } else if self.is_narrowed() || !self.before.is_empty() {
            none_match(page, list.name, &self.words())
        } else {
            page.t(list.nothing_yet)
        };
        let moment = |text: &str, bare: BareDate| {
            UnixTime::read(text, &app.config().time_zone, bare).map_or(Value::Null, |moment| json!(moment))
        };
        let filters = [
            ("by", json!(self.by.trim())),
            ("what", json!(self.what.trim())),
            ("reason", json!(self.reason.trim())),
            ("state", json!(self.state.trim())),
            ("from", moment(&self.from, BareDate::Begins)),
            ("until", moment(&self.until, BareDate::Ends)),
        ];
        let all = self.is_narrowed().then_some(list.path);
        Nothing { why, filters: filters_in_words(page, self.words().is_empty(), &filters), all }
    }

    /// The status of a page with this list. `user_known`: whether somebody bears the name that was asked for.
    pub(in crate::web) fn status(&self, user_known: bool) -> StatusCode {
        if !user_known && self.no_address().is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK }
    }

    /// For programs: [`Error::BadInput`] if what was typed looks like an address but is none, and nobody is called so.
    pub(in crate::web) fn check(&self, user_known: bool) -> Result<(), Error> {
        if self.status(user_known) == StatusCode::OK { Ok(()) } else { Err(bad("q")) }
    }

    /// The word that was meant as an address but is none, if there is one.
    fn no_address(&self) -> Option<&str> {
        self.user.split_whitespace().find(|word| is_no_address(word))
    }

    /// A link to the first page of the same list.
    pub(in crate::web) fn link(&self, path: &str) -> String {
        self.link_on(path, "", "")
    }

    /// A link to the page of the same list that begins at `before`. Empty: the first page.
    fn link_on(&self, path: &str, before: &str, trail: &str) -> String {
        link_to(
            path,
            &[
                ("user", &self.user),
                ("by", &self.by),
                ("what", &self.what),
                ("ip", &self.ip),
                ("session", &self.session),
                ("state", &self.state),
                ("reason", &self.reason),
                ("from", &self.from),
                ("until", &self.until),
                ("before", before),
                ("trail", trail),
            ],
        )
    }
}

/// A list, as its pages speak of it.
pub(in crate::web) struct List {
    pub(in crate::web) path: &'static str,
    /// What the catalogue's keys about a list in which nothing matches end in.
    pub(in crate::web) name: &'static str,
    /// The catalogue's key for a list that nothing is left out of.
    pub(in crate::web) nothing_yet: &'static str,
}

/// What stands in the place of an empty list.
pub(in crate::web) struct Nothing {
    pub(in crate::web) why: String,
    /// The other filters in words; empty: there are none.
    pub(in crate::web) filters: String,
    /// The path of the whole list. `None`: nothing is left out of this one.
    pub(in crate::web) all: Option<&'static str>,
}

/// That nothing in the list matches. `words`: what was typed into its one field.
pub(in crate::web) fn none_match(page: &Page, list: &str, words: &str) -> String {
    match words {
        "" => page.t(&format!("list-none-{list}")),
        words => page.t1(&format!("list-none-{list}-for"), "words", words),
    }
}

/// The filters that are set, in words, each with its name. Empty: none is. `are_all`: nothing was typed into the one field beside them.
pub(in crate::web) fn filters_in_words(page: &Page, are_all: bool, filters: &[(&str, Value)]) -> String {
    let set = filters.iter().filter(|(_, value)| !value.is_null() && value.as_str() != Some(""));
    let words: Vec<_> = set.map(|(name, value)| in_words(page, name, value)).collect();
    let key = match (words.len(), are_all) {
        (0, _) => return String::new(),
        (1, true) => "list-filter",
        (_, true) => "list-filters",
        (_, false) => "list-filters-other",
    };
    page.t1(key, "filters", &words.join(" · "))
}

/// Whether a word was meant as an address but is none: names have no colon, and hardly ever four numbers.
fn is_no_address(word: &str) -> bool {
    let is_ipv4_like = word.split('.').count() == 4 && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    word.parse::<IpAddr>().is_err() && (is_ipv4_like || word.contains(':'))
}

/// How many rows a list has, in words. `key`: the catalogue's; the key for more than were counted ends in `-many`.
pub(in crate::web) fn total(page: &Page, key: &str, count: usize) -> String {
    if count > COUNTED { page.tn(&format!("{key}-many"), COUNTED) } else { page.tn(key, count) }
}

/// The answer to a field that can't be read.
pub(in crate::web) fn bad(field: &str) -> Error {
    Error::BadInput(format!("`{field}` makes no sense here"))
}

/// A field's value. `None`: the field is empty.
pub(in crate::web) fn read<T>(text: &str, name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Error> {
    given(text).map(|text| parse(text).ok_or_else(|| bad(name))).transpose()
}

/// A field's text without the spaces around it. `None`: it is empty.
fn given(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// The first and the last moment that are asked for.
pub(in crate::web) fn span(
    from: &str,
    until: &str,
    zone: &TimeZone,
) -> Result<(Option<UnixTime>, Option<UnixTime>), Error> {
    let moment = |name: &str, text: &str, bare: BareDate| read(text, name, |text| UnixTime::read(text, zone, bare));
    Ok((moment("from", from, BareDate::Begins)?, moment("until", until, BareDate::Ends)?))
}

/// An address in the one spelling in which addresses are stored.
pub(in crate::web) fn address(text: &str) -> Result<Option<String>, Error> {
    read(text, "ip", |text| match text.parse::<IpAddr>() {
        Ok(ip) => Some(ip.to_canonical().to_string()),
        Err(_) => (text == client_address::UNKNOWN).then(|| text.to_owned()),
    })
}

/// A moment as a form's field takes it; empty for `None`.
pub(in crate::web) fn as_field(moment: Option<UnixTime>, zone: &TimeZone) -> String {
    let timestamp = moment.and_then(|moment| Timestamp::from_second(moment.0).ok());
    let local = timestamp.map(|timestamp| timestamp.to_zoned(zone.clone()));
    local.map_or_else(String::new, |local| local.strftime("%Y-%m-%dT%H:%M:%S").to_string())
}

/// A link to a list with those of these fields that are not empty.
pub(in crate::web) fn link_to(path: &str, fields: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(fields.iter().filter(|(_, value)| !value.is_empty()));
    format!("{path}?{}", query.finish())
}

/// Where a list is to be had as a file.
pub(in crate::web) struct ExportLinks {
    pub(in crate::web) csv: String,
    pub(in crate::web) jsonl: String,
}

/// The links to the export of a list. `list`: the link to its first page, with its filters.
pub(in crate::web) fn export_links(list: &str) -> ExportLinks {
    let (path, query) = list.split_once('?').unwrap_or((list, ""));
    let and = if query.is_empty() { "" } else { "&" };
    let link = |format: Format| format!("{path}/export?format={}{and}{query}", format.as_str());
    ExportLinks { csv: link(Format::Csv), jsonl: link(Format::JsonLines) }
}

/// The user who bears this name. `None`: nobody does, or the field is empty.
pub(in crate::web) fn user_id(conn: &mut Conn, name: &str) -> Result<Option<UserId>, crate::store::Error> {
    match Username::parse(name) {
        Ok(name) => Ok(users::find_by_name(conn, &name)?.map(|user| user.id)),
        Err(_) => Ok(None),
    }
}

/// Fills in the filter's user. `false`: nobody bears that name, so nothing can match.
pub(in crate::web) fn find_user(
    conn: &mut Conn,
    name: &str,
    filter: &mut ListFilter,
) -> Result<bool, crate::store::Error> {
    if name.trim().is_empty() {
        return Ok(true);
    }
    filter.user = user_id(conn, name)?;
    Ok(filter.user.is_some())
}

/// The same for an export. Where nobody bears the name there is nothing to export: [`Error::BadInput`].
pub(in crate::web) async fn with_user(app: &App, name: &str, mut filter: ListFilter) -> Result<ListFilter, Error> {
    let name = name.to_owned();
    let found = app.read(move |conn| Ok(find_user(conn, &name, &mut filter)?.then_some(filter))).await?;
    found.ok_or_else(|| bad("user"))
}

fn place(text: &str) -> Option<(UnixTime, String)> {
    let (moment, id) = text.split_once('.').filter(|(_, id)| can_be_key(id))?;
    Some((UnixTime(moment.parse().ok()?), id.to_owned()))
}

/// Cuts the rows found by [`ListQuery::filter`] to a page. Returns the place where the next page begins, as a link carries it.
/// `None`: this is the last page.
pub(in crate::web) fn cut_to_page<T>(rows: &mut Vec<T>, place: impl Fn(&T) -> (UnixTime, String)) -> Option<String> {
    let more = rows.len() > ON_A_PAGE;
    rows.truncate(ON_A_PAGE);
    let (at, id) = rows.last().filter(|_| more).map(place)?;
    Some(format!("{}.{id}", at.0))
}

/// An option of a field that offers a choice.
pub(in crate::web) struct Choice {
    pub(in crate::web) value: &'static str,
    pub(in crate::web) label: String,
    pub(in crate::web) selected: bool,
}

/// The links from a page of a list to others.
pub(in crate::web) struct Pager {
    /// `None`: this is the first page.
    pub(in crate::web) first: Option<String>,
    /// `None`: the page before is the first one, or is not known, because the link here did not come from it.
    pub(in crate::web) previous: Option<String>,
    /// `None`: this is the last page.
    pub(in crate::web) next: Option<String>,
}

/// How many pages can be gone back, for a link must not grow without bounds. Beyond them there is the first page.
const MOST_STEPS_BACK: usize = 20;

impl Pager {
    /// `here`: the place where this page begins; empty: it is the first one. `trail`: the places where the pages between the first and
    /// this one begin, as the names in a query. `link`: to the page that begins at this place, with its trail.
    ///
    /// A page begins after a row and knows none before it. So the links carry the way here: back is what was read before, as it was.
    pub(in crate::web) fn new(
        here: &str,
        trail: &str,
        next: Option<&str>,
        link: impl Fn(&str, &str) -> String,
    ) -> Self {
        if here.is_empty() {
            return Self { first: None, previous: None, next: next.map(|next| link(next, "")) };
        }
        let mut places: Vec<_> = url::form_urlencoded::parse(trail.as_bytes()).map(|(place, _)| place).collect();
        let joined = |places: &[Cow<'_, str>]| {
            let kept = places.get(places.len().saturating_sub(MOST_STEPS_BACK)..).unwrap_or_default();
            url::form_urlencoded::Serializer::new(String::new()).extend_keys_only::<_, Cow<'_, str>>(kept).finish()
        };
        let previous = places.split_last().map(|(place, before_it)| link(place, &joined(before_it)));
        places.push(here.into());
        Self { first: Some(link("", "")), previous, next: next.map(|next| link(next, &joined(&places))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(place: &str, trail: &str) -> String {
        link_to("/list", &[("before", place), ("trail", trail)])
    }

    /// The part of a link's query with this name.
    fn part(href: &str, name: &str) -> String {
        let (_, query) = href.split_once('?').unwrap();
        let mut parts = url::form_urlencoded::parse(query.as_bytes());
        parts.find(|(key, _)| key == name).map_or_else(String::new, |(_, value)| value.into_owned())
    }

    #[test]
    fn whoever_goes_on_can_go_back_page_by_page_whatever_stands_in_a_place() {
        let place = |page: usize| format!("{page}.a b&c=\u{f1}+{page}");
        let (mut here, mut trail) = (String::new(), String::new());
        for page in 2..=40 {
            let next = Pager::new(&here, &trail, Some(&place(page)), link).next.unwrap();
            (here, trail) = (part(&next, "before"), part(&next, "trail"));
            assert_eq!(here, place(page));
        }
        for page in (40 - MOST_STEPS_BACK..40).rev() {
            let back = Pager::new(&here, &trail, None, link);
            assert_eq!(back.first.as_deref(), Some("/list?"));
            let previous = back.previous.unwrap();
            (here, trail) = (part(&previous, "before"), part(&previous, "trail"));
            assert_eq!(here, place(page));
        }
        assert!(Pager::new(&here, &trail, None, link).previous.is_none(), "the way is no longer known");
    }

    #[test]
    fn the_first_page_leads_nowhere_back_and_the_second_to_the_first() {
        let first = Pager::new("", "stray", Some("2.x"), link);
        assert_eq!((&first.first, &first.previous), (&None, &None));
        assert_eq!(part(&first.next.unwrap(), "trail"), "");
        let second = Pager::new("2.x", "", None, link);
        assert_eq!((second.first.as_deref(), second.previous), (Some("/list?"), None));
    }
}
