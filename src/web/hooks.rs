//! Portero's answers to the questions that the guards ask.

use std::sync::Arc;

use actix_session::SessionExt;
use actix_web::{HttpMessage, HttpRequest};

use super::app::App;
use crate::accounts::accept_token::{NotAccepted, accept, accept_at_once};
use crate::accounts::sessions::renew::{Renewal, may_set_cookies, renew};
use crate::accounts::sessions::tokens::PairId;
use crate::accounts::{self, OwnToken};
use crate::blocklist::Standing;
use crate::domain::{Transport, UnixTime};
use crate::error_chain::chain;
use crate::guards::NewCookies;
use crate::guards::{Caller, CsrfCheck, Guard, Hooks, LocalBoxFuture, Refusal};
use crate::tokens::options::Location;
use crate::tokens::{Engine, Fault};
use crate::web::browser::browser_session::{self, Notice};
use crate::web::browser::token_cookies;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::below_policy::{policy_at, stays_open};
use crate::web::http::foreign_tokens::tell_of_observed;
use crate::web::http::{client_address, origin};

pub(in crate::web) struct PorteroHooks(pub(in crate::web) App);

impl Hooks for PorteroHooks {
    fn engine(&self) -> &Engine {
        &self.0.accounts.engine
    }

    fn now(&self) -> UnixTime {
        self.0.now()
    }

    fn fresh_for(&self) -> i64 {
        self.0.config().session.fresh_for
    }

    /// Pages read only cookies and demand the CSRF value, whatever the options say, unless the route checks that
    /// itself. Programs follow the options.
    fn guard(&self, req: &HttpRequest, base: Guard) -> Guard {
        match audience(req, &self.0) {
            Audience::Program => base,
            Audience::Browser if base.csrf_check() == CsrfCheck::Configured => {
                base.locations([Location::Cookies]).csrf(CsrfCheck::Always)
            }
            Audience::Browser => base.locations([Location::Cookies]),
        }
    }

    /// The library's three questions (revoked? claims as they should be? whose?) are one question here, which memory
    /// answers for almost every request.
    fn accept<'a>(
        &'a self,
        req: &'a HttpRequest,
        token: &'a mut Caller,
        _guard: &'a Guard,
    ) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        Box::pin(async move {
            token.user = Some(self.standing(req, token).await?);
            Ok(())
        })
    }

    /// Where there are several nodes, another may sign with a key that this one has not heard of once its lease is over.
    fn with_current_keys(&self, read: &mut dyn FnMut()) -> bool {
        let lease = self.0.accounts.blocklist.lease.read();
        read();
        !lease.is_over()
    }

    fn accepts_at_once(&self, req: &HttpRequest, token: &mut Caller, _guard: &Guard, now: UnixTime) -> bool {
        if right_transport(token).is_ok()
            && let Some(standing) = accept_at_once(&self.0.accounts, &token.claims, || stays_open(req), now)
        {
            token.user = Some(standing);
        }
        token.user.is_some()
    }

    fn may_renew(&self, req: &HttpRequest) -> bool {
        audience(req, &self.0) == Audience::Browser && origin::may_renew(req, &self.0)
    }

    fn renew<'a>(&'a self, req: &'a HttpRequest, token: &'a Caller) -> LocalBoxFuture<'a, Result<NewCookies, Refusal>> {
        Box::pin(async move {
            let visitor = client_address::visitor(&self.0, req);
            let ip = visitor.ip.clone();
            let own = OwnToken { claims: Arc::clone(&token.claims), ip: ip.clone() };
            let policy = policy_at(&self.0, req, &token.claims);
            let renewed = renew(&self.0.accounts, own, Transport::Cookie, policy, visitor).everywhere().await;
            match renewed.map_err(|error| unavailable(&error))? {
                Renewal::Pair { pair, recovered } => {
                    tracing::debug!(event = "renewed", session = pair.id.sid.short(), ip);
                    if recovered {
                        let session = Some(pair.id.sid);
                        let notice =
                            Notice { key: "notice-recovered".into(), count: None, session, origin: None, name: None };
                        browser_session::add_notices(&req.get_session(), vec![notice]);
                    }
                    req.extensions_mut().insert(pair.id);
                    Ok(token_cookies::from_pair(pair))
                }
                Renewal::Access { access, csrf, remembered } => {
                    Ok(NewCookies { access: token_cookies::from_token(access, csrf), refresh: None, kept: remembered })
                }
                Renewal::Over => Err(Fault::Revoked.into()),
                Renewal::WrongTransport => Err(Fault::WrongTransport.into()),
                Renewal::BelowPolicy(fault) => Err(fault.into()),
            }
        })
    }

    /// Not those of a pair that another answer has overtaken: they would set the browser back to what is spent or void by now.
    fn still_sets_renewed(&self, req: &HttpRequest) -> bool {
        let Some(pair) = req.extensions().get::<PairId>().copied() else { return true };
        may_set_cookies(&self.0.accounts, pair).unwrap_or_else(|error| {
            tracing::error!(event = "store_unavailable", error = %chain(&error));
            true
        })
    }
}

impl PorteroHooks {
    async fn standing(&self, req: &HttpRequest, token: &mut Caller) -> Result<Arc<Standing>, Refusal> {
        right_transport(token)?;
        let visitor = || client_address::visitor(&self.0, req);
        let accepted = accept(&self.0.accounts, &mut token.claims, || stays_open(req), visitor, self.0.now()).await;
        let standing = accepted.map_err(|error| match error {
            NotAccepted::Fault(fault) => fault.into(),
            NotAccepted::Unknown(error) => error.map_or(Refusal::Unavailable, |error| unavailable(&error)),
        })?;
        tell_of_observed(&self.0, req, &token.claims, &standing);
        Ok(standing)
    }
}

/// A session's tokens are taken only in the way in which the session carries them.
fn right_transport(token: &Caller) -> Result<(), Fault> {
    let transport = if token.location == Location::Cookies { Transport::Cookie } else { Transport::Bearer };
    match token.claims.session {
        Some(session) if session.transport != transport => Err(Fault::WrongTransport),
        Some(_) | None => Ok(()),
    }
}

/// Logs the cause, once; the caller learns only that the token could not be checked.
fn unavailable(error: &accounts::Error) -> Refusal {
    tracing::error!(event = "store_unavailable", error = %chain(error));
    Refusal::Unavailable
}
