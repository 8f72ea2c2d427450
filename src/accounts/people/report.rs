//! "This wasn't me", from a mail: ends every session of whoever got it and takes their password away, so that whoever else is in is out.

use std::sync::Arc;

use crate::accounts::context::{Accounts, Error, Pending, Visitor};
use crate::accounts::mails::post::REPORT_LIFE;
use crate::accounts::proof::secrets;
use crate::accounts::sessions::end::end;
use crate::blocklist::change::Change;
use crate::domain::{By, FactorId, Reason, UnixTime};
use crate::store::audit::event::{Details, Event, What};
use crate::store::outbox::{self, Kind, Reportable};
use crate::store::session_ends::Which;
use crate::store::users::{self, User};
use crate::store::{self, Authority, Conn, Tx, factors, links, recovery_codes, user_details};

/// The mail that this belongs to and whom it went to, if it could be used now. Spends nothing.
pub fn find(conn: &mut Conn, token: &str, now: UnixTime) -> Result<Option<(Reportable, User)>, store::Error> {
    let since = now.plus(-REPORT_LIFE);
    let Some(mail) = outbox::reportable(conn, &secrets::hash(token), since)? else { return Ok(None) };
    let user = users::find(conn, mail.user)?.filter(|user| user.deleted_at.is_none());
    Ok(user.map(|user| (mail, user)))
}

/// Whoever holds what stood in a mail: the right to shut everybody out of that account, themselves included, once.
struct Report {
    token: String,
    visitor: Visitor,
}

impl Authority<Error> for Report {
    type Granted = (Reportable, User);

    fn judge(self, tx: &mut Tx<'_>) -> Result<Self::Granted, Error> {
        tx.from = Some(self.visitor.ip);
        let (mail, user) = find(tx.conn, &self.token, tx.now)?.ok_or(Error::ProofLapsed)?;
        if !outbox::report(tx.conn, mail.id, tx.now)? {
            return Err(Error::ProofLapsed);
        }
        Ok((mail, user))
    }
}

pub enum Reported {
    /// `receipt`: of the act, if it ended any session.
    Done { sessions_ended: usize, receipt: Option<String> },
    /// It was used, or is too old.
    Dead,
}

/// Ends every session, voids the password and every link. What the mail told of is undone where that can be: a factor that was added is
/// removed, and an address that was changed counts as nobody's.
pub fn report(accounts: &Arc<Accounts>, token: String, visitor: Visitor) -> Pending<Reported> {
    let done = accounts.write(Report { token, visitor }, move |tx, accounts, (mail, user)| {
        let by = By::User(user.id);
        let ended = end(tx, Which::OfUser { user: user.id, except: None }, Reason::ReportedByMail, &by)?;
        users::void_password(tx.conn, user.id, tx.now)?;
        links::void(tx.conn, Some(user.id))?;
        undo(tx, &mail, &user)?;
        Event::new(What::Reported, &by).user(user.id).details(Details::Mail(mail.kind)).record(tx)?;
        let sessions_ended = ended.sessions.len();
        if let Some(user) = users::find(tx.conn, user.id)? {
            tx.change(Change::UserChanged(accounts.standing(&user)));
        }
        let (name, ip, kind) = (user.username, tx.from.clone(), mail.kind.as_str());
        tx.after_commit(move || {
            tracing::warn!(event = "reported_by_mail", user = %name, kind, sessions_ended, ip);
        });
        Ok(Reported::Done { sessions_ended, receipt: ended.proof() })
    });
    done.then(|done| match done {
        Err(Error::ProofLapsed) => Ok(Reported::Dead),
        other => other,
    })
}

fn undo(tx: &mut Tx<'_>, mail: &Reportable, user: &User) -> Result<(), Error> {
    match mail.kind {
        Kind::FactorAdded => {
            let id = mail.act.rsplit(':').next().and_then(|id| id.parse().ok()).map(FactorId);
            let added = match id {
                Some(id) => factors::find(tx.conn, user.id, id)?,
                None => None,
            };
            let Some(factor) = added else { return Ok(()) };
            if factors::remove(tx.conn, &factor)? && user.factors <= 1 {
                recovery_codes::remove_all(tx.conn, user.id)?;
            }
        }
        Kind::AddressChanged => user_details::doubt_mail(tx.conn, user.id)?,
        Kind::Invitation
        | Kind::NewPassword
        | Kind::ForgottenPassword
        | Kind::ConfirmAddress
        | Kind::NewBrowser
        | Kind::PasswordChanged
        | Kind::FactorRemoved
        | Kind::FactorsReset
        | Kind::SessionsEnded => {}
    }
    Ok(())
}
