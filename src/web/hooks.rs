//! Portero's answers to what the guards ask.

use actix_web::{HttpMessage, HttpRequest};

use super::face::Face;
use super::{App, csrf, token_cookies, trust};
use crate::accounts::{self, Renewal};
use crate::blocklist::{Question, Standing, Verdict};
use crate::config::ForeignTokens;
use crate::domain::{Role, TokenType, Transport, UnixTime};
use crate::guards::cookies::NewCookies;
use crate::guards::{CsrfCheck, Hooks, LocalBoxFuture, Policy, Refusal};
use crate::store::chain;
use crate::tokens::options::Location;
use crate::tokens::{Claims, Engine, Fault, Fresh};

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
    fn policy(&self, req: &HttpRequest, base: Policy) -> Policy {
        match Face::of(req, &self.0) {
            Face::Program => base,
            Face::Page => {
                let csrf = if base.csrf == CsrfCheck::Configured { CsrfCheck::Always } else { base.csrf };
                Policy { locations: Some(vec![Location::Cookies]), csrf, ..base }
            }
        }
    }

    fn admit<'a>(
        &'a self,
        req: &'a HttpRequest,
        claims: &'a mut Claims,
        location: Location,
    ) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        Box::pin(async move {
            let standing = self.standing(req, claims, location).await?;
            req.extensions_mut().insert(standing);
            Ok(())
        })
    }

    fn may_renew(&self, req: &HttpRequest) -> bool {
        Face::of(req, &self.0) == Face::Page && csrf::may_renew(req, &self.0.public_url)
    }

    fn renew<'a>(
        &'a self,
        req: &'a HttpRequest,
        claims: &'a Claims,
    ) -> LocalBoxFuture<'a, Result<NewCookies, Refusal>> {
        Box::pin(async move {
            let client = trust::client(&self.0, req);
            let ip = client.ip.clone();
            let renewed = accounts::renew(&self.0.accounts, claims, Transport::Cookie, client, self.0.now()).await;
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
    async fn standing(&self, req: &HttpRequest, claims: &mut Claims, location: Location) -> Result<Standing, Refusal> {
        match claims.session {
            Some(session) => {
                let transport = if location == Location::Cookies { Transport::Cookie } else { Transport::Bearer };
                if session.transport != transport {
                    return Err(Fault::WrongTransport.into());
                }
            }
            None => self.take_from_peer(claims)?,
        }
        let verdict = match self.judge(claims) {
            Verdict::UnknownUser => {
                let found = accounts::remember_user(&self.0.accounts, claims.identity.clone()).answer().await;
                match found.map_err(|error| unavailable(&error))? {
                    Some(_) => self.judge(claims),
                    None => return Err(Fault::UserGone(claims.identity.clone()).into()),
                }
            }
            verdict => verdict,
        };
        match (verdict, claims.session) {
            (Verdict::Good { standing, first_seen }, session) => {
                if let Some(session) = session {
                    // A renewal looks first whether the session was idle for too long, and notes its use itself.
                    if claims.token_type == TokenType::Access {
                        self.0.accounts.last_seen.note(session.sid, self.0.now());
                    }
                    if first_seen {
                        accounts::note_seen(&self.0.accounts, session.sid, session.generation);
                    }
                }
                Ok(self.restricted(standing, claims))
            }
            (Verdict::Stolen, Some(session)) => {
                let client = trust::client(&self.0, req);
                let ended = accounts::end_stolen(&self.0.accounts, session.sid, client, self.0.now()).answer().await;
                ended.map_err(|error| unavailable(&error))?;
                Err(Fault::Revoked.into())
            }
            (Verdict::Revoked | Verdict::Stolen | Verdict::UnknownUser, _) => Err(Fault::Revoked.into()),
            (Verdict::Unknowable, _) => Err(Refusal::Unavailable),
        }
    }

    fn judge(&self, claims: &Claims) -> Verdict {
        self.0.accounts.blocklist.judge(Question {
            subject: &claims.identity,
            jti: claims.jti.as_deref(),
            session: claims.session.map(|session| (session.sid, session.generation)),
            issued_at: claims.issued_at,
        })
    }

    /// A token without a session of ours: what the settings let it do.
    fn take_from_peer(&self, claims: &mut Claims) -> Result<(), Refusal> {
        if claims.jti.is_none() {
            return Err(Fault::invalid("Missing claim: jti").into());
        }
        match self.0.config.foreign_tokens {
            ForeignTokens::Refuse => Err(Fault::invalid("Missing claim: sid").into()),
            ForeignTokens::Access if claims.token_type == TokenType::Refresh => {
                Err(Fault::invalid("Only non-refresh tokens are allowed").into())
            }
            ForeignTokens::Access => {
                claims.fresh = Fresh::No;
                Ok(())
            }
            ForeignTokens::Trust => Ok(()),
        }
    }

    /// A peer's token opens no admin's page unless the peer is trusted as we are.
    fn restricted(&self, standing: Standing, claims: &Claims) -> Standing {
        match (claims.session, self.0.config.foreign_tokens) {
            (None, ForeignTokens::Refuse | ForeignTokens::Access) => Standing { role: Role::User, ..standing },
            (None, ForeignTokens::Trust) | (Some(_), _) => standing,
        }
    }
}

/// Told once in the log; the caller learns only that it could not be looked up.
fn unavailable(error: &accounts::Error) -> Refusal {
    tracing::error!(event = "could_not_look", error = %chain(error));
    Refusal::Unavailable
}
