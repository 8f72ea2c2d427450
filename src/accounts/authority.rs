//! By what right somebody acts. Each kind is judged in the act's own transaction, as things stand then: the guard's answer is as old
//! as the request's body is slow. (A proof of identity is one too: [`Proof`].)

use std::sync::Arc;

use super::context::Error;
use super::level::require_by_policy;
use super::proof::passkey::{GivenPasskey, ShownPasskey};
use super::proof::{Proof, Proven};
use crate::config::SecondFactorPolicy;
use crate::domain::{By, Level, Reason, Role, UnixTime, UserId};
use crate::store::sessions::{self, Session};
use crate::store::users::{self, User};
use crate::store::{Authority, Conn, Tx, hold, token_blocklist};
use crate::tokens::{Claims, Fault};

/// What an act asks of whoever acts.
#[derive(Clone, Copy, Debug)]
pub struct Needs {
    /// [`Role::User`]: anybody.
    pub role: Role,
    /// How recently they must have proved who they are, in seconds. `None`: it does not matter.
    pub max_age: Option<i64>,
    /// What their proofs must be worth, all of them no older than `max_age`.
    pub level: LevelNeeded,
    /// What the operator asks of anybody who acts in this place.
    pub policy: SecondFactorPolicy,
}

/// What an act asks of the proofs of whoever acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LevelNeeded {
    /// Whatever policy lets pass.
    Any,
    /// Two factors of whoever has a second one, or of whom policy asks it.
    Highest,
}

/// Somebody who is signed in acts, by a token that a guard accepted. Made only from what a guard found, in
/// `web/http/signed_in.rs`, and for the people of the demo, in `cli/demo/cast.rs`.
#[derive(Clone)]
pub struct Mandate {
    user: UserId,
    claims: Arc<Claims>,
    needs: Needs,
    ip: String,
}

impl Mandate {
    /// `user`: whose token it is. `ip`: where the request came from, for the log.
    pub fn new(user: UserId, claims: Arc<Claims>, needs: Needs, ip: String) -> Self {
        Self { user, claims, needs, ip }
    }

    pub fn user(&self) -> UserId {
        self.user
    }

    /// Of the token.
    pub fn claims(&self) -> &Arc<Claims> {
        &self.claims
    }

    /// Whether it still holds: asked again before each part of a long answer, which no transaction can outlast. An error if not, or if
    /// that can't be told.
    pub fn still_holds(&self, conn: &mut Conn, now: UnixTime) -> Result<(), Error> {
        self.acting(conn, now).map(drop)
    }

    fn acting(&self, conn: &mut Conn, now: UnixTime) -> Result<Acting, Error> {
        let session = self.session(conn, now)?;
        let found = users::find(conn, self.user)?.filter(|user| !user.is_shut_out(now));
        let user = found.filter(|user| self.outlives_cut_off(user)).ok_or(Fault::Revoked)?;
        let revoked = match &self.claims.jti {
            Some(jti) => token_blocklist::reason(conn, jti)?,
            None => None,
        };
        // Superseded: another tab has just confirmed, in the same session.
        if revoked.is_some_and(|reason| reason != Reason::Superseded) {
            return Err(Fault::Revoked.into());
        }
        match (self.needs.role, user.role) {
            (Role::Admin, Role::User) => return Err(Error::NotAdmin),
            (Role::User, Role::User | Role::Admin) | (Role::Admin, Role::Admin) => {}
        }
        self.require_level(&user, session.as_ref(), now)?;
        self.require_age(session.as_ref(), now)?;
        Ok(Acting { user, session })
    }

    /// The session of the token, if it goes on.
    fn session(&self, conn: &mut Conn, now: UnixTime) -> Result<Option<Session>, Error> {
        let Some(shown) = self.claims.session else { return Ok(None) };
        let found = sessions::find(conn, shown.sid)?;
        let goes_on = |session: &Session| {
            session.end.is_none()
                && session.expires_at > now
                && session.user == self.user
                && session.transport == shown.transport
        };
        Ok(Some(found.filter(goes_on).ok_or(Fault::Revoked)?))
    }

    /// A peer's token has no session: it is good if it was issued after the user's cut-off.
    fn outlives_cut_off(&self, user: &User) -> bool {
        self.claims.session.is_some() || self.claims.issued_at.is_some_and(|issued| issued > user.tokens_valid_from)
    }

    /// Before the age: whoever lacks both is asked for both at once. As with the age, the token's level counts, and the row only restricts.
    fn require_level(&self, user: &User, session: Option<&Session>, now: UnixTime) -> Result<(), Fault> {
        let Needs { policy, level, max_age, .. } = self.needs;
        let by_row = session.map_or(Level::One, |session| session.methods.level());
        let has_factor = user.factors > 0;
        let for_policy = session.map_or(Level::One, |session| session.methods.level_for_policy());
        let for_policy = for_policy.min(self.claims.level_for_policy());
        require_by_policy(policy, user.role, has_factor, for_policy, now)?;
        let needs_two = match level {
            LevelNeeded::Any => false,
            LevelNeeded::Highest => has_factor || policy.asks(user.role, now),
        };
        if !needs_two {
            return Ok(());
        }
        self.claims.require_level(Level::Two, max_age, now)?;
        let is_enough = session.is_some_and(|session| {
            let is_young = |proof: Option<UnixTime>| {
                max_age.is_none_or(|max_age| proof.is_some_and(|proof| now.since(proof) <= max_age))
            };
            by_row == Level::Two && is_young(Some(session.auth_time)) && is_young(session.factor_time)
        });
        if is_enough { Ok(()) } else { Err(Fault::BelowLevel { level: Level::Two, max_age }) }
    }

