//! The links that an admin has just made, kept for some minutes in the browser's own session, so that the page that shows one can be
//! loaded again. Sealed there: neither the database nor an address nor whoever reads the browser's disk has them in clear. And shown
//! only to the session that made them, so that a copied cookie alone opens nothing.

use serde::{Deserialize, Serialize};

use super::browser_session::BrowserSession;
use crate::accounts::people::links::MadeLink;
use crate::domain::{SessionId, UnixTime, UserId};
use crate::store::links::Purpose;

/// For how many seconds a link can be shown.
pub(in crate::web) const KEPT_FOR: i64 = 10 * 60;
/// How many links are kept, one for each user: enough for a few tabs, and little enough for a cookie.
const MOST: usize = 3;
const LINKS: &str = "links";

#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(rename = "u")]
    user: i64,
    /// The session that made the link. `None`: it was made by a token without one.
    #[serde(rename = "s")]
    sid: Option<SessionId>,
    #[serde(rename = "t")]
    token: String,
    #[serde(rename = "e")]
    expires_at: i64,
    #[serde(rename = "m")]
    made_at: i64,
    #[serde(rename = "p")]
    purpose: String,
}

/// A link that can be shown again.
pub(in crate::web) struct KeptLink {
    pub(in crate::web) link: MadeLink,
    pub(in crate::web) purpose: Purpose,
}

/// Keeps the link in the place of an earlier one for the same user. `sid`: the session that made it.
pub(in crate::web) fn keep(
    browser: &BrowserSession,
    sid: Option<SessionId>,
    user: UserId,
    kept: KeptLink,
    now: UnixTime,
) {
    let mut links = all(browser);
    links.retain(|one| one.user != user.0 && is_recent(one, now));
    links.insert(
        0,
        Kept {
            user: user.0,
            sid,
            token: kept.link.token,
            expires_at: kept.link.expires_at.0,
            made_at: now.0,
            purpose: kept.purpose.as_str().to_owned(),
        },
    );
    links.truncate(MOST);
    if let Err(error) = browser.insert(LINKS, &links) {
        // The page will say that it can't show the link, and offer another.
        tracing::error!(event = "link_not_kept", error = %error);
    }
}

/// The link for this user that this session has made in the last minutes.
pub(in crate::web) fn find(
    browser: &BrowserSession,
    sid: Option<SessionId>,
    user: UserId,
    now: UnixTime,
) -> Option<KeptLink> {
    let found = all(browser).into_iter().find(|one| one.user == user.0 && one.sid == sid && is_recent(one, now))?;
    Some(KeptLink {
        link: MadeLink { token: found.token, expires_at: UnixTime(found.expires_at) },
        purpose: Purpose::parse(&found.purpose)?,
    })
}

fn all(browser: &BrowserSession) -> Vec<Kept> {
    browser.get(LINKS).ok().flatten().unwrap_or_default()
}

fn is_recent(kept: &Kept, now: UnixTime) -> bool {
    (0..=KEPT_FOR).contains(&now.since(UnixTime(kept.made_at)))
}
