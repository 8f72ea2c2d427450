//! What a first proof leaves where a second factor is still to come: an attempt. It is no session and gives no right; without the second
//! factor it leads nowhere. Its sealed text goes to the browser or program and comes back with the code.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::factor::SecondProof;
use super::{Method, Proven, Second};
use crate::accounts::context::{Accounts, Error, Visitor};
use crate::domain::{Transport, UnixTime, UserId};
use crate::store::users::{self, User};
use crate::store::{Authority, Tx, attempts};

/// For how many seconds the second factor may be given.
pub const LIFE: i64 = 5 * 60;
/// With so many wrong codes an attempt is over.
const MOST_TRIES: i64 = 5;
/// Where a sealed attempt belongs.
const PLACE: &str = "sign-in attempt";

/// A first proof that held, and what kind of session was asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attempt {
    id: Uuid,
    user: i64,
    password_version: i64,
    factors_version: i64,
    by_link: bool,
    proved_at: i64,
    expires_at: i64,
    by_program: bool,
    pub(in crate::accounts) remembered: bool,
}

impl Attempt {
    /// Begins one for whoever has given the first proof.
    pub(in crate::accounts) fn begin(
        tx: &mut Tx<'_>,
        proven: &Proven,
        transport: Transport,
        remembered: bool,
        from_known_browser: bool,
        visitor: &Visitor,
    ) -> Result<Self, Error> {
        let user = proven.user();
        let attempt = Self {
            id: Uuid::new_v4(),
            user: user.id.0,
            password_version: user.password_version,
            factors_version: user.factors_version,
            by_link: proven.method() == Method::Link,
            proved_at: proven.at().0,
            expires_at: tx.now.plus(LIFE).0,
            by_program: transport == Transport::Bearer,
            remembered,
        };
        let row = attempts::Attempt {
            id: attempt.id.to_string(),
            user: user.id,
            began_at: tx.now,
            expires_at: UnixTime(attempt.expires_at),
            tries: 0,
            from_known_browser,
            spent: false,
            ip: visitor.ip.clone(),
            user_agent: visitor.user_agent.clone(),
        };
        attempts::add(tx.conn, &row)?;
        Ok(attempt)
    }

    /// As it goes out.
    pub(in crate::accounts) fn seal(&self, accounts: &Accounts) -> Result<String, Error> {
        let text = serde_json::to_vec(self).expect("numbers and booleans can be written as JSON");
        let sealed = accounts.attempt_key.seal(&text, PLACE).map_err(|_| Error::Random)?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// As it came back. `None`: it is none of ours, or too old.
    pub fn open(accounts: &Accounts, sealed: &str, now: UnixTime) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let attempt: Self = serde_json::from_slice(&accounts.attempt_key.open(&sealed, PLACE)?).ok()?;
        (now.0 < attempt.expires_at).then_some(attempt)
    }

    pub fn id(&self) -> Uuid {
        self.id
    }

    pub fn user(&self) -> UserId {
        UserId(self.user)
    }

    /// Whether a program asked for it, and not a page.
    pub fn is_by_program(&self) -> bool {
        self.by_program
    }

    pub(in crate::accounts) fn transport(&self) -> Transport {
        if self.by_program { Transport::Bearer } else { Transport::Cookie }
    }
}

/// An attempt that can be gone on with, as the rows are now.
pub struct Attempted {
    attempt: Attempt,
    pub(in crate::accounts) user: User,
    pub(in crate::accounts) from_known_browser: bool,
}

impl Attempted {
    /// Counts a wrong code. Returns how many tries are left.
    pub(in crate::accounts) fn note_wrong(&self, tx: &mut Tx<'_>) -> Result<i64, Error> {
        let id = self.attempt.id.to_string();
        attempts::note_wrong(tx.conn, &id)?;
        let tries = attempts::find(tx.conn, &id)?.map_or(MOST_TRIES, |attempt| attempt.tries);
        Ok((MOST_TRIES - tries).max(0))
    }

    /// Uses the attempt up: both proofs together.
    pub(in crate::accounts) fn complete(self, tx: &mut Tx<'_>, second: SecondProof) -> Result<Proven, Error> {
        if !attempts::spend(tx.conn, &self.attempt.id.to_string())? {
            return Err(Error::ProofLapsed);
        }
        let (method, password_version) = if self.attempt.by_link {
            (Method::Link, None)
        } else {
            (Method::Password, Some(self.attempt.password_version))
        };
        let at = UnixTime(self.attempt.proved_at);
        let first = Proven { user: self.user, method, password_version, at, second: Second::Nothing };
        Ok(first.and(second))
    }
}

/// Holds as long as the first proof would: the same password, the same factors, the user not shut out; and neither used up nor tried too
/// often.
impl Authority<Error> for Attempt {
    type Granted = Attempted;

    fn judge(self, tx: &mut Tx<'_>) -> Result<Attempted, Error> {
        let user = users::find_unchanged(tx.conn, self.user(), self.password_version, tx.now)?;
        let user = user.filter(|user| user.factors_version == self.factors_version).ok_or(Error::ProofLapsed)?;
        let row = attempts::find(tx.conn, &self.id.to_string())?.ok_or(Error::ProofLapsed)?;
        if tx.now.0 >= self.expires_at || row.spent || row.tries >= MOST_TRIES {
            return Err(Error::ProofLapsed);
        }
        Ok(Attempted { attempt: self, user, from_known_browser: row.from_known_browser })
    }
}
