//! Who is signed in, as the guard left it with the token that it accepted, and by what right a handler acts. A handler's parameters
//! are its access rule: one that only shows something takes a token or [`Admin`], one that changes something takes a mandate, which
//! the act's transaction judges once more. Mandates are made only here.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::web::ThinData;
use actix_web::{FromRequest, HttpRequest};

use super::below_policy::policy_at;
use super::client_address;
use super::error::Error;
use crate::accounts::{LevelNeeded, Mandate, Needs};
use crate::blocklist::Standing;
use crate::domain::{Level, Role, TokenType};
use crate::guards::{AccessToken, Caller, FreshToken};
use crate::web::app::App;

/// The user of the token that the guard accepted.
pub(in crate::web) fn signed_in(req: &HttpRequest) -> Result<Arc<Standing>, Error> {
    found(req).ok_or_else(|| Error::Internal("a guard accepted a token without its user".into()))
}

/// The same, or `None` if nobody is signed in: for routes that anybody may use, and for what is shown beside the answer.
pub(in crate::web) fn found(req: &HttpRequest) -> Option<Arc<Standing>> {
    crate::guards::found(req)?.user()
}

/// How recently an admin must have proved who they are to change something, in seconds. A shorter
/// `session.fresh_for` counts instead.
pub(in crate::web) const ADMIN_MAX_AGE: i64 = 5 * 60;

/// A good access token of a person who is an admin now: no token carries the role.
pub(in crate::web) struct Admin(pub(in crate::web) Caller);

/// The same, and the admin has recently proved who they are: for the pages whose forms need an [`AdminMandate`].
pub(in crate::web) struct FreshAdmin(pub(in crate::web) Caller);

/// The caller, by a good access token, and the mandate to act on what is theirs.
pub(in crate::web) struct OwnMandate(pub(in crate::web) Caller, pub(in crate::web) Mandate);

/// The mandate of a caller who has recently proved who they are, to act on what is theirs.
pub(in crate::web) struct FreshMandate(pub(in crate::web) Mandate);

/// The caller and the mandate of an admin who has recently proved who they are.
pub(in crate::web) struct AdminMandate(pub(in crate::web) Caller, pub(in crate::web) Mandate);

/// The caller, and the mandate to change by what they prove who they are: they have recently given everything that their account has for
/// that.
pub(in crate::web) struct FactorMandate(pub(in crate::web) Caller, pub(in crate::web) Mandate);

/// An [`AdminMandate`] for what a stolen password must not be enough for: where the admin has a second factor, or policy asks for one,
/// they have recently given it too.
pub(in crate::web) struct StrongAdminMandate(pub(in crate::web) Caller, pub(in crate::web) Mandate);

/// The mandate of an admin, however long ago they proved who they are: to take a list with them that they may look at.
pub(in crate::web) struct ExportMandate(pub(in crate::web) Mandate);

/// Makes the mandate of the caller if their token is a fresh access token: for a handler that takes either type of token.
pub(in crate::web) fn fresh_mandate(app: &App, req: &HttpRequest, caller: &Caller) -> Result<Mandate, Error> {
    recent_mandate(app, req, caller, app.config().session.fresh_for)
}

/// The same, if they proved who they are in the last `max_age` seconds.
pub(in crate::web) fn recent_mandate(
    app: &App,
    req: &HttpRequest,
    caller: &Caller,
    max_age: i64,
) -> Result<Mandate, Error> {
    caller.claims.require_type(TokenType::Access)?;
    caller.claims.require_fresh(max_age, app.now())?;
    mandate(req, caller, Role::User, Some(max_age), LevelNeeded::Any)
}

fn mandate(
    req: &HttpRequest,
    caller: &Caller,
    role: Role,
    max_age: Option<i64>,
    level: LevelNeeded,
) -> Result<Mandate, Error> {
    let app = app(req)?;
    let ip = client_address::address(app, req).to_string();
    let needs = Needs { role, max_age, level, policy: policy_at(app, req, &caller.claims) };
    Ok(Mandate::new(signed_in(req)?.user, Arc::clone(&caller.claims), needs, ip))
}

fn app(req: &HttpRequest) -> Result<&App, Error> {
    let registered = req.app_data::<ThinData<App>>();
    registered.map(|ThinData(app)| app).ok_or_else(|| Error::Internal("App is not registered".into()))
}

fn admin_max_age(app: &App) -> i64 {
    ADMIN_MAX_AGE.min(app.config().session.fresh_for)
}

fn admin(req: &HttpRequest, payload: &mut Payload) -> Result<Caller, actix_web::Error> {
    let AccessToken(caller) = AccessToken::from_request(req, payload).into_inner()?;
    match signed_in(req)?.role {
        Role::Admin => Ok(caller),
        Role::User => Err(Error::NotAdmin.into()),
    }
}

