//! "Confirm it's you": one more proof of identity, for a fresh token in the same session.

use std::sync::Arc;

use uuid::Uuid;

use super::guessing::{note_wrong_code, note_wrong_password};
use super::single_token;
use super::story;
use super::tokens::SignedToken;
use crate::accounts::authority::Mandate;
use crate::accounts::context::{Accounts, Error, Pending, Visitor};
use crate::accounts::proof::factor::{Tried, try_code};
use crate::accounts::proof::passkey::{self, Counted, GivenPasskey};
use crate::accounts::proof::{Proof, Proven, password};
use crate::domain::{By, FactorCode, Methods, Password, Reason, StepKind, TokenType, UnixTime};
use crate::store::Tx;
use crate::store::audit::event::{Event, What};
use crate::store::sessions::{self, Session};
use crate::store::token_blocklist::Entry;
use crate::store::users::{self, User};
use crate::tokens::{Claims, Fault};

/// What somebody gives to confirm who they are.
pub struct Confirmation {
    pub password: Password,
    /// Beside the password, for a proof at level two. `None`: only the password's time is renewed.
    pub code: Option<FactorCode>,
    pub visitor: Visitor,
}

pub enum Outcome {
    Fresh(FreshAccess),
    WrongPassword,
    /// The password was right, and the second factor is not.
    WrongCode,
    /// It was used before. The next one will do.
    UsedCode,
    /// There were too many wrong codes today; a recovery code is still taken.
    TooManyWrong,
}

/// An access token that takes the place of the one that was shown. `csrf` and `remembered` are the session's, for its cookies.
pub struct FreshAccess {
    pub access: SignedToken,
    pub csrf: String,
    pub remembered: bool,
}

