//! `GET /.portero/start`, at an app's host: gives the browser a nonce and leads it to Portero.

use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::accounts::apps::entry;
use crate::domain::UnixTime;
use crate::web::app::App;
use crate::web::http::app_host::{self, LONG_PATH, NONCE, cookie, lead_to, new_cookie};
use crate::web::http::entry::{Entry, KEPT, return_path};
use crate::web::http::error::Error;
use crate::web::pages::gate_page::address;

/// How long the browser keeps its nonce, in seconds.
const NONCE_LIFE: i64 = 10 * 60;
/// A younger nonce goes on being used, so that tabs which open together do not spoil each other's way.
const KEPT_FOR: i64 = 5 * 60;

#[derive(Default, Deserialize)]
pub(in crate::web) struct To {
    #[serde(default)]
    to: String,
}

pub(in crate::web) async fn lead(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    to: Option<Query<To>>,
) -> Result<HttpResponse, Error> {
    let (place, now) = (app_host::place(&app, &req)?, app.now());
    let to = to.map(|Query(to)| to.to).unwrap_or_default();
    let path = return_path(&app, &place, &to);
    let (nonce, made_at) = match kept(&req, now) {
        Some(kept) => kept,
        None => (entry::secret()?.text, now),
    };
    let entry = Entry::new(&place, entry::nonce_hash(&nonce), &path, now);
    let gate = address(&app, &format!("/gate?entry={}", entry.seal(&app)?));
    let gate = gate.ok_or_else(|| Error::Unavailable("public_url is not set, so no app can lead here".into()))?;
    let mut cookies = vec![new_cookie(NONCE, format!("{}.{nonce}", made_at.0), Some(NONCE_LIFE))];
    if entry.path == KEPT {
        cookies.push(new_cookie(LONG_PATH, URL_SAFE_NO_PAD.encode(&path), Some(NONCE_LIFE)));
    }
    Ok(lead_to(&gate, cookies))
}

/// The nonce that the browser has, if it is young enough.
fn kept(req: &HttpRequest, now: UnixTime) -> Option<(String, UnixTime)> {
    let (made_at, nonce) = cookie(req, NONCE)?.split_once('.')?;
    let made_at = UnixTime(made_at.parse().ok()?);
    let is_ours = nonce.len() == 43 && nonce.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    (is_ours && (0..KEPT_FOR).contains(&now.since(made_at))).then(|| (nonce.to_owned(), made_at))
}
