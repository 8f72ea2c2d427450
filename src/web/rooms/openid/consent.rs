//! `POST /authorize/consent`: the person's answer to whether an app may know who they are. The page with the question is the one at which
//! the app's request waits.

use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use crate::accounts::apps::openid::authorize::{Agreement, Authorized, authorize};
use crate::accounts::apps::openid::consent::withdraw;
use crate::domain::AppId;
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession, Flash};
use crate::web::http::error::Error;
use crate::web::http::input::Input;
use crate::web::http::openid::issuer::issuer;
use crate::web::http::openid::kept;
use crate::web::http::openid::needs::needs;
use crate::web::http::openid::request::{self, Refused};
use crate::web::http::replies::see_other;
use crate::web::http::signed_in::{OwnMandate, signed_in};
use crate::web::pages::openid_answer::{self, answer};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Decision {
    kept: String,
    /// `allow` or `deny`.
    decision: String,
}

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    OwnMandate(caller, mandate): OwnMandate,
    input: Input,
) -> Result<HttpResponse, Error> {
    let form: Decision = input.only_form()?;
    let issuer = issuer(&app)?;
    let Some(kept) = kept::find(&app, &req, &form.kept) else {
        return Ok(openid_answer::here(&app, &req, "openid-lapsed"));
    };
    let request = match request::read(&app, &issuer, request::fields(&kept.text)) {
        Ok(request) => request,
        Err(Refused::Here(key)) => return Ok(openid_answer::here(&app, &req, key)),
        Err(Refused::There(reply, error, why)) => return Ok(answer(&app, &req, &reply, &reply.error(error, why))),
    };
    let reply = &request.reply;
    let mut res = match form.decision.as_str() {
        "deny" => answer(&app, &req, reply, &reply.error("access_denied", "the person did not agree")),
        // What came in between is asked for where the request waits.
        "allow" if needs(&app, &*signed_in(&req)?, &caller, &request, Some(&kept)).is_some() => {
            return Ok(see_other(&kept::path(&kept.id)));
        }
        "allow" => {
            let done = authorize(&app.accounts, mandate, request.wanted.clone(), Agreement::Now).everywhere().await?;
            match done {
                Authorized::Code(code) => answer(&app, &req, reply, &reply.code(&code)),
                Authorized::Denied => openid_answer::denied(&app, &req, &request),
                Authorized::NoSuchApp | Authorized::NotAgreed => openid_answer::here(&app, &req, "openid-no-such-app"),
            }
        }
        _ => return Err(Error::BadInput("decision has to be allow or deny".into())),
    };
    kept::forget(&app, &mut res, &kept.id)?;
    Ok(res)
}

/// `POST /account/apps/{id}/withdraw`: takes back what one has agreed to.
pub(in crate::web) async fn take_back(
    ThinData(app): ThinData<App>,
    browser: BrowserSession,
    OwnMandate(_, mandate): OwnMandate,
    id: actix_web::web::Path<String>,
    input: Input,
) -> Result<HttpResponse, Error> {
    let Decision { .. } = input.only_form()?;
    let id = AppId(id.parse().map_err(|_| Error::NotFound)?);
    if !withdraw(&app.accounts, mandate, id).everywhere().await? {
        return Err(Error::NotFound);
    }
    browser_session::set_flash(&browser, &Flash::plain("flash-consent-withdrawn"));
    Ok(see_other("/account"))
}
