//! Changing one's own password: a new session for whoever did it, the end for the others.

use std::sync::Arc;

use super::set_password::{password_changed, replace};
use crate::accounts::authority::Mandate;
use crate::accounts::context::{Accounts, Error, Pending, Visitor};
use crate::accounts::mails::letter::Letter;
use crate::accounts::proof::sign_in_limits::Account;
use crate::accounts::proof::still_asked::VOUCHES_FOR;
use crate::accounts::proof::{Proof, just_given, password};
use crate::accounts::sessions::begin::{Begin, Occasion, begin};
use crate::accounts::sessions::end::end;
use crate::accounts::sessions::guessing::note_wrong_password;
use crate::accounts::sessions::tokens::Pair;
use crate::domain::{Level, NewPassword, Password, Reason, Transport};
use crate::store::audit::event::{Event, What};
use crate::store::session_ends::Which;
use crate::store::users::{self, User};
use crate::tokens::Fault;

/// What a change of password asks for. The session of whoever asks goes on as a new one.
pub struct ChangePassword {
    /// `None`: whoever asks gave it a moment ago.
    pub current: Option<Password>,
    pub new: NewPassword,
    pub end_others: bool,
    pub visitor: Visitor,
}

pub enum Changed {
    /// `others_ended`: how many sessions besides the one that asked.
    Done {
        account: Account,
        pair: Pair,
        others_ended: usize,
    },
    WrongPassword,
    /// The new password is the current one. Found only where that was not typed beside it; else the form tells.
    SamePassword,
}

/// Hashes twice.
pub fn change_password(accounts: &Arc<Accounts>, mandate: Mandate, asked: ChangePassword) -> Pending<Changed> {
    match prove(accounts, &mandate, &asked) {
        Ok(Proved::Yes(proof, new_hash)) => change(accounts, mandate, proof, new_hash, asked.end_others, asked.visitor),
        Ok(Proved::WrongPassword(user)) => {
            let noted = note_wrong_password(accounts, &user, mandate.claims().sid(), asked.visitor.ip);
            noted.then(|noted| noted.map(|()| Changed::WrongPassword))
        }
        Ok(Proved::SamePassword) => Pending::known(Ok(Changed::SamePassword)),
        Err(error) => Pending::known(Err(error)),
    }
}

/// What came of the proof by the current password.
enum Proved {
    /// With the hash of the new password.
    Yes(Proof, String),
    /// It is not the one of this user.
    WrongPassword(Box<User>),
    SamePassword,
}

fn prove(accounts: &Arc<Accounts>, mandate: &Mandate, asked: &ChangePassword) -> Result<Proved, Error> {
    let found = accounts.db.read(|conn| users::find(conn, mandate.user()))?;
    let user = found.filter(|user| user.password_hash.is_some()).ok_or(Fault::Revoked)?;
    let proof = match &asked.current {
        Some(current) => password::prove(accounts, &user, current)?,
        None => {
            let (visitor, now) = (&asked.visitor, accounts.now());
            let given = accounts.db.read(|conn| just_given::prove(conn, &user, mandate.claims(), visitor, now))?;
            let proof = given.ok_or(Fault::NotFresh { max_age: VOUCHES_FOR })?;
            if password::is_current(accounts, &user, &asked.new)? {
                return Ok(Proved::SamePassword);
            }
            Some(proof)
        }
    };
    Ok(match proof {
        Some(proof) => Proved::Yes(proof, accounts.passwords.hash(&asked.new)?),
        None => Proved::WrongPassword(Box::new(user)),
    })
}

fn change(
    accounts: &Arc<Accounts>,
    mandate: Mandate,
    proof: Proof,
    new_hash: String,
    end_others: bool,
    visitor: Visitor,
) -> Pending<Changed> {
    let shown = mandate.claims().level();
    let changed = accounts.write((mandate, proof), move |tx, accounts, (acting, proven)| {
        let (by, user) = (acting.by(), acting.user.id);
        let own = acting.session.as_ref();
        // A password alone, copied with the session, must not shut out whoever has the second factor.
        let level = own.map_or(Level::One, |own| own.methods.level()).min(shown);
        if acting.user.factors > 0 && level < Level::Two {
            return Err(Fault::BelowLevel { level: Level::Two, max_age: None }.into());
        }
        let which = match (own, end_others) {
            (_, true) => Some(Which::OfUser { user, except: None }),
            (Some(own), false) => Some(Which::One(own.sid)),
            (None, false) => None,
        };
        let ended = match which {
            Some(which) => end(tx, which, Reason::PasswordChange, &by)?.sessions.len(),
            None => 0,
        };
        let others_ended = ended.saturating_sub(usize::from(own.is_some()));
        replace(tx, proven.user(), &new_hash)?;
        // Read again: the cut-off for peers' tokens has moved.
        let proven = proven.with_changed_user(tx)?;
        let proven = match own {
            Some(own) => proven.within(own),
            None => proven,
        };
        let (transport, remembered) = own.map_or((Transport::Bearer, false), |own| (own.transport, own.remembered));
        let (ip, user_agent) = (visitor.ip.clone(), visitor.user_agent.clone());
        let letter = Letter { ip: Some(ip.clone()), user_agent: Some(user_agent), ..Letter::default() };
        password_changed(tx, accounts, proven.user(), letter)?;
        let asked = Begin { transport, remembered, occasion: Occasion::Continuation, visitor };
        let begun = begin(tx, accounts, &proven, asked)?;
        Event::new(What::PasswordChanged, &by).user(user).session(begun.session.sid).record(tx)?;
        let username = acting.user.username;
        tx.after_commit(move || {
            tracing::info!(event = "password_changed", user = %username, ip, others_ended);
        });
        Ok((begun, others_ended))
    });
    let accounts = Arc::clone(accounts);
    changed.then(move |changed| match changed {
        Ok((begun, others_ended)) => {
            Ok(Changed::Done { account: begun.account, pair: accounts.first_pair(&begun)?, others_ended })
        }
        // Somebody else has changed the password meanwhile, and with that ended this session.
        Err(Error::ProofLapsed) => Err(Fault::Revoked.into()),
        Err(error) => Err(error),
    })
}