    fn require_age(&self, session: Option<&Session>, now: UnixTime) -> Result<(), Fault> {
        let Some(max_age) = self.needs.max_age else { return Ok(()) };
        self.claims.require_fresh(max_age, now)?;
        // The age that counts is the token's. The row only restricts: a confirmation elsewhere must not freshen a stale copy.
        match session {
            Some(session) if now.since(session.auth_time) > max_age => Err(Fault::NotFresh { max_age }),
            Some(_) | None => Ok(()),
        }
    }
}

/// Who acts, as the rows say at the moment of the act.
pub struct Acting {
    pub(super) user: User,
    /// `None`: by a peer's token.
    pub(super) session: Option<Session>,
}

impl Acting {
    pub(super) fn by(&self) -> By {
        By::User(self.user.id)
    }
}

impl Authority<Error> for Mandate {
    type Granted = Acting;

    fn judge(self, tx: &mut Tx<'_>) -> Result<Acting, Error> {
        tx.from = Some(self.ip.clone());
        // What the act does with the session rests on what is read of it here.
        if let Some(sid) = self.claims.sid() {
            hold(tx.conn, sid)?;
        }
        self.acting(tx.conn, tx.now)
    }
}

/// An act that needs a mandate and, besides, a proof of identity by the same person.
impl Authority<Error> for (Mandate, Proof) {
    type Granted = (Acting, Proven);

    fn judge(self, tx: &mut Tx<'_>) -> Result<(Acting, Proven), Error> {
        let (mandate, proof) = self;
        let acting = mandate.judge(tx)?;
        let proven = proof.judge(tx)?;
        if proven.user().id != acting.user.id {
            return Err(Error::ProofLapsed);
        }
        Ok((acting, proven))
    }
}

/// A confirmation by a passkey of the same person.
impl Authority<Error> for (Mandate, GivenPasskey) {
    type Granted = (Acting, ShownPasskey);

    fn judge(self, tx: &mut Tx<'_>) -> Result<Self::Granted, Error> {
        let (mandate, given) = self;
        let acting = mandate.judge(tx)?;
        let shown = given.judge(tx)?;
        if shown.user().id != acting.user.id {
            return Err(Error::ProofLapsed);
        }
        Ok((acting, shown))
    }
}

/// The operator, at the command line. Made only in `cli/`.
#[derive(Clone, Debug)]
pub struct Operator {
    system_user: String,
}

impl Operator {
    /// `system_user`: the name of the system's user who runs the command, for the audit log.
    pub fn new(system_user: String) -> Self {
        Self { system_user }
    }
}

impl<E> Authority<E> for Operator {
    type Granted = By;

    fn judge(self, _: &mut Tx<'_>) -> Result<By, E> {
        Ok(By::Operator(self.system_user))
    }
}

/// Who acts on other people and their sessions, for the rows and for the log.
pub struct Actor {
    pub(super) by: By,
    name: String,
    ip: Option<String>,
}

impl Actor {
    /// Portero itself, because a date has come.
    pub(super) fn portero() -> Self {
        Self { by: By::Portero, name: "portero".into(), ip: None }
    }

    /// `by` and `ip` as the log shows them.
    pub(super) fn for_log(&self) -> (String, Option<String>) {
        (self.name.clone(), self.ip.clone())
    }
}

/// Whoever may act on other people and their sessions.
pub enum Administrator {
    Admin(Mandate),
    Operator(Operator),
}

impl From<Mandate> for Administrator {
    fn from(mandate: Mandate) -> Self {
        Self::Admin(mandate)
    }
}

impl From<Operator> for Administrator {
    fn from(operator: Operator) -> Self {
        Self::Operator(operator)
    }
}

impl Authority<Error> for Administrator {
    type Granted = Actor;

    fn judge(self, tx: &mut Tx<'_>) -> Result<Actor, Error> {
        match self {
            Self::Admin(mandate) => {
                let ip = Some(mandate.ip.clone());
                let acting = mandate.judge(tx)?;
                Ok(Actor { by: acting.by(), name: acting.user.username.to_string(), ip })
            }
            Self::Operator(operator) => {
                let name = format!("operator {}", operator.system_user);
                Ok(Actor { by: By::Operator(operator.system_user), name, ip: None })
            }
        }
    }
}

/// A token acts on its own session: to sign out, which has to work with an expired token and twice, and to renew, which has rules of
/// its own. Whoever makes one has checked signature and CSRF value.
#[derive(Clone)]
pub struct OwnToken {
    pub claims: Arc<Claims>,
    /// Where the request came from, for the audit log.
    pub ip: String,
}

impl Authority<Error> for OwnToken {
    type Granted = Arc<Claims>;

    fn judge(self, tx: &mut Tx<'_>) -> Result<Arc<Claims>, Error> {
        tx.from = Some(self.ip);
        Ok(self.claims)
    }
}
