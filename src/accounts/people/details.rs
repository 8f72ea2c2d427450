//! What admins note about a user: display name, email address and notes. The audit log says which of them changed, not what to: its
//! events can't be taken back, and these are about a person.

use std::sync::Arc;

use aws_lc_rs::digest;
use serde_json::json;
use uuid::Uuid;

use crate::accounts::authority::Administrator;
use crate::accounts::context::{Accounts, Pending};
use crate::accounts::mails::letter::Letter;
use crate::accounts::mails::post::{Message, post_to};
use crate::blocklist::change::Change as MemoryChange;
use crate::domain::{DisplayName, Mail, Notes, UserId, Username};
use crate::store::audit::event::{Details, Event, What};
use crate::store::outbox::Kind;
use crate::store::user_details::{self, NewDetails};
use crate::store::users::{self, User};

/// What becomes of one detail.
#[derive(Clone, Debug, Default)]
pub enum Change<T> {
    #[default]
    Keep,
    /// `None`: there is none any more.
    To(Option<T>),
}

impl<T> Change<T> {
    fn of(self, present: Option<T>) -> Option<T> {
        match self {
            Self::Keep => present,
            Self::To(new) => new,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub display_name: Change<DisplayName>,
    pub mail: Change<Mail>,
    /// Whether somebody knows that the address is the user's. `None`: as before, and unknown of a new address.
    pub mail_is_verified: Option<bool>,
    pub notes: Change<Notes>,
    /// What the admin saw ([`seen`]). `None`: whatever is there is overwritten.
    pub seen: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Edited {
    Done,
    /// It was so already.
    NoChange,
    /// There is none, or they were deleted.
    NoSuchUser,
    /// This user has the address.
    MailTaken(Username),
    /// There is no address that could be verified.
    NoMail,
    /// Somebody else has changed the details since the admin saw them.
    Outdated,
}

/// Stands for the details as they are, to tell whether somebody changed them meanwhile.
pub fn seen(user: &User, notes: Option<&str>) -> String {
    let all = json!([user.display_name, user.mail, user.mail_verified_at, notes]).to_string();
    hex::encode(digest::digest(&digest::SHA256, all.as_bytes())).chars().take(16).collect()
}

pub fn edit(accounts: &Arc<Accounts>, by: impl Into<Administrator>, user: UserId, changes: Changes) -> Pending<Edited> {
    accounts.write(by.into(), move |tx, accounts, actor| {
        let found = users::find(tx.conn, user)?.filter(|user| user.deleted_at.is_none());
        let Some(user) = found else { return Ok(Edited::NoSuchUser) };
        let notes_before = user_details::notes(tx.conn, user.id)?;
        if changes.seen.is_some_and(|shown| shown != seen(&user, notes_before.as_deref())) {
            return Ok(Edited::Outdated);
        }
        let new = NewDetails {
            mail_verified_at: None,
            display_name: changes.display_name.of(user.display_name.clone()),
            mail: changes.mail.of(user.mail.clone()),
        };
        if new.mail.is_none() && changes.mail_is_verified == Some(true) {
            return Ok(Edited::NoMail);
        }
        if let Some(mail) = &new.mail
            && let Some(other) = users::with_mail(tx.conn, mail)?.filter(|other| other.id != user.id)
        {
            return Ok(Edited::MailTaken(other.username));
        }
        let same_mail = new.mail.as_ref().map(Mail::canonical) == user.mail.as_ref().map(Mail::canonical);
        let known = user.mail_verified_at.filter(|_| same_mail);
        let mail_verified_at = match changes.mail_is_verified {
            Some(true) => known.or(Some(tx.now)),
            Some(false) => None,
            None => known,
        };
        let new = NewDetails { mail_verified_at, ..new };
        let notes = match changes.notes {
            Change::Keep => notes_before.clone(),
            Change::To(notes) => notes.map(|notes| notes.as_str().to_owned()),
        };
        let changed: Vec<&'static str> = [
            ("display_name", new.display_name != user.display_name),
            ("mail", new.mail != user.mail),
            ("mail_verified", new.mail_verified_at != user.mail_verified_at),
            ("notes", notes != notes_before),
        ]
        .into_iter()
        .filter_map(|(field, changed)| changed.then_some(field))
        .collect();
        if changed.is_empty() {
            return Ok(Edited::NoChange);
        }
        user_details::set_details(tx.conn, user.id, &new)?;
        user_details::set_notes(tx.conn, user.id, notes.as_deref())?;
        if let Some(old) = user.mail.as_ref().filter(|_| !same_mail) {
            let act = format!("{}:{}", user.id, Uuid::new_v4());
            post_to(tx, accounts, &user, old, Message { kind: Kind::AddressChanged, act, letter: Letter::default() })?;
        }
        let fields = changed.join(",");
        Event::new(What::DetailsChanged, &actor.by).user(user.id).details(Details::Fields(changed)).record(tx)?;
        let user = User { display_name: new.display_name, mail: new.mail, ..user };
        // Apps are told name and mail with each request.
        tx.change(MemoryChange::UserChanged(accounts.standing(&user)));
        let (by, ip) = actor.for_log();
        tx.after_commit(move || tracing::info!(event = "details_changed", user = %user.username, fields, by, ip));
        Ok(Edited::Done)
    })
}
