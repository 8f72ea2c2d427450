//! The tokens of a session. Their ids are keyed functions of the session's row, so that the very same tokens can be made again and none
//! is ever stored.

use serde_json::Map;
use uuid::Uuid;

use super::begin::Begun;
use crate::accounts::context::{Accounts, Error};
use crate::domain::{SessionId, TokenType, UnixTime};
use crate::store::sessions::Session;
use crate::tokens::{Claims, Fresh, Life, NewToken, SessionClaims};

/// A token ready to be handed out.
#[derive(Clone)]
pub struct SignedToken {
    pub text: String,
    pub expires_at: UnixTime,
}

/// Which pair of which session: the same ids are the same pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairId {
    pub sid: SessionId,
    pub(in crate::accounts) generation: i64,
    pub(in crate::accounts) issue: i64,
}

/// What a session hands out at sign-in and at a rotation.
#[derive(Clone)]
pub struct Pair {
    pub id: PairId,
    pub access: SignedToken,
    pub refresh: SignedToken,
    /// One value per session, in both tokens.
    pub csrf: String,
    pub remembered: bool,
}

impl Accounts {
    /// When an access token made at `now` ends: never beyond its session.
    pub(super) fn access_end(&self, session: &Session, now: UnixTime) -> UnixTime {
        let life = self.config.session.access_lifetime;
        life.map_or(session.expires_at, |life| now.plus(life).min(session.expires_at))
    }

    /// Notes in the session that it gets an access token at `now`.
    pub(super) fn note_access(&self, session: &mut Session, now: UnixTime) {
        session.access_until = self.access_end(session, now).max(session.access_until);
    }

    /// When the session's current refresh token ends.
    pub(super) fn refresh_end(&self, session: &Session) -> UnixTime {
        let by_life = self.config.session.refresh_lifetime.map(|life| session.rotated_at.plus(life));
        by_life.map_or(session.expires_at, |end| end.min(session.expires_at))
    }

    pub(super) fn csrf(&self, session: &Session) -> String {
        self.keyed_ids.csrf(&session.csrf_seed)
    }

    /// The `fresh` claim of a token given for a proof of identity.
    pub(super) fn fresh_since(&self, auth_time: UnixTime) -> Fresh {
        let rules = &self.config.session;
        if rules.fresh_is_plain { Fresh::Yes } else { Fresh::until(auth_time.plus(rules.fresh_for)) }
    }

    /// The pair of a session that has just begun, fresh.
    pub(in crate::accounts) fn first_pair(&self, begun: &Begun) -> Result<Pair, Error> {
        self.pair(&begun.subject, &begun.session, self.fresh_since(begun.session.auth_time))
    }

    /// The pair that belongs to the session's row as it is: the same row gives the same two tokens.
    fn pair(&self, subject: &str, session: &Session, fresh: Fresh) -> Result<Pair, Error> {
        let csrf = self.csrf(session);
        let sign = |token_type, fresh, expires_at| {
            let jti = self.keyed_ids.jti(session.sid, session.generation, session.issue, token_type);
            self.sign(subject, session, &csrf, Signing { token_type, jti, fresh, at: session.rotated_at, expires_at })
        };
        let access = sign(TokenType::Access, fresh, self.access_end(session, session.rotated_at))?;
        let refresh = sign(TokenType::Refresh, Fresh::No, self.refresh_end(session))?;
        let id = PairId { sid: session.sid, generation: session.generation, issue: session.issue };
        Ok(Pair { id, access, refresh, csrf, remembered: session.remembered })
    }

    /// The same pair, as a renewal hands it out.
    pub(super) fn renewed_pair(&self, subject: &str, session: &Session, now: UnixTime) -> Result<Pair, Error> {
        let mut pair = self.pair(subject, session, Fresh::No)?;
        if self.needs_replacement(session, now) {
            let jti = self.replacement_jti(session, session.confirmations, false);
            pair.access = self.extra_access(subject, session, Fresh::No, jti, now)?;
        }
        Ok(pair)
    }

