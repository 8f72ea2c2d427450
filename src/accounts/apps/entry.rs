//! How somebody who is signed in here enters an app: by a code that leads their browser there, for which the app's host gets a pass.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};

use super::check::{may_enter, require_session, session_has_proved_enough};
use crate::accounts::authority::Mandate;
use crate::accounts::context::{Accounts, Error, Pending};
use crate::accounts::level::require_by_policy;
use crate::accounts::proof::secrets;
use crate::blocklist::change::Change;
use crate::blocklist::gate::Place;
use crate::domain::{AppAlgorithm, GroupName, OriginId, PASS_LIFE, PassKey, Transport, UnixTime};
use crate::store::passes::{self, Code, Pass};
use crate::store::sessions::{self, Session};
use crate::store::users::{self, User};
use crate::store::{Authority, Tx, apps, groups};
use crate::tokens::Fault;

/// For how many seconds a code leads into an app.
const CODE_LIFE: i64 = 30;

/// A secret that is handed over once, and what stands for it.
pub struct Secret {
    pub text: String,
    pub hash: String,
}

/// A new one, at random.
pub fn secret() -> Result<Secret, Error> {
    let text = secrets::random()?;
    Ok(Secret { hash: secrets::hash(&text), text })
}

/// What stands for a browser's nonce where it is sent along: 128 bits, for addresses are to be short.
pub fn nonce_hash(nonce: &str) -> String {
    secrets::hash(nonce).chars().take(32).collect()
}

/// What a pass is found by. `None`: what the browser holds can be no pass.
pub fn pass_key(shown: &[u8]) -> Option<PassKey> {
    /// 256 bits in Base64.
    const PASS_BYTES: usize = 43;
    if shown.len() != PASS_BYTES {
        return None;
    }
    let hash = digest(&SHA256, shown);
    let first = hash.as_ref().first_chunk::<16>()?;
    Some(PassKey(*first))
}

/// What somebody gets who asks to enter.
pub enum Led {
    /// The code that leads into the app.
    Code(String),
    /// They may not enter.
    Denied,
    /// There is no app there any more.
    NoSuchApp,
}

/// Makes a code for the browser that holds the nonce at the app's host.
pub fn lead(
    accounts: &Arc<Accounts>,
    mandate: Mandate,
    origin: OriginId,
    nonce_hash: String,
    path: String,
) -> Pending<Led> {
    let code = match secret() {
        Ok(code) => code,
        Err(error) => return Pending::known(Err(error)),
    };
    // They are there before the browser comes to the app.
    accounts.app_keys.want(AppAlgorithm::ES256);
    accounts.write(mandate, move |tx, accounts, acting| {
        let session = acting.session.ok_or(Fault::Revoked)?;
        let Some(place) = accounts.blocklist.place(origin) else { return Ok(Led::NoSuchApp) };
        let groups = groups::names_of(tx.conn, acting.user.id)?;
        if !may_enter(&place.app, acting.user.id, acting.user.role, &groups) {
            let (app, user) = (place.app.name.to_string(), acting.user.username);
            tx.after_commit(move || tracing::info!(event = "app_denied", app, user = %user));
            return Ok(Led::Denied);
        }
        require_session(&place.app, &session, tx.now)?;
        let row =
            Code { hash: code.hash, sid: session.sid, origin, nonce_hash, path, expires_at: tx.now.plus(CODE_LIFE) };
        passes::add_code(tx.conn, &row, tx.now)?;
        Ok(Led::Code(code.text))
    })
}

/// A browser that shows a code at an app's host, and the nonce that it was made for.
pub struct CodeShown {
    pub code: String,
    pub nonce: String,
    pub origin: OriginId,
}

/// Whom a code lets in.
pub struct Entering {
    session: Session,
    user: User,
    path: String,
}

impl Authority<Error> for CodeShown {
    type Granted = Entering;

