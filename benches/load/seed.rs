//! Data folders with any number of users, sessions and revoked tokens, and requests with tokens for those sessions.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection};
use portero::clock::Clock;
use portero::config::{Config, Overrides};
use portero::domain::{By, Methods, SessionId, TokenType, Transport, UnixTime, UserId};
use portero::installation::Installation;
use portero::store::Upkeep;
use portero::store::audit::event::{Event, What};
use portero::tokens::options::{Options, Secret};
use portero::tokens::{Algorithm, Engine, Family, Fresh, Key, Life, NewToken, SessionClaims};
use uuid::Uuid;

use crate::servers::PORTERO;
use crate::support::seed::Seeding;
use crate::support::{ELSEWHERE, Failure, add_user, get};
use crate::{Bench, debian};

/// How many tokens are sent in turn, each of a session of its own.
pub(crate) const TOKENS: usize = 4096;
/// How long the tokens live, in seconds: longer than any run.
const LIFE: i64 = 2 * 3600;
pub(crate) const PROTECTED: &str = "/protected";
pub(crate) const ACCOUNT: &str = "/account";

/// How many rows of each kind.
#[derive(Clone, Copy)]
pub(crate) struct Amounts {
    pub(crate) users: i64,
    pub(crate) bearer_sessions: i64,
    pub(crate) cookie_sessions: i64,
    pub(crate) blocked_tokens: i64,
}

/// A data folder, and where its rows are if not in the folder.
pub(crate) struct Data {
    pub(crate) folder: PathBuf,
    postgres: Option<String>,
}

impl Data {
    /// A folder that is not there yet, and an empty database.
    pub(crate) fn none(bench: &Bench, name: &str) -> Result<Self, Failure> {
        let postgres = bench.cluster.as_ref().map(|cluster| cluster.create(name)).transpose()?;
        Ok(Self { folder: bench.path(name), postgres })
    }

    /// `bcrypt_cost`: the cost of the one hash that all users share, because they have the same password.
    pub(crate) fn make(bench: &Bench, name: &str, bcrypt_cost: &str, amounts: Amounts) -> Result<Self, Failure> {
        Self::begun(bench, name, bcrypt_cost, amounts)?.moved()
    }

    /// The same for whoever adds more to it, and then has it [`moved`](Self::moved).
    pub(crate) fn begun(bench: &Bench, name: &str, bcrypt_cost: &str, amounts: Amounts) -> Result<Self, Failure> {
        let data = Self::none(bench, name)?;
        add_user(PORTERO, &data.folder, "admin", &["--admin"], &[(BCRYPT_COST, bcrypt_cost)])?;
        let mut seeding = Seeding::begin(&data.sqlite())?;
        seeding.users(amounts.users)?;
        seeding.open_sessions(amounts.bearer_sessions, "bearer")?;
        if amounts.cookie_sessions > 0 {
            seeding.open_sessions(amounts.cookie_sessions, "cookie")?;
        }
        seeding.stories()?;
        if amounts.blocked_tokens > 0 {
            seeding.blocked_tokens(amounts.blocked_tokens)?;
        }
        seeding.finish()?;
        Ok(data)
    }

    /// Records that the cookie sessions, up to [`TOKENS`] of them, began with a sign-in. The page `/account` looks for that, and for more if
    /// it finds none.
    pub(crate) fn signed_in(self) -> Result<Self, Failure> {
        let folder = self.folder.to_str().ok_or("the path is not Unicode")?.to_owned();
        let overrides = Overrides { config: None, set: vec![("data_dir".to_owned(), folder)] };
        let no_environment: [(&str, &str); 0] = [];
        let loaded = Config::from_sources(None, no_environment, &overrides)?;
        let installation = Installation::open_existing(&Arc::new(loaded.config), Clock::default())?;
        let accounts = &installation.accounts;
        let (sessions, at) = (self.sessions(Transport::Cookie, TOKENS)?, accounts.now());
        let recorded = accounts.db.write(Upkeep, at, move |tx, _| {
            for session in &sessions {
                let user = UserId(session.user_id);
                let mut event = Event::new(What::SignedIn, &By::User(user)).user(user);
                if let Some(sid) = SessionId::parse(&session.sid) {
                    event = event.session(sid);
                }
                event.record(tx)?;
            }
            Ok::<_, portero::store::Error>(())
        });
        recorded.committed()?;
        drop(installation);
        self.open()?.batch_execute(&format!("UPDATE sessions SET created_at = {} WHERE transport = 'cookie'", at.0))?;
        Ok(self)
    }

