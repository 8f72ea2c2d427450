//! What all pages have in common: language, who is signed in, messages, times. And how a page becomes an answer.

use actix_session::SessionExt;
use actix_web::http::StatusCode;
use actix_web::http::header::ACCEPT_LANGUAGE;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::forms::FieldError;
use super::static_files;
use super::times::{self, Ago, Time};
use crate::domain::{Role, UnixTime};
use crate::guards::Caller;
use crate::throttle::Wait;
use crate::web::app::App;
use crate::web::browser::browser_session::{self, Flash, Notice};
use crate::web::browser::language;
use crate::web::http::local_path::LocalPath;
use crate::web::http::openid::{kept, sign_out};
use crate::web::http::passkeys_here::Elsewhere;
use crate::web::http::signed_in;

/// The part of every view that the layout shows, and what the view's texts are made with.
pub(in crate::web) struct Page {
    pub(in crate::web) lang: &'static str,
    pub(in crate::web) site_name: String,
    /// The CSRF value that the forms on this page send.
    pub(in crate::web) csrf: String,
    /// The name of whoever is signed in.
    pub(in crate::web) user: Option<String>,
    pub(in crate::web) is_admin: bool,
    pub(in crate::web) flash: Option<Message>,
    /// What a person who has just signed in should know.
    pub(in crate::web) notices: Vec<Message>,
    /// For how many seconds the form can't be sent again.
    pub(in crate::web) wait: Option<i64>,
    /// The path that the language form comes back to.
    pub(in crate::web) path: String,
    pub(in crate::web) languages: Vec<LanguageChoice>,
    pub(in crate::web) style_url: String,
    pub(in crate::web) script_url: String,
    pub(in crate::web) passkeys_script_url: String,
    pub(in crate::web) icon_url: String,
    /// The name of the zone in which times are shown and read.
    pub(in crate::web) zone: String,
    /// The moment that "3 h ago" is counted from.
    now: UnixTime,
    app: App,
}

/// The message at the top of a page, about what has just happened.
pub(in crate::web) struct Message {
    pub(in crate::web) text: String,
    pub(in crate::web) tone: Tone,
    /// Where there is more about it, and what to do next.
    pub(in crate::web) links: Vec<MessageLink>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Tone {
    News,
    /// Something to be careful about.
    Caution,
    /// What may have been the work of a thief.
    Alarm,
}

pub(in crate::web) struct MessageLink {
    pub(in crate::web) text: String,
    pub(in crate::web) href: String,
}

pub(in crate::web) struct LanguageChoice {
    pub(in crate::web) tag: &'static str,
    pub(in crate::web) name: &'static str,
    pub(in crate::web) current: bool,
}

impl Page {
    /// `caller`: whoever is signed in. Their session's CSRF value goes into the forms; if nobody is, the browser's own value does.
    pub(in crate::web) fn new(app: &App, req: &HttpRequest, caller: Option<&Caller>) -> Self {
        let now = app.now();
        let by_hand = language::by_hand(app, req);
        let wished = || kept::ui_locales(app, req).into_iter().chain(sign_out::ui_locales(app, req));
        let by_app = || wished().find(|tag| app.texts.find(tag).is_some());
        let accepted = req.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let chosen = app.texts.choose(accepted, by_hand.or_else(by_app).as_deref());
        let session = req.get_session();
        let standing = caller.and_then(|_| signed_in::found(req));
        let csrf = caller
            .and_then(|caller| caller.claims.csrf.clone())
            .unwrap_or_else(|| browser_session::form_value(&session, now));
        let mut page = Self {
            lang: chosen.tag,
            site_name: app.config().site_name.clone(),
            csrf,
            user: standing.as_ref().map(|standing| standing.username.to_string()),
            is_admin: standing.is_some_and(|standing| standing.role == Role::Admin),
            flash: None,
            notices: Vec::new(),
            wait: None,
            path: LocalPath::of_request(req).to_string(),
            languages: app
                .texts
                .languages()
                .iter()
                .map(|one| LanguageChoice { tag: one.tag, name: one.name, current: one.tag == chosen.tag })
                .collect(),
            style_url: static_files::url("style.css"),
            script_url: static_files::url("portero.js"),
            passkeys_script_url: static_files::url("passkeys.js"),
            icon_url: static_files::url("icon.svg"),
            zone: app.config().time_zone.iana_name().unwrap_or("UTC").to_owned(),
            now,
            app: app.clone(),
        };
        page.flash = browser_session::take_flash(&session).map(|flash| page.message(flash));
        page.notices = browser_session::take_notices(&session).into_iter().map(|notice| page.notice(notice)).collect();
        page
    }

    /// The whole address of the page at this path, for passing on. `None`: nobody knows by which address people reach this server.
    pub(in crate::web) fn address(&self, path: &str) -> Option<String> {
        let base = self.app.public_url.as_ref()?;
        Some(format!("{}{path}", base.as_str().trim_end_matches('/')))
    }

    /// Whether there is "Forgot password?".
    pub(in crate::web) fn sends_mail(&self) -> bool {
        self.app.config().mail.is_some()
    }

