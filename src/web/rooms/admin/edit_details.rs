//! What admins note about a user: display name, email address, whether the address is verified, and notes.

use actix_web::http::StatusCode;
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::accounts::people::details::{self, Change, Changes, Edited, edit};
use crate::domain::{DetailFault, DisplayName, Mail, Notes, UserId};
use crate::store::user_details;
use crate::store::user_lists::ListedUser;
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession, Flash};
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::input::Input;
use crate::web::http::replies::{WasChanged, see_other};
use crate::web::http::signed_in::{AdminMandate, FreshAdmin};
use crate::web::pages::forms::FieldError;
use crate::web::pages::page::{Page, html};
use crate::web::pages::user_view;

#[derive(Template)]
#[template(path = "user_details.html")]
struct DetailsPage {
    page: Page,
    id: i64,
    name: String,
    /// The user's page.
    cancel: String,
    form: DetailsForm,
    most_notes: usize,
    errors: Vec<FieldError>,
}

/// The form as it was sent. A box that is not ticked is not sent.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct DetailsForm {
    display_name: String,
    mail: String,
    mail_verified: String,
    notes: String,
    /// What was there when the form was shown.
    seen: String,
}

impl DetailsForm {
    fn of(listed: &ListedUser, notes: Option<String>) -> Self {
        let user = &listed.user;
        Self {
            seen: details::seen(user, notes.as_deref()),
            display_name: user.display_name.as_ref().map_or_else(String::new, |name| name.as_str().to_owned()),
            mail: user.mail.as_ref().map_or_else(String::new, |mail| mail.as_str().to_owned()),
            mail_verified: if user.mail_verified_at.is_some() { "on".into() } else { String::new() },
            notes: notes.unwrap_or_default(),
        }
    }

    fn is_verified(&self) -> bool {
        self.mail_verified == "on"
    }
}

/// The members as a program sent them: one that is missing stays as it is, one that is empty is taken away.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = UserChanges)]
pub(in crate::web) struct DetailsJson {
    display_name: Option<String>,
    mail: Option<String>,
    mail_verified: Option<bool>,
    notes: Option<String>,
}

pub(in crate::web) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FreshAdmin(caller): FreshAdmin,
    id: Path<String>,
) -> Result<HttpResponse, Error> {
    let listed = user_view::find(&app, &id).await?;
    let form = DetailsForm::of(&listed, notes(&app, listed.user.id).await?);
    let page = Page::new(&app, &req, Some(&caller));
    let errors: Vec<_> = user_view::deleted(&page, &listed.user).into_iter().collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::CONFLICT };
    Ok(show(page, status, &listed, form, errors))
}

async fn notes(app: &App, user: UserId) -> Result<Option<String>, Error> {
    app.read(move |conn| user_details::notes(conn, user)).await
}

fn show(
    page: Page,
    status: StatusCode,
    listed: &ListedUser,
    form: DetailsForm,
    errors: Vec<FieldError>,
) -> HttpResponse {
    let (id, name) = (listed.user.id.0, listed.user.username.to_string());
    let cancel = format!("/admin/users/{id}");
    html(status, &DetailsPage { page, id, name, cancel, form, most_notes: Notes::MAX_CHARS, errors })
}

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    AdminMandate(caller, mandate): AdminMandate,
    id: Path<String>,
    input: Input,
) -> Result<HttpResponse, Error> {
    let (asked, form) = match input {
        Input::Form(fields) => {
            let form: DetailsForm = Input::form(fields)?;
            let asked = DetailsJson {
                display_name: Some(form.display_name.clone()),
                mail: Some(form.mail.clone()),
                mail_verified: Some(form.is_verified()),
                notes: Some(form.notes.clone()),
            };
            (asked, Some(form))
        }
        Input::Json(members) => (Input::json(members)?, None),
    };
    let listed = user_view::find(&app, &id).await?;
    let page = Page::new(&app, &req, Some(&caller));
    let refused = |page: Page, status, form: Option<DetailsForm>, errors: Vec<FieldError>| match form {
        Some(form) if audience(&req, &app) == Audience::Browser => Ok(show(page, status, &listed, form, errors)),
        Some(_) | None => {
            let texts: Vec<_> = errors.into_iter().map(|error| error.text).collect();
            Err(Error::BadInput(texts.join("; ")))
        }
    };
    if let Some(error) = user_view::deleted(&page, &listed.user) {
        return refused(page, StatusCode::CONFLICT, form, vec![error]);
    }
    let mut errors = Vec::new();
    let changes = Changes {
        display_name: change(&page, &mut errors, "display_name", asked.display_name, DisplayName::parse),
        mail: change(&page, &mut errors, "mail", asked.mail, Mail::parse),
        mail_is_verified: asked.mail_verified,
        notes: change(&page, &mut errors, "notes", asked.notes, Notes::parse),
        seen: form.as_ref().map(|form| form.seen.clone()),
    };
    if !errors.is_empty() {
        return refused(page, StatusCode::BAD_REQUEST, form, errors);
    }
    let changed = match edit(&app.accounts, mandate, listed.user.id, changes).everywhere().await? {
        Edited::Done => true,
        Edited::NoChange => false,
        Edited::NoSuchUser => return Err(Error::NotFound),
        Edited::NoMail => {
            let error = page.error("mail", "error-mail-missing");
            return refused(page, StatusCode::BAD_REQUEST, form, vec![error]);
        }
        Edited::MailTaken(other) => {
            let error = FieldError { field: "mail", text: page.t1("error-mail-taken", "user", other.as_str()) };
            return refused(page, StatusCode::CONFLICT, form, vec![error]);
        }
        Edited::Outdated => {
            let now = DetailsForm::of(&user_view::find(&app, &id).await?, notes(&app, listed.user.id).await?);
            let form = form.map(|form| DetailsForm { seen: now.seen, ..form });
            let error = page.error("", "error-details-outdated");
            return refused(page, StatusCode::CONFLICT, form, vec![error]);
        }
    };
    if audience(&req, &app) == Audience::Program {
        return Ok(HttpResponse::Ok().json(WasChanged { changed }));
    }
    let key = if changed { "user-details-done" } else { "flash-user-no-change" };
    browser_session::set_flash(&browser, &Flash::plain(key).about(&listed.user.username));
    Ok(see_other(&format!("/admin/users/{}", listed.user.id)))
}

/// What becomes of a detail, or why not, as one more error of its field.
fn change<T>(
    page: &Page,
    errors: &mut Vec<FieldError>,
    field: &'static str,
    typed: Option<String>,
    parse: impl Fn(&str) -> Result<Option<T>, DetailFault>,
) -> Change<T> {
    let Some(typed) = typed else { return Change::Keep };
    match parse(&typed) {
        Ok(new) => Change::To(new),
        Err(fault) => {
            let what = match fault {
                DetailFault::Length => "length",
                DetailFault::Form => "form",
            };
            errors.push(page.error(field, &format!("error-{field}-{what}")));
            Change::Keep
        }
    }
}
