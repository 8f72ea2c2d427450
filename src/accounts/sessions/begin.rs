//! The only way to a session: from a proof that held in this very transaction.

use std::sync::Arc;

use uuid::Uuid;

use super::end::end;
use super::status::give_place;
use super::story;
use crate::accounts::context::{Accounts, Error, Visitor};
use crate::accounts::mails::letter::Letter;
use crate::accounts::mails::post::{Message, post};
use crate::accounts::proof::Proven;
use crate::accounts::proof::sign_in_limits::{Account, knows_browser};
use crate::accounts::same_place::network_of;
use crate::blocklist::change::Change;
use crate::domain::{By, Reason, SessionId, Transport, UserId};
use crate::store::audit::event::{Details, Event, What};
use crate::store::hourly_counts::Counted;
use crate::store::outbox::Kind;
use crate::store::session_ends::{self, Which};
use crate::store::sessions::{self, Session};
use crate::store::{Tx, known_networks, mass_ends, users};

/// What kind of session is to begin.
pub struct Begin {
    pub transport: Transport,
    /// "Keep me signed in".
    pub remembered: bool,
    pub occasion: Occasion,
    pub visitor: Visitor,
}

pub enum Occasion {
    /// Somebody signs in. `replaces`: the session this browser held until now; it ends. `devices`: the values of the browser's device
    /// cookies.
    SignIn { replaces: Option<HeldSession>, devices: Vec<String> },
    /// A signed-in person goes on in a new session; the act has ended the old one.
    Continuation,
}

/// A session whose token a browser carries.
#[derive(Clone, Copy, Debug)]
pub struct HeldSession {
    pub sid: SessionId,
    /// Whether a token of it has not expired, access or refresh. An old one may have come from anywhere: it ends no session but the
    /// same person's.
    pub is_current: bool,
}

/// A session that has begun, to make its tokens from.
pub struct Begun {
    pub account: Account,
    pub(in crate::accounts) session: Session,
    /// What stands in the identity claim of its tokens.
    pub(in crate::accounts) subject: String,
}

/// Begins a session for whoever has proved who they are.
pub(in crate::accounts) fn begin(
    tx: &mut Tx<'_>,
    accounts: &Arc<Accounts>,
    proven: &Proven,
    asked: Begin,
) -> Result<Begun, Error> {
    let user = proven.user();
    let by = By::User(user.id);
    let Begin { transport, remembered, occasion, visitor } = asked;
    tx.from.get_or_insert_with(|| visitor.ip.clone());
    let is_sign_in = matches!(occasion, Occasion::SignIn { .. });
    if is_sign_in && user.factors > 0 && !proven.is_enough_with_factor() {
        return Err(Error::SecondFactorMissing);
    }
    let mut session = new_session(tx, accounts, proven, transport, remembered, &visitor);
    session.created_at = mass_ends::first_moment_after(tx.conn, tx.now)?;
    if let Occasion::SignIn { replaces: Some(held), .. } = &occasion
        && may_replace(tx, user.id, *held)?
    {
        end(tx, Which::One(held.sid), Reason::Replaced, &by)?;
    }
    if let Some(network) = network_of(&visitor.ip) {
        known_networks::note(tx.conn, user.id, &network.to_string(), user.password_version, tx.now)?;
    }
    sessions::add(tx.conn, &session)?;
    if accounts.config.status_list {
        give_place(tx, accounts, &mut session)?;
    }
    story::begin(tx, &session)?;
    let limit = match transport {
        Transport::Bearer => accounts.config.session.bearer_limit,
        Transport::Cookie => accounts.config.session.cookie_limit,
    };
    for oldest in session_ends::beyond_limit(tx.conn, &session, limit, tx.now)? {
        end(tx, Which::One(oldest), Reason::Limit, &By::Portero)?;
    }
    if is_sign_in {
        users::note_login(tx.conn, user.id, tx.now)?;
        tx.count(Counted::SignedIn, 1);
        let event = Event::new(What::SignedIn, &by).user(user.id).session(session.sid);
        event.details(Details::SignIn(transport)).record(tx)?;
    }
    if let Occasion::SignIn { devices, .. } = &occasion
        && transport == Transport::Cookie
        // The first sign-in of all is no news.
        && user.last_login_at.is_some()
        && accounts.config.mail.is_some()
        && !knows_browser(accounts, devices, user, tx.now)
    {
        let (ip, user_agent) = (Some(visitor.ip.clone()), Some(visitor.user_agent.clone()));
        let message = Message {
            kind: Kind::NewBrowser,
            act: session.sid.to_string(),
            letter: Letter { ip, user_agent, ..Letter::default() },
        };
        post(tx, accounts, user, message)?;
    }
    let standing = accounts.standing(user);
    let subject = standing.subject().to_owned();
    let (sid, method) = (session.sid.short(), proven.method().as_str());
    let (name, amr) = (standing.username.clone(), session.methods);
    tx.change(Change::UserPresent(standing));
    if is_sign_in {
        let (transport, means, accounts) = (transport.as_str(), proven.means(), Arc::clone(accounts));
        tx.after_commit(move || {
            accounts.sign_ins.add(means);
            tracing::info!(event = "signed_in", user = %name, session = sid, ip = visitor.ip, transport, method, %amr);
        });
    }
    Ok(Begun { account: Account::of(user), session, subject })
}

fn may_replace(tx: &mut Tx<'_>, user: UserId, held: HeldSession) -> Result<bool, Error> {
    let found = sessions::find(tx.conn, held.sid)?;
    Ok(found.is_some_and(|session| held.is_current || session.user == user))
}

fn new_session(
    tx: &Tx<'_>,
    accounts: &Accounts,
    proven: &Proven,
    transport: Transport,
    remembered: bool,
    visitor: &Visitor,
) -> Session {
    let (rules, now) = (&accounts.config.session, tx.now);
    let life = match transport {
        Transport::Cookie if !remembered => rules.short_absolute,
        Transport::Cookie => rules.absolute,
        // Its refresh token is not renewed, so nothing of the session outlives that token.
        Transport::Bearer => rules.refresh_lifetime.map_or(rules.absolute, |life| life.min(rules.absolute)),
    };
    let mut session = Session {
        sid: SessionId::random(),
        user: proven.user().id,
        transport,
        remembered,
        created_at: now,
        auth_time: proven.at(),
        proved_password: proven.password_version(),
        methods: proven.methods(),
        factor_time: proven.factor_time(),
        last_seen_at: now,
        expires_at: now.plus(life),
        access_until: now,
        ip: visitor.ip.clone(),
        user_agent: visitor.user_agent.clone(),
        generation: 0,
        issue: 0,
        previous_issue: 0,
        rotated_at: now,
        made_ip: visitor.ip.clone(),
        made_agent: visitor.user_agent.clone(),
        confirmations: 0,
        wrong_passwords: 0,
        // There is no predecessor whose answer could have been lost.
        seen: true,
        settled: false,
        recovered: 0,
        csrf_seed: Uuid::new_v4().to_string(),
        // The sign-in itself.
        steps: 1,
        odd: false,
        end: None,
        receipt: None,
        status: None,
    };
    session.access_until = accounts.access_end(&session, now);
    session
}
