//! The HTTP of Portero: the shared state with its three doors to the blocking world, the route table, and the rooms, one
//! file per page or endpoint.

mod about;
mod account;
mod add_user;
mod browser_session;
mod change_password;
mod client_request;
mod clock;
mod confirm;
mod csrf;
mod doors;
mod edge;
mod end_session;
mod end_sessions;
mod error;
mod face;
mod headers;
mod health;
mod home;
mod hooks;
mod input;
mod introspect;
mod jwks;
mod language;
mod link;
mod list_query;
mod local_path;
mod login;
mod logout;
mod page;
mod protected;
mod receipt;
mod refresh;
mod revoke;
mod revoked;
mod routes;
mod session_view;
mod sessions;
mod setup;
mod sign_in_help;
mod signed_in;
mod static_files;
mod story;
mod texts;
mod timeline;
mod token_cookies;
mod trust;
mod user;
mod user_act;
mod user_view;
mod users;
mod well_known;
mod whoami;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

pub use clock::Clock;
pub use headers::around;
pub use link::link_url;
pub use list_query::moment_in;
pub use routes::routes;
pub use texts::{BrokenCatalogue, Texts};

use crate::accounts::{self, Accounts};
use crate::config::{Config, Setting};
use crate::domain::UnixTime;
use crate::lane::Lane;
use crate::store::{Conn, Tx};
use crate::throttle::Pass;
use error::Error;

/// What every handler works with. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Shared>);

pub struct Shared {
    pub accounts: Arc<Accounts>,
    pub lane: Lane,
    /// A thread for each connection that reads.
    pub readers: Lane,
    pub config: Config,
    /// For people: every setting with where it came from, secrets hidden.
    pub settings: Vec<Setting>,
    pub started: UnixTime,
    /// Where people reach us: links are made from it, and forms must come from it.
    pub public_url: url::Url,
    pub texts: Texts,
    pub clock: Clock,
    /// Seals the cookie that carries a signed-out form's CSRF value and the flash message.
    pub browser_session_key: actix_web::cookie::Key,
    /// A forwarded header came from somebody who is no trusted proxy, and the log has said so.
    pub warned_of_forwarded: AtomicBool,
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

    /// Read once in a handler and passed down.
    pub fn now(&self) -> UnixTime {
        self.clock.now()
    }

    /// Looks something up, off the event loop.
    async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Conn) -> Result<T, crate::store::Error> + Send + 'static,
    ) -> Result<T, Error> {
        let accounts = Arc::clone(&self.accounts);
        // Threads of its own: under load they are busy already, and the blocking pool would wake one for each.
        self.readers.run(move || accounts.db.read(job)).await.map_err(|_| Error::Busy)?.map_err(Error::from)
    }

    /// Changes something; the answer comes when it is durable and in force.
    async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, accounts::Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.accounts.db.submit(job).answer().await.map_err(Error::from)
    }

    /// Runs an act that hashes nothing, whole, off the event loop.
    async fn act<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Arc<Accounts>) -> Result<T, accounts::Error> + Send + 'static,
    ) -> Result<T, Error> {
        let accounts = Arc::clone(&self.accounts);
        actix_web::web::block(move || act(&accounts)).await.map_err(|_| Error::Busy)?.map_err(Error::from)
    }

    /// Runs an act that hashes, whole, on a thread of the password lane.
    async fn hash<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Arc<Accounts>) -> Result<T, accounts::Error> + Send + 'static,
    ) -> Result<T, Error> {
        let accounts = Arc::clone(&self.accounts);
        self.lane.run(move || act(&accounts)).await.map_err(|_| Error::Busy)?.map_err(Error::from)
    }

    /// The same where a password is tried. If nobody could look at it, the try does not count.
    async fn try_password<T: Send + 'static>(
        &self,
        pass: Pass,
        act: impl FnOnce(&Arc<Accounts>) -> Result<T, accounts::Error> + Send + 'static,
    ) -> Result<(T, Pass), Error> {
        match self.hash(act).await {
            Ok(found) => Ok((found, pass)),
            Err(error) => {
                pass.not_tried();
                Err(error)
            }
        }
    }
}
