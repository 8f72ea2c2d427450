//! Ending one session, one's own or, for admins, anybody's. GET names what will end; POST ends it and leads to the receipt.

use actix_web::http::StatusCode;
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::sessions::end::{Own, end_anybodys, end_own};
use crate::domain::Reason;
use crate::guards::{Caller, FreshToken};
use crate::store::session_ends::Which;
use crate::web::app::App;
use crate::web::http::error::Error;
use crate::web::http::replies::see_other;
use crate::web::http::signed_in::{AdminMandate, FreshAdmin, FreshMandate, signed_in};
use crate::web::pages::ended;
use crate::web::pages::page::{Page, html};
use crate::web::pages::session_view::{self, SessionView};
use crate::web::pages::whose::{self, Named, Whose};

#[derive(Template)]
#[template(path = "end_session.html")]
struct EndSessionPage {
    page: Page,
    user: String,
    /// Whether this is an admin's page, for anybody's session: then the user is named.
    is_admins: bool,
    /// Whether it is a session of the admin who asks.
    is_callers: bool,
    session: SessionView,
    action: String,
    cancel: &'static str,
}

pub(in crate::web) async fn own_form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FreshToken(caller): FreshToken,
    sid: Path<String>,
) -> Result<HttpResponse, Error> {
    let whose = Whose::Own(signed_in(&req)?.user);
    form(&app, &req, &caller, sid.into_inner(), whose).await
}

pub(in crate::web) async fn anybodys_form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FreshAdmin(caller): FreshAdmin,
    sid: Path<String>,
) -> Result<HttpResponse, Error> {
    form(&app, &req, &caller, sid.into_inner(), Whose::Anybodys).await
}

async fn form(app: &App, req: &HttpRequest, caller: &Caller, sid: String, whose: Whose) -> Result<HttpResponse, Error> {
    let found = find(app, sid, whose).await?;
    if caller.claims.sid() == Some(found.session.sid) {
        return Ok(see_other("/logout"));
    }
    let page = Page::new(app, req, Some(caller));
    let view = EndSessionPage {
        user: found.user.to_string(),
        is_admins: matches!(whose, Whose::Anybodys),
        is_callers: matches!(whose, Whose::Anybodys) && signed_in(req)?.user == found.session.user,
        session: session_view::view(app, &page, &found.session),
        action: whose.end_path(found.session.sid),
        cancel: whose.list(),
        page,
    };
    Ok(html(StatusCode::OK, &view))
}

pub(in crate::web) async fn own(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FreshMandate(mandate): FreshMandate,
    sid: Path<String>,
) -> Result<HttpResponse, Error> {
    let whose = Whose::Own(signed_in(&req)?.user);
    let sid = find(&app, sid.into_inner(), whose).await?.session.sid;
    let done = end_own(&app.accounts, mandate, Own::One(sid), Reason::EndedByUser).everywhere().await?;
    Ok(ended::answer(&app, &req, &done.receipt, done.sessions.len(), whose.list()))
}

pub(in crate::web) async fn anybodys(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    AdminMandate(_, mandate): AdminMandate,
    sid: Path<String>,
) -> Result<HttpResponse, Error> {
    let sid = find(&app, sid.into_inner(), Whose::Anybodys).await?.session.sid;
    let done = end_anybodys(&app.accounts, mandate, Which::One(sid)).everywhere().await?;
    Ok(ended::answer(&app, &req, &done.receipt, done.sessions.len(), Whose::Anybodys.list()))
}

async fn find(app: &App, sid: String, whose: Whose) -> Result<Named, Error> {
    app.read(move |conn| whose::find(conn, &sid, whose)).await?.ok_or(Error::NotFound)
}
