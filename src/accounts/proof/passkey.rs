//! Proof by a passkey, which is both factors at once. What the browser is asked goes out with a sealed challenge that comes back with the answer, and is
//! good for five minutes and one use.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::attempt::{Attempt, Attempted};
use super::factor::SecondProof;
use super::{Method, Proven, Second};
use crate::accounts::context::{Accounts, Error, Visitor};
use crate::domain::{By, FactorId, FactorKind, Means, Methods, SessionId, UnixTime, UserId, Username};
use crate::passkeys::strict::Answer;
use crate::passkeys::{Begun, LIFE, Passkeys, Refusal};
use crate::store::audit::event::{Details, Event, What};
use crate::store::factors::{self, LastUse};
use crate::store::passkeys;
use crate::store::users::{self, User};
use crate::store::{self, Authority, Conn, Tx, spent_challenges};

/// Where a challenge belongs: its answer does nothing anywhere else.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// A sign-in by the passkey alone.
    SignIn,
    /// The second step of this sign-in.
    SecondStep(Uuid),
    /// A confirmation in this session.
    Confirmation(SessionId),
    /// A new passkey, made in this session.
    Registration(SessionId),
}

impl Place {
    fn sealed_as(self) -> String {
        match self {
            Self::SignIn => "passkey sign-in".into(),
            Self::SecondStep(attempt) => format!("passkey attempt {attempt}"),
            Self::Confirmation(sid) => format!("passkey confirmation {sid}"),
            Self::Registration(sid) => format!("passkey registration {sid}"),
        }
    }
}