    /// Moves the rows from SQLite, with which they are made, to where the servers are to have them.
    pub(crate) fn moved(self) -> Result<Self, Failure> {
        if let Some(url) = &self.postgres {
            let mut moving = Command::new(PORTERO);
            moving.arg("--data-dir").arg(&self.folder).args(["move", "--yes", "--to", url]).current_dir(ELSEWHERE);
            // It lists all tables.
            moving.stdout(Stdio::null());
            debian::run(&mut moving)?;
        }
        Ok(self)
    }

    /// The settings that give a server these rows.
    pub(crate) fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        self.postgres.iter().map(|url| ("PORTERO_DATABASE_URL", url.as_str()))
    }

    /// The file that the rows were made in.
    pub(crate) fn sqlite(&self) -> PathBuf {
        self.folder.join(DATABASE)
    }

    /// Up to `count` open sessions, sorted by their ids, which are random.
    pub(crate) fn sessions(&self, transport: Transport, count: usize) -> Result<Vec<Session>, Failure> {
        Ok(diesel::sql_query(format!(
            "SELECT sid, gen, auth_time, user_id, username, uid FROM sessions JOIN users ON users.id = user_id
             WHERE ended_at IS NULL AND transport = '{}' ORDER BY sid LIMIT {count}",
            transport.as_str()
        ))
        .load(&mut self.open()?)?)
    }

    fn open(&self) -> Result<SqliteConnection, Failure> {
        Ok(SqliteConnection::establish(self.sqlite().to_str().ok_or("the path is not Unicode")?)?)
    }
}

pub(crate) const BCRYPT_COST: &str = "PORTERO_PASSWORD_BCRYPT_COST";
const DATABASE: &str = "portero.db";

#[derive(QueryableByName)]
pub(crate) struct Session {
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub(crate) sid: String,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    r#gen: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    auth_time: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    user_id: i64,
    #[diesel(sql_type = diesel::sql_types::Text)]
    username: String,
    /// How apps know its user.
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub(crate) uid: String,
}

/// Makes tokens that a Portero with the same key takes for its own.
pub(crate) struct Signer {
    engine: Engine,
    now: UnixTime,
    algorithm: Algorithm,
    /// The name of the setting that holds the key, and the key.
    key: (&'static str, String),
}

impl Signer {
    pub(crate) fn new(algorithm: Algorithm) -> Result<Self, Failure> {
        let key = match algorithm.family() {
            Family::Shared => ("JWT_SECRET_KEY", Uuid::new_v4().to_string() + &Uuid::new_v4().to_string()),
            Family::Rsa | Family::P256 | Family::P384 | Family::Ed25519 => {
                ("JWT_PRIVATE_KEY", String::from_utf8(Key::generate(algorithm)?.as_bytes().to_vec())?)
            }
        };
        let options = Options { algorithm, ..Options::default() };
        let engine = Engine::with_key(options, &Secret::new(key.1.as_str()))?.with_sessions();
        Ok(Self { engine, now: UnixTime(jiff::Timestamp::now().as_second()), algorithm, key })
    }

    /// The settings that give a server, Portero or another, the key.
    pub(crate) fn settings(&self) -> [(&str, &str); 2] {
        [("JWT_ALGORITHM", self.algorithm.as_str()), (self.key.0, &self.key.1)]
    }

    fn access(&self, transport: Transport, session: &Session) -> Result<String, Failure> {
        self.token(TokenType::Access, Fresh::until(self.now.plus(600)), transport, session)
    }

    fn refresh(&self, transport: Transport, session: &Session) -> Result<String, Failure> {
        self.token(TokenType::Refresh, Fresh::No, transport, session)
    }

