//! About this installation, for an admin: what is running, what it can tell of a request, and its settings.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use actix_web::http::StatusCode;
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Serialize;
use utoipa::ToSchema;

use crate::accounts::apps::exactness::{Exactness, exactness};
use crate::config::{MailSettings, Setting, Source};
use crate::domain::{AppName, TokenType, UnixTime};
use crate::guards::cookies;
use crate::store::{apps, node_list, outbox};
use crate::web::app::App;
use crate::web::browser::{browser_session, device_cookie, language, token_cookies};
use crate::web::http::audience::{Audience, audience};
use crate::web::http::client_address;
use crate::web::http::error::Error;
use crate::web::http::signed_in::Admin;
use crate::web::pages::exactness_view::{ExactnessShown, length};
use crate::web::pages::mail_view::{self, MailShown, MailView};
use crate::web::pages::page::{Page, html};
use crate::web::pages::session_view;
use crate::web::pages::times::Time;

#[derive(Template)]
#[template(path = "about.html")]
struct AboutPage {
    page: Page,
    version: &'static str,
    started: Time,
    uptime: String,
    /// The address that this very request comes from, as far as Portero can tell.
    address: String,
    peer: String,
    /// The scheme and host that were asked for.
    seen: String,
    public_url: String,
    /// Whether a forwarded header came from a peer that is not trusted.
    forwarded_ignored: bool,
    cookies: Vec<String>,
    folder: String,
    database: String,
    database_size: String,
    last_prune: Option<Time>,
    /// `None`: Portero sends no mail.
    mail: Option<MailView>,
    /// How many nodes there are. `None`: one Portero serves the database.
    nodes: Option<String>,
    /// How long a session that has ended can live on, by apps.
    exactness: Vec<ExactApp>,
    /// The same at the app that is worst. `None`: there is no app that anybody gets into.
    worst: Option<String>,
    /// What somebody has set.
    changed: Vec<SettingRow>,
    /// The other settings, which have their default values.
    defaults: Vec<SettingRow>,
}

struct ExactApp {
    id: i64,
    name: String,
    shown: ExactnessShown,
}

struct SettingRow {
    key: &'static str,
    value: String,
    /// Whether the value is said in words, not as it would be written in the file.
    is_words: bool,
    source: String,
}

fn row(page: &Page, setting: &Setting) -> SettingRow {
    let source = match setting.source {
        Source::Default => page.t("about-source-default"),
        Source::File => page.t("about-source-file"),
        Source::Environment => page.t("about-source-environment"),
        Source::Flag => page.t("about-source-flag"),
    };
    let words = match setting.value.as_str() {
        "(unset)" => Some("about-value-unset"),
        "(none)" => Some("about-value-none"),
        "(hidden)" => Some("about-value-hidden"),
        "(made at the first start)" => Some("about-value-made"),
        _ => None,
    };
    SettingRow {
        key: setting.key,
        value: words.map_or_else(|| setting.value.clone(), |key| page.t(key)),
        is_words: words.is_some(),
        source,
    }
}

/// The installation, as it sees itself and whoever asks.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct About<'a> {
    version: &'static str,
    /// In seconds.
    uptime: i64,
    /// The caller's address.
    address: String,
    /// Who is connected: the caller, or a proxy.
    peer: String,
    /// Scheme and host, as the request has them.
    seen: String,
    public_url: Option<&'a str>,
    /// Whether a header about the client came from a peer that is no trusted proxy.
    forwarded_ignored: bool,
    database_bytes: Option<u64>,
    last_prune: Option<UnixTime>,
    exactness: Exactnesses<'a>,
    /// Every setting as text, by its key. Secrets are hidden.
    settings: BTreeMap<&'a str, &'a str>,
    /// Only if there is a mail server.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    mail: Option<MailShown<'a>>,
}

/// How exact the apps are about the end of a session.
#[derive(Serialize, ToSchema)]
struct Exactnesses<'a> {
    /// The worst of all, in seconds. Null: there is no end to it, or no app.
    #[schema(value_type = Option<i64>)]
    worst: Option<Option<i64>>,
    apps: Vec<ExactnessOf<'a>>,
}

