//! Adding a passkey: what the browser is asked, and its answer.

use std::sync::Arc;

use super::added::{Added, Done, New, added};
use super::enrolment_link::{may_enrol, spend};
use crate::accounts::authority::Mandate;
use crate::accounts::context::{Accounts, Pending, Visitor};
use crate::accounts::proof::passkey::{self, Asked, Place, Shown};
use crate::domain::{FactorKind, FactorName, Methods, SessionId};
use crate::passkeys::strict::Answer;
use crate::passkeys::{NewPasskey, Passkeys, Person, Refusal};
use crate::store::factors::{self, NewFactor};
use crate::store::passkeys::{self, Passkey};
use crate::tokens::Fault;

/// So many passkeys one account has at most.
const MOST: i64 = 10;

pub enum Started {
    Asked(Asked),
    TooMany,
    /// The rules of this server let nobody add one.
    Off,
    /// An admin has to hand over a link first.
    LinkNeeded,
}

/// Begins to make a passkey in this session. `link`: the secret of a link by which to enrol, if there is one.
pub fn start_passkey(
    accounts: &Arc<Accounts>,
    mandate: Mandate,
    here: &Arc<Passkeys>,
    sid: SessionId,
    link: Option<String>,
) -> Pending<Started> {
    if !accounts.config.second_factor.allows_enrolment() {
        return Pending::known(Ok(Started::Off));
    }
    let here = Arc::clone(here);
    accounts.write(mandate, move |tx, accounts, acting| {
        let user = &acting.user;
        let known = passkeys::of_user(tx.conn, user.id)?;
        if factors::count_of(tx.conn, user.id, FactorKind::Passkey)? >= MOST {
            return Ok(Started::TooMany);
        }
        if !may_enrol(accounts, tx.conn, user, link.as_deref(), tx.now)? {
            return Ok(Started::LinkNeeded);
        }
        let known: Vec<_> = known.into_iter().map(|known| known.credential_id).collect();
        let name = user.username.as_str();
        let person = Person {
            handle: passkey::handle(user).ok_or(Refusal::OtherPerson)?,
            name,
            display_name: user.display_name.as_ref().map_or(name, |shown| shown.as_str()),
        };
        let begun = here.begin_registration(&person, &known)?;
        Ok(Started::Asked(passkey::seal(accounts, begun, Place::Registration(sid), Some(user.factors_version))?))
    })
}

/// A registration that was good, for [`add_passkey`].
pub struct Registered {
    pub new: NewPasskey,
    factors_version: Option<i64>,
}

/// What came of an answer.
pub enum Read {
    Good(Box<Registered>),
    /// The challenge is too old, or belongs to another session.
    Lapsed,
    Refused(Refusal),
}

/// Reads the browser's answer. Changes nothing.
pub fn read(accounts: &Accounts, here: &Passkeys, sid: SessionId, shown: &Shown) -> Read {
    let Some(opened) = passkey::open(accounts, &shown.challenge, Place::Registration(sid), accounts.now()) else {
        return Read::Lapsed;
    };
    let Some(answer) = Answer::parse(&shown.answer) else { return Read::Refused(Refusal::Unreadable) };
    match here.finish_registration(&opened.state, &answer) {
        Ok(new) => Read::Good(Box::new(Registered { new, factors_version: opened.factors_version })),
        Err(refusal) => Read::Refused(refusal),
    }
}

pub enum Outcome {
    Done(Box<Done>),
    /// Something was added or removed since the page was shown, perhaps this very passkey.
    Lapsed,
    /// Somebody has it already.
    Known,
    TooMany,
    /// An admin has to hand over a link first.
    LinkNeeded,
}

/// Adds a passkey, which counts at once. The session is at level two from then on. `link` as in
/// [`start_passkey`].
pub fn add_passkey(
    accounts: &Arc<Accounts>,
    mandate: Mandate,
    host: &str,
    registered: Registered,
    name: FactorName,
    link: Option<String>,
    visitor: Visitor,
) -> Pending<Outcome> {
    if !accounts.config.second_factor.allows_enrolment() {
        return Pending::known(Ok(Outcome::Lapsed));
    }
    let claims = Arc::clone(mandate.claims());
    let host = host.to_owned();
    let done = accounts.write(mandate, move |tx, accounts, acting| {
        let session = acting.session.ok_or(Fault::Revoked)?;
        let user = acting.user;
        let Registered { new, factors_version } = registered;
        if factors_version != Some(user.factors_version) {
            return Ok(Step::Lapsed);
        }
        if passkeys::find(tx.conn, &new.credential_id)?.is_some() {
            return Ok(Step::Known);
        }
        if factors::count_of(tx.conn, user.id, FactorKind::Passkey)? >= MOST {
            return Ok(Step::TooMany);
        }
        if !spend(tx, accounts, &user, &session, link.as_deref())? {
            return Ok(Step::LinkNeeded);
        }
        let kind = FactorKind::Passkey;
        let factor = NewFactor { user: user.id, kind, name: name.as_str(), secret: &[], now: tx.now };
        let passkey = Passkey {
            factor: factors::add_active(tx.conn, &factor)?,
            credential_id: new.credential_id,
            credential: new.stored,
            counter: new.counter,
            may_be_copied: new.may_be_copied,
            backed_up: new.backed_up,
            host,
            marked_at: None,
        };
        passkeys::add(tx.conn, &passkey)?;
        let method = if passkey.may_be_copied { Methods::SOFTWARE_KEY } else { Methods::HARDWARE_KEY };
        let new = New { id: passkey.factor, kind, name: name.as_str().to_owned(), method };
        Ok(Step::Done(Box::new(added(tx, accounts, (&session, &claims), new, visitor)?)))
    });
    let accounts = Arc::clone(accounts);
    done.then(move |done| {
        Ok(match done? {
            Step::Done(added) => Outcome::Done(Box::new(added.sign(&accounts)?)),
            Step::Lapsed => Outcome::Lapsed,
            Step::Known => Outcome::Known,
            Step::TooMany => Outcome::TooMany,
            Step::LinkNeeded => Outcome::LinkNeeded,
        })
    })
}

/// What the transaction came to.
enum Step {
    Done(Box<Added>),
    Lapsed,
    Known,
    TooMany,
    LinkNeeded,
}
