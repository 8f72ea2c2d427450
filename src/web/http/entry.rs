//! What a browser carries from an app's host to Portero and back, sealed: nobody else can make it, so it leads nowhere but to that app.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::error::Error;
use crate::blocklist::gate::Place;
use crate::domain::{OriginId, UnixTime};
use crate::web::app::App;

const RETURN_PATH: &str = "gate return path";
const ENTRY: &str = "gate entry";
/// For how many seconds the way to a pass may be gone on with. A little less than the nonce lives.
const LIFE: i64 = 9 * 60;
/// Longer addresses are led to the app's first page.
const LONGEST_PATH: usize = 2048;
/// Longer ones don't fit into an address of Portero's, which is at most 512 bytes long.
const LONGEST_SENT: usize = 280;
/// In the place of a path that is too long to be sent along.
pub(in crate::web) const KEPT: &str = "-";

/// Somebody on their way into an app.
pub(in crate::web) struct Entry {
    pub(in crate::web) origin: OriginId,
    /// Of the nonce in the browser at the app's host.
    pub(in crate::web) nonce_hash: String,
    /// The page that was asked for, or [`KEPT`].
    pub(in crate::web) path: String,
    begun_at: UnixTime,
}

impl Entry {
    pub(in crate::web) fn new(place: &Place, nonce_hash: String, path: &str, now: UnixTime) -> Self {
        let path = if path.len() > LONGEST_SENT { KEPT } else { path };
        Self { origin: place.id, nonce_hash, path: path.to_owned(), begun_at: now }
    }

    /// As it goes out.
    pub(in crate::web) fn seal(&self, app: &App) -> Result<String, Error> {
        let Self { origin, nonce_hash, path, begun_at } = self;
        seal(app, &format!("{} {} {nonce_hash} {path}", origin.0, begun_at.0), ENTRY)
    }

    /// As it came back. `None`: it is none of ours.
    pub(in crate::web) fn open(app: &App, sealed: &str) -> Option<Self> {
        let text = open(app, sealed, ENTRY)?;
        let mut parts = text.splitn(4, ' ');
        let (origin, begun_at) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let (nonce_hash, path) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        Some(Self { origin: OriginId(origin), nonce_hash, path, begun_at: UnixTime(begun_at) })
    }

    /// Whether the browser has probably let go of its nonce.
    pub(in crate::web) fn is_old(&self, now: UnixTime) -> bool {
        !(0..=LIFE).contains(&now.since(self.begun_at))
    }
}

/// The address at the app's host at which the way to a pass begins. `path`: what was asked for there.
pub(in crate::web) fn start_address(app: &App, place: &Place, path: &str) -> Result<String, Error> {
    let path = if path.len() > LONGEST_PATH { "/" } else { path };
    let to = seal(app, &format!("{} {path}", place.id.0), RETURN_PATH)?;
    Ok(format!("{}/.portero/start?to={to}", place.origin))
}

/// What was asked for at this place. `/`, if that can't be read.
pub(in crate::web) fn return_path(app: &App, place: &Place, sealed: &str) -> String {
    let text = open(app, sealed, RETURN_PATH);
    let found = text.as_deref().and_then(|text| text.split_once(' ')).filter(|(id, _)| *id == place.id.0.to_string());
    found.map_or_else(|| "/".into(), |(_, path)| path.to_owned())
}

/// The address of a page of the app. `path`: joined to its origin so that it leads nowhere else.
pub(in crate::web) fn address_in(place: &Place, path: &str) -> String {
    let is_path = path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic());
    format!("{}{}", place.origin, if is_path { path } else { "/" })
}

fn seal(app: &App, text: &str, place: &str) -> Result<String, Error> {
    let sealed = app.accounts.gate_key.seal(text.as_bytes(), place);
    Ok(URL_SAFE_NO_PAD.encode(sealed.map_err(|error| Error::Internal(error.to_string()))?))
}

fn open(app: &App, sealed: &str, place: &str) -> Option<String> {
    let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    String::from_utf8(app.accounts.gate_key.open(&sealed, place)?).ok()
}
