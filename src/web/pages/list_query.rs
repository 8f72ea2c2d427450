//! The query of an admin's lists: filters, and the place where a page begins.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::domain::{BareDate, Reason, UnixTime, Username};
use crate::store::list_filter::ListFilter;
use crate::store::{Conn, users};
use crate::web::http::error::Error;

/// How many rows a page has.
pub(in crate::web) const ON_A_PAGE: usize = 50;

/// The query as it was sent; a field that is empty filters nothing.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct ListQuery {
    pub(in crate::web) user: String,
    pub(in crate::web) ip: String,
    pub(in crate::web) state: String,
    pub(in crate::web) reason: String,
    pub(in crate::web) from: String,
    pub(in crate::web) until: String,
    /// The moment and id of the last row of the page before, `1795374306.5116c888-…`.
    pub(in crate::web) before: String,
}

impl ListQuery {
    /// The filter for the store, but for the user, whom only the database knows ([`find_user`]). It asks for one row more than a
    /// page has, to learn whether there is another page. [`Error::BadInput`] if a field can't be read.
    pub(in crate::web) fn filter(&self, zone: &TimeZone) -> Result<ListFilter, Error> {
        let bad = |name: &str| Error::BadInput(format!("`{name}` makes no sense here"));
        let given = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        let moment = |name: &str, text: &str, bare: BareDate| {
            given(text).map(|text| UnixTime::read(&text, zone, bare).ok_or_else(|| bad(name))).transpose()
        };
        Ok(ListFilter {
            user: None,
            // Addresses are stored in their one canonical spelling.
            ip: given(&self.ip).map(|ip| ip.parse().map_or(ip, |ip: std::net::IpAddr| ip.to_canonical().to_string())),
            odd: false,
            reason: given(&self.reason).map(|text| Reason::parse(&text).ok_or_else(|| bad("reason"))).transpose()?,
            from: moment("from", &self.from, BareDate::Begins)?,
            until: moment("until", &self.until, BareDate::Ends)?,
            before: given(&self.before).map(|text| place(&text).ok_or_else(|| bad("before"))).transpose()?,
            limit: i64::try_from(ON_A_PAGE).unwrap_or(i64::MAX) + 1,
        })
    }

    /// The query with its moments as a form's fields take them, so that the next search has them too.
    pub(in crate::web) fn with_moments_of(self, filter: &ListFilter, zone: &TimeZone) -> Self {
        let field = |moment: Option<UnixTime>| {
            let timestamp = moment.and_then(|moment| Timestamp::from_second(moment.0).ok());
            let local = timestamp.map(|timestamp| timestamp.to_zoned(zone.clone()));
            local.map_or_else(String::new, |local| local.strftime("%Y-%m-%dT%H:%M:%S").to_string())
        };
        Self { from: field(filter.from), until: field(filter.until), ..self }
    }

    /// `next`: the place where the next page begins, as a link carries it. `None`: this is the last page.
    pub(in crate::web) fn pager(&self, path: &str, next: Option<&str>) -> Pager {
        Pager {
            first: (!self.before.is_empty()).then(|| self.link(path, None)),
            next: next.map(|next| self.link(path, Some(next))),
        }
    }

    /// A link to the same list, with the page that begins at `before`; `None`: the first page.
    pub(in crate::web) fn link(&self, path: &str, before: Option<&str>) -> String {
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

/// Fills in the filter's user. `false`: nobody bears that name, so nothing can match.
pub(in crate::web) fn find_user(
    conn: &mut Conn,
    name: &str,
    filter: &mut ListFilter,
) -> Result<bool, crate::store::Error> {
    if name.trim().is_empty() {
        return Ok(true);
    }
    filter.user = match Username::parse(name) {
        Ok(name) => users::find_by_name(conn, &name)?.map(|user| user.id),
        Err(_) => None,
    };
    Ok(filter.user.is_some())
}

fn place(text: &str) -> Option<(UnixTime, String)> {
    let (moment, id) = text.split_once('.')?;
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

/// The links from a page of a list to others.
pub(in crate::web) struct Pager {
    /// `None`: this is the first page.
    pub(in crate::web) first: Option<String>,
    /// `None`: this is the last page.
    pub(in crate::web) next: Option<String>,
}
