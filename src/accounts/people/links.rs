//! One-time links, made by an admin or the operator to be handed over: an invitation, or a new password. Whoever holds one chooses the
//! password, and nobody else ever learns it. Where Portero sends mail, the person gets it by mail, too. (Links to set up a second factor:
//! `factors/enrolment_link.rs`; for whoever forgot their password: `forgotten_password.rs`)

use std::sync::Arc;

use url::Url;

use super::add::add;
use crate::accounts::authority::Administrator;
use crate::accounts::context::{Accounts, Error, Pending};
use crate::accounts::mails::letter::Letter;
use crate::accounts::mails::post::{Message, post};
use crate::accounts::proof::secrets;
use crate::domain::{By, Mail, Role, UnixTime, UserId, Username};
use crate::store::audit::event::{Details, Event, What};
use crate::store::links::{self, Link, Purpose};
use crate::store::names::Taken;
use crate::store::outbox::Kind;
use crate::store::user_details::{self, NewDetails};
use crate::store::{Tx, users};

/// For how many seconds an invitation is good: it may wait for somebody's first day.
const INVITATION_LIFE: i64 = 7 * 24 * 60 * 60;
/// The same for a link to a new password, second factor or address, whose account is in use.
pub(super) const NEW_PASSWORD_LIFE: i64 = 24 * 60 * 60;
/// The same for one that anybody can have sent to its person. (ASVS 5.0, 6.5.5)
pub(super) const FORGOTTEN_PASSWORD_LIFE: i64 = 10 * 60;

/// A link to hand over: its secret, told this once, and until when it is good.
#[derive(Clone, Debug)]
pub struct MadeLink {
    pub token: String,
    pub expires_at: UnixTime,
}

impl MadeLink {
    /// Its address, beginning with `base_url`; without one only its path.
    pub fn url(&self, base_url: Option<&Url>) -> String {
        address(base_url, "link", &self.token)
    }
}

/// The address of the link to create the first admin, beginning with `base_url`; without one only its path.
pub fn setup_url(base_url: Option<&Url>, token: &str) -> String {
    address(base_url, "setup", token)
}

fn address(base_url: Option<&Url>, page: &str, token: &str) -> String {
    format!("{}/{page}/{token}", base_url.map_or("", |url| url.as_str().trim_end_matches('/')))
}

pub enum Invited {
    Invited {
        user: UserId,
        link: MadeLink,
    },
    NameTaken(Taken),
    /// This user has the address.
    MailTaken(Username),
}

/// Adds a user who has no password yet, and makes the link by which they choose one. `mail`: their address, which nobody knows to be
/// theirs.
pub fn invite(
    accounts: &Arc<Accounts>,
    by: impl Into<Administrator>,
    username: Username,
    role: Role,
    mail: Option<Mail>,
) -> Pending<Invited> {
    let token = match secrets::random() {
        Ok(token) => token,
        Err(error) => return Pending::known(Err(error)),
    };
    accounts.write(by.into(), move |tx, accounts, actor| {
        if let Some(mail) = &mail
            && let Some(other) = users::with_mail(tx.conn, mail)?
        {
            return Ok(Invited::MailTaken(other.username));
        }
        let user = match add(tx, &username, None, role, |_| actor.by.clone())? {
            Ok(user) => user,
            Err(taken) => return Ok(Invited::NameTaken(taken)),
        };
        if mail.is_some() {
            user_details::set_details(tx.conn, user, &NewDetails { mail, ..NewDetails::default() })?;
        }
        let link = make(tx, token, user, Purpose::Invitation, &actor.by)?;
        post_link(tx, accounts, user, Purpose::Invitation, &link, &actor.by)?;
        let (by, ip) = actor.for_log();
        tx.after_commit(move || tracing::info!(event = "user_invited", user = %username, role = role.as_str(), by, ip));
        Ok(Invited::Invited { user, link })
    })
}

/// A link to another password or, for somebody who never had one, a new invitation. Voids the earlier ones. `None`: there is no such
/// user, or they are disabled.
pub fn new_link(accounts: &Arc<Accounts>, by: impl Into<Administrator>, user: UserId) -> Pending<Option<MadeLink>> {
    let token = match secrets::random() {
        Ok(token) => token,
        Err(error) => return Pending::known(Err(error)),
    };
    accounts.write(by.into(), move |tx, accounts, actor| {
        let Some(user) = users::find(tx.conn, user)?.filter(|user| !user.is_shut_out(tx.now)) else { return Ok(None) };
        let purpose = if user.password_hash.is_some() { Purpose::NewPassword } else { Purpose::Invitation };
        let link = make(tx, token, user.id, purpose, &actor.by)?;
        post_link(tx, accounts, user.id, purpose, &link, &actor.by)?;
        let (by, ip) = actor.for_log();
        tx.after_commit(move || {
            tracing::info!(event = "link_made", user = %user.username, purpose = purpose.as_str(), by, ip);
        });
        Ok(Some(link))
    })
}

/// Makes the link inside a transaction; the user's earlier ones are void. `token`: its secret.
pub(in crate::accounts) fn make(
    tx: &mut Tx<'_>,
    token: String,
    user: UserId,
    purpose: Purpose,
    by: &By,
) -> Result<MadeLink, Error> {
    let life = match purpose {
        Purpose::NewPassword | Purpose::Enrolment | Purpose::ConfirmAddress => NEW_PASSWORD_LIFE,
        Purpose::ForgottenPassword => FORGOTTEN_PASSWORD_LIFE,
        Purpose::Invitation | Purpose::Setup => INVITATION_LIFE,
    };
    let link = Link { purpose, user: Some(user), expires_at: tx.now.plus(life) };
    links::replace(tx.conn, &secrets::hash(&token), link, tx.now)?;
    Event::new(What::LinkMade, by).user(user).details(Details::Link(purpose)).record(tx)?;
    Ok(MadeLink { token, expires_at: link.expires_at })
}

/// Has a link mailed to its person, in the language of whoever made it if they chose none themselves.
pub(super) fn post_link(
    tx: &mut Tx<'_>,
    accounts: &Accounts,
    user: UserId,
    purpose: Purpose,
    link: &MadeLink,
    by: &By,
) -> Result<(), Error> {
    let kind = match purpose {
        Purpose::Invitation => Kind::Invitation,
        Purpose::NewPassword => Kind::NewPassword,
        Purpose::ForgottenPassword => Kind::ForgottenPassword,
        // These are proofs of another kind, or for nobody yet.
        Purpose::Setup | Purpose::Enrolment | Purpose::ConfirmAddress => return Ok(()),
    };
    if accounts.config.mail.is_none() {
        return Ok(());
    }
    let Some(user) = users::find(tx.conn, user)? else { return Ok(()) };
    let language = match by.user() {
        Some(by) => users::find(tx.conn, by)?.and_then(|by| by.locale),
        None => None,
    };
    let letter = Letter { link: Some((link.token.clone(), link.expires_at.0)), language, ..Letter::default() };
    post(tx, accounts, &user, Message { kind, act: secrets::hash(&link.token), letter })
}
