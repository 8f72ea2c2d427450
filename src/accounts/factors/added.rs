//! What follows from a factor that counts now, whatever it is.

use super::recovery;
use crate::accounts::context::{Accounts, Error, Visitor};
use crate::accounts::mails::letter::Letter;
use crate::accounts::mails::post::{Message, post};
use crate::accounts::proof::sign_in_limits::Account;
use crate::accounts::sessions::confirm::{FreshAccess, Freshened, Proofs, freshen_in};
use crate::blocklist::change::Change;
use crate::domain::{By, FactorChange, FactorId, FactorKind, Methods};
use crate::store::audit::event::{Details, Event, What};
use crate::store::outbox::Kind;
use crate::store::sessions::Session;
use crate::store::untold::{self, UntoldFactorChange};
use crate::store::{Tx, recovery_codes, users};
use crate::tokens::{Claims, Fault};

pub struct Done {
    /// In clear, this once. Empty: the account has some already.
    pub recovery_codes: Vec<String>,
    /// At the level of two factors, in the place of the access token that was shown.
    pub fresh: FreshAccess,
    pub account: Account,
}

/// The factor that was added.
pub(super) struct New {
    pub(super) id: FactorId,
    pub(super) kind: FactorKind,
    pub(super) name: String,
    /// The way in which it was just given.
    pub(super) method: Methods,
}

/// A factor that was added; the access token for it is made outside the transaction.
pub(super) struct Added {
    recovery_codes: Vec<String>,
    fresh: Freshened,
    account: Account,
}

impl Added {
    pub(super) fn sign(self, accounts: &Accounts) -> Result<Done, Error> {
        let Self { recovery_codes, fresh, account } = self;
        Ok(Done { recovery_codes, fresh: fresh.sign(accounts)?, account })
    }
}

/// Puts the session that added it at level two, gives the account recovery codes if it has none, and records it.
pub(super) fn added(
    tx: &mut Tx<'_>,
    accounts: &Accounts,
    (session, claims): (&Session, &Claims),
    new: New,
    visitor: Visitor,
) -> Result<Added, Error> {
    let user = users::find(tx.conn, session.user)?.ok_or(Fault::Revoked)?;
    let recovery_codes = match recovery_codes::left(tx.conn, user.id)? {
        0 => recovery::make(tx, accounts, &user)?,
        _ => Vec::new(),
    };
    // What was proved before does not get fresher by this.
    let proved = Proofs {
        auth_time: session.auth_time,
        password: session.proved_password,
        methods: session.methods.and(new.method),
        factor_time: Some(tx.now),
    };
    let fresh = freshen_in(tx, accounts, &user, claims, (session, session.clone()), proved)?;
    let New { id, kind, name, .. } = new;
    let untold = UntoldFactorChange { what: FactorChange::Added, at: tx.now, ip: visitor.ip.clone() };
    untold::note_factor_change(tx.conn, user.id, &untold)?;
    let letter = Letter {
        ip: Some(visitor.ip.clone()),
        user_agent: Some(visitor.user_agent.clone()),
        factor: Some((kind.as_str().to_owned(), name.clone())),
        ..Letter::default()
    };
    post(tx, accounts, &user, Message { kind: Kind::FactorAdded, act: id.to_string(), letter })?;
    let by = By::User(user.id);
    let event = Event::new(What::FactorAdded, &by).user(user.id).session(session.sid);
    event.details(Details::Factor { kind, name }).record(tx)?;
    tx.change(Change::UserChanged(accounts.standing(&user)));
    let account = Account::of(&user);
    tx.after_commit(move || {
        tracing::info!(event = "factor_added", user = %user.username, kind = kind.as_str(), ip = visitor.ip);
    });
    Ok(Added { recovery_codes, fresh, account })
}