    /// Whether a renewal that repeats the current pair has to put another access token in the place of its own: a confirmation may have
    /// revoked that, or it has expired.
    pub(super) fn needs_replacement(&self, session: &Session, now: UnixTime) -> bool {
        was_confirmed_since(session) || self.access_end(session, session.rotated_at) <= now
    }

    fn replacement_jti(&self, session: &Session, confirmations: i64, confirmed: bool) -> Uuid {
        self.keyed_ids.replacement_jti(session.sid, session.generation, session.issue, confirmations, confirmed)
    }

    /// The id for the access token that answers the session's latest confirmation.
    pub(super) fn confirmed_jti(&self, session: &Session) -> Uuid {
        self.replacement_jti(session, session.confirmations, true)
    }

    /// The ids of all tokens that were given out with the session's current refresh token, itself included.
    pub(super) fn ids_of_pair(&self, session: &Session) -> Vec<(TokenType, Uuid)> {
        let own =
            |token_type| (token_type, self.keyed_ids.jti(session.sid, session.generation, session.issue, token_type));
        let mut ids = vec![own(TokenType::Access), own(TokenType::Refresh)];
        if was_confirmed_since(session) || session.access_until > self.access_end(session, session.rotated_at) {
            for confirmations in 0..=session.confirmations {
                let replacement = |confirmed| self.replacement_jti(session, confirmations, confirmed);
                ids.extend([true, false].map(|confirmed| (TokenType::Access, replacement(confirmed))));
            }
        }
        ids
    }

    /// One more access token for the session, with this id.
    pub(super) fn extra_access(
        &self,
        subject: &str,
        session: &Session,
        fresh: Fresh,
        jti: Uuid,
        now: UnixTime,
    ) -> Result<SignedToken, Error> {
        let expires_at = self.access_end(session, now);
        let signing = Signing { token_type: TokenType::Access, jti, fresh, at: now, expires_at };
        self.sign(subject, session, &self.csrf(session), signing)
    }

    fn sign(&self, subject: &str, session: &Session, csrf: &str, signing: Signing) -> Result<SignedToken, Error> {
        let Signing { token_type, jti, fresh, at, expires_at } = signing;
        let issuer = self.config.public_url.as_ref().filter(|_| self.config.status_list);
        // A refresh token is shown to Portero alone.
        let status = issuer.zip(session.status).filter(|_| token_type == TokenType::Access);
        let additional_claims = status.map_or_else(Map::new, |(url, place)| {
            let claim = self.status_claim(url.as_str().trim_end_matches('/'), place);
            Map::from_iter([("status".to_owned(), claim)])
        });
        let token = NewToken {
            additional_claims,
            token_type,
            fresh,
            life: Life::Until(expires_at),
            jti: Some(jti),
            csrf: Some(csrf.to_owned()),
            session: Some(SessionClaims {
                sid: session.sid,
                generation: session.generation,
                auth_time: session.auth_time,
                transport: session.transport,
                methods: session.methods,
                factor_time: session.factor_time,
            }),
            ..NewToken::access(subject)
        };
        Ok(SignedToken { text: self.engine.issue(&token, at)?, expires_at })
    }

    /// An access token outside any session, for a peer's refresh token if the settings trust peers. Not fresh.
    pub fn access_for_peer(&self, claims: &Claims) -> Result<SignedToken, Error> {
        let (rules, now) = (&self.config.session, self.now());
        let expires_at = now.plus(rules.access_lifetime.unwrap_or(rules.absolute));
        let token = NewToken::access(claims.identity.as_str()).life(Life::Until(expires_at));
        Ok(SignedToken { text: self.engine.issue(&token, now)?, expires_at })
    }
}

/// What differs between the tokens of one session.
struct Signing {
    token_type: TokenType,
    jti: Uuid,
    fresh: Fresh,
    /// When it is issued.
    at: UnixTime,
    expires_at: UnixTime,
}

/// Whether something may have put another access token in place of the pair's own, and revoked that: a confirmation, or a second factor
/// that was added. Within one second nobody can tell a confirmation from a rotation, so then it has.
fn was_confirmed_since(session: &Session) -> bool {
    session.confirmations > 0 || session.auth_time >= session.rotated_at
}
