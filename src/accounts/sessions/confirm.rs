//! "Confirm it's you": one more proof of identity, for a fresh token in the same session.

use std::sync::Arc;

use uuid::Uuid;

use super::guessing::note_wrong_password;
use super::single_token;
use super::story;
use super::tokens::SignedToken;
use crate::accounts::authority::Mandate;
use crate::accounts::context::{Accounts, Error, Pending, Visitor};
use crate::accounts::proof::{Proof, password};
use crate::domain::{Password, Reason, StepKind, TokenType};
use crate::store::audit::event::{Event, What};
use crate::store::sessions::{self, Session};
use crate::store::token_blocklist::Entry;
use crate::store::users::{self, User};
use crate::tokens::Fault;

pub enum Outcome {
    /// `csrf` and `remembered` are the session's, for its cookies.
    Fresh {
        access: SignedToken,
        csrf: String,
        remembered: bool,
    },
    WrongPassword,
}

/// By the password. The presented access token is revoked, the refresh token left alone. Hashes.
pub fn confirm(accounts: &Arc<Accounts>, mandate: Mandate, password: &Password, visitor: Visitor) -> Pending<Outcome> {
    match prove(accounts, &mandate, password) {
        Ok(Proved::Yes(proof)) => freshen(accounts, mandate, proof, visitor),
        Ok(Proved::No(user)) => {
            let noted = note_wrong_password(accounts, &user, mandate.claims().sid(), visitor.ip);
            noted.then(|noted| noted.map(|()| Outcome::WrongPassword))
        }
        Err(error) => Pending::known(Err(error)),
    }
}

enum Proved {
    Yes(Proof),
    /// The password is not the one of this user.
    No(Box<User>),
}

fn prove(accounts: &Arc<Accounts>, mandate: &Mandate, password: &Password) -> Result<Proved, Error> {
    if mandate.claims().session.is_none() {
        return Err(Fault::Revoked.into());
    }
    let found = accounts.db.read(|conn| users::find(conn, mandate.user()))?;
    let user = found.filter(|user| user.password_hash.is_some()).ok_or(Fault::Revoked)?;
    let proof = password::prove(accounts, &user, password)?;
    Ok(proof.map_or_else(|| Proved::No(Box::new(user)), Proved::Yes))
}

/// The fresh token, whatever the proof.
fn freshen(accounts: &Arc<Accounts>, mandate: Mandate, proof: Proof, visitor: Visitor) -> Pending<Outcome> {
    let claims = Arc::clone(mandate.claims());
    let confirmed = accounts.write((mandate, proof), move |tx, accounts, (acting, proven)| {
        let by = acting.by();
        let session = acting.session.ok_or(Fault::Revoked)?;
        // Not before a rotation that came in between: its access token is the one that is revoked here.
        let auth_time = proven.at().max(session.rotated_at);
        // Of the generation that was shown: the row may be ahead by an answer that was lost, and a token of that generation would
        // count as its first use.
        let generation = claims.session.map_or(session.generation, |shown| shown.generation);
        let is_current = generation == session.generation;
        let confirmations = session.confirmations + i64::from(is_current);
        let mut confirmed = Session {
            auth_time,
            proved_password: proven.password_version(),
            methods: session.methods.and(proven.methods()),
            factor_time: proven.factor_time().or(session.factor_time),
            confirmations,
            wrong_passwords: 0,
            ..session.clone()
        };
        accounts.note_access(&mut confirmed, tx.now);
        story::note(tx, &mut confirmed, StepKind::Confirmed, &visitor)?;
        if !sessions::note_use(tx.conn, &session, &confirmed)? {
            return Err(Fault::Revoked.into());
        }
        let user = proven.user();
        if let (Some(jti), TokenType::Access) = (claims.jti.clone(), claims.token_type) {
            let entry = Entry {
                jti,
                token_type: TokenType::Access,
                user: user.id,
                sid: Some(confirmed.sid),
                revoked_at: tx.now,
                expires_at: claims.expires_at,
                reason: Reason::Superseded,
                by: by.user(),
            };
            single_token::block(tx, &entry)?;
        }
        Event::new(What::Confirmed, &by).user(user.id).session(confirmed.sid).record(tx)?;
        let (sid, name) = (confirmed.sid.short(), user.username.clone());
        tx.after_commit(move || {
            tracing::info!(event = "confirmed", user = %name, session = sid, ip = visitor.ip);
        });
        // One that belongs to the current pair becomes void with it.
        let jti = if is_current { accounts.confirmed_jti(&confirmed) } else { Uuid::new_v4() };
        let subject = accounts.standing(user).subject().to_owned();
        Ok((Session { generation, ..confirmed }, subject, jti, tx.now))
    });
    let accounts = Arc::clone(accounts);
    confirmed.then(move |confirmed| match confirmed {
        Ok((session, subject, jti, now)) => Ok(Outcome::Fresh {
            access: accounts.extra_access(&subject, &session, accounts.fresh_since(session.auth_time), jti, now)?,
            csrf: accounts.csrf(&session),
            remembered: session.remembered,
        }),
        // The password was changed meanwhile, and with it every session of before has ended.
        Err(Error::ProofLapsed) => Err(Fault::Revoked.into()),
        Err(error) => Err(error),
    })
}
