//! The mails that are to be sent. A row is written in the transaction of the act that its mail tells of. Whoever tries one claims it first,
//! and what the tries come to is noted in it afterwards. Once it was sent or given up, nothing is left of what it said.

use diesel::dsl::{count_star, max, min};
use diesel::{BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};
use uuid::Uuid;

use super::connection::{Conn, Error, known, on};
use super::schema::outbox;
use super::tries::{self, tries};
use crate::domain::{UnixTime, UserId, spelled};

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The link by which somebody chooses their first password.
    Invitation,
    /// The link to another password, made by an admin or the operator.
    NewPassword,
    /// The same for somebody who asked for it because they forgot theirs.
    ForgottenPassword,
    /// The link by which somebody shows that an address is theirs.
    ConfirmAddress,
    /// Somebody signed in with a browser in which the account was never signed in to.
    NewBrowser,
    PasswordChanged,
    FactorAdded,
    FactorRemoved,
    /// An admin or the operator took all second factors away.
    FactorsReset,
    /// An admin or the operator ended sessions.
    SessionsEnded,
    /// The account has another address now; this goes to the old one.
    AddressChanged,
}

spelled!(Kind {
    Invitation = "invitation",
    NewPassword = "new_password",
    ForgottenPassword = "forgotten_password",
    ConfirmAddress = "confirm_address",
    NewBrowser = "new_browser",
    PasswordChanged = "password_changed",
    FactorAdded = "factor_added",
    FactorRemoved = "factor_removed",
    FactorsReset = "factors_reset",
    SessionsEnded = "sessions_ended",
    AddressChanged = "address_changed",
});

/// What a try came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Sent,
    /// The server does not take it now. (4xx)
    Deferred,
    /// The server does not take it at all. (5xx)
    Refused,
    /// The server does not let Portero in. (530, 534, 535 or 538)
    NotLetIn,
    /// The connection could not be made safe, so nothing was said: no TLS, or a certificate that is not good.
    NotSecure,
    /// Nothing took the connection.
    NotReached,
    /// The server answered nothing in time, broke off, or said what nobody understands.
    NoAnswer,
    /// It can't be sent: what was sealed does not open, or the server can't take such an address.
    Unsendable,
    /// It was of no use any more before it could be sent.
    Expired,
}

spelled!(Outcome {
    Sent = "sent",
    Deferred = "deferred",
    Refused = "refused",
    NotLetIn = "not_let_in",
    NotSecure = "not_secure",
    NotReached = "not_reached",
    NoAnswer = "no_answer",
    Unsendable = "unsendable",
    Expired = "expired",
});

impl Outcome {
    /// Whether another try may come to something else.
    pub fn is_final(self) -> bool {
        match self {
            Self::Sent | Self::Refused | Self::Unsendable | Self::Expired => true,
            Self::Deferred | Self::NotLetIn | Self::NotSecure | Self::NotReached | Self::NoAnswer => false,
        }
    }
}

/// A mail that is to be written down.
#[derive(Clone, Debug)]
pub struct NewMail {
    pub uid: Uuid,
    /// What it tells of: of two with the same, only the first is kept.
    pub act: String,
    pub user: UserId,
    pub kind: Kind,
    pub expires_at: UnixTime,
    pub sealed: Vec<u8>,
    pub link_hash: Option<String>,
    pub address_hash: String,
    pub report_hash: Option<String>,
}

/// Writes it down. `false`: the act is told already.
pub fn add(conn: &mut Conn, new: &NewMail, now: UnixTime) -> Result<bool, Error> {
    let row = (
        outbox::uid.eq(new.uid.to_string()),
        outbox::act.eq(&new.act),
        outbox::user_id.eq(new.user.0),
        outbox::kind.eq(new.kind.as_str()),
        outbox::made_at.eq(now.0),
        outbox::expires_at.eq(new.expires_at.0),
        outbox::sealed.eq(&new.sealed),
        outbox::tries.eq(0),
        outbox::next_try_at.eq(Some(0)),
        outbox::link_hash.eq(&new.link_hash),
        outbox::address_hash.eq(&new.address_hash),
        outbox::report_hash.eq(&new.report_hash),
    );
    let insert = diesel::insert_into(outbox::table).values(row).on_conflict_do_nothing();
    Ok(on!(conn, c => insert.execute(c))? == 1)
}

