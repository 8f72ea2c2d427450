//! A person changes their own email address. The new one becomes theirs when they use a link that was mailed there, in a browser in which they
//! are signed in: a mistyped address would otherwise hand their account to a stranger, who could have a link to a new password sent. Only
//! whoever reads the mail learns whether somebody else has the address.

use std::sync::Arc;

use uuid::Uuid;

use super::links::NEW_PASSWORD_LIFE;
use crate::accounts::authority::Mandate;
use crate::accounts::context::{Accounts, Pending};
use crate::accounts::mails::letter::Letter;
use crate::accounts::mails::post::{Message, post_to};
use crate::accounts::proof::secrets;
use crate::blocklist::change::Change;
use crate::domain::{Mail, UnixTime, UserId};
use crate::store::audit::event::{Details, Event, What};
use crate::store::links::{self, Purpose};
use crate::store::outbox::{self, Kind};
use crate::store::user_details::{self, NewDetails};
use crate::store::users::{self, User};
use crate::store::{Conn, Error};

/// How many of these mails an account gets sent within an hour: they go to whatever address somebody types.
const AN_HOUR: i64 = 60 * 60;
const MOST_AN_HOUR: i64 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A link is on its way to the address.
    Sent,
    /// It is known to be theirs already.
    NoChange,
    TooOften,
}

/// Has a link mailed to the new address. The earlier one of this kind is void.
pub fn ask(accounts: &Arc<Accounts>, mandate: Mandate, mail: Mail) -> Pending<Asked> {
    let token = match secrets::random() {
        Ok(token) => token,
        Err(error) => return Pending::known(Err(error)),
    };
    accounts.write(mandate, move |tx, accounts, acting| {
        let user = &acting.user;
        let is_same = user.mail.as_ref() == Some(&mail);
        if is_same && user.mail_verified_at.is_some() {
            return Ok(Asked::NoChange);
        }
        if outbox::count_since(tx.conn, user.id, Kind::ConfirmAddress, tx.now.plus(-AN_HOUR))? >= MOST_AN_HOUR {
            return Ok(Asked::TooOften);
        }
        let (hash, expires_at) = (secrets::hash(&token), tx.now.plus(NEW_PASSWORD_LIFE));
        links::replace_address(tx.conn, &hash, user.id, mail.as_str(), expires_at, tx.now)?;
        let event = Event::new(What::LinkMade, &acting.by()).user(user.id);
        event.details(Details::Link(Purpose::ConfirmAddress)).record(tx)?;
        let letter = Letter { ip: tx.from.clone(), link: Some((token, expires_at.0)), ..Letter::default() };
        post_to(tx, accounts, user, &mail, Message { kind: Kind::ConfirmAddress, act: hash, letter })?;
        let (name, ip, purpose) = (user.username.to_string(), tx.from.clone(), Purpose::ConfirmAddress.as_str());
        tx.after_commit(move || tracing::info!(event = "link_made", user = name, purpose, by = name, ip));
        Ok(Asked::Sent)
    })
}

/// The address that this link was mailed to, if this user could use it now. Spends nothing.
pub fn find(conn: &mut Conn, user: UserId, token: &str, now: UnixTime) -> Result<Option<Mail>, Error> {
    links::address(conn, &secrets::hash(token), user, now)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmed {
    Done,
    /// The link was used, voided, is too old, or is another person's.
    DeadLink,
    /// Somebody else has the address. The link stays.
    MailTaken,
}

/// Uses the link: the address is the user's, and known to be. The old one is told.
pub fn confirm(accounts: &Arc<Accounts>, mandate: Mandate, token: String) -> Pending<Confirmed> {
    accounts.write(mandate, move |tx, accounts, acting| {
        let user = acting.user.clone();
        let Some(mail) = find(tx.conn, user.id, &token, tx.now)? else { return Ok(Confirmed::DeadLink) };
        if users::with_mail(tx.conn, &mail)?.is_some_and(|other| other.id != user.id) {
            return Ok(Confirmed::MailTaken);
        }
        if !links::consume(tx.conn, &secrets::hash(&token), tx.now)? {
            return Ok(Confirmed::DeadLink);
        }
        // One that waits in the old mailbox is for whoever reads that.
        links::void_same(tx.conn, user.id, Purpose::ForgottenPassword)?;
        let new = NewDetails {
            display_name: user.display_name.clone(),
            mail: Some(mail.clone()),
            mail_verified_at: Some(tx.now),
        };
        user_details::set_details(tx.conn, user.id, &new)?;
        let old = user.mail.as_ref().filter(|old| old.canonical() != mail.canonical());
        if let Some(old) = old {
            let act = format!("{}:{}", user.id, Uuid::new_v4());
            let letter = Letter { ip: tx.from.clone(), ..Letter::default() };
            post_to(tx, accounts, &user, old, Message { kind: Kind::AddressChanged, act, letter })?;
        }
        let changed =
            if user.mail.as_ref() == Some(&mail) { vec!["mail_verified"] } else { vec!["mail", "mail_verified"] };
        let fields = changed.join(",");
        Event::new(What::DetailsChanged, &acting.by()).user(user.id).details(Details::Fields(changed)).record(tx)?;
        let user = User { mail: Some(mail), ..user };
        tx.change(Change::UserChanged(accounts.standing(&user)));
        let (name, ip) = (user.username.to_string(), tx.from.clone());
        tx.after_commit(move || tracing::info!(event = "details_changed", user = name, fields, by = name, ip));
        Ok(Confirmed::Done)
    })
}
