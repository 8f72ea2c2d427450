//! The people of the demo, and how they do what they do: by the acts that a click or call does.

use std::sync::Arc;

use crate::accounts::apps::entry::{self, CodeShown, Led};
use crate::accounts::people::add::{Added, add_user};
use crate::accounts::people::details::{Change, Changes, edit};
use crate::accounts::sessions::renew::{Renewal, renew};
use crate::accounts::sessions::sign_in::{Credentials, Outcome, SignIn, sign_in};
use crate::accounts::sessions::sign_out::sign_out;
use crate::accounts::sessions::tokens::Pair;
use crate::accounts::{Accounts, LevelNeeded, Mandate, Needs, OwnToken, Visitor};
use crate::cli::operator::operator;
use crate::cli::output::Failure;
use crate::clock::Clock;
use crate::domain::{
    DisplayName, NewPassword, OriginId, Password, PasswordRules, Role, SessionId, Transport, UnixTime, UserId, Username,
};
use crate::store::users;

/// Everybody's.
pub(super) const PASSWORD: &str = "plum otter lantern 47 quay";

/// Where somebody is, and with what.
#[derive(Clone, Copy)]
pub(super) struct Place {
    ip: &'static str,
    agent: &'static str,
    transport: Transport,
}

const fn browser(ip: &'static str, agent: &'static str) -> Place {
    Place { ip, agent, transport: Transport::Cookie }
}

