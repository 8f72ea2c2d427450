//! What the acts work with, and why one can fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64};

use super::apps::kept_assertions::Assertions;
use super::apps::keys::AppKeys;
use super::apps::signed_lists::{self, SignedLists};
use super::bell::Bell;
use super::first_load::FirstLoad;
use super::keyed_ids::KeyedIds;
use super::sessions::being_marked::BeingMarked;
use super::sessions::last_seen::LastSeen;
use super::sessions::sign_in_counts::SignInCounts;
use crate::blocklist::{Blocklist, Contact, Standing};
use crate::clock::Clock;
use crate::config::{Config, Subject};
use crate::domain::{App, AppAlgorithm, DisplayName, Mail, UnixTime};
use crate::passwords::Passwords;
use crate::sealing::SealingKey;
use crate::store::user_basics::UserBasics;
use crate::store::users::User;
use crate::store::{self, Authority, Db, Lane, Tx};
use crate::throttle::Throttle;
use crate::tokens::{Engine, Fault};

/// What the acts work with.
pub struct Accounts {
    pub db: Db,
    pub blocklist: Arc<Blocklist>,
    pub first_load: FirstLoad,
    pub last_seen: LastSeen,
    pub being_marked: BeingMarked,
    pub sign_ins: SignInCounts,
    pub passwords: Passwords,
    pub throttle: Throttle,
    /// When old rows were last pruned, in seconds since the epoch; 0: not since the start.
    pub last_prune: AtomicI64,
    /// Whether the system's clock has jumped, so that nothing is closed or pruned at present.
    pub clock_doubted: AtomicBool,
    /// The blocklist in memory holds everything that could be shown at this moment or later.
    pub complete_since: AtomicI64,
    /// When the database was restored from a backup, in seconds since the epoch; 0: never.
    pub restored: AtomicI64,
    pub engine: Engine,
    pub app_keys: AppKeys,
    pub assertions: Assertions,
    pub signed_lists: SignedLists,
    /// Rung when apps may have to be told that sessions have ended.
    pub apps_to_tell: Arc<Bell>,
    /// Rung when mails may have to be sent.
    pub mails_to_send: Arc<Bell>,
    pub keyed_ids: KeyedIds,
    /// Seals what a first proof leaves while the second factor is still to come.
    pub attempt_key: SealingKey,
    /// Seals where a browser goes that the gate leads to Portero and back.
    pub gate_key: SealingKey,
    /// Seals the tickets of `portero doctor`.
    pub doctor_key: SealingKey,
    /// Seals the tokens of apps that speak OpenID Connect, and what a browser brings back that they sent here.
    pub openid_key: SealingKey,
    /// Seals the mails that wait in the database.
    pub mail_key: SealingKey,
    /// Seals the secrets of second factors in the database.
    pub factor_key: SealingKey,
    pub config: Arc<Config>,
    pub clock: Clock,
}

/// The outcome of an act.
pub type Pending<T> = store::Pending<T, Error>;

impl Accounts {
    pub fn now(&self) -> UnixTime {
        self.clock.now()
    }

    /// Reads a token by the keys of this moment. `None`: they don't verify it, and another node may sign with a key that this one has not
    /// heard of, because its lease is over.
    pub fn read_token<T>(&self, read: impl FnOnce(&Engine) -> Result<T, Fault>) -> Option<Result<T, Fault>> {
        let lease = self.blocklist.lease.read();
        let token = read(&self.engine);
        let is_doubtful = matches!(token, Err(Fault::Invalid(_))) && lease.is_over();
        (!is_doubtful).then_some(token)
    }