    fn message(&self, flash: Flash) -> Message {
        let count = flash.count.map(|count| ("n", count.into()));
        let user = flash.user.as_deref().map(|user| ("user", user.into()));
        let values: Vec<_> = count.into_iter().chain(user).collect();
        Message {
            text: self.text(&flash.key, &values),
            tone: if flash.key.starts_with("notice-") { Tone::Caution } else { Tone::News },
            links: flash
                .receipt
                .map(|receipt| self.link("receipt-link", format!("/receipts/{receipt}")))
                .into_iter()
                .collect(),
        }
    }

    fn notice(&self, notice: Notice) -> Message {
        let count = notice.count.map(|count| ("n", count.into()));
        let mut values: Vec<_> = count.into_iter().collect();
        let origin = notice.origin.map(|(at, ip)| (self.time(at).text, ip));
        if let Some((when, ip)) = &origin {
            values.extend([("when", when.as_str().into()), ("ip", ip.as_str().into())]);
        }
        if let Some(name) = &notice.name {
            values.push(("name", name.as_str().into()));
        }
        let story = notice.session.map(|sid| self.link("notice-see-story", format!("/account/sessions/{sid}")));
        let change = match &notice.name {
            Some(_) => self.link("account-factor-manage", "/account/factors".into()),
            None => self.link("account-change-password", "/change-password".into()),
        };
        Message {
            text: self.text(&notice.key, &values),
            tone: if matches!(notice.key.as_str(), "notice-reuse" | "notice-half-sign-in" | "notice-passkey-copied") {
                Tone::Alarm
            } else {
                Tone::Caution
            },
            links: story.into_iter().chain([change]).collect(),
        }
    }

    /// Why there are no passkeys here.
    pub(in crate::web) fn passkeys_elsewhere(&self, why: &Elsewhere) -> String {
        match why {
            Elsewhere::PlainHttp => self.t("passkeys-plain-http"),
            Elsewhere::NoName => self.t("passkeys-no-name"),
            Elsewhere::At(address) => self.t1("passkeys-other-address", "address", address),
        }
    }

    /// `key`: the catalogue's.
    pub(in crate::web) fn link(&self, key: &str, href: String) -> MessageLink {
        MessageLink { text: self.t(key), href }
    }

    pub(in crate::web) fn t(&self, key: &str) -> String {
        self.text(key, &[])
    }

    /// The text with the number `n`, in its plural form.
    pub(in crate::web) fn tn(&self, key: &str, n: impl Count) -> String {
        self.text(key, &[("n", n.count().into())])
    }

    /// The text with the number `n`, in its plural form, and one value in it.
    pub(in crate::web) fn tn1(&self, key: &str, n: impl Count, name: &str, value: &str) -> String {
        self.text(key, &[("n", n.count().into()), (name, value.into())])
    }

    /// The text with one value in it.
    pub(in crate::web) fn t1(&self, key: &str, name: &str, value: &str) -> String {
        self.text(key, &[(name, value.into())])
    }

    /// The text with two values in it.
    pub(in crate::web) fn t2(&self, key: &str, one: (&str, &str), other: (&str, &str)) -> String {
        self.text(key, &[(one.0, one.1.into()), (other.0, other.1.into())])
    }

    fn text(&self, key: &str, values: &[(&str, fluent_bundle::FluentValue<'_>)]) -> String {
        let language = self.app.texts.find(self.lang).expect("lang is the tag of one of the catalogues");
        language.text(key, values)
    }

    /// To the minute.
    pub(in crate::web) fn time(&self, moment: UnixTime) -> Time {
        times::to_the_minute(&self.app.config().time_zone, moment)
    }

    /// To the minute, and how long ago it was. What was long ago, or is still to come, has only its date.
    pub(in crate::web) fn ago(&self, moment: UnixTime) -> Time {
        let ago = Ago::between(moment, self.now).map(|ago| match ago {
            Ago::Seconds => self.t("ago-seconds"),
            Ago::Minutes(n) => self.tn("ago-minutes", n),
            Ago::Hours(n) => self.tn("ago-hours", n),
            Ago::Days(n) => self.tn("ago-days", n),
        });
        Time { ago, ..self.time(moment) }
    }

    /// To the second, for pages where the order of things matters.
    pub(in crate::web) fn exact(&self, moment: UnixTime) -> Time {
        times::to_the_second(&self.app.config().time_zone, moment)
    }

    /// The date, and the time of day to the minute.
    pub(in crate::web) fn clock(&self, moment: UnixTime) -> (String, String) {
        times::clock(&self.app.config().time_zone, moment)
    }

    /// The error that says how long to wait after too many tries.
    pub(in crate::web) fn throttled(&mut self, Wait(seconds): Wait) -> FieldError {
        self.wait = Some(seconds);
        FieldError { field: "", text: self.tn("error-throttled", seconds) }
    }

    /// `field`: its id; empty: the form as a whole. `key`: the catalogue's.
    pub(in crate::web) fn error(&self, field: &'static str, key: &str) -> FieldError {
        FieldError { field, text: self.t(key) }
    }
}

/// A count, of any type that templates have at hand.
pub(in crate::web) trait Count {
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

/// Renders a page as an answer.
pub(in crate::web) fn html(status: StatusCode, view: &impl Template) -> HttpResponse {
    match view.render() {
        Ok(body) => HttpResponse::build(status).content_type("text/html; charset=utf-8").body(body),
        Err(error) => {
            tracing::error!(event = "page_failed", error = %error);
            HttpResponse::InternalServerError().finish()
        }
    }
}
