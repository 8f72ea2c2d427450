//! The tokens of a session. Their ids are keyed functions of the session's row, so that the very same tokens can be made
//! again and none is ever stored.

use aws_lc_rs::hmac;
use uuid::Uuid;

use super::{Accounts, Error};
use crate::domain::{SessionId, TokenType, Transport, UnixTime};
use crate::store::sessions::Session;
use crate::tokens::{Claims, Fresh, Life, NewToken, SessionClaims};

/// The key for ids and CSRF values. Apart from the signing keys, which may be shared with peers and change.
pub struct MintKeys(hmac::Key);

impl MintKeys {
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// A value in UUID form that only the holder of the key can tell.
    pub(super) fn uuid(&self, purpose: &str, of: &str) -> Uuid {
        let tag = hmac::sign(&self.0, format!("{purpose} {of}").as_bytes());
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// The session's CSRF value.
    pub(super) fn csrf(&self, session: &Session) -> String {
        self.uuid("csrf", &session.csrf_seed).hyphenated().to_string()
    }

    /// The id of the token of this type that came with the session's `issue`-th issue.
    pub(super) fn jti(&self, sid: SessionId, generation: i64, issue: i64, token_type: TokenType) -> Uuid {
        self.uuid(token_type.as_str(), &format!("{sid} {generation} {issue}"))
    }
}

/// A token ready to be handed out.
#[derive(Clone)]
pub struct SignedToken {
    pub text: String,
    pub expires_at: UnixTime,
}

/// What a session hands out at sign-in and at a rotation.
#[derive(Clone)]
pub struct Pair {
    pub sid: SessionId,
    pub access: SignedToken,
    pub refresh: SignedToken,
    /// One value per session, in both tokens.
    pub csrf: String,
    pub remembered: bool,
}

impl Accounts {
    /// When an access token made at `now` ends: never beyond its session.
    pub(super) fn access_end(&self, session: &Session, now: UnixTime) -> UnixTime {
        self.rules.access_lifetime.map_or(session.expires_at, |life| now.plus(life).min(session.expires_at))
    }

    /// Notes in the session that it gets an access token at `now`.
    pub(super) fn note_access(&self, session: &mut Session, now: UnixTime) {
        session.access_until = self.access_end(session, now).max(session.access_until);
    }

    /// When the session's current refresh token ends.
    pub(super) fn refresh_end(&self, session: &Session) -> UnixTime {
        let by_life = self.rules.refresh_lifetime.map(|life| session.rotated_at.plus(life));
        by_life.map_or(session.expires_at, |end| end.min(session.expires_at))
    }

    /// The pair that belongs to the session's row as it is: the same row gives the same two tokens.
    pub(super) fn pair(&self, subject: &str, session: &Session, fresh: Fresh) -> Result<Pair, Error> {
        let access_end = self.access_end(session, session.rotated_at);
        let id = |token_type| self.mint_keys.jti(session.sid, session.generation, session.issue_count, token_type);
        let (access_id, refresh_id) = (id(TokenType::Access), id(TokenType::Refresh));
        let csrf = self.mint_keys.csrf(session);
        let at = session.rotated_at;
        Ok(Pair {
            sid: session.sid,
            access: self.sign(subject, session, TokenType::Access, access_id, fresh, at, access_end, &csrf)?,
            refresh: self.sign(
                subject,
                session,
                TokenType::Refresh,
                refresh_id,
                Fresh::No,
                at,
                self.refresh_end(session),
                &csrf,
            )?,
            csrf,
            remembered: session.remembered,
        })
    }

    /// The same pair, as a renewal hands it out.
    pub(super) fn renewed_pair(&self, subject: &str, session: &Session, now: UnixTime) -> Result<Pair, Error> {
        let mut pair = self.pair(subject, session, Fresh::No)?;
        if was_confirmed_since(session) {
            pair.access = self.extra_access(subject, session, Fresh::No, now)?;
        }
        Ok(pair)
    }

    /// One more access token for the session, with an id of its own.
    pub(super) fn extra_access(
        &self,
        subject: &str,
        session: &Session,
        fresh: Fresh,
        now: UnixTime,
    ) -> Result<SignedToken, Error> {
        let csrf = self.mint_keys.csrf(session);
        let end = self.access_end(session, now);
        self.sign(subject, session, TokenType::Access, Uuid::new_v4(), fresh, now, end, &csrf)
    }

    #[expect(clippy::too_many_arguments, reason = "what differs between the three callers above")]
    fn sign(
        &self,
        subject: &str,
        session: &Session,
        token_type: TokenType,
        jti: Uuid,
        fresh: Fresh,
        issued_at: UnixTime,
        expires_at: UnixTime,
        csrf: &str,
    ) -> Result<SignedToken, Error> {
        let token = NewToken {
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
            }),
            ..NewToken::access(subject)
        };
        let text = self.engine.issue(&token, issued_at)?;
        Ok(SignedToken { text, expires_at })
    }

    /// A session that begins now, not stored yet.
    pub(super) fn new_session(
        &self,
        user: crate::domain::UserId,
        transport: Transport,
        remembered: bool,
        client: &super::Client,
        now: UnixTime,
    ) -> Session {
        let life = match transport {
            Transport::Cookie if !remembered => self.rules.short_absolute,
            Transport::Cookie => self.rules.absolute,
            // Its refresh token is not renewed, so nothing of it outlives that.
            Transport::Bearer => {
                self.rules.refresh_lifetime.map_or(self.rules.absolute, |life| life.min(self.rules.absolute))
            }
        };
        let mut session = Session {
            sid: SessionId::random(),
            user,
            transport,
            remembered,
            created_at: now,
            auth_time: now,
            last_seen_at: now,
            expires_at: now.plus(life),
            access_until: now,
            ip: client.ip.clone(),
            user_agent: client.user_agent.clone(),
            generation: 0,
            issue_count: 0,
            previous_issue: 0,
            rotated_at: now,
            // There is no predecessor whose answer could have been lost.
            seen: true,
            csrf_seed: Uuid::new_v4().to_string(),
            // The sign-in itself.
            steps: 1,
            odd: false,
            end: None,
            receipt: None,
        };
        session.access_until = self.access_end(&session, now);
        session
    }
}

/// Whether a confirmation may have put another access token in the place of the pair's own, and revoked that. Within one second
/// nobody can tell: then it has.
pub(super) fn was_confirmed_since(session: &Session) -> bool {
    session.auth_time >= session.rotated_at
}

/// An access token outside any session, for a peer's refresh token where the settings trust peers. Not fresh.
pub fn access_for_peer(at: &Accounts, claims: &Claims, now: UnixTime) -> Result<SignedToken, Error> {
    let life = at.rules.access_lifetime.unwrap_or(at.rules.absolute);
    let expires_at = now.plus(life);
    let token = NewToken::access(claims.identity.as_str()).life(Life::Until(expires_at));
    Ok(SignedToken { text: at.engine.issue(&token, now)?, expires_at })
}
