//! The acts: what a person, an admin or the operator can do, one file each. Synchronous; they know neither HTTP nor pages.

mod add_user;
mod admit;
mod apps;
mod bearer_secret;
mod blocklist_contents;
mod change_password;
mod confirm;
mod doors;
mod end_session;
mod last_seen;
mod log_in;
mod mint;
mod one_time_links;
mod prune;
mod renew;
mod rotation;
mod set_up;
mod story;
mod user_state;

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

pub use add_user::{Added, add_user, set_password};
pub use admit::{NotAdmitted, admit};
pub use apps::{AppCredentials, add_app, is_app, remove_app};
pub use blocklist_contents::{load_blocklist, memory_has_gaps, remember_user};
pub use change_password::{ChangePassword, Changed, change_password};
pub use confirm::{Confirmed, confirm};
pub use doors::{KNOWN_FOR, knock, note_stranger};
use end_session::block_token;
pub use end_session::{End, Ended, JustEnded, Which, end_sessions, end_stolen, log_out, note_seen, revoke_for_app};
pub use last_seen::{LastSeen, flush_last_seen};
pub use log_in::{Credentials, LogIn, LogInOutcome, News, log_in};
pub use mint::{MintKeys, Pair, SignedToken, access_for_peer};
pub use one_time_links::{Invited, MadeLink, Used, find_link, invite, new_link, use_link};
pub use prune::{PruneClock, close_run_out, prune};
pub use renew::{Renewal, renew, would_renew};
pub use set_up::{SetUp, make_setup_link, set_up, setup_link_is_good};
pub use user_state::{StateChange, delete_user, disable, disable_due, enable, schedule_disable, set_role};

use crate::blocklist::{Blocklist, Standing};
use crate::config::{ForeignTokens, Rotate, Subject};
use crate::domain::{PasswordRules, UnixTime, UserId};
use crate::password::Passwords;
use crate::store::Db;
use crate::store::users::{self, User};
use crate::throttle::Throttle;
use crate::tokens::{Engine, Fresh};

/// What the acts work with.
pub struct Accounts {
    pub db: Db,
    pub blocklist: Arc<Blocklist>,
    pub last_seen: LastSeen,
    pub passwords: Passwords,
    pub throttle: Throttle,
    /// When what is old was last let go of; 0: not since the start.
    pub last_prune: AtomicI64,
    /// The blocklist in memory holds whatever could be shown at this moment or later.
    pub complete_since: AtomicI64,
    pub engine: Engine,
    pub mint_keys: MintKeys,
    pub rules: Rules,
}

/// The settings that the acts go by. Durations in seconds.
#[derive(Clone, Debug)]
pub struct Rules {
    pub subject: Subject,
    pub foreign_tokens: ForeignTokens,
    /// Whether a peer's token needs a `jti`: without one it can't be revoked by itself.
    pub require_jti: bool,
    /// A session's life when "keep me signed in" is ticked, and a bearer session's.
    pub absolute: i64,
    /// A session's life otherwise.
    pub short_absolute: i64,
    /// Unused for this long, a session is over.
    pub idle: i64,
    /// `None`: as long as the session.
    pub access_lifetime: Option<i64>,
    /// `None`: as long as the session.
    pub refresh_lifetime: Option<i64>,
    /// For how long a proof of identity counts.
    pub fresh_for: i64,
    /// Whether `fresh` is a plain `true`, as the library writes it.
    pub plain_fresh: bool,
    pub rotate: Rotate,
    /// How many open sessions of programs a user may have.
    pub bearer_limit: i64,
    /// For how long after a rotation the predecessor gets the same successor.
    pub grace: i64,
    pub min_password_length: usize,
    pub password_context: Vec<String>,
}

impl Rules {
    pub fn password_rules(&self) -> PasswordRules<'_> {
        PasswordRules { min_length: self.min_password_length, context: &self.password_context }
    }

    /// The `fresh` claim of a token given for a proof of identity.
    fn fresh_from(&self, auth_time: UnixTime) -> Fresh {
        if self.plain_fresh { Fresh::Yes } else { Fresh::until(auth_time.plus(self.fresh_for)) }
    }
}

impl Accounts {
    /// What a request's check needs to know of the user.
    pub fn standing(&self, user: &User) -> Standing {
        self.standing_of(user.into())
    }

    fn standing_of(&self, user: users::Standing) -> Standing {
        Standing {
            user: user.id,
            subject: match self.rules.subject {
                Subject::Username => user.username.as_str().to_owned(),
                Subject::Id => user.id.to_string(),
            },
            username: user.username,
            role: user.role,
            tokens_valid_from: user.tokens_valid_from,
            disable_at: user.disable_at,
        }
    }
}

/// Who asks: address and browser, as far as Portero can tell.
#[derive(Clone, Debug)]
pub struct Client {
    pub ip: String,
    pub user_agent: String,
}

impl Client {
    const MAX_USER_AGENT_CHARS: usize = 300;

    pub fn new(ip: String, user_agent: &str) -> Self {
        let user_agent = user_agent.chars().filter(|c| !c.is_control()).take(Self::MAX_USER_AGENT_CHARS).collect();
        Self { ip, user_agent }
    }
}

/// Why an act could not be carried out. What a person can do wrong is no error but part of an act's outcome.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    #[error("a password could not be checked")]
    Password(#[from] crate::password::Error),
    #[error("a token could not be made")]
    Issue(#[from] crate::tokens::IssueError),
    #[error("the system has no random numbers")]
    Random,
    /// Undoes a transaction whose session was ended by somebody else in the meantime.
    #[error("the session is over")]
    SessionOver,
}

/// Who did it, for the records: a user, or the command line.
pub type By = Option<UserId>;
