//! What all pages have in common: language, who is signed in, messages, times; and how a page becomes an answer.

use actix_session::SessionExt;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::browser_session::{self, Flash};
use super::local_path::LocalPath;
use super::{App, language, signed_in, static_files};
use crate::domain::{Role, UnixTime};
use crate::guards::Caller;
use crate::throttle::Wait;

/// The part of every view that the layout shows, and what its texts are made with.
pub(super) struct Page {
    pub(super) lang: &'static str,
    pub(super) site_name: String,
    /// What a form on this page sends along.
    pub(super) csrf: String,
    /// Who is signed in.
    pub(super) user: Option<String>,
    pub(super) is_admin: bool,
    pub(super) flash: Option<Message>,
    /// Where the language form comes back to.
    pub(super) path: String,
    pub(super) languages: Vec<LanguageChoice>,
    pub(super) style_url: String,
    pub(super) script_url: String,
    pub(super) icon_url: String,
    /// In which times are shown and read, by its name.
    pub(super) zone: String,
    app: App,
}

/// What the page says first, about what has just happened.
pub(super) struct Message {
    pub(super) text: String,
    /// Something to be careful about, not good news.
    pub(super) is_caution: bool,
}

pub(super) struct LanguageChoice {
    pub(super) tag: &'static str,
    pub(super) name: &'static str,
    pub(super) current: bool,
}

/// A moment for people, and for machines.
pub(super) struct Time {
    pub(super) iso: String,
    pub(super) text: String,
}

/// What is wrong with a form: the id of the field (empty: with the form as a whole), and a sentence.
pub(super) struct FieldError {
    pub(super) field: &'static str,
    pub(super) text: String,
}

impl Page {
    /// `caller`: who is signed in, if anybody; their session's CSRF value goes into the forms.
    pub(super) fn of(app: &App, req: &HttpRequest, caller: Option<&Caller>) -> Self {
        let chosen = app.texts.choose(req, language::by_hand(app, req).as_deref());
        let session = req.get_session();
        let standing = caller.and_then(|_| signed_in::found(req));
        let csrf = caller
            .and_then(|caller| caller.claims.csrf.clone())
            .unwrap_or_else(|| browser_session::form_value(&session, app.now()));
        let mut page = Self {
            lang: chosen.tag,
            site_name: app.config.site_name.clone(),
            csrf,
            user: standing.as_ref().map(|standing| standing.username.to_string()),
            is_admin: standing.is_some_and(|standing| standing.role == Role::Admin),
            flash: None,
            path: LocalPath::of(req).to_string(),
            languages: app
                .texts
                .languages()
                .iter()
                .map(|one| LanguageChoice { tag: one.tag, name: one.name, current: one.tag == chosen.tag })
                .collect(),
            style_url: static_files::url("style.css"),
            script_url: static_files::url("portero.js"),
            icon_url: static_files::url("icon.svg"),
            zone: app.config.time_zone.iana_name().unwrap_or("UTC").to_owned(),
            app: app.clone(),
        };
        page.flash = browser_session::take_flash(&session).map(|flash: Flash| Message {
            text: match flash.count {
                Some(count) => page.tn(&flash.key, count),
                None => page.t(&flash.key),
            },
            is_caution: flash.key.starts_with("notice-"),
        });
        page
    }

    pub(super) fn t(&self, key: &str) -> String {
        self.text(key, &[])
    }

    /// With a number, in its plural form.
    pub(super) fn tn(&self, key: &str, n: impl Count) -> String {
        self.text(key, &[("n", n.count().into())])
    }

    /// With one value in it.
    pub(super) fn t1(&self, key: &str, name: &str, value: &str) -> String {
        self.text(key, &[(name, value.into())])
    }

    /// With two values in it.
    pub(super) fn t2(&self, key: &str, one: (&str, &str), other: (&str, &str)) -> String {
        self.text(key, &[(one.0, one.1.into()), (other.0, other.1.into())])
    }

    fn text(&self, key: &str, values: &[(&str, fluent_bundle::FluentValue<'_>)]) -> String {
        let language = self.app.texts.find(self.lang).expect("lang is the tag of one of the catalogues");
        language.text(key, values)
    }

    pub(super) fn time(&self, moment: UnixTime) -> Time {
        time_in(&self.app.config.time_zone, moment)
    }

    /// To the second, where the order of things matters.
    pub(super) fn exact(&self, moment: UnixTime) -> Time {
        formatted(&self.app.config.time_zone, moment, "%Y-%m-%d %H:%M:%S %Z")
    }

    /// Too often: how long to wait.
    pub(super) fn throttled(&self, Wait(seconds): Wait) -> FieldError {
        FieldError { field: "", text: self.tn("error-throttled", seconds) }
    }

    pub(super) fn error(&self, field: &'static str, key: &str) -> FieldError {
        FieldError { field, text: self.t(key) }
    }
}

/// A number as templates have it at hand.
pub(super) trait Count {
    fn count(self) -> i64;
}

impl Count for i64 {
    fn count(self) -> i64 {
        self
    }
}

impl Count for i32 {
    fn count(self) -> i64 {
        self.into()
    }
}

impl Count for usize {
    fn count(self) -> i64 {
        i64::try_from(self).unwrap_or(i64::MAX)
    }
}

impl<T: Count + Copy> Count for &T {
    fn count(self) -> i64 {
        (*self).count()
    }
}

fn time_in(zone: &TimeZone, moment: UnixTime) -> Time {
    formatted(zone, moment, "%Y-%m-%d %H:%M %Z")
}

/// Year first: the one order that nobody reads the wrong way round. The zone is named.
fn formatted(zone: &TimeZone, moment: UnixTime, format: &str) -> Time {
    let Ok(timestamp) = Timestamp::from_second(moment.0) else {
        // Beyond the year 9999: what a peer's token may say, but no calendar.
        return Time { iso: moment.0.to_string(), text: moment.0.to_string() };
    };
    let local = timestamp.to_zoned(zone.clone());
    Time { iso: timestamp.to_string(), text: local.strftime(format).to_string() }
}

/// A page as an answer.
pub(super) fn html(status: StatusCode, view: &impl Template) -> HttpResponse {
    match view.render() {
        Ok(body) => HttpResponse::build(status).content_type("text/html; charset=utf-8").body(body),
        Err(error) => {
            tracing::error!(event = "page_failed", error = %error);
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// 303: go there and ask for it with GET.
pub(super) fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, path)).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_names_its_zone() {
        let madrid = TimeZone::get("Europe/Madrid").unwrap();
        assert_eq!(time_in(&madrid, UnixTime(1_795_374_306)).text, "2026-11-22 20:05 CET");
        assert_eq!(time_in(&TimeZone::UTC, UnixTime(1_795_374_306)).iso, "2026-11-22T19:05:06Z");
        assert_eq!(time_in(&TimeZone::UTC, UnixTime(i64::MAX)).text, i64::MAX.to_string());
    }
}