/// What a page asks the browser.
pub struct Asked {
    /// JSON, for the page's script.
    pub options: String,
    /// Comes back with the answer.
    pub challenge: String,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Shown {
    pub challenge: String,
    pub answer: String,
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Challenge {
    id: Uuid,
    expires_at: i64,
    state: String,
    /// Of a registration: the version of the person's factors. Whatever was added since voids it, and so does what it adds itself.
    factors_version: Option<i64>,
}

/// What the challenge of a ceremony was.
pub(in crate::accounts) struct Opened {
    pub(in crate::accounts) state: String,
    pub(in crate::accounts) factors_version: Option<i64>,
    spends: Spends,
}

/// A challenge that is to be used up.
#[derive(Clone, Copy)]
struct Spends {
    id: Uuid,
    expires_at: UnixTime,
}

/// Seals what a ceremony has begun with.
pub(in crate::accounts) fn seal(
    accounts: &Accounts,
    begun: Begun,
    place: Place,
    factors_version: Option<i64>,
) -> Result<Asked, Error> {
    let challenge =
        Challenge { id: Uuid::new_v4(), expires_at: accounts.now().plus(LIFE).0, state: begun.state, factors_version };
    let text = serde_json::to_vec(&challenge).expect("numbers and texts can be written as JSON");
    let sealed = accounts.attempt_key.seal(&text, &place.sealed_as()).map_err(|_| Error::Random)?;
    Ok(Asked { options: begun.options, challenge: URL_SAFE_NO_PAD.encode(sealed) })
}

/// Opens a challenge that came back. `None`: it is none of ours, belongs elsewhere, or is too old.
pub(in crate::accounts) fn open(accounts: &Accounts, sealed: &str, place: Place, now: UnixTime) -> Option<Opened> {
    let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    let text = accounts.attempt_key.open(&sealed, &place.sealed_as())?;
    let Challenge { id, expires_at, state, factors_version } = serde_json::from_slice(&text).ok()?;
    let expires_at = UnixTime(expires_at);
    (now < expires_at).then_some(Opened { state, factors_version, spends: Spends { id, expires_at } })
}

/// Asks for a passkey. `allowed`: the ids of those that will do; none: whichever there is, so that nobody learns who has some.
pub fn ask(accounts: &Accounts, here: &Passkeys, place: Place, allowed: &[String]) -> Result<Asked, Error> {
    seal(accounts, here.begin_use(allowed)?, place, None)
}

/// What came of an answer, its count left aside.
pub enum Checked {
    Good(Box<GivenPasskey>),
    /// The challenge is too old, or belongs elsewhere.
    Lapsed,
    /// Nobody has a passkey with this id; it was removed, perhaps.
    Unknown {
        credential_id: String,
    },
    /// The answer was good, so whoever gave it may know.
    Disabled,
    Refused(Refusal),
}

/// Checks an answer: whose passkey it is, and whether it was made for this challenge. Changes nothing.
pub fn check(
    accounts: &Accounts,
    here: &Passkeys,
    conn: &mut Conn,
    place: Place,
    shown: &Shown,
    visitor: &Visitor,
) -> Result<Checked, store::Error> {
    let now = accounts.now();
    let Some(opened) = open(accounts, &shown.challenge, place, now) else { return Ok(Checked::Lapsed) };
    let Some(answer) = Answer::parse(&shown.answer) else { return Ok(Checked::Refused(Refusal::Unreadable)) };
    let Some((owner, passkey)) = passkeys::find(conn, &answer.credential_id)? else {
        return Ok(Checked::Unknown { credential_id: answer.credential_id });
    };
    let Some(user) = users::find(conn, owner)? else { return Ok(Checked::Refused(Refusal::OtherPerson)) };
    let Some(handle) = handle(&user) else { return Ok(Checked::Refused(Refusal::OtherPerson)) };
    let used = match here.check_use(&opened.state, &answer, &passkey.credential, handle) {
        Ok(used) => used,
        Err(refusal) => return Ok(Checked::Refused(refusal)),
    };
    if user.is_shut_out(now) {
        return Ok(Checked::Disabled);
    }
    Ok(Checked::Good(Box::new(GivenPasskey {
        user: owner,
        username: user.username,
        factor: passkey.factor,
        method: if passkey.may_be_copied { Methods::SOFTWARE_KEY } else { Methods::HARDWARE_KEY },
        counter: used.counter,
        backed_up: used.backed_up,
        spends: opened.spends,
        visitor: visitor.clone(),
    })))
}

/// By what authenticators know the account: random, and never the name. `None`: the row was made by another hand.
pub(in crate::accounts) fn handle(user: &User) -> Option<Uuid> {
    Uuid::try_parse(&user.uid).ok()
}

/// An answer that was good when it was checked.
pub struct GivenPasskey {
    user: UserId,
    username: Username,
    factor: FactorId,
    method: Methods,
    counter: i64,
    backed_up: bool,
    spends: Spends,
    visitor: Visitor,
}

impl GivenPasskey {
    /// Whose it is.
    pub fn username(&self) -> &Username {
        &self.username
    }

    /// Spends the challenge, if the passkey and its person are still what they were.
    fn shown(self, tx: &mut Tx<'_>) -> Result<ShownPasskey, Error> {
        tx.from.get_or_insert_with(|| self.visitor.ip.clone());
        let Spends { id, expires_at } = self.spends;
        if tx.now >= expires_at || !spent_challenges::spend(tx.conn, &id.to_string(), expires_at)? {
            return Err(Error::ProofLapsed);
        }
        let user = users::find(tx.conn, self.user)?.filter(|user| !user.is_shut_out(tx.now));
        let user = user.ok_or(Error::ProofLapsed)?;
        let factor = factors::find(tx.conn, user.id, self.factor)?.ok_or(Error::ProofLapsed)?;
        Ok(ShownPasskey { given: self, user, name: factor.name })
    }
}

/// A passkey whose challenge is spent, in this transaction. It proves nothing before it is counted.
pub struct ShownPasskey {
    given: GivenPasskey,
    user: User,
    name: String,
}

/// What came of counting a use.
pub(in crate::accounts) enum Counted {
    Good(SecondProof),
    /// The count had gone back: somebody may hold a copy. It is marked.
    WentBack,
}

impl ShownPasskey {
    pub(in crate::accounts) fn user(&self) -> &User {
        &self.user
    }

    /// Counts the use.
    pub(in crate::accounts) fn count(self, tx: &mut Tx<'_>) -> Result<Counted, Error> {
        let GivenPasskey { factor, method, counter, backed_up, visitor, .. } = self.given;
        if passkeys::note_used(tx.conn, factor, counter, backed_up)? {
            let used = LastUse { at: tx.now, ip: visitor.ip, user_agent: visitor.user_agent };
            factors::note_last_use(tx.conn, factor, &used)?;
            return Ok(Counted::Good(SecondProof { at: tx.now, method, means: Means::Passkey }));
        }
        passkeys::mark(tx.conn, factor, tx.now)?;
        let details = Details::Factor { kind: FactorKind::Passkey, name: self.name };
        let event = Event::new(What::PasskeyCountWentBack, &By::Portero).user(self.user.id).details(details);
        event.record(tx)?;
        let (user, ip) = (self.user.username, visitor.ip);
        tx.after_commit(move || tracing::warn!(event = "passkey_count_went_back", %user, ip));
        Ok(Counted::WentBack)
    }
}

/// The whole sign-in of whoever has shown a passkey.
pub(in crate::accounts) fn proven(user: User, proof: SecondProof) -> Proven {
    let second = Second::Given { at: proof.at, method: proof.method, means: Some(proof.means) };
    Proven { user, method: Method::Passkey, password_version: None, at: proof.at, second }
}

impl Authority<Error> for GivenPasskey {
    type Granted = ShownPasskey;

    fn judge(self, tx: &mut Tx<'_>) -> Result<ShownPasskey, Error> {
        self.shown(tx)
    }
}

/// A second step by a passkey: the attempt goes on, and the passkey is of the same person.
impl Authority<Error> for (Attempt, GivenPasskey) {
    type Granted = (Attempted, ShownPasskey);

    fn judge(self, tx: &mut Tx<'_>) -> Result<Self::Granted, Error> {
        let (attempt, given) = self;
        let attempted = attempt.judge(tx)?;
        let shown = given.shown(tx)?;
        if attempted.user.id == shown.user.id { Ok((attempted, shown)) } else { Err(Error::ProofLapsed) }
    }
}
