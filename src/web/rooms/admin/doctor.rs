//! How the installation does, for an admin: what can be seen on this machine now, what that means for people, and what to change. Asks no other
//! host; `portero doctor` at the command line does that, too.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use actix_web::http::StatusCode;
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Serialize;
use utoipa::ToSchema;

use crate::doctor::{self, Check, NotLookedAt, Seen};
use crate::error_chain::chain;
use crate::store::audit::list;
use crate::store::{Error as StoreError, outbox};
use crate::web::app::App;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::readiness::trouble_of;
use crate::web::http::signed_in::Admin;
use crate::web::pages::page::{Page, html};

#[derive(Template)]
#[template(path = "doctor.html")]
struct DoctorPage {
    page: Page,
    /// "2 things are wrong", say.
    summary: String,
    wrong: Vec<WrongView>,
    rows: Vec<Row>,
}

/// A check that found something.
struct WrongView {
    check: &'static str,
    title: String,
    seen: String,
    effect: String,
    change: String,
}

struct Row {
    title: String,
    result: String,
    badge: &'static str,
    is_wrong: bool,
}

enum Verdict {
    Good,
    Wrong(Seen),
    NotJudged,
}

impl Verdict {
    fn as_str(&self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Wrong(_) => "wrong",
            Self::NotJudged => "not_judged",
        }
    }
}

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    Admin(caller): Admin,
) -> Result<HttpResponse, Error> {
    let found = look(&app).await?;
    if audience(&req, &app) == Audience::Program {
        return Ok(HttpResponse::Ok().json(shown(&found)));
    }
    let page = Page::new(&app, &req, Some(&caller));
    let title = |check: &Check| page.t(&format!("doctor-{}", check.as_str()));
    let wrong: Vec<_> = found
        .iter()
        .filter_map(|(check, verdict)| match verdict {
            Verdict::Wrong(seen) => Some(WrongView {
                check: check.as_str(),
                title: title(check),
                seen: in_words(&page, seen),
                effect: page.t(&format!("doctor-{}-effect", check.as_str())),
                change: page.t(&format!("doctor-{}-change", check.as_str())),
            }),
            Verdict::Good | Verdict::NotJudged => None,
        })
        .collect();
    let rows = found.iter().map(|(check, verdict)| Row {
        title: title(check),
        result: page.t(&format!("doctor-result-{}", verdict.as_str())),
        badge: match verdict {
            Verdict::Good => "here",
            Verdict::Wrong(_) => "danger",
            Verdict::NotJudged => "",
        },
        is_wrong: matches!(verdict, Verdict::Wrong(_)),
    });
    let view = DoctorPage {
        summary: if wrong.is_empty() { page.t("doctor-nothing") } else { page.tn("doctor-wrong", wrong.len()) },
        rows: rows.collect(),
        wrong,
        page,
    };
    Ok(html(StatusCode::OK, &view))
}

/// What is looked at on the machine.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct Checks {
    checks: Vec<CheckShown>,
}

/// One thing that is looked at.
#[derive(Serialize, ToSchema)]
#[schema(as = Check)]
struct CheckShown {
    #[schema(value_type = String)]
    check: Check,
    /// `good`, `wrong`, or `not_judged`: that was not possible, or does not apply here.
    result: &'static str,
    /// What was seen, if something is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    seen: Option<String>,
}

fn shown(found: &[(Check, Verdict)]) -> Checks {
    let checks = found.iter().map(|(check, verdict)| CheckShown {
        check: *check,
        result: verdict.as_str(),
        seen: match verdict {
            Verdict::Wrong(seen) => Some(seen.to_string()),
            Verdict::Good | Verdict::NotJudged => None,
        },
    });
    Checks { checks: checks.collect() }
}