    /// The code is used up, and all that made it good is looked at again: the session, the user, and what was proved.
    fn judge(self, tx: &mut Tx<'_>) -> Result<Entering, Error> {
        let (code, nonce) = (secrets::hash(&self.code), nonce_hash(&self.nonce));
        let spent = passes::spend_code(tx.conn, &code, self.origin, &nonce, tx.now)?.ok_or(Error::ProofLapsed)?;
        let goes_on = |session: &Session| {
            session.end.is_none() && session.expires_at > tx.now && session.transport == Transport::Cookie
        };
        let session = sessions::find(tx.conn, spent.sid)?.filter(goes_on).ok_or(Error::ProofLapsed)?;
        let user = users::find(tx.conn, session.user)?.filter(|user| !user.is_shut_out(tx.now));
        let user = user.ok_or(Error::ProofLapsed)?;
        Ok(Entering { session, user, path: spent.path })
    }
}

/// A pass that was made.
pub struct Entered {
    /// What the browser is to hold.
    pub pass: String,
    /// For how many seconds the browser is to keep it. `None`: until it is closed, like the cookies of the session.
    pub life: Option<i64>,
    /// The page that was asked for.
    pub path: String,
}

/// Makes a pass for the browser that shows the code. [`Error::ProofLapsed`]: the code is not good, or what stood behind it.
pub fn enter(accounts: &Arc<Accounts>, shown: CodeShown) -> Pending<Entered> {
    let pass = match secrets::random() {
        Ok(pass) => pass,
        Err(error) => return Pending::known(Err(error)),
    };
    let origin = shown.origin;
    accounts.write(shown, move |tx, accounts, entering| {
        let Entering { session, user, path } = entering;
        let place = accounts.blocklist.place(origin).ok_or(Error::ProofLapsed)?;
        let groups = groups::names_of(tx.conn, user.id)?;
        require_entry(accounts, &place, &session, (&user, &groups), tx.now)?;
        // All apps are read, but there are few; and memory may be behind a command's change.
        let app = apps::find(tx.conn, place.app.id)?.ok_or(Error::ProofLapsed)?;
        let key = pass_key(pass.as_bytes()).expect("a secret of 256 bits has the length of a pass");
        let row = Pass {
            key,
            sid: session.sid,
            user: user.id,
            origin,
            made_at: tx.now,
            expires_at: tx.now.plus(PASS_LIFE).min(session.expires_at),
            methods: session.methods,
            auth_time: session.auth_time,
            factor_time: session.factor_time,
        };
        let beyond = passes::add(tx.conn, &row)?;
        passes::note_entry(tx.conn, session.sid, &app, tx.now)?;
        let standing = Arc::new(accounts.standing(&user));
        tx.change(Change::PassMade(key, row.in_memory(standing)));
        tx.change(Change::PassesEnded(beyond));
        let (name, sid) = (app.name.to_string(), session.sid.short());
        tx.after_commit(
            move || tracing::info!(event = "app_entered", app = name, user = %user.username, session = sid),
        );
        let life = session.remembered.then(|| row.expires_at.since(tx.now));
        Ok(Entered { pass, life, path })
    })
}

fn require_entry(
    accounts: &Accounts,
    place: &Place,
    session: &Session,
    (user, groups): (&User, &[GroupName]),
    now: UnixTime,
) -> Result<(), Error> {
    let level = session.methods.level();
    let is_enough = session_has_proved_enough(&place.app, session, now);
    require_by_policy(accounts.config.second_factor, user.role, user.factors > 0, level, now)?;
    if is_enough && may_enter(&place.app, user.id, user.role, groups) { Ok(()) } else { Err(Error::ProofLapsed) }
}

/// Whoever holds a pass may give it up.
pub struct PassShown(pub PassKey);

impl Authority<Error> for PassShown {
    type Granted = PassKey;

    fn judge(self, _: &mut Tx<'_>) -> Result<PassKey, Error> {
        Ok(self.0)
    }
}

/// Ends a pass: the browser leaves this app, and stays signed in here. `false`: there was none.
pub fn leave(accounts: &Arc<Accounts>, shown: PassShown) -> Pending<bool> {
    accounts.write(shown, |tx, accounts, key| {
        let Some((sid, origin)) = passes::remove(tx.conn, key)? else { return Ok(false) };
        tx.change(Change::PassesEnded(vec![key]));
        let app = accounts.blocklist.place(origin).map(|place| place.app.name.to_string());
        tx.after_commit(move || tracing::info!(event = "app_left", app, session = sid.short()));
        Ok(true)
    })
}
