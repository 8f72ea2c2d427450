//! Portero's answers to what the guards ask.

use std::sync::Arc;

use actix_web::HttpRequest;

use super::face::Face;
use super::{App, csrf, token_cookies, trust};
use crate::accounts::{self, NotAdmitted, Renewal};
use crate::blocklist::Standing;
use crate::domain::{Transport, UnixTime};
use crate::guards::cookies::NewCookies;
use crate::guards::{Caller, CsrfCheck, Guard, Hooks, LocalBoxFuture, Refusal};
use crate::store::chain;
use crate::tokens::options::Location;
use crate::tokens::{Engine, Fault};

pub(super) struct PorteroHooks(pub(super) App);

impl Hooks for PorteroHooks {
    fn engine(&self) -> &Engine {
        &self.0.accounts.engine
    }

    fn now(&self) -> UnixTime {
        self.0.now()
    }

    fn fresh_for(&self) -> i64 {
        self.0.accounts.rules.fresh_for
    }

    /// Pages read cookies and demand the CSRF value, whatever the options say; programs follow the options.
    fn guard(&self, req: &HttpRequest, base: Guard) -> Guard {
        match Face::of(req, &self.0) {
            Face::Program => base,
            Face::Page if base.csrf_check() == CsrfCheck::Configured => {
                base.locations([Location::Cookies]).csrf(CsrfCheck::Always)
            }
            Face::Page => base.locations([Location::Cookies]),
        }
    }

    /// The library's three questions (revoked? claims as they should be? whose?) are one here, and answered from memory.
    fn admit<'a>(
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

    fn may_renew(&self, req: &HttpRequest) -> bool {
        Face::of(req, &self.0) == Face::Page && csrf::may_renew(req, &self.0.public_url)
    }

    fn renew<'a>(&'a self, req: &'a HttpRequest, token: &'a Caller) -> LocalBoxFuture<'a, Result<NewCookies, Refusal>> {
        Box::pin(async move {
            let client = trust::client(&self.0, req);
            let ip = client.ip.clone();
            let renewed =
                accounts::renew(&self.0.accounts, &token.claims, Transport::Cookie, client, self.0.now()).await;
            match renewed.map_err(|error| unavailable(&error))? {
                Renewal::Pair(pair) => {
                    tracing::debug!(event = "renewed", session = pair.sid.short(), ip);
                    Ok(token_cookies::of_pair(pair))
                }
                Renewal::Access { access, csrf, remembered } => {
                    Ok(NewCookies { access: token_cookies::of_token(access), refresh: None, csrf, kept: remembered })
                }
                Renewal::Over => Err(Fault::Revoked.into()),
                Renewal::WrongTransport => Err(Fault::WrongTransport.into()),
            }
        })
    }
}

impl PorteroHooks {
    async fn standing(&self, req: &HttpRequest, token: &mut Caller) -> Result<Arc<Standing>, Refusal> {
        let transport = if token.location == Location::Cookies { Transport::Cookie } else { Transport::Bearer };
        if token.claims.session.is_some_and(|session| session.transport != transport) {
            return Err(Fault::WrongTransport.into());
        }
        let client = || trust::client(&self.0, req);
        let admitted = accounts::admit(&self.0.accounts, &mut token.claims, client, self.0.now()).await;
        admitted.map_err(|error| match error {
            NotAdmitted::Fault(fault) => fault.into(),
            NotAdmitted::Unknown(error) => error.map_or(Refusal::Unavailable, |error| unavailable(&error)),
        })
    }
}

/// Told once in the log; the caller learns only that it could not be looked up.
fn unavailable(error: &accounts::Error) -> Refusal {
    tracing::error!(event = "could_not_look", error = %chain(error));
    Refusal::Unavailable
}
