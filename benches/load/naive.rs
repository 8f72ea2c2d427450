//! Renewals without a writer, the usual way to do it: verify the token; in one transaction for each request, make sure that the
//! session is open and its user neither disabled nor deleted, and store the renewal; make one new token. The promise is the same as
//! Portero's: answered means durable.

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use actix_web::http::header::AUTHORIZATION;
use actix_web::web::{self, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use diesel::connection::SimpleConnection;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};
use diesel::{BoolExpressionMethods, Connection, ExpressionMethods, QueryDsl, RunQueryDsl, SqliteConnection};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::support::Failure;

pub(crate) const MUTEX: &str = "mutex";
pub(crate) const POOL: &str = "pool";
pub(crate) const NOTHING: &str = "nothing";

const CONNECTIONS: u32 = 4;
/// How long an access token lives, in seconds.
const ACCESS_LIFE: i64 = 900;

// The columns of Portero's tables that a renewal needs.
diesel::table! {
    users (id) {
        id -> BigInt,
        disabled_at -> Nullable<BigInt>,
        deleted_at -> Nullable<BigInt>,
    }
}
diesel::table! {
    sessions (sid) {
        sid -> Text,
        user_id -> BigInt,
        expires_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        last_seen_at -> BigInt,
        access_until -> BigInt,
    }
}
diesel::joinable!(sessions -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(sessions, users);
diesel::table! {
    session_steps (sid, nth) {
        sid -> Text,
        nth -> BigInt,
        kind -> Text,
        at -> BigInt,
        until -> BigInt,
        times -> BigInt,
        ip -> Text,
        user_agent -> Text,
        odd -> Bool,
    }
}

#[derive(Clone, Deserialize, Serialize)]
struct Claims {
    sub: String,
    #[serde(rename = "type")]
    token_type: String,
    jti: String,
    sid: String,
    csrf: String,
    fresh: bool,
    auth_time: i64,
    #[serde(rename = "gen")]
    generation: i64,
    transport: String,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// How a renewal is stored.
enum Store {
    Nothing,
    /// One connection, for which requests wait.
    Mutex(Mutex<SqliteConnection>),
    /// Several connections, of which SQLite lets one write at a time.
    Pool(Pool<ConnectionManager<SqliteConnection>>),
}

impl Store {
    fn open(how: &str, database: &Path) -> Result<Self, Failure> {
        let path = database.to_str().ok_or("the path is not Unicode")?;
        match how {
            NOTHING => Ok(Self::Nothing),
            MUTEX => {
                let mut conn = SqliteConnection::establish(path)?;
                conn.batch_execute(PRAGMAS)?;
                Ok(Self::Mutex(Mutex::new(conn)))
            }
            POOL => {
                let pool = Pool::builder().max_size(CONNECTIONS).connection_customizer(Box::new(Durable));
                Ok(Self::Pool(pool.build(ConnectionManager::new(path))?))
            }
            _ => Err(format!("{how} is no way to store").into()),
        }
    }

    fn store(&self, sid: &str, now: i64) -> Result<(), Failure> {
        match self {
            Self::Nothing => Ok(()),
            Self::Mutex(conn) => renew(&mut conn.lock().unwrap_or_else(PoisonError::into_inner), sid, now),
            Self::Pool(pool) => renew(&mut *pool.get()?, sid, now),
        }
    }
}

const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000";

#[derive(Debug)]
struct Durable;

impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for Durable {
    fn on_acquire(&self, conn: &mut SqliteConnection) -> Result<(), diesel::r2d2::Error> {
        conn.batch_execute(PRAGMAS).map_err(diesel::r2d2::Error::QueryError)
    }
}

fn renew(conn: &mut SqliteConnection, sid: &str, now: i64) -> Result<(), Failure> {
    // Each renewal adds a step of the story, with a number that no other step has.
    static STEP: AtomicI64 = AtomicI64::new(1000);
    let nth = STEP.fetch_add(1, Ordering::Relaxed);
    conn.immediate_transaction(|conn| {
        // If there is no such row, this is an error and nothing is written.
        let _user: i64 = sessions::table
            .inner_join(users::table)
            .filter(sessions::sid.eq(sid).and(sessions::ended_at.is_null()).and(sessions::expires_at.gt(now)))
            .filter(users::disabled_at.is_null().and(users::deleted_at.is_null()))
            .select(users::id)
            .get_result(conn)?;
        diesel::update(sessions::table.find(sid))
            .set((sessions::last_seen_at.eq(now), sessions::access_until.eq(now + ACCESS_LIFE)))
            .execute(conn)?;
        diesel::insert_into(session_steps::table)
            .values((
                session_steps::sid.eq(sid),
                session_steps::nth.eq(nth),
                session_steps::kind.eq("renewed"),
                session_steps::at.eq(now),
                session_steps::until.eq(now),
                session_steps::times.eq(1),
                session_steps::ip.eq("127.0.0.1"),
                session_steps::user_agent.eq(""),
                session_steps::odd.eq(false),
            ))
            .execute(conn)
    })
    .map_err(|error: diesel::result::Error| error.into())
    .map(drop)
}

struct Shared {
    store: Store,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

/// Runs in the naive server's process. The key is in the environment, as it is for Portero.
pub(crate) fn serve(how: &str, database: &Path) -> Result<(), Failure> {
    let key = std::env::var("JWT_SECRET_KEY")?;
    let shared = Data::new(Shared {
        store: Store::open(how, database)?,
        encoding: EncodingKey::from_secret(key.as_bytes()),
        decoding: DecodingKey::from_secret(key.as_bytes()),
    });
    actix_web::rt::System::new().block_on(async {
        let server =
            HttpServer::new(move || App::new().app_data(shared.clone()).route("/refresh", web::post().to(refresh)))
                .bind("127.0.0.1:0")?;
        println!("http://{}", server.addrs().first().ok_or("no address")?);
        server.run().await?;
        Ok(())
    })
}

async fn refresh(req: HttpRequest, shared: Data<Shared>) -> Result<HttpResponse, actix_web::Error> {
    let failed = actix_web::error::ErrorInternalServerError::<Failure>;
    let token = req.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let token = token.ok_or_else(|| failed("no token".into()))?;
    let claims = jsonwebtoken::decode::<Claims>(token, &shared.decoding, &Validation::new(Algorithm::HS256));
    let claims = claims.map_err(|error| failed(error.into()))?.claims;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|error| failed(error.into()))?;
    let now = i64::try_from(since.as_secs()).map_err(|error| failed(error.into()))?;
    // Only what may block goes to a thread that may.
    if !matches!(shared.store, Store::Nothing) {
        let (shared, sid) = (Arc::clone(&shared), claims.sid.clone());
        web::block(move || shared.store.store(&sid, now)).await?.map_err(failed)?;
    }
    let new = Claims {
        token_type: "access".into(),
        jti: Uuid::new_v4().to_string(),
        iat: now,
        nbf: now,
        exp: now + ACCESS_LIFE,
        ..claims
    };
    let access =
        jsonwebtoken::encode(&Header::default(), &new, &shared.encoding).map_err(|error| failed(error.into()))?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "access_token": access })))
}
