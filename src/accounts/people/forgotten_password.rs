//! A new password for somebody who says that they forgot theirs: a link by mail, to an address that is known to be theirs. Whoever asks
//! learns nothing by it.

use std::sync::Arc;

use super::links::{FORGOTTEN_PASSWORD_LIFE, MadeLink};
use crate::accounts::context::{Accounts, Error};
use crate::accounts::mails::letter::Letter;
use crate::accounts::mails::post::{Message, post};
use crate::accounts::proof::secrets;
use crate::domain::{By, Mail, Username};
use crate::store::audit::event::{Details, Event, What};
use crate::store::links::{self, Link, Purpose};
use crate::store::outbox::{self, Kind};
use crate::store::users::{self, User};
use crate::store::{Conn, Tx, Upkeep};

/// How many of these mails an account gets within an hour.
const AN_HOUR: i64 = 60 * 60;
const MOST_AN_HOUR: i64 = 3;

/// Somebody who asks for a link.
pub struct Asked {
    /// A name or an address, as typed; it need be neither.
    pub who: String,
    /// The tag of the language in which they ask, for whoever chose none.
    pub language: String,
    /// Where they ask.
    pub ip: String,
}

/// Has a link mailed, if there is such a user, if they may sign in, and if their address is known to be theirs. Nobody waits for it, so
/// that the answer takes as long whoever they are.
pub fn mail_link(accounts: &Arc<Accounts>, asked: Asked) {
    drop(accounts.write(Upkeep, move |tx, accounts, _| {
        let token = secrets::random()?;
        let Some(user) = find(tx.conn, &asked.who)?.filter(|user| !user.is_shut_out(tx.now)) else { return Ok(()) };
        if user.mail_verified_at.is_none() || accounts.config.mail.is_none() {
            return Ok(());
        }
        let since = tx.now.plus(-AN_HOUR);
        if outbox::count_since(tx.conn, user.id, Kind::ForgottenPassword, since)? >= MOST_AN_HOUR {
            tx.after_commit(
                move || tracing::info!(event = "forgotten_too_often", user = %user.username, ip = asked.ip),
            );
            return Ok(());
        }
        make(tx, accounts, &user, token, asked)
    }));
}

fn find(conn: &mut Conn, who: &str) -> Result<Option<User>, Error> {
    let by_name = match Username::parse(who) {
        Ok(name) => users::find_by_name(conn, &name)?,
        Err(_) => None,
    };
    let by_mail = match Mail::parse(who) {
        Ok(Some(mail)) => users::with_mail(conn, &mail)?,
        Ok(None) | Err(_) => None,
    };
    Ok(by_name.or(by_mail))
}

fn make(tx: &mut Tx<'_>, accounts: &Accounts, user: &User, token: String, asked: Asked) -> Result<(), Error> {
    let made = MadeLink { token, expires_at: tx.now.plus(FORGOTTEN_PASSWORD_LIFE) };
    let link = Link { purpose: Purpose::ForgottenPassword, user: Some(user.id), expires_at: made.expires_at };
    let hash = secrets::hash(&made.token);
    links::replace_same(tx.conn, &hash, user.id, link, tx.now)?;
    let event = Event::new(What::LinkMade, &By::Portero).user(user.id).ip(&asked.ip);
    event.details(Details::Link(Purpose::ForgottenPassword)).record(tx)?;
    let letter = Letter {
        language: Some(asked.language),
        ip: Some(asked.ip.clone()),
        link: Some((made.token, made.expires_at.0)),
        ..Letter::default()
    };
    post(tx, accounts, user, Message { kind: Kind::ForgottenPassword, act: hash, letter })?;
    let (user, ip, purpose) = (user.username.clone(), asked.ip, Purpose::ForgottenPassword.as_str());
    tx.after_commit(move || tracing::info!(event = "link_made", user = %user, purpose, by = "portero", ip));
    Ok(())
}
