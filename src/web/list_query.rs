//! What the admin's lists are asked for: filters and the place where a page begins.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;

use super::error::Error;
use crate::domain::{Reason, UnixTime, Username};
use crate::store::session_lists::Filter;
use crate::store::{Conn, users};

/// Rows on a page.
pub(super) const ON_A_PAGE: usize = 50;

/// The query as it comes.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    pub(super) user: String,
    pub(super) ip: String,
    pub(super) state: String,
    pub(super) reason: String,
    pub(super) from: String,
    pub(super) until: String,
    /// The moment and id of the last row of the page before, `1795374306.5116c888-…`.
    pub(super) before: String,
}

impl ListQuery {
    /// Everything but the user, whom only the database knows. One row more than a page, to know whether there is another.
    pub(super) fn filter(&self, zone: &TimeZone) -> Result<Filter, Error> {
        let bad = |name: &str| Error::BadInput(format!("`{name}` makes no sense here"));
        let given = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        let moment = |name: &str, text: &str, day_ends: bool| {
            given(text).map(|text| moment(&text, zone, day_ends).ok_or_else(|| bad(name))).transpose()
        };
        Ok(Filter {
            user: None,
            // As it is stored: in the one canonical spelling.
            ip: given(&self.ip).map(|ip| ip.parse().map_or(ip, |ip: std::net::IpAddr| ip.to_canonical().to_string())),
            odd: false,
            reason: given(&self.reason).map(|text| Reason::parse(&text).ok_or_else(|| bad("reason"))).transpose()?,
            from: moment("from", &self.from, false)?,
            until: moment("until", &self.until, true)?,
            before: given(&self.before).map(|text| place(&text).ok_or_else(|| bad("before"))).transpose()?,
            limit: i64::try_from(ON_A_PAGE).unwrap_or(i64::MAX) + 1,
        })
    }

    /// With moments as a form's fields take them, so that the next search has them too.
    pub(super) fn with_moments_of(self, filter: &Filter, zone: &TimeZone) -> Self {
        let field = |moment: Option<UnixTime>| {
            let timestamp = moment.and_then(|moment| Timestamp::from_second(moment.0).ok());
            let local = timestamp.map(|timestamp| timestamp.to_zoned(zone.clone()));
            local.map_or_else(String::new, |local| local.strftime("%Y-%m-%dT%H:%M:%S").to_string())
        };
        Self { from: field(filter.from), until: field(filter.until), ..self }
    }

    /// `next`: the place where the next page begins.
    pub(super) fn pager(&self, path: &str, next: Option<&str>) -> Pager {
        Pager {
            first: (!self.before.is_empty()).then(|| self.link(path, None)),
            next: next.map(|next| self.link(path, Some(next))),
        }
    }

    /// The same list from another place on.
    pub(super) fn link(&self, path: &str, before: Option<&str>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let fields = [
            ("user", self.user.as_str()),
            ("ip", &self.ip),
            ("state", &self.state),
            ("reason", &self.reason),
            ("from", &self.from),
            ("until", &self.until),
            ("before", before.unwrap_or_default()),
        ];
        for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        format!("{path}?{}", query.finish())
    }
}

/// Fills in the user. `false`: nobody bears that name, and nothing can match.
pub(super) fn find_user(conn: &mut Conn, name: &str, filter: &mut Filter) -> Result<bool, crate::store::Error> {
    if name.trim().is_empty() {
        return Ok(true);
    }
    filter.user = match Username::parse(name.trim()) {
        Ok(name) => users::find_by_name(conn, &name)?.map(|user| user.id),
        Err(_) => None,
    };
    Ok(filter.user.is_some())
}

fn place(text: &str) -> Option<(UnixTime, String)> {
    let (moment, id) = text.split_once('.')?;
    Some((UnixTime(moment.parse().ok()?), id.to_owned()))
}

/// Cuts what was found by [`ListQuery::filter`] to a page. Returns the place where the next one begins, if there is one, as a
/// link carries it.
pub(super) fn cut_to_page<T>(rows: &mut Vec<T>, place: impl Fn(&T) -> (UnixTime, String)) -> Option<String> {
    let more = rows.len() > ON_A_PAGE;
    rows.truncate(ON_A_PAGE);
    let (at, id) = rows.last().filter(|_| more).map(place)?;
    Some(format!("{}.{id}", at.0))
}

/// Links from a page of a list to others.
pub(super) struct Pager {
    /// `None`: this is the first.
    pub(super) first: Option<String>,
    /// `None`: this is the last.
    pub(super) next: Option<String>,
}

/// A moment as an operator writes it: `2026-11-25`, `2026-11-25T10:00`, with seconds or a zone of its own, or seconds since the
/// epoch. `None`: it is none of these.
pub fn moment_in(zone: &TimeZone, text: &str) -> Option<UnixTime> {
    moment(text, zone, false)
}

/// The same. A bare day begins at midnight, or ends right before the next one.
pub(super) fn moment(text: &str, zone: &TimeZone, day_ends: bool) -> Option<UnixTime> {
    if let Ok(seconds) = text.parse() {
        return Some(UnixTime(seconds));
    }
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(UnixTime(timestamp.as_second()));
    }
    let local = |at: DateTime| at.to_zoned(zone.clone()).ok().map(|at| UnixTime(at.timestamp().as_second()));
    // A date alone would read as a date and time too, at midnight.
    if let (Ok(day), false) = (text.parse::<Date>(), text.contains(':')) {
        let at = if day_ends { day.checked_add(1.day()).ok()? } else { day };
        return local(at.to_datetime(Time::midnight())).map(|at| if day_ends { at.plus(-1) } else { at });
    }
    local(text.parse::<DateTime>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_as_people_and_forms_write_it() {
        let madrid = TimeZone::get("Europe/Madrid").unwrap();
        let read = |text, day_ends| moment(text, &madrid, day_ends).map(|at| at.0);
        assert_eq!(read("2026-11-25T10:00", false), Some(1_795_597_200));
        assert_eq!(read("2026-11-25 10:00:30", false), Some(1_795_597_230));
        assert_eq!(read("2026-11-25T09:00:00Z", false), Some(1_795_597_200));
        assert_eq!(read("1795597200", false), Some(1_795_597_200));
        assert_eq!(read("2026-11-25", false), Some(1_795_561_200));
        assert_eq!(read("2026-11-25", true), Some(1_795_561_200 + 24 * 3600 - 1));
        for text in ["", "yesterday", "2026-13-01", "10:00", "2026-11-25T25:00"] {
            assert_eq!(read(text, false), None, "{text}");
        }
    }
}