// Addresses for documentation. (RFC 5737, RFC 3849)
pub(super) const OFFICE: Place =
    browser("192.0.2.10", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
pub(super) const HOME: Place = browser(
    "2001:db8:85a3::7",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
);
pub(super) const PHONE: Place = browser(
    "198.51.100.23",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
);
pub(super) const TRAIN: Place = browser(
    "198.51.100.200",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
);
pub(super) const ELSEWHERE: Place = browser(
    "203.0.113.77",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/109.0.0.0 Safari/537.36",
);
pub(super) const SCRIPT: Place =
    Place { ip: "192.0.2.44", agent: "python-requests/2.32.5", transport: Transport::Bearer };

impl Place {
    fn visitor(self) -> Visitor {
        Visitor { ip: self.ip.into(), user_agent: self.agent.into() }
    }
}

/// Somebody who is signed in somewhere.
pub(super) struct SignedIn {
    user: UserId,
    place: Place,
    pub(super) pair: Pair,
}

impl SignedIn {
    pub(super) fn sid(&self) -> SessionId {
        self.pair.id.sid
    }
}

/// Where it happens: an installation, and a clock that only goes forwards.
pub(super) struct Stage {
    pub(super) accounts: Arc<Accounts>,
    clock: Clock,
    today: UnixTime,
}

impl Stage {
    /// `today`: when the fortnight ends.
    pub(super) fn new(accounts: Arc<Accounts>, clock: Clock, today: UnixTime) -> Self {
        Self { accounts, clock, today }
    }

    /// Lets time pass until so many minutes before the end.
    pub(super) fn minutes_ago(&self, minutes: i64) {
        let ahead = self.today.plus(-60 * minutes).since(self.clock.now());
        assert!(ahead >= 0, "what happens is told in order");
        self.clock.advance(ahead);
    }

    pub(super) fn hours_ago(&self, hours: i64) {
        self.minutes_ago(60 * hours);
    }

    pub(super) fn add(&self, name: &str, display_name: &str, role: Role) -> Result<(), Failure> {
        let accounts = &self.accounts;
        let username = named(name)?;
        let rules = PasswordRules { min_length: accounts.config.password.min_length, context: &[] };
        let password =
            NewPassword::parse(PASSWORD.into(), Some(&username), rules).map_err(|fault| format!("{fault:?}"))?;
        match add_user(accounts, operator(), username, &password, role, None).committed()? {
            Added::Added => {}
            Added::NameTaken(_) | Added::MailTaken(_) => return Err(format!("there are two called {name}").into()),
        }
        let display_name = DisplayName::parse(display_name).map_err(|fault| format!("{fault:?}"))?;
        let changes = Changes { display_name: Change::To(display_name), ..Changes::default() };
        edit(accounts, operator(), self.user(name)?, changes).committed()?;
        Ok(())
    }

    pub(super) fn user(&self, name: &str) -> Result<UserId, Failure> {
        let name = named(name)?;
        let found = self.accounts.db.read(|conn| users::find_by_name(conn, &name))?;
        Ok(found.ok_or("there is no such user")?.id)
    }

    /// Signs in with the password that everybody has.
    pub(super) fn signs_in(&self, name: &str, place: Place) -> Result<SignedIn, Failure> {
        match self.tries(name, PASSWORD, place)? {
            Outcome::SignedIn(done) => Ok(SignedIn { user: self.user(name)?, place, pair: done.pair }),
            Outcome::SecondFactorNeeded(_) | Outcome::BadCredentials | Outcome::Disabled => {
                Err(format!("{name} could not sign in").into())
            }
        }
    }

    pub(super) fn mistypes(&self, name: &str, place: Place) -> Result<(), Failure> {
        self.tries(name, "not the password", place).map(drop)
    }

    fn tries(&self, name: &str, password: &str, place: Place) -> Result<Outcome, Failure> {
        let password = Password::parse(password.into()).map_err(|_| "the password is too long")?;
        let asked = SignIn {
            credentials: Credentials { username: name.into(), password },
            transport: place.transport,
            remembered: true,
            replaces: None,
            own_typos: Vec::new(),
            devices: Vec::new(),
            visitor: place.visitor(),
        };
        Ok(sign_in(&self.accounts, asked).committed()?)
    }

    /// Shows a refresh token. Returns what that gave; `None`: the session is over.
    pub(super) fn shows(&self, refresh: &str, place: Place) -> Result<Option<Pair>, Failure> {
        let policy = self.accounts.config.second_factor;
        let renewed = renew(&self.accounts, self.own(refresh, place)?, place.transport, policy, place.visitor());
        match renewed.committed()? {
            Renewal::Pair { pair, .. } => Ok(Some(pair)),
            Renewal::Over => Ok(None),
            Renewal::Access { .. } | Renewal::WrongTransport | Renewal::BelowPolicy(_) => Err("no renewal".into()),
        }
    }

    /// Goes on with the session.
    pub(super) fn comes_back(&self, who: &mut SignedIn) -> Result<(), Failure> {
        who.pair = self.shows(&who.pair.refresh.text, who.place)?.ok_or("the session is over")?;
        Ok(())
    }

    pub(super) fn signs_out(&self, who: SignedIn) -> Result<(), Failure> {
        let token = self.own(&who.pair.refresh.text, who.place)?;
        Ok(sign_out(&self.accounts, token, None).committed()?)
    }

    fn own(&self, token: &str, place: Place) -> Result<OwnToken, Failure> {
        let claims = self.accounts.engine.decode(token, None, self.accounts.now())?;
        Ok(OwnToken { claims, ip: place.ip.into() })
    }

    /// By what right somebody acts who has just signed in, or come back.
    pub(super) fn mandate(&self, who: &SignedIn, role: Role) -> Result<Mandate, Failure> {
        let claims = self.accounts.engine.decode(&who.pair.access.text, None, self.accounts.now())?;
        let policy = self.accounts.config.second_factor;
        let needs = Needs { role, max_age: None, level: LevelNeeded::Any, policy };
        Ok(Mandate::new(who.user, claims, needs, who.place.ip.into()))
    }

    /// Goes through the gate into an app.
    pub(super) fn enters(&self, who: &SignedIn, origin: OriginId) -> Result<(), Failure> {
        let nonce = entry::secret()?;
        let hash = entry::nonce_hash(&nonce.text);
        let mandate = self.mandate(who, Role::User)?;
        let Led::Code(code) = entry::lead(&self.accounts, mandate, origin, hash, "/".into()).committed()? else {
            return Err("the gate let nobody in".into());
        };
        entry::enter(&self.accounts, CodeShown { code, nonce: nonce.text, origin }).committed()?;
        Ok(())
    }
}

pub(super) fn named(name: &str) -> Result<Username, Failure> {
    Ok(Username::parse(name).map_err(|fault| format!("{name}: {fault:?}"))?)
}
