//! The link that was just made for a user, for the admin who made it: to hand over, and for some minutes only.

use actix_web::http::StatusCode;
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::proof::one_time_link;
use crate::store::links::Purpose;
use crate::web::app::App;
use crate::web::browser::browser_session::BrowserSession;
use crate::web::browser::kept_links;
use crate::web::http::error::Error;
use crate::web::http::signed_in::FreshAdmin;
use crate::web::pages::mail_view;
use crate::web::pages::page::{Page, html};
use crate::web::pages::times::Time;
use crate::web::pages::user_acts::Act;
use crate::web::pages::user_view;

#[derive(Template)]
#[template(path = "made_link.html")]
struct MadeLinkPage {
    page: Page,
    id: i64,
    name: String,
    /// `None`: there is none to show, or not any more.
    shown: Option<Shown>,
    /// The page on which another link is made.
    another_path: String,
    another_link: String,
}

struct Shown {
    /// Only its path if `lacks_base`.
    url: String,
    /// Nobody has told Portero where people reach it.
    lacks_base: bool,
    expires_at: Time,
    /// The page's title, and what to do with the link.
    title: String,
    intro: String,
    is_invitation: bool,
    /// What became of the mail with it. `None`: there is none.
    mail: Option<String>,
}

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    // As for making one: whoever holds a copy of both cookies, but no recent proof, sees none.
    FreshAdmin(caller): FreshAdmin,
    id: Path<String>,
) -> Result<HttpResponse, Error> {
    let (listed, now) = (user_view::find(&app, &id).await?, app.now());
    let user = &listed.user;
    let mut kept = kept_links::find(&browser, caller.claims.sid(), user.id, now);
    if let Some(link) = &kept {
        // Used meanwhile, or void because of a newer one: then it would be handed over in vain.
        let token = link.link.token.clone();
        let is_good = app.read(move |conn| one_time_link::find(conn, &token, now)).await?.is_some();
        kept = kept.filter(|_| is_good);
    }
    let progress = match &kept {
        Some(kept) if app.config().mail.is_some() => {
            let token = kept.link.token.clone();
            app.read(move |conn| one_time_link::mail_progress(conn, &token)).await?
        }
        Some(_) | None => None,
    };
    let page = Page::new(&app, &req, Some(&caller));
    let mail = progress.zip(user.mail.as_ref()).map(|(how, to)| mail_view::of_link(&page, how, to.as_str()));
    let name = user.username.to_string();
    let another = match &kept {
        Some(kept) if kept.purpose == Purpose::Enrolment => Act::EnrolmentLink,
        None if user.enrol_by_link => Act::EnrolmentLink,
        Some(_) | None => Act::Link,
    };
    let view = MadeLinkPage {
        id: user.id.0,
        shown: kept.map(|kept| Shown {
            url: kept.link.url(app.public_url.as_ref()),
            lacks_base: app.public_url.is_none(),
            expires_at: page.time(kept.link.expires_at),
            title: page.t1(title(kept.purpose), "user", &name),
            intro: page.t1(intro(kept.purpose), "user", &name),
            is_invitation: kept.purpose == Purpose::Invitation,
            mail,
        }),
        another_path: another.path(user.id),
        another_link: page.t(&another.key("link")),
        name,
        page,
    };
    let status = if view.shown.is_some() { StatusCode::OK } else { StatusCode::GONE };
    Ok(html(status, &view))
}

fn title(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Setup | Purpose::Invitation => "made-link-invitation",
        Purpose::NewPassword | Purpose::ForgottenPassword => "made-link-new-password",
        Purpose::Enrolment | Purpose::ConfirmAddress => "made-link-enrolment",
    }
}

fn intro(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Setup | Purpose::Invitation | Purpose::NewPassword | Purpose::ForgottenPassword => "made-link-intro",
        Purpose::Enrolment | Purpose::ConfirmAddress => "made-link-enrolment-intro",
    }
}
