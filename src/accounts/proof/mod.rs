//! Who is it? A [`Proof`] is the one answer, and nothing but a proof begins a session or makes one fresh.
//!
//! A proof is given outside any transaction, because hashing takes its time. Inside the transaction that acts on it, it is judged
//! once more and what can be used once is spent; what comes out is [`Proven`].

pub mod attempt;
pub(in crate::accounts) mod decoy;
pub(in crate::accounts) mod factor;
pub(in crate::accounts) mod just_given;
pub mod one_time_link;
pub mod passkey;
pub mod password;
pub mod secrets;
pub mod setup_link;
pub mod sign_in_limits;
pub mod still_asked;
pub(in crate::accounts) mod trusted_browser;

use std::sync::Arc;

use factor::SecondProof;
use still_asked::{StillAsked, VOUCHES_FOR, still_asked};
use trusted_browser::TrustedBrowser;

use super::context::{Error, Visitor};
use crate::domain::{Means, Methods, UnixTime, UserId};
use crate::store::sessions::Session;
use crate::store::users::{self, User};
use crate::store::{Authority, Tx, links};
use crate::tokens::{Claims, Fault};

/// By what somebody proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Password,
    /// A one-time link that an admin or the operator handed over.
    Link,
    /// A passkey, which is both factors at once.
    Passkey,
}

impl Method {
    /// Its word in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Link => "link",
            Self::Passkey => "passkey",
        }
    }
}

/// That somebody is who they say. Made only by the files beside this one.
pub struct Proof {
    user: UserId,
    /// The version of the password that was compared, or that was in force when the link was found.
    password_version: i64,
    method: Method,
    at: UnixTime,
    evidence: Evidence,
}

/// What the transaction does with the evidence.
enum Evidence {
    Password(StoredHash),
    /// The password was given a moment ago: before this token was made, and by this visitor.
    JustGiven {
        claims: Arc<Claims>,
        visitor: Visitor,
    },
    /// Spends the link with this hash.
    Link {
        hash: String,
    },
}

/// The form of the hash that the password was compared with.
enum StoredHash {
    /// As it would be made today.
    Current,
    /// An older form.
    Old,
    /// An older form, and what to put in its place.
    Upgraded { from: String, to: String },
}

/// A proof that held inside this transaction.
pub struct Proven {
    user: User,
    method: Method,
    /// The version of the password that was given. `None`: none was.
    password_version: Option<i64>,
    at: UnixTime,
    second: Second,
}

/// What there is beside the first proof.
#[derive(Clone, Copy, Debug)]
enum Second {
    Nothing,
    /// A second factor, and when it was given.
    Given {
        at: UnixTime,
        method: Methods,
        /// `None`: it was given before, in the same session.
        means: Option<Means>,
    },
    /// A browser that stands in for it.
    TrustedBrowser,
}

impl Proven {
    /// As the row is now.
    pub(in crate::accounts) fn user(&self) -> &User {
        &self.user
    }

    pub(in crate::accounts) fn method(&self) -> Method {
        self.method
    }

    /// Which version of the password was given; not the one that the act has put in its place. `None`: none was.
    pub(in crate::accounts) fn password_version(&self) -> Option<i64> {
        self.password_version
    }

    /// When the proof was given.
    pub(in crate::accounts) fn at(&self) -> UnixTime {
        self.at
    }

    /// By what they have proved who they are.
    pub(in crate::accounts) fn methods(&self) -> Methods {
        let first = match self.method {
            Method::Password => Methods::PASSWORD,
            Method::Link => Methods::LINK,
            // What it is stands beside the second factor, which it is too.
            Method::Passkey => Methods::default(),
        };
        match self.second {
            Second::Nothing => first,
            Second::Given { method, .. } => first.and(method),
            Second::TrustedBrowser => first.and(Methods::TRUSTED_BROWSER),
        }
    }

    pub(in crate::accounts) fn means(&self) -> Means {
        match (self.second, self.method) {
            (Second::Given { means: Some(means), .. }, _) => means,
            (Second::TrustedBrowser, _) => Means::TrustedBrowser,
            (_, Method::Password) => Means::Password,
            (_, Method::Link) => Means::Link,
            (_, Method::Passkey) => Means::Passkey,
        }
    }

    /// When a second factor was given. `None`: none was.
    pub(in crate::accounts) fn factor_time(&self) -> Option<UnixTime> {
        match self.second {
            Second::Given { at, .. } => Some(at),
            Second::Nothing | Second::TrustedBrowser => None,
        }
    }

    /// Whether somebody with a second factor may sign in by this.
    pub(in crate::accounts) fn is_enough_with_factor(&self) -> bool {
        match self.second {
            Second::Given { .. } | Second::TrustedBrowser => true,
            Second::Nothing => false,
        }
    }

    /// Both proofs together.
    pub(in crate::accounts) fn and(self, second: SecondProof) -> Self {
        Self { second: Second::Given { at: second.at, method: second.method, means: Some(second.means) }, ..self }
    }

    /// The proof in a browser that stands in for the second factor. Only a password: whoever uses a link is asked for the code.
    pub(in crate::accounts) fn in_trusted_browser(self, _: &TrustedBrowser) -> Self {
        match self.method {
            Method::Password => Self { second: Second::TrustedBrowser, ..self },
            Method::Link | Method::Passkey => self,
        }
    }

    /// The same beside what was proved before in the session that goes on: a second factor keeps its time.
    pub(in crate::accounts) fn within(self, session: &Session) -> Self {
        match (self.factor_time(), session.factor_time) {
            (None, Some(at)) => {
                let method = session.methods.beyond_the_first();
                Self { second: Second::Given { at, method, means: None }, ..self }
            }
            (_, None) | (Some(_), _) => self,
        }
    }

    /// The same after the act has changed the user's row.
    pub(in crate::accounts) fn with_changed_user(self, tx: &mut Tx<'_>) -> Result<Self, Error> {
        let user = users::find(tx.conn, self.user.id)?.ok_or(Error::ProofLapsed)?;
        Ok(Self { user, ..self })
    }
}

impl Authority<Error> for Proof {
    type Granted = Proven;

    fn judge(self, tx: &mut Tx<'_>) -> Result<Proven, Error> {
        let unchanged = users::find_unchanged(tx.conn, self.user, self.password_version, tx.now)?;
        let user = unchanged.ok_or(Error::ProofLapsed)?;
        match self.evidence {
            Evidence::Password(StoredHash::Upgraded { from, to }) => {
                users::upgrade_hash(tx.conn, user.id, &from, &to)?;
            }
            Evidence::Password(StoredHash::Current | StoredHash::Old) => {}
            Evidence::JustGiven { claims, visitor } => match still_asked(tx.conn, &claims, &visitor, tx.now)? {
                StillAsked::Nothing => {}
                StillAsked::Password => return Err(Fault::NotFresh { max_age: VOUCHES_FOR }.into()),
            },
            Evidence::Link { hash } => {
                if !links::consume(tx.conn, &hash, tx.now)? {
                    return Err(Error::ProofLapsed);
                }
            }
        }
        let password_version = match self.method {
            Method::Password => Some(self.password_version),
            Method::Link | Method::Passkey => None,
        };
        Ok(Proven { user, method: self.method, password_version, at: self.at, second: Second::Nothing })
    }
}