/// By the password, and a second factor where one is given. The presented access token is revoked, the refresh token left alone. Hashes.
pub fn confirm(accounts: &Arc<Accounts>, mandate: Mandate, given: Confirmation) -> Pending<Outcome> {
    match prove(accounts, &mandate, &given.password) {
        Ok(Proved::Yes(proof)) => freshen(accounts, mandate, proof, given.code, given.visitor),
        Ok(Proved::No(user)) => {
            let noted = note_wrong_password(accounts, &user, mandate.claims().sid(), given.visitor.ip);
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

/// What the transaction came to.
enum Step {
    Fresh(Box<Freshened>),
    WrongCode,
    /// The session has ended by it.
    OneTooMany,
    UsedCode,
    TooManyWrong,
}

/// The fresh token, whatever the proof.
fn freshen(
    accounts: &Arc<Accounts>,
    mandate: Mandate,
    proof: Proof,
    code: Option<FactorCode>,
    visitor: Visitor,
) -> Pending<Outcome> {
    let claims = Arc::clone(mandate.claims());
    let confirmed = accounts.write((mandate, proof), move |tx, accounts, (acting, proven)| {
        let by = acting.by();
        let session = acting.session.ok_or(Fault::Revoked)?;
        let proven = match code {
            None => proven,
            Some(code) => match try_code(tx, accounts, proven.user(), &code, true, &visitor)? {
                Tried::Right(second) => proven.and(second),
                Tried::Wrong => {
                    let has_ended = note_wrong_code(tx, proven.user(), session.sid, &visitor)?;
                    return Ok(if has_ended { Step::OneTooMany } else { Step::WrongCode });
                }
                Tried::Used => return Ok(Step::UsedCode),
                Tried::TooMany => return Ok(Step::TooManyWrong),
            },
        };
        let fresh = confirmed_by(tx, accounts, &by, &session, &claims, &proven, visitor)?;
        Ok(Step::Fresh(Box::new(fresh)))
    });
    let accounts = Arc::clone(accounts);
    confirmed.then(move |confirmed| match confirmed {
        Ok(Step::Fresh(fresh)) => Ok(Outcome::Fresh(fresh.sign(&accounts)?)),
        Ok(Step::WrongCode) => Ok(Outcome::WrongCode),
        Ok(Step::UsedCode) => Ok(Outcome::UsedCode),
        Ok(Step::TooManyWrong) => Ok(Outcome::TooManyWrong),
        // Or the password was changed meanwhile, and with it every session of before has ended.
        Ok(Step::OneTooMany) | Err(Error::ProofLapsed) => Err(Fault::Revoked.into()),
        Err(error) => Err(error),
    })
}

pub enum ByPasskey {
    Fresh(FreshAccess),
    /// Its count had gone back: somebody may hold a copy.
    CountWentBack,
    /// It was used for this before, or is gone.
    Over,
}

/// The same by a passkey instead of the password: all that can be proved, at once. Hashes nothing.
pub fn confirm_by_passkey(
    accounts: &Arc<Accounts>,
    mandate: Mandate,
    given: GivenPasskey,
    visitor: Visitor,
) -> Pending<ByPasskey> {
    let claims = Arc::clone(mandate.claims());
    let confirmed = accounts.write((mandate, given), move |tx, accounts, (acting, shown)| {
        let by = acting.by();
        let session = acting.session.ok_or(Fault::Revoked)?;
        let user = shown.user().clone();
        let proven = match shown.count(tx)? {
            Counted::Good(proof) => passkey::proven(user, proof),
            Counted::WentBack => return Ok(None),
        };
        confirmed_by(tx, accounts, &by, &session, &claims, &proven, visitor).map(Some)
    });
    let accounts = Arc::clone(accounts);
    confirmed.then(move |confirmed| match confirmed {
        Ok(Some(fresh)) => Ok(ByPasskey::Fresh(fresh.sign(&accounts)?)),
        Ok(None) => Ok(ByPasskey::CountWentBack),
        Err(Error::ProofLapsed) => Ok(ByPasskey::Over),
        Err(error) => Err(error),
    })
}

fn confirmed_by(
    tx: &mut Tx<'_>,
    accounts: &Accounts,
    by: &By,
    session: &Session,
    claims: &Claims,
    proven: &Proven,
    visitor: Visitor,
) -> Result<Freshened, Error> {
    let proved = Proofs {
        // Not before a rotation that came in between: its access token is the one that is revoked here.
        auth_time: proven.at().max(session.rotated_at),
        password: proven.password_version(),
        methods: session.methods.and(proven.methods()),
        factor_time: proven.factor_time().or(session.factor_time),
    };
    let user = proven.user();
    let mut confirmed = Session { wrong_passwords: 0, ..session.clone() };
    story::note(tx, &mut confirmed, StepKind::Confirmed, &visitor)?;
    let fresh = freshen_in(tx, accounts, user, claims, (session, confirmed), proved)?;
    Event::new(What::Confirmed, by).user(user.id).session(session.sid).record(tx)?;
    let (sid, name, amr) = (session.sid.short(), user.username.clone(), fresh.session.methods);
    tx.after_commit(move || {
        tracing::info!(event = "confirmed", user = %name, session = sid, ip = visitor.ip, %amr);
    });
    Ok(fresh)
}

/// What is proved in a session from now on.
pub(in crate::accounts) struct Proofs {
    pub(in crate::accounts) auth_time: UnixTime,
    /// The version of the password that was given. `None`: none was.
    pub(in crate::accounts) password: Option<i64>,
    pub(in crate::accounts) methods: Methods,
    pub(in crate::accounts) factor_time: Option<UnixTime>,
}

/// A session to which more was proved. The access token for it is made outside the transaction.
pub(in crate::accounts) struct Freshened {
    session: Session,
    subject: String,
    jti: Uuid,
    now: UnixTime,
}

impl Freshened {
    pub(in crate::accounts) fn sign(self, accounts: &Accounts) -> Result<FreshAccess, Error> {
        let Self { session, subject, jti, now } = self;
        let fresh = accounts.fresh_since(session.auth_time);
        Ok(FreshAccess {
            access: accounts.extra_access(&subject, &session, fresh, jti, now)?,
            csrf: accounts.csrf(&session),
            remembered: session.remembered,
        })
    }
}

/// Stores what was proved, and puts another access token in the place of the one that was shown. `used`: the session before, and with what
/// this use of it has changed.
pub(in crate::accounts) fn freshen_in(
    tx: &mut Tx<'_>,
    accounts: &Accounts,
    user: &User,
    claims: &Claims,
    (session, used): (&Session, Session),
    proved: Proofs,
) -> Result<Freshened, Error> {
    // Of the generation that was shown: the row may be ahead by an answer that was lost, and a token of that generation would count as
    // its first use.
    let generation = claims.session.map_or(session.generation, |shown| shown.generation);
    let is_current = generation == session.generation;
    let mut confirmed = Session {
        auth_time: proved.auth_time,
        proved_password: proved.password,
        methods: proved.methods,
        factor_time: proved.factor_time,
        confirmations: session.confirmations + i64::from(is_current),
        ..used
    };
    accounts.note_access(&mut confirmed, tx.now);
    if !sessions::note_use(tx.conn, session, &confirmed)? {
        return Err(Fault::Revoked.into());
    }
    if let (Some(jti), TokenType::Access) = (claims.jti.clone(), claims.token_type) {
        let entry = Entry {
            jti,
            token_type: TokenType::Access,
            user: user.id,
            sid: Some(confirmed.sid),
            revoked_at: tx.now,
            expires_at: claims.expires_at,
            reason: Reason::Superseded,
            by: By::User(user.id).user(),
        };
        single_token::block(tx, &entry)?;
    }
    // One that belongs to the current pair becomes void with it.
    let jti = if is_current { accounts.confirmed_jti(&confirmed) } else { Uuid::new_v4() };
    let subject = accounts.standing(user).subject().to_owned();
    Ok(Freshened { session: Session { generation, ..confirmed }, subject, jti, now: tx.now })
}