/// How exact an app is.
#[derive(Serialize, ToSchema)]
struct ExactnessOf<'a> {
    app: &'a AppName,
    #[serde(flatten)]
    exactness: Exactness,
}

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    Admin(caller): Admin,
) -> Result<HttpResponse, Error> {
    let now = app.now();
    let db = app.accounts.db.clone();
    let size = app.readers.run(&[], move || db.size()).await.map_err(|_| Error::Busy)?;
    let apps = app.read(apps::all).await?;
    let mail = match &app.config().mail {
        Some(MailSettings { server, .. }) => {
            Some((format!("{}:{}", server.host, server.port), app.read(outbox::state).await?))
        }
        None => None,
    };
    let nodes = app.read(move |conn| node_list::list(conn, now)).await?;
    let exact: Vec<_> = apps.iter().filter_map(|one| Some((one, exactness(&app.accounts, one)?))).collect();
    // No end at all is worse than any.
    let worst = exact.iter().map(|(_, found)| found.worst).max_by_key(|worst| worst.unwrap_or(i64::MAX));
    let address = client_address::address(&app, &req).to_string();
    let peer = req.peer_addr().map_or_else(String::new, |peer| peer.ip().to_canonical().to_string());
    let host = req.headers().get(actix_web::http::header::HOST);
    let host = host.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default();
    let forwarded_ignored = app.warned_of_forwarded.load(Ordering::Relaxed);
    let last_prune = Some(app.accounts.last_prune.load(Ordering::Relaxed)).filter(|at| *at > 0).map(UnixTime);
    let uptime = now.since(app.started).max(0);
    if audience(&req, &app) == Audience::Program {
        let apps = exact.iter().map(|(one, found)| ExactnessOf { app: &one.name, exactness: *found });
        let about = About {
            version: VERSION,
            uptime,
            address,
            peer,
            seen: format!("{}://{host}", client_address::scheme(&app, &req)),
            public_url: app.public_url.as_ref().map(url::Url::as_str),
            forwarded_ignored,
            database_bytes: size,
            last_prune,
            exactness: Exactnesses { worst, apps: apps.collect() },
            settings: app.settings.iter().map(|setting| (setting.key, setting.value.as_str())).collect(),
            mail: mail.as_ref().map(|(server, state)| mail_view::shown(server, state)),
        };
        return Ok(HttpResponse::Ok().json(about));
    }
    let page = Page::new(&app, &req, Some(&caller));
    let (defaults, changed): (Vec<_>, Vec<_>) =
        app.settings.iter().partition(|setting| setting.source == Source::Default);
    let view = AboutPage {
        version: VERSION,
        started: page.time(app.started),
        uptime: in_words(&page, uptime),
        address: session_view::address(&page, &address),
        peer,
        seen: format!("{}://{host}", client_address::scheme(&app, &req)),
        public_url: app.public_url.as_ref().map_or_else(|| page.t("about-no-public-url"), ToString::to_string),
        forwarded_ignored,
        cookies: cookie_names(&app),
        folder: app.config().data_dir.display().to_string(),
        database: app.config().database.to_string(),
        database_size: size.map_or_else(|| "?".into(), |bytes| megabytes(&page, bytes)),
        nodes: (!nodes.is_empty()).then(|| page.tn("nodes-count", nodes.nodes.len())),
        last_prune: last_prune.map(|at| page.time(at)),
        mail: mail.map(|(server, state)| MailView::new(&page, server, &state)),
        worst: worst.map(|worst| worst_in_words(&page, worst)),
        exactness: exact
            .iter()
            .map(|(one, found)| ExactApp {
                id: one.id.0,
                name: one.name.to_string(),
                shown: ExactnessShown::new(&page, *found),
            })
            .collect(),
        changed: changed.into_iter().map(|setting| row(&page, setting)).collect(),
        defaults: defaults.into_iter().map(|setting| row(&page, setting)).collect(),
        page,
    };
    Ok(html(StatusCode::OK, &view))
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How long an ended session can live on at the app that is worst.
fn worst_in_words(page: &Page, worst: Option<i64>) -> String {
    match worst {
        None => page.t("about-exactness-no-end"),
        Some(0) => page.t("about-exactness-exact"),
        Some(seconds) => page.t1("about-exactness-worst", "time", &length(page, seconds)),
    }
}

/// To one decimal place, with the decimal mark of the page's language.
fn megabytes(page: &Page, bytes: u64) -> String {
    let tenths = bytes.saturating_add(50_000) / 100_000;
    format!("{}{}{} MB", tenths / 10, page.t("decimal-mark"), tenths % 10)
}

/// The time in at most two units, from the largest that it fills.
fn in_words(page: &Page, seconds: i64) -> String {
    let units = [("days", seconds / 86_400), ("hours", seconds / 3600 % 24), ("minutes", seconds / 60 % 60)];
    let filled: Vec<_> = units.into_iter().skip_while(|(_, n)| *n == 0).take(2).collect();
    if filled.is_empty() {
        return page.tn("about-seconds", seconds);
    }
    let words = filled.into_iter().filter(|(_, n)| *n > 0).map(|(unit, n)| page.tn(&format!("about-{unit}"), n));
    words.collect::<Vec<_>>().join(" ")
}

fn cookie_names(app: &App) -> Vec<String> {
    let options = app.accounts.engine.options();
    let mut names = Vec::new();
    for token in [TokenType::Access, TokenType::Refresh] {
        let of_token = cookies::names(options, token);
        names.push(of_token.token.to_owned());
        if options.cookie_csrf_protect && options.csrf_in_cookies {
            names.push(of_token.csrf.to_owned());
        }
    }
    names.push(browser_session::cookie_name(app));
    names.push(language::cookie_name(app));
    names.push(token_cookies::was_here_cookie_name(app));
    names.push(device_cookie::cookie_name(app));
    names
}
