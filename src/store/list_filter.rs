//! The filter of an admin's list of sessions or revoked tokens, and the paging of such a list. Every page costs the same, because
//! its query starts in an index at the page's first row. (`migrations/`: one index for each way to list)

use crate::domain::{Reason, UnixTime, UserId};

/// What a list is narrowed to. The moments bound the column by which the list is ordered.
#[derive(Clone, Debug, Default)]
pub struct ListFilter {
    pub user: Option<UserId>,
    /// An address in the session's story. For sessions only: single tokens have none.
    pub ip: Option<String>,
    /// For open sessions only: those with an odd step.
    pub odd: bool,
    /// For ended sessions and revoked tokens only.
    pub reason: Option<Reason>,
    pub from: Option<UnixTime>,
    pub until: Option<UnixTime>,
    /// Moment and id of the last row of the previous page; `None`: the first page.
    pub before: Option<(UnixTime, String)>,
    pub limit: i64,
}

/// How far the rows of a list are counted, so that counting a long one costs no more than some pages of it.
pub const COUNTED: usize = 1000;

impl ListFilter {
    /// The user, if the list is narrowed to one, to nothing else, and begins with its newest row.
    pub(super) fn newest_of_user(&self) -> Option<UserId> {
        let Self { user, ip, odd, reason, from, until, before, limit: _ } = self;
        let is_whole =
            ip.is_none() && !odd && reason.is_none() && from.is_none() && until.is_none() && before.is_none();
        user.filter(|_| is_whole)
    }

    /// The filter under which a list's rows are counted: of all its pages, and up to one more than [`COUNTED`], which means that
    /// there are more.
    pub(super) fn to_count(&self) -> Self {
        Self { before: None, limit: i64::try_from(COUNTED).unwrap_or(i64::MAX).saturating_add(1), ..self.clone() }
    }
}

/// Narrows a boxed query to one page, newest first by `$moment`, then by `$id`. A macro, because the columns of the three lists
/// have three types, and Diesel's bounds for a function over them would be longer than this.
macro_rules! page_of {
    ($query:expr, $moment:expr, $id:expr, $filter:expr) => {{
        let (mut query, filter) = ($query, $filter);
        if let Some(from) = filter.from {
            query = query.filter($moment.ge(from.0));
        }
        // One bound, so that SQLite starts in the index at the right row. With two it may take the later one and read what lies
        // between.
        let before = filter.before.as_ref().map(|(moment, _)| *moment);
        if let Some(newest) = filter.until.into_iter().chain(before).min() {
            query = query.filter($moment.le(newest.0));
        }
        if let Some((moment, id)) = &filter.before {
            let earlier = $moment.lt(moment.0);
            let same_but_lower = $moment.eq(moment.0).and($id.lt(id));
            query = query.filter(earlier.or(same_but_lower));
        }
        query.order(($moment.desc(), $id.desc())).limit(filter.limit)
    }};
}

pub(super) use page_of;
