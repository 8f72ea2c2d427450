//! What every handler works with, and the named ways from the event loop to what blocks: [`App::read`],
//! [`App::try_password`], [`App::judge`], [`App::sign_for_app`], and an act's own [`everywhere`](crate::accounts::Pending::everywhere), which only awaits.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use actix_web::web::Bytes;
use serde_json::{Map, Value};

use super::http::answer_counts::AnswerCounts;
use super::http::error::Error;
use crate::accounts::{Accounts, Pending};
use crate::config::{Config, Setting};
use crate::domain::{AppAlgorithm, NewPassword, PasswordFault, TokenType, UnixTime, UserId, Username};
use crate::passkeys::{NotHere, Passkeys};
use crate::seldom::Seldom;
use crate::store::{Conn, DatabaseCheck};
use crate::texts::Texts;
use crate::throttle::Try;
use crate::tokens::{Keys, sign_for_apps};
use crate::workers::Workers;

/// The state that all handlers share. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Shared>);

pub struct Shared {
    pub accounts: Arc<Accounts>,
    /// The threads for acts that hash, and for judging new passwords.
    pub password_workers: Workers,
    /// One thread for each connection that reads the database.
    pub readers: Workers,
    /// One thread that signs what apps read: by RSA that takes a millisecond, which the event loop does not have.
    pub signer: Workers,
    /// Every setting with its source, secrets hidden: for admins to see.
    pub settings: Vec<Setting>,
    /// How requests were answered.
    pub answers: AnswerCounts,
    /// The OpenAPI document and its ETag, made when it is first asked for.
    pub openapi: OnceLock<(Bytes, String)>,
    pub started: UnixTime,
    /// Of the whole database, after an unclean stop.
    pub database_check: DatabaseCheck,
    /// Portero's address as people reach it: links are made from it, and forms must come from it. `None`: it listens on every address
    /// of the machine, and nobody has set `public_url`.
    pub public_url: Option<url::Url>,
    /// The ceremonies of passkeys at that address; or why there can be none.
    pub passkeys: Result<Arc<Passkeys>, NotHere>,
    pub texts: Arc<Texts>,
    /// The key that seals the cookie with a signed-out form's CSRF value and the flash message.
    pub browser_session_key: actix_web::cookie::Key,
    /// Whether the log has warned of a forwarded header from a peer that is no trusted proxy. It warns once.
    pub warned_of_forwarded: AtomicBool,
    /// The same of a trusted proxy that told no client's address that can be read.
    pub warned_of_unreadable_address: AtomicBool,
    /// Who was written down lately for a form of another site's, and for asking for another host.
    pub foreign_origins: Seldom,
    pub foreign_hosts: Seldom,
    /// Which peers were written down lately because their question about a request for an app was refused.
    pub refused_checks: Seldom,
    /// Whose tokens of another system were written down lately because they are observed.
    pub observed_tokens: Seldom<(UserId, TokenType)>,
}

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl App {
    pub fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    /// The current time. Read it once in a handler, after the body, and pass it down.
    pub fn now(&self) -> UnixTime {
        self.accounts.now()
    }

    /// Whether what is revoked is still being loaded, so that nobody may be let in. Asked for every request.
    pub fn is_starting(&self) -> bool {
        !self.accounts.first_load.is_done()
    }

    pub fn config(&self) -> &Config {
        &self.accounts.config
    }

    /// Looks something up in the database, on a reader's thread. [`Error::Busy`] if too many look-ups wait.
    pub(in crate::web) async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Conn) -> Result<T, crate::store::Error> + Send + 'static,
    ) -> Result<T, Error> {
        let accounts = Arc::clone(&self.accounts);
        // Threads of its own: under load these are awake already, whereas the blocking pool would wake one for each look-up.
        self.readers.run(&[], move || accounts.db.read(job)).await.map_err(|_| Error::Busy)?.map_err(Error::from)
    }

    /// Runs an act that tries a password on a password worker, from its beginning to its commit. [`Error::Busy`] if it does not get its
    /// turn in time. If the password could not be checked, the try does not count; a refusal counts as a wrong password.
    pub(in crate::web) async fn try_password<T: Send + 'static>(
        &self,
        begun: Try,
        act: impl FnOnce(&Arc<Accounts>) -> Pending<T> + Send + 'static,
    ) -> Result<(T, Try), Error> {
        let accounts = Arc::clone(&self.accounts);
        let done = self.password_workers.run(&begun.turn(), move || act(&accounts).committed_first()).await;
        let Ok((done, everywhere)) = done else { return counted(begun, Err(Error::Busy)) };
        // Not on the worker: there are few.
        if done.is_ok() {
            everywhere.reached().await;
        }
        counted(begun, done.map_err(Error::from))
    }

    /// The keys that sign for apps by this algorithm. [`Error::Unavailable`]: they are still to be made, which takes a second.
    pub(in crate::web) fn keys_for_apps(&self, algorithm: AppAlgorithm) -> Result<Arc<Keys>, Error> {
        let keys = &self.accounts.app_keys;
        keys.get(algorithm).ok_or_else(|| {
            keys.want(algorithm);
            Error::Unavailable(format!("no key signs for apps by {} yet", algorithm.as_str()))
        })
    }

    /// Makes and signs what an app reads, on a thread for that.
    pub(in crate::web) async fn sign_for_app(
        &self,
        keys: Arc<Keys>,
        typ: &'static str,
        claims: impl FnOnce() -> Map<String, Value> + Send + 'static,
    ) -> Result<String, Error> {
        let signed = self.signer.run(&[], move || sign_for_apps(&keys, typ, claims())).await;
        signed.map_err(|_| Error::Busy)?.map_err(|error| Error::Internal(error.to_string()))
    }

    /// Judges a new password on a password worker: that takes milliseconds, which the event loop does not have. What is refused
    /// counts as a wrong try, unless the caller says otherwise. `username`: whose password it is to be, if that is known already.
    pub(in crate::web) async fn judge(
        &self,
        begun: Try,
        text: String,
        username: Option<Username>,
    ) -> Result<(Result<NewPassword, PasswordFault>, Try), Error> {
        let config = Arc::clone(&self.accounts.config);
        let judged = self
            .password_workers
            .run(&begun.turn(), move || NewPassword::parse(text, username.as_ref(), config.password_rules()))
            .await;
        counted(begun, judged.map_err(|_| Error::Busy))
    }
}

/// Puts a try beside what came of it. If nothing could be checked, the try does not count.
pub(in crate::web) fn counted<T>(begun: Try, outcome: Result<T, Error>) -> Result<(T, Try), Error> {
    match outcome {
        Ok(found) => Ok((found, begun)),
        Err(error @ (Error::Busy | Error::Unavailable(_) | Error::Internal(_))) => {
            begun.not_tried();
            Err(error)
        }
        Err(refusal) => Err(refusal),
    }
}