/// How many mails of this kind were written down for the user since then.
pub fn count_since(conn: &mut Conn, user: UserId, kind: Kind, since: UnixTime) -> Result<i64, Error> {
    let theirs = outbox::table.filter(outbox::user_id.eq(user.0)).filter(outbox::kind.eq(kind.as_str()));
    Ok(theirs.filter(outbox::made_at.gt(since.0)).count().get_result(conn)?)
}

/// A mail that is to be tried.
#[derive(Clone, Debug)]
pub struct Due {
    pub id: i64,
    pub uid: String,
    pub user: UserId,
    pub kind: Kind,
    pub made_at: UnixTime,
    pub expires_at: UnixTime,
    pub sealed: Vec<u8>,
    /// How often it was tried already.
    pub tries: i64,
}

/// What is noted of a try.
pub type Tried = tries::Tried<Outcome>;

// Among others `claim` and `release_all`.
tries!(outbox, furthest: 2 * 60 * 60, claim: 5 * 60);

/// When something is to be tried next. `None`: nothing is.
pub fn next_at(conn: &mut Conn, now: UnixTime) -> Result<Option<UnixTime>, Error> {
    next_among(conn, || outbox::table.into_boxed(), now)
}

/// What is to be tried now, at most `limit`.
pub fn due(conn: &mut Conn, now: UnixTime, limit: i64) -> Result<Vec<Due>, Error> {
    type Columns = (i64, String, i64, String, i64, i64, Option<Vec<u8>>, i64);
    let rows: Vec<Columns> = outbox::table
        .filter(outbox::next_try_at.is_not_null())
        .filter(is_due(now))
        .order((outbox::next_try_at, outbox::id))
        .limit(limit)
        .select((
            outbox::id,
            outbox::uid,
            outbox::user_id,
            outbox::kind,
            outbox::made_at,
            outbox::expires_at,
            outbox::sealed,
            outbox::tries,
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|(id, uid, user, kind, made_at, expires_at, sealed, tries)| {
            Ok(Due {
                id,
                uid,
                user: UserId(user),
                kind: known(Kind::parse(&kind), "kind of mail", &kind)?,
                made_at: UnixTime(made_at),
                expires_at: UnixTime(expires_at),
                sealed: sealed.unwrap_or_default(),
                tries,
            })
        })
        .collect()
}

/// Notes what a claimed try came to, and returns what is noted; what will not be tried again is emptied. `None`: its claim has lapsed, and
/// another has it.
pub fn note(conn: &mut Conn, id: i64, claimed_until: UnixTime, tried: Tried) -> Result<Option<Tried>, Error> {
    let Some(tried) = note_try(conn, id, claimed_until, tried)? else { return Ok(None) };
    let this = outbox::table.find(id);
    if tried.outcome == Outcome::Sent {
        diesel::update(this).set(outbox::sent_at.eq(tried.at.0)).execute(conn)?;
    }
    if tried.next_try_at.is_none() {
        diesel::update(this).set(outbox::sealed.eq(None::<Vec<u8>>)).execute(conn)?;
    }
    Ok(Some(tried))
}

/// Gives up what waits, and voids what every mail's "This wasn't me" needs: the database is an older copy.
pub fn give_up_all(conn: &mut Conn) -> Result<(), Error> {
    diesel::update(outbox::table.filter(outbox::next_try_at.is_not_null()))
        .set((
            outbox::next_try_at.eq(None::<i64>),
            outbox::claimed_until.eq(None::<i64>),
            outbox::sealed.eq(None::<Vec<u8>>),
            outbox::outcome.eq(Outcome::Expired.as_str()),
        ))
        .execute(conn)?;
    diesel::update(outbox::table).set(outbox::report_hash.eq(None::<String>)).execute(conn)?;
    Ok(())
}

/// Gives up what waits for a user who is gone.
pub fn give_up(conn: &mut Conn, user: UserId) -> Result<(), Error> {
    let waiting = outbox::user_id.eq(user.0).and(outbox::next_try_at.is_not_null());
    diesel::update(outbox::table.filter(waiting))
        .set((
            outbox::next_try_at.eq(None::<i64>),
            outbox::sealed.eq(None::<Vec<u8>>),
            outbox::outcome.eq(Outcome::Expired.as_str()),
        ))
        .execute(conn)?;
    Ok(())
}

/// Deletes mails from before `before` that are not tried any more. Returns how many.
pub fn prune(conn: &mut Conn, before: UnixTime) -> Result<usize, Error> {
    let old = outbox::next_try_at.is_null().and(outbox::made_at.lt(before.0));
    Ok(diesel::delete(outbox::table.filter(old)).execute(conn)?)
}

/// How far a mail is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Waiting,
    Sent,
    GivenUp,
}