    fn token(
        &self,
        token_type: TokenType,
        fresh: Fresh,
        transport: Transport,
        session: &Session,
    ) -> Result<String, Failure> {
        let claims = SessionClaims {
            sid: SessionId::parse(&session.sid).ok_or("a session id that is none")?,
            generation: session.r#gen,
            auth_time: UnixTime(session.auth_time),
            transport,
            methods: Methods::PASSWORD,
            factor_time: None,
        };
        let token = NewToken {
            token_type,
            fresh,
            life: Life::Seconds(LIFE),
            session: Some(claims),
            ..NewToken::access(session.username.as_str())
        };
        Ok(self.engine.issue(&token, self.now)?)
    }

    /// `GET /protected` with the token in the header, one request for each session.
    pub(crate) fn bearer_requests(&self, sessions: &[Session]) -> Result<Vec<String>, Failure> {
        let tokens = sessions.iter().map(|session| self.access(Transport::Bearer, session));
        tokens.map(|token| Ok(get(PROTECTED, &format!("authorization: Bearer {}\r\n", token?)))).collect()
    }

    /// As [`bearer_requests`](Self::bearer_requests), with the token in a cookie.
    pub(crate) fn cookie_requests(&self, sessions: &[Session]) -> Result<Vec<String>, Failure> {
        self.cookie_requests_to(PROTECTED, "", sessions)
    }

    /// The same for another path. `more`: header lines, each with its line end.
    pub(crate) fn cookie_requests_to(
        &self,
        path: &str,
        more: &str,
        sessions: &[Session],
    ) -> Result<Vec<String>, Failure> {
        let tokens = sessions.iter().map(|session| self.access(Transport::Cookie, session));
        tokens.map(|token| Ok(get(path, &format!("{more}cookie: access_token_cookie={}\r\n", token?)))).collect()
    }

    /// `GET /account` as a browser sends it.
    pub(crate) fn page_requests(&self, sessions: &[Session]) -> Result<Vec<String>, Failure> {
        self.page_requests_to(ACCOUNT, sessions)
    }

    /// The same for another path.
    pub(crate) fn page_requests_to(&self, path: &str, sessions: &[Session]) -> Result<Vec<String>, Failure> {
        let tokens = sessions.iter().map(|session| self.access(Transport::Cookie, session));
        let head = "user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
                    accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\naccept-language: en-US,en;q=0.5\r\n\
                    sec-fetch-dest: document\r\nsec-fetch-mode: navigate\r\nsec-fetch-site: same-origin\r\nsec-fetch-user: ?1\r\n";
        tokens.map(|token| Ok(get(path, &format!("{head}cookie: access_token_cookie={}\r\n", token?)))).collect()
    }

    /// `POST /refresh` with the token in the header.
    pub(crate) fn renewal_requests(&self, sessions: &[Session]) -> Result<Vec<String>, Failure> {
        let tokens = sessions.iter().map(|session| self.refresh(Transport::Bearer, session));
        let request = |token| {
            format!("POST /refresh HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nauthorization: Bearer {token}\r\n\r\n")
        };
        tokens.map(|token| Ok(request(token?))).collect()
    }

    /// `DELETE /logout` with the access token in the header.
    pub(crate) fn log_out_requests(&self, sessions: &[Session]) -> Result<Vec<String>, Failure> {
        let tokens = sessions.iter().map(|session| self.access(Transport::Bearer, session));
        let request = |token| format!("DELETE /logout HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n");
        tokens.map(|token| Ok(request(token?))).collect()
    }
}

/// Sign-ins of different users, each from a network of its own, so that the throttle does not take them for guesses.
pub(crate) fn log_in_requests(users: usize) -> Vec<String> {
    let from = |user: usize| format!("x-forwarded-for: 10.{}.{}.1\r\n", user / 250, user % 250);
    let request = |user| crate::support::log_in_request(&format!("user{user}"), &from(user));
    (1..=users).map(request).collect()
}

/// The setting by which Portero knows its own address, as apps do. Plain http, for with https its cookies have other names than those of
/// [`cookie_requests`](Signer::cookie_requests).
pub(crate) const PUBLIC_URL: (&str, &str) = ("PORTERO_PUBLIC_URL", "http://127.0.0.1:8000");

/// The setting that makes Portero believe the addresses in [`log_in_requests`].
pub(crate) const BELIEVE_ADDRESSES: (&str, &str) = ("PORTERO_TRUSTED_PROXIES", "127.0.0.1");
