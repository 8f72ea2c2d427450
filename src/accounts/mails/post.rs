//! Leaving a mail in the outbox, in the transaction of the act that it tells of.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use super::letter::Letter;
use crate::accounts::context::{Accounts, Error};
use crate::accounts::proof::secrets;
use crate::domain::{By, Mail, UnixTime, UserId};
use crate::store::Tx;
use crate::store::outbox::{self, Kind, NewMail};
use crate::store::session_ends::JustEnded;
use crate::store::users::{self, User};

/// For how many seconds it is tried to send a mail at least.
pub const TRIED_FOR: i64 = 24 * 60 * 60;
/// For how many seconds "This wasn't me" can be used.
pub const REPORT_LIFE: i64 = 7 * 24 * 60 * 60;

/// What an act says of itself.
pub(in crate::accounts) struct Message {
    pub(in crate::accounts) kind: Kind,
    /// Names the act among those of its kind, so that it is told once.
    pub(in crate::accounts) act: String,
    /// Whom it goes to, in which language and when is filled in.
    pub(in crate::accounts) letter: Letter,
}

/// Writes a mail to the user, if Portero sends mail and they have an address.
pub(in crate::accounts) fn post(
    tx: &mut Tx<'_>,
    accounts: &Accounts,
    user: &User,
    message: Message,
) -> Result<(), Error> {
    match &user.mail {
        Some(address) => post_to(tx, accounts, user, address, message),
        None => Ok(()),
    }
}

/// The same to an address that need not be theirs any more.
pub(in crate::accounts) fn post_to(
    tx: &mut Tx<'_>,
    accounts: &Accounts,
    user: &User,
    address: &Mail,
    message: Message,
) -> Result<(), Error> {
    if accounts.config.mail.is_none() || user.deleted_at.is_some() {
        return Ok(());
    }
    let Message { kind, act, letter } = message;
    let report = if can_be_reported(kind) { Some(secrets::random()?) } else { None };
    let language = user.locale.clone().or(letter.language);
    let letter = Letter {
        to: address.as_str().to_owned(),
        username: user.username.to_string(),
        language,
        at: tx.now.0,
        report,
        ..letter
    };
    let uid = Uuid::new_v4();
    let last_try = tx.now.plus(TRIED_FOR).0;
    let new = NewMail {
        uid,
        act: format!("{}:{act}", kind.as_str()),
        user: user.id,
        kind,
        expires_at: letter.link.as_ref().map_or(tx.now.plus(TRIED_FOR), |(_, until)| UnixTime((*until).min(last_try))),
        sealed: letter.seal(accounts, uid)?,
        link_hash: letter.link.as_ref().map(|(token, _)| secrets::hash(token)),
        address_hash: address_hash(address),
        report_hash: letter.report.as_deref().map(secrets::hash),
    };
    if outbox::add(tx.conn, &new, tx.now)? {
        let bell = Arc::clone(&accounts.mails_to_send);
        tx.after_commit(move || bell.ring());
    }
    Ok(())
}

/// What stands for an address where only that is asked whether it is the same.
pub(in crate::accounts) fn address_hash(address: &Mail) -> String {
    secrets::hash(&address.canonical())
}

/// Whether the mail has a "This wasn't me". A mail with a one-time link has none: whoever did not want it leaves it alone.
fn can_be_reported(kind: Kind) -> bool {
    match kind {
        Kind::Invitation | Kind::NewPassword | Kind::ForgottenPassword | Kind::ConfirmAddress => false,
        Kind::NewBrowser
        | Kind::PasswordChanged
        | Kind::FactorAdded
        | Kind::FactorRemoved
        | Kind::FactorsReset
        | Kind::SessionsEnded
        | Kind::AddressChanged => true,
    }
}

/// Tells each of those whose sessions an admin has ended, but for the admin.
pub(in crate::accounts) fn post_ended(
    tx: &mut Tx<'_>,
    accounts: &Accounts,
    by: &By,
    ended: &[JustEnded],
    receipt: &str,
) -> Result<(), Error> {
    if accounts.config.mail.is_none() {
        return Ok(());
    }
    let mut counts: BTreeMap<UserId, usize> = BTreeMap::new();
    for one in ended.iter().filter(|one| by.user() != Some(one.user)) {
        *counts.entry(one.user).or_default() += 1;
    }
    for (user, count) in counts {
        let Some(user) = users::find(tx.conn, user)? else { continue };
        let letter = Letter { ended: Some((count, receipt.to_owned())), ..Letter::default() };
        let act = format!("{receipt}:{}", user.id);
        post(tx, accounts, &user, Message { kind: Kind::SessionsEnded, act, letter })?;
    }
    Ok(())
}