fn fresh_admin(req: &HttpRequest, payload: &mut Payload) -> Result<Caller, actix_web::Error> {
    let caller = admin(req, payload)?;
    let app = app(req)?;
    caller.claims.require_fresh(admin_max_age(app), app.now()).map_err(Error::from)?;
    Ok(caller)
}

/// Fails unless the caller has given two factors in the last `max_age` seconds, if this person has to.
fn require_highest(req: &HttpRequest, caller: &Caller, max_age: i64) -> Result<(), Error> {
    let (app, standing) = (app(req)?, signed_in(req)?);
    let now = app.now();
    if standing.has_factor || policy_at(app, req, &caller.claims).asks(standing.role, now) {
        caller.claims.require_level(Level::Two, Some(max_age), now)?;
    }
    Ok(())
}

/// Fails unless the session is at level two, however long ago, if this person has a second factor.
pub(in crate::web) fn require_account_level(app: &App, req: &HttpRequest, caller: &Caller) -> Result<(), Error> {
    if signed_in(req)?.has_factor {
        caller.claims.require_level(Level::Two, None, app.now())?;
    }
    Ok(())
}

/// The mandate of the caller to enter an app: what that asks of their proofs, its act knows.
pub(in crate::web) fn entry_mandate(req: &HttpRequest, caller: &Caller) -> Result<Mandate, Error> {
    mandate(req, caller, Role::User, None, LevelNeeded::Any)
}

fn own_mandate(req: &HttpRequest, payload: &mut Payload) -> Result<OwnMandate, actix_web::Error> {
    let AccessToken(caller) = AccessToken::from_request(req, payload).into_inner()?;
    let mandate = mandate(req, &caller, Role::User, None, LevelNeeded::Any)?;
    Ok(OwnMandate(caller, mandate))
}

fn own_fresh_mandate(req: &HttpRequest, payload: &mut Payload) -> Result<FreshMandate, actix_web::Error> {
    let FreshToken(caller) = FreshToken::from_request(req, payload).into_inner()?;
    let max_age = app(req)?.config().session.fresh_for;
    Ok(FreshMandate(mandate(req, &caller, Role::User, Some(max_age), LevelNeeded::Any)?))
}

fn factor_mandate(req: &HttpRequest, payload: &mut Payload) -> Result<FactorMandate, actix_web::Error> {
    let AccessToken(caller) = AccessToken::from_request(req, payload).into_inner()?;
    let app = app(req)?;
    let max_age = app.config().session.fresh_for;
    // Before freshness: whoever lacks both is asked for both at once.
    require_highest(req, &caller, max_age)?;
    caller.claims.require_fresh(max_age, app.now()).map_err(Error::from)?;
    let mandate = mandate(req, &caller, Role::User, Some(max_age), LevelNeeded::Highest)?;
    Ok(FactorMandate(caller, mandate))
}

fn admin_mandate(req: &HttpRequest, payload: &mut Payload) -> Result<AdminMandate, actix_web::Error> {
    let caller = fresh_admin(req, payload)?;
    let max_age = admin_max_age(app(req)?);
    let mandate = mandate(req, &caller, Role::Admin, Some(max_age), LevelNeeded::Any)?;
    Ok(AdminMandate(caller, mandate))
}

fn strong_admin_mandate(req: &HttpRequest, payload: &mut Payload) -> Result<StrongAdminMandate, actix_web::Error> {
    let caller = admin(req, payload)?;
    let app = app(req)?;
    let max_age = admin_max_age(app);
    require_highest(req, &caller, max_age)?;
    caller.claims.require_fresh(max_age, app.now()).map_err(Error::from)?;
    let mandate = mandate(req, &caller, Role::Admin, Some(max_age), LevelNeeded::Highest)?;
    Ok(StrongAdminMandate(caller, mandate))
}

fn export_mandate(req: &HttpRequest, payload: &mut Payload) -> Result<ExportMandate, actix_web::Error> {
    let caller = admin(req, payload)?;
    Ok(ExportMandate(mandate(req, &caller, Role::Admin, None, LevelNeeded::Any)?))
}

/// Extractors that look only at the request, and so are ready at once.
macro_rules! extracted {
    ($($name:ident = $look:expr;)+) => {$(
        impl FromRequest for $name {
            type Error = actix_web::Error;
            type Future = Ready<Result<Self, Self::Error>>;

            fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
                ready($look(req, payload))
            }
        }
    )+};
}

extracted! {
    Admin = |req, payload| admin(req, payload).map(Self);
    FreshAdmin = |req, payload| fresh_admin(req, payload).map(Self);
    OwnMandate = own_mandate;
    FreshMandate = own_fresh_mandate;
    FactorMandate = factor_mandate;
    AdminMandate = admin_mandate;
    StrongAdminMandate = strong_admin_mandate;
    ExportMandate = export_mandate;
}
