//! What the tables `outbox` and `logout_deliveries` have in common: each row is something that another server has to take. It waits for as
//! long as it has a next try. Whoever tries it claims it first, so that no two try it at once, and what the try came to is noted by that
//! claim. What there is to send, and how somebody sees what became of it, each table has in a file of its own.

use crate::domain::UnixTime;

/// What is noted of a try.
#[derive(Clone, Copy, Debug)]
pub struct Tried<Outcome> {
    pub outcome: Outcome,
    /// Of the other server's answer, if there was one.
    pub status: Option<u16>,
    pub at: UnixTime,
    /// When it is tried again; `None`: no more.
    pub next_try_at: Option<UnixTime>,
}

/// The status of an answer, as it is stored.
pub(super) fn status(stored: Option<i64>) -> Option<u16> {
    stored.and_then(|status| u16::try_from(status).ok())
}

/// Writes the functions that such a table needs: `claim` and `release_all` for everybody, and `is_due`, `next_among` and `note_try` for the
/// table's own file. A macro, because the columns of two tables have two types, and Diesel's bounds for a function over them would be
/// longer than this.
///
/// `furthest`, in seconds: no try is ever put off for longer. What is further away was noted before the clock was set back, and is due.
/// `claim`, in seconds: how long a process has for a try, longer than any takes. If it dies meanwhile, another tries after that.
macro_rules! tries {
    ($table:ident, furthest: $furthest:expr, claim: $claim:expr) => {
        type Backend = <Conn as diesel::Connection>::Backend;
        type Condition = Box<
            dyn diesel::BoxableExpression<
                    $table::table,
                    Backend,
                    SqlType = diesel::sql_types::Nullable<diesel::sql_types::Bool>,
                >,
        >;

        /// The condition that a row is due and that nobody has it under way.
        fn is_due(now: UnixTime) -> Condition {
            let due = $table::next_try_at.le(now.0).or($table::next_try_at.gt(now.0 + $furthest));
            Box::new(due.and(is_free(now)))
        }

        fn is_free(now: UnixTime) -> Condition {
            let lapsed = $table::claimed_until.le(now.0).or($table::claimed_until.gt(now.0 + $furthest));
            Box::new($table::claimed_until.is_null().or(lapsed))
        }

        /// When one of these rows is to be tried next. `None`: none is.
        fn next_among(
            conn: &mut Conn,
            rows: impl Fn() -> $table::BoxedQuery<'static, Backend>,
            now: UnixTime,
        ) -> Result<Option<UnixTime>, Error> {
            let waiting = || rows().filter($table::next_try_at.is_not_null());
            let next: Option<i64> = waiting().filter(is_free(now)).select(min($table::next_try_at)).get_result(conn)?;
            let next = next.map(|next| if next > now.0 + $furthest { now } else { UnixTime(next) });
            let claimed = waiting().filter($table::claimed_until.gt(now.0));
            let lapses: Option<i64> = claimed.select(min($table::claimed_until)).get_result(conn)?;
            Ok(next.into_iter().chain(lapses.map(UnixTime)).min())
        }

        /// Takes a row that is due, so that no other process tries it at the same time. Returns until when, by which [`note`] knows the
        /// claim. `None`: another has it, or has done it.
        pub fn claim(conn: &mut Conn, id: i64, now: UnixTime) -> Result<Option<UnixTime>, Error> {
            let due = $table::table.filter($table::id.eq(id)).filter(is_due(now));
            let until = now.plus($claim);
            let claimed = diesel::update(due).set($table::claimed_until.eq(Some(until.0))).execute(conn)? > 0;
            Ok(claimed.then_some(until))
        }

        /// Lets go of what was claimed by a process that is gone.
        pub fn release_all(conn: &mut Conn) -> Result<usize, Error> {
            let claimed = $table::table.filter($table::claimed_until.is_not_null());
            Ok(diesel::update(claimed).set($table::claimed_until.eq(None::<i64>)).execute(conn)?)
        }

        /// Notes what a try came to, for whoever claimed it until `claimed_until`, and returns what is noted: what was given up meanwhile
        /// is not tried again. `None`: the try took so long that its claim lapsed, and another has it.
        fn note_try(conn: &mut Conn, id: i64, claimed_until: UnixTime, tried: Tried) -> Result<Option<Tried>, Error> {
            let this = $table::table.find(id);
            let noted = diesel::update(this.filter($table::claimed_until.eq(claimed_until.0)))
                .set((
                    $table::tries.eq($table::tries + 1),
                    $table::outcome.eq(tried.outcome.as_str()),
                    $table::status.eq(tried.status.map(i64::from)),
                    $table::claimed_until.eq(None::<i64>),
                ))
                .execute(conn)?;
            if noted == 0 {
                return Ok(None);
            }
            let waited = diesel::update(this.filter($table::next_try_at.is_not_null()))
                .set($table::next_try_at.eq(tried.next_try_at.map(|at| at.0)))
                .execute(conn)?;
            Ok(Some(Tried { next_try_at: tried.next_try_at.filter(|_| waited > 0), ..tried }))
        }
    };
}

pub(super) use tries;
