//! The parts of an export, one after the other. Each is looked up for itself, beginning after the last row of the one before, so nothing
//! is kept between two: no transaction, no connection, no more rows than a part has.

use super::format::{Encoder, Format};
use super::rows;
use super::selection::Selection;
use crate::accounts::context::Accounts;
use crate::domain::UnixTime;
use crate::store::audit::list::{self, AuditEvent};
use crate::store::session_lists::{self, List};
use crate::store::{Conn, Error, groups, revoked, user_lists};

/// How many rows a part has at most: 100 to 200 kB.
const ROWS: usize = 500;

/// An export under way.
#[derive(Debug)]
pub struct Export {
    selection: Selection,
    format: Format,
    /// Sessions that are open at this moment count as open.
    now: UnixTime,
    is_begun: bool,
    is_over: bool,
    /// How many rows its parts had so far.
    pub rows: u64,
}

impl Export {
    pub fn new(mut selection: Selection, format: Format, now: UnixTime) -> Self {
        let limit = i64::try_from(ROWS).unwrap_or(i64::MAX);
        match &mut selection {
            Selection::Audit(filter) => (filter.before, filter.limit) = (None, ROWS),
            Selection::Sessions(filter) | Selection::Revoked(filter, _) => {
                (filter.before, filter.limit) = (None, limit);
            }
            Selection::Users(filter) | Selection::UsersWithHashes(filter) => {
                (filter.after, filter.limit) = (None, ROWS);
            }
        }
        Self { selection, format, now, is_begun: false, is_over: false, rows: 0 }
    }

    pub fn list(&self) -> &'static str {
        self.selection.list()
    }

    /// The next part. Empty if nothing matched in what was looked at for it; `None`: the part before was the last. Blocks.
    pub fn next(&mut self, conn: &mut Conn, accounts: &Accounts) -> Result<Option<Vec<u8>>, Error> {
        if self.is_over {
            return Ok(None);
        }
        let mut encoder = Encoder::new(self.format);
        if !self.is_begun {
            encoder.header(self.columns());
        }
        let with_hashes = matches!(self.selection, Selection::UsersWithHashes(_));
        let count = match &mut self.selection {
            Selection::Audit(filter) => {
                let found = list::page(conn, accounts.db.seal().ok_or(Error::NoSeal)?, filter)?;
                let names = list::names(conn, &found.events)?;
                for event in &found.events {
                    encoder.row(&rows::AUDIT, &rows::audit(event, &names));
                }
                let full = found.events.last().filter(|_| found.events.len() == ROWS).map(AuditEvent::place);
                filter.before = full.or(found.stopped_at);
                self.is_over = filter.before.is_none();
                found.events.len()
            }
            Selection::Sessions(filter) => {
                let found = session_lists::page(conn, List::Open(self.now), filter)?;
                for one in &found {
                    encoder.row(&rows::SESSIONS, &rows::session(accounts, one));
                }
                filter.before = found.last().map(|one| (one.session.created_at, one.session.sid.to_string()));
                self.is_over = found.len() < ROWS;
                found.len()
            }
            Selection::Revoked(filter, kinds) => {
                let found = revoked::page(conn, filter, *kinds)?;
                for row in &found {
                    encoder.row(&rows::REVOKED, &rows::revoked(row));
                }
                filter.before = found.last().map(|row| (row.at, row.id.clone()));
                self.is_over = found.len() < ROWS;
                found.len()
            }
            Selection::Users(filter) | Selection::UsersWithHashes(filter) => {
                let found = user_lists::page(conn, filter, self.now)?;
                let ids: Vec<_> = found.rows.iter().map(|one| one.user.id).collect();
                let groups = groups::names_of_each(conn, &ids)?;
                for one in &found.rows {
                    match with_hashes {
                        false => encoder.row(&rows::USERS, &rows::user(one, &groups, self.now)),
                        true => encoder.row(&rows::USERS_WITH_HASHES, &rows::user_with_hash(one, &groups, self.now)),
                    }
                }
                filter.after = found.next;
                self.is_over = filter.after.is_none();
                found.rows.len()
            }
        };
        self.is_begun = true;
        self.rows += count as u64;
        Ok(Some(encoder.into_bytes()))
    }

    fn columns(&self) -> &'static [&'static str] {
        match self.selection {
            Selection::Audit(_) => &rows::AUDIT,
            Selection::Sessions(_) => &rows::SESSIONS,
            Selection::Revoked(..) => &rows::REVOKED,
            Selection::Users(_) => &rows::USERS,
            Selection::UsersWithHashes(_) => &rows::USERS_WITH_HASHES,
        }
    }
}