/// How far the mail with this one-time link is. `None`: there was none.
pub fn progress_of_link(conn: &mut Conn, link_hash: &str) -> Result<Option<Progress>, Error> {
    let with_link = outbox::table.filter(outbox::link_hash.eq(link_hash.to_owned()));
    let found: Option<(Option<i64>, Option<i64>)> =
        with_link.select((outbox::next_try_at, outbox::sent_at)).first(conn).optional()?;
    Ok(found.map(|(next, sent)| match (next, sent) {
        (_, Some(_)) => Progress::Sent,
        (Some(_), None) => Progress::Waiting,
        (None, None) => Progress::GivenUp,
    }))
}

/// The hash of the address to which this one-time link was sent. `None`: to none.
pub fn link_was_sent_to(conn: &mut Conn, link_hash: &str) -> Result<Option<String>, Error> {
    let sent = outbox::table.filter(outbox::link_hash.eq(link_hash.to_owned())).filter(outbox::tries.gt(0));
    Ok(sent.select(outbox::address_hash).first(conn).optional()?)
}

/// What a mail said whose "This wasn't me" can be used.
#[derive(Clone, Debug)]
pub struct Reportable {
    pub id: i64,
    pub user: UserId,
    pub kind: Kind,
    pub act: String,
    pub made_at: UnixTime,
}

/// The mail that this belongs to, unless it was used or is from before `since`.
pub fn reportable(conn: &mut Conn, report_hash: &str, since: UnixTime) -> Result<Option<Reportable>, Error> {
    let row: Option<(i64, i64, String, String, i64)> = outbox::table
        .filter(outbox::report_hash.eq(report_hash.to_owned()))
        .filter(outbox::reported_at.is_null())
        .filter(outbox::made_at.gt(since.0))
        .select((outbox::id, outbox::user_id, outbox::kind, outbox::act, outbox::made_at))
        .first(conn)
        .optional()?;
    row.map(|(id, user, kind, act, made_at)| {
        let kind = known(Kind::parse(&kind), "kind of mail", &kind)?;
        Ok(Reportable { id, user: UserId(user), kind, act, made_at: UnixTime(made_at) })
    })
    .transpose()
}

/// Uses it up. `false`: it was used a moment ago.
pub fn report(conn: &mut Conn, id: i64, now: UnixTime) -> Result<bool, Error> {
    let unused = outbox::table.filter(outbox::id.eq(id)).filter(outbox::reported_at.is_null());
    Ok(diesel::update(unused).set(outbox::reported_at.eq(Some(now.0))).execute(conn)? == 1)
}

/// How the outbox does.
#[derive(Clone, Copy, Debug, Default)]
pub struct State {
    pub waiting: i64,
    /// When the oldest of them was written down.
    pub oldest: Option<UnixTime>,
    /// The first moment at which one is tried next.
    pub next_try_at: Option<UnixTime>,
    /// How many were given up, of those that are still on record.
    pub given_up: i64,
    pub last_sent_at: Option<UnixTime>,
    /// What the last try of those that wait or were given up came to, and the status of the server's answer.
    pub trouble: Option<(Outcome, Option<u16>)>,
}

pub fn state(conn: &mut Conn) -> Result<State, Error> {
    let waiting = || outbox::table.filter(outbox::next_try_at.is_not_null());
    let (count, oldest, next): (i64, Option<i64>, Option<i64>) =
        waiting().select((count_star(), min(outbox::made_at), min(outbox::next_try_at))).get_result(conn)?;
    let given_up = outbox::next_try_at.is_null().and(outbox::sent_at.is_null());
    let given_up: i64 = outbox::table.filter(given_up).count().get_result(conn)?;
    let last_sent: Option<i64> = outbox::table.select(max(outbox::sent_at)).get_result(conn)?;
    let troubled = outbox::table.filter(outbox::sent_at.is_null()).filter(outbox::outcome.is_not_null());
    let trouble: Option<(Option<String>, Option<i64>)> =
        troubled.order(outbox::id.desc()).select((outbox::outcome, outbox::status)).first(conn).optional()?;
    let trouble = match trouble {
        Some((Some(text), status)) => {
            let outcome = known(Outcome::parse(&text), "outcome", &text)?;
            Some((outcome, tries::status(status)))
        }
        Some((None, _)) | None => None,
    };
    Ok(State {
        waiting: count,
        oldest: oldest.map(UnixTime),
        next_try_at: next.map(UnixTime),
        given_up,
        last_sent_at: last_sent.map(UnixTime),
        trouble,
    })
}