    /// Hands a change to the writer. The moment of the change is read here: after the request's body and the password's hash.
    pub(super) fn write<A, T>(
        self: &Arc<Self>,
        authority: A,
        job: impl FnOnce(&mut Tx<'_>, &Arc<Self>, A::Granted) -> Result<T, Error> + Send + 'static,
    ) -> Pending<T>
    where
        A: Authority<Error>,
        T: Send + 'static,
    {
        let accounts = Arc::clone(self);
        self.db.write(authority, self.now(), move |tx, granted| job(tx, &accounts, granted))
    }

    /// The same for what changes one session only, or notes something about many: [`Db::write_beside`].
    pub(super) fn write_beside<A, T>(
        self: &Arc<Self>,
        lane: Lane,
        authority: A,
        job: impl Fn(&mut Tx<'_>, &Arc<Self>, A::Granted) -> Result<T, Error> + Send + 'static,
    ) -> Pending<T>
    where
        A: Authority<Error> + Clone,
        T: Send + 'static,
    {
        let accounts = Arc::clone(self);
        self.db.write_beside(lane, authority, self.now(), move |tx, granted| job(tx, &accounts, granted))
    }

    /// What a request's check needs to know of the user.
    pub(super) fn standing(&self, user: &User) -> Standing {
        self.standing_from(user.into())
    }

    /// Asks for the keys that these apps need, so that they are there before somebody comes from one.
    pub(super) fn want_app_keys(&self, apps: &[App]) {
        if self.config.status_list {
            self.app_keys.want(signed_lists::ALGORITHM);
        }
        for app in apps {
            if !app.rules.origins.is_empty() {
                self.app_keys.want(AppAlgorithm::ES256);
            }
            if app.rules.openid.is_used() {
                self.app_keys.want(app.rules.openid.algorithm);
            }
            if app.rules.openid.reads_status_list {
                self.app_keys.want(signed_lists::ALGORITHM);
            }
        }
    }

    pub(super) fn standing_from(&self, user: UserBasics) -> Standing {
        Standing {
            user: user.id,
            uid: user.uid,
            other_subject: match self.config.subject {
                Subject::Username => None,
                Subject::Id => Some(user.id.to_string().into()),
            },
            username: user.username,
            role: user.role,
            tokens_valid_from: user.tokens_valid_from,
            disable_at: user.disable_at,
            has_factor: user.has_factor,
            contact: contact(user.display_name, user.mail),
        }
    }
}

fn contact(display_name: Option<DisplayName>, mail: Option<Mail>) -> Option<Box<Contact>> {
    let display_name: Option<Box<str>> = display_name.map(|name| name.as_str().into());
    let mail: Option<Box<str>> = mail.map(|mail| mail.as_str().into());
    (display_name.is_some() || mail.is_some()).then(|| Box::new(Contact { display_name, mail }))
}

/// Who a request comes from: address and browser or program, as far as Portero can tell.
#[derive(Clone, Debug)]
pub struct Visitor {
    pub ip: String,
    pub user_agent: String,
}

impl Visitor {
    const MAX_USER_AGENT_CHARS: usize = 300;

    /// `user_agent`: as the header says; cut, and without control characters.
    pub fn new(ip: String, user_agent: &str) -> Self {
        let user_agent = user_agent.chars().filter(|c| !c.is_control()).take(Self::MAX_USER_AGENT_CHARS).collect();
        Self { ip, user_agent }
    }
}

/// Why an act could not be carried out; nothing was changed. What a person can do wrong is part of an act's outcome instead.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("a password could not be checked")]
    Password(#[from] crate::passwords::Error),
    #[error("a token could not be made")]
    Issue(#[from] crate::tokens::IssueError),
    #[error("the system has no random numbers")]
    Random,
    /// Whoever acts may not (any more), as a guard would say it now.
    #[error(transparent)]
    Refused(#[from] Fault),
    /// Whoever acts is no admin (any more).
    #[error("not an admin")]
    NotAdmin,
    /// The password was changed, the user disabled, or the link used since the proof was given.
    #[error("the proof of identity no longer holds")]
    ProofLapsed,
    /// A second factor's secret does not open: the database was changed by another hand.
    #[error("the secret of a second factor can't be read")]
    BrokenFactor,
    /// The library refuses to begin a ceremony.
    #[error("a passkey can't be asked for")]
    Passkey(#[from] crate::passkeys::Refusal),
    /// Only one of two factors was given.
    #[error("the second factor is missing")]
    SecondFactorMissing,
    /// An app's credentials are not (or no longer) good.
    #[error("unknown app")]
    UnknownApp,
}
