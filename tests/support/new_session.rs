//! A session as it is stored when it begins.

use portero::domain::{Methods, SessionId, Transport, UnixTime, UserId};
use portero::store::sessions::Session;

/// A browser's session that began by a password at this moment, and expires at once.
pub fn new_session(sid: SessionId, user: UserId, at: UnixTime) -> Session {
    Session {
        sid,
        user,
        transport: Transport::Cookie,
        remembered: false,
        created_at: at,
        auth_time: at,
        proved_password: Some(0),
        methods: Methods::PASSWORD,
        factor_time: None,
        last_seen_at: at,
        expires_at: at,
        access_until: at,
        ip: "192.0.2.1".into(),
        user_agent: "Firefox".into(),
        generation: 0,
        issue: 0,
        previous_issue: 0,
        rotated_at: at,
        made_ip: "192.0.2.1".into(),
        made_agent: "Firefox".into(),
        confirmations: 0,
        seen: false,
        settled: false,
        recovered: 0,
        wrong_passwords: 0,
        csrf_seed: "seed".into(),
        steps: 1,
        odd: false,
        end: None,
        receipt: None,
        status: None,
    }
}