async fn look(app: &App) -> Result<Vec<(Check, Verdict)>, Error> {
    let config = Arc::clone(&app.accounts.config);
    // Files may be on a disk that hangs.
    let look = move || [doctor::folder(&config), doctor::files(&config), doctor::disk(&config)];
    let [folder, files, disk] = app.readers.run(&[], look).await.map_err(|_| Error::Busy)?;
    let now = app.now();
    let stored = move |conn: &mut _| {
        let mails = outbox::state(conn)?;
        Ok::<_, StoreError>((doctor::backup(conn, now)?, list::newest_at(conn)?, mails))
    };
    let (backup, newest, mails) = app.read(stored).await?;
    let config = app.config();
    let is_plain = !config.is_https() && !config.is_local();
    let url = config.public_url.as_ref().map_or_else(|| config.listen.to_string(), ToString::to_string);
    let mail = match config.mail {
        Some(_) => judged(doctor::mails(&mails, now)),
        None => Verdict::NotJudged,
    };
    Ok(vec![
        (Check::FolderIsPublic, looked(folder)),
        (Check::FileIsPublic, looked(files)),
        (Check::Disk, looked(disk)),
        (Check::Backup, judged(backup)),
        (Check::Clock, judged(doctor::clock(newest, now))),
        (Check::NotReady, judged(trouble_of(app).await.map(Seen::NotReady))),
        (Check::PlainHttp, judged(is_plain.then_some(Seen::PlainHttp(url)))),
        (
            Check::UntrustedProxy,
            judged(app.warned_of_forwarded.load(Ordering::Relaxed).then_some(Seen::ForwardedByStranger)),
        ),
        (
            Check::ClientAddress,
            judged(app.warned_of_unreadable_address.load(Ordering::Relaxed).then_some(Seen::NoClientAddress)),
        ),
        (Check::Mail, mail),
    ])
}

fn judged(seen: Option<Seen>) -> Verdict {
    seen.map_or(Verdict::Good, Verdict::Wrong)
}

fn looked(found: Result<Option<Seen>, NotLookedAt>) -> Verdict {
    found.map_or_else(
        |error| {
            tracing::warn!(event = "installation_not_looked_at", error = %chain(&error));
            Verdict::NotJudged
        },
        judged,
    )
}

fn in_words(page: &Page, seen: &Seen) -> String {
    let with_mode = |path: &std::path::Path, mode: u32| {
        page.t2("doctor-seen-mode", ("path", &path.display().to_string()), ("mode", &format!("{mode:o}")))
    };
    match seen {
        Seen::Folder { folder, mode } => with_mode(folder, *mode),
        Seen::Files(files) => files.iter().map(|(path, mode)| with_mode(path, *mode)).collect::<Vec<_>>().join("; "),
        Seen::LittleRoom { free_mb, whole_mb, .. } => {
            page.t2("doctor-seen-room", ("free", &free_mb.to_string()), ("whole", &whole_mb.to_string()))
        }
        Seen::OldBackup { days } => page.tn("doctor-seen-old-backup", *days),
        Seen::NoBackup { days } => page.tn("doctor-seen-no-backup", *days),
        Seen::ClockBehind { seconds } => page.tn("doctor-seen-clock", *seconds),
        Seen::NotReady(reason) => page.t1("doctor-seen-not-ready", "reason", reason),
        Seen::PlainHttp(url) => page.t1("doctor-seen-plain-http", "url", url),
        Seen::ForwardedByStranger => page.t("doctor-seen-forwarded"),
        Seen::NoClientAddress => page.t("doctor-seen-no-address"),
        Seen::MailsWait { count, minutes, outcome } => {
            let waits = page.tn("about-mail-waiting-count", *count);
            let since = page.tn("doctor-seen-mails-minutes", *minutes);
            let outcome = outcome.map(|outcome| page.t(&format!("mail-outcome-{}", outcome.as_str())));
            [Some(waits), Some(since), outcome].into_iter().flatten().collect::<Vec<_>>().join(" · ")
        }
    }
}
