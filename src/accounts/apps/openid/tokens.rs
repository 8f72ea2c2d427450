//! The access and refresh tokens of apps: sealed, so that nobody else can make or read one, and no row is needed for each. They open no
//! door of Portero's own, and say nothing to an app. Whether one is good, its grant says, which ends with its session.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::accounts::context::{Accounts, Error};
use crate::domain::{Scopes, UnixTime};
use crate::store::grants::GrantId;

/// How long an access token is good, in seconds; never longer than its grant.
pub const ACCESS_LIFE: i64 = 15 * 60;
/// Longer texts are no tokens.
const MOST_BYTES: usize = 256;
const ACCESS: &str = "openid access token";
const REFRESH: &str = "openid refresh token";

/// What an access token says.
#[derive(Clone, Copy, Debug)]
pub struct AccessToken {
    pub grant: GrantId,
    pub issued_at: UnixTime,
    pub expires_at: UnixTime,
    pub scopes: Scopes,
}

/// What a refresh token says.
#[derive(Clone, Copy, Debug)]
pub struct RefreshToken {
    pub grant: GrantId,
    /// How many there were before it in its grant.
    pub number: i64,
}

impl AccessToken {
    pub(super) fn seal(&self, accounts: &Accounts) -> Result<String, Error> {
        let Self { grant, issued_at, expires_at, scopes } = self;
        seal(accounts, &format!("{} {} {} {scopes}", grant.0, issued_at.0, expires_at.0), ACCESS)
    }

    /// `None`: it is none of ours. It may have expired, and its grant may have ended.
    pub fn open(accounts: &Accounts, shown: &str) -> Option<Self> {
        let text = open(accounts, shown, ACCESS)?;
        let mut parts = text.splitn(4, ' ');
        let mut number = || parts.next()?.parse().ok();
        let (grant, issued_at, expires_at) = (GrantId(number()?), UnixTime(number()?), UnixTime(number()?));
        Some(Self { grant, issued_at, expires_at, scopes: Scopes::parse(parts.next()?) })
    }
}

impl RefreshToken {
    pub(super) fn seal(&self, accounts: &Accounts) -> Result<String, Error> {
        seal(accounts, &format!("{} {}", self.grant.0, self.number), REFRESH)
    }

    /// `None`: it is none of ours. Another may have taken its place, and its grant may have ended.
    pub fn open(accounts: &Accounts, shown: &str) -> Option<Self> {
        let text = open(accounts, shown, REFRESH)?;
        let (grant, number) = text.split_once(' ')?;
        Some(Self { grant: GrantId(grant.parse().ok()?), number: number.parse().ok()? })
    }
}

fn seal(accounts: &Accounts, text: &str, place: &str) -> Result<String, Error> {
    let sealed = accounts.openid_key.seal(text.as_bytes(), place).map_err(|_| Error::Random)?;
    Ok(URL_SAFE_NO_PAD.encode(sealed))
}

fn open(accounts: &Accounts, shown: &str, place: &str) -> Option<String> {
    if shown.len() > MOST_BYTES {
        return None;
    }
    let sealed = URL_SAFE_NO_PAD.decode(shown).ok()?;
    String::from_utf8(accounts.openid_key.open(&sealed, place)?).ok()
}
