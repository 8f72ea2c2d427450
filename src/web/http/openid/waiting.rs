//! What waits in the browser, sealed, for a quarter of an hour, until a person has done something. Each has a cookie of its own, so that two
//! tabs don't spoil each other's.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{HeaderValue, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::UnixTime;
use crate::web::app::App;
use crate::web::http::error::Error;
use crate::web::http::replies::see_other;

/// For how many seconds.
const LIFE: i64 = 15 * 60;
/// How many of a kind one browser keeps. One more, and the oldest goes.
const MOST: usize = 3;

/// What kind of thing waits.
pub(super) struct Kind {
    /// What the names of its cookies begin with.
    pub(super) cookie: &'static str,
    /// What it is sealed for: one kind is none of another's.
    pub(super) place: &'static str,
    /// The path at which it is gone on with, up to its id.
    pub(super) path: &'static str,
}

/// Something that waits.
pub(super) struct Waiting {
    pub(super) id: String,
    pub(super) begun_at: UnixTime,
    pub(super) text: String,
}

impl Kind {
    /// The path at which the one with this id is gone on with.
    pub(super) fn path(&self, id: &str) -> String {
        format!("{}{id}", self.path)
    }

    /// Keeps this text, and leads to where it is gone on with.
    pub(super) fn keep(&self, app: &App, req: &HttpRequest, text: &str) -> Result<HttpResponse, Error> {
        let mut random = [0; 6];
        rand::fill(&mut random).map_err(|_| Error::Internal("the system has no random numbers".into()))?;
        let (id, now) = (hex::encode(random), app.now());
        let sealed = app.accounts.openid_key.seal(format!("{} {text}", now.0).as_bytes(), &self.place_of(&id));
        let sealed = URL_SAFE_NO_PAD.encode(sealed.map_err(|error| Error::Internal(error.to_string()))?);
        let mut res = see_other(&self.path(&id));
        add(&mut res, &self.cookie_of(app, &id, sealed, LIFE))?;
        let mut all = self.all(app, req);
        all.sort_by_key(|waiting| waiting.begun_at);
        for oldest in all.iter().take((all.len() + 1).saturating_sub(MOST)) {
            self.forget(app, &mut res, &oldest.id)?;
        }
        Ok(res)
    }

    /// Forgets what was gone on with.
    pub(super) fn forget(&self, app: &App, res: &mut HttpResponse, id: &str) -> Result<(), Error> {
        add(res, &self.cookie_of(app, id, String::new(), 0))
    }

    pub(super) fn all(&self, app: &App, req: &HttpRequest) -> Vec<Waiting> {
        let Ok(cookies) = req.cookies() else { return Vec::new() };
        let prefix = self.name_of(app, "");
        let now = app.now();
        let open = |cookie: &Cookie<'_>| {
            let id = cookie.name().strip_prefix(prefix.as_str())?;
            let sealed = URL_SAFE_NO_PAD.decode(cookie.value()).ok()?;
            let whole = String::from_utf8(app.accounts.openid_key.open(&sealed, &self.place_of(id))?).ok()?;
            let (begun_at, text) = whole.split_once(' ')?;
            let begun_at = UnixTime(begun_at.parse().ok()?);
            let is_recent = (0..=LIFE).contains(&now.since(begun_at));
            is_recent.then(|| Waiting { id: id.to_owned(), begun_at, text: text.to_owned() })
        };
        let own = cookies.iter().filter(|cookie| cookie.name().starts_with(prefix.as_str()));
        // More than there should be cost nothing but reading them.
        own.take(4 * MOST).filter_map(open).collect()
    }

    fn place_of(&self, id: &str) -> String {
        format!("{} {id}", self.place)
    }

    fn name_of(&self, app: &App, id: &str) -> String {
        format!("{}{}{id}", app.config().cookie_prefix(), self.cookie)
    }

    fn cookie_of(&self, app: &App, id: &str, value: String, life: i64) -> Cookie<'static> {
        Cookie::build(self.name_of(app, id), value)
            .path("/")
            .http_only(true)
            .secure(app.config().is_https())
            // It has to come along when the app's own form has led here.
            .same_site(SameSite::Lax)
            .max_age(Duration::seconds(life))
            .finish()
    }
}

fn add(res: &mut HttpResponse, cookie: &Cookie<'_>) -> Result<(), Error> {
    let value = HeaderValue::from_str(&cookie.to_string()).map_err(|error| Error::Internal(error.to_string()))?;
    res.headers_mut().append(SET_COOKIE, value);
    Ok(())
}
