//! What a browser carries: its own session, its tokens' cookies, its language, and the device cookie, by which accounts know it.

pub(in crate::web) mod browser_session;
pub(in crate::web) mod device_cookie;
pub(in crate::web) mod kept_links;
pub(in crate::web) mod language;
pub(in crate::web) mod passkey_answers;
pub(in crate::web) mod sign_in_here;
pub(in crate::web) mod token_cookies;
pub(in crate::web) mod tries;
