//! One group of people: who is in it, putting people in, and taking somebody out.

use actix_web::http::StatusCode;
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::accounts::Mandate;
use crate::accounts::people::groups::{Changed, MOST_AT_ONCE, Membership, change_members};
use crate::domain::{GroupId, GroupName, UnixTime, UserId, Username};
use crate::store::groups::{self, Group};
use crate::store::{Conn, users};
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession, Flash};
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::in_path;
use crate::web::http::input::Input;
use crate::web::http::replies::see_other;
use crate::web::http::signed_in::{Admin, AdminMandate};
use crate::web::pages::forms::FieldError;
use crate::web::pages::page::{Count, Page, html};

const FIELD: &str = "people";
/// How many people the page shows.
const MOST_SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "group.html")]
struct GroupPage {
    page: Page,
    id: i64,
    name: String,
    /// Which apps let it in, in words.
    apps: String,
    count: i64,
    rows: Vec<Row>,
    /// Whether more people are in it than are shown.
    has_more: bool,
    /// The names as they were typed.
    people: String,
    errors: Vec<FieldError>,
}

struct Row {
    user: i64,
    name: String,
    take_out: String,
}

/// The group, the apps that let it in, how many people are in it, and the first of them.
struct Found {
    group: Group,
    apps: Vec<String>,
    count: i64,
    people: Vec<(UserId, Username)>,
}

/// A group, with the first 200 people in it.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct GroupDetails<'a> {
    id: i64,
    name: &'a GroupName,
    added_at: UnixTime,
    /// The apps that let it in.
    let_in_by: &'a [String],
    /// How many are in it.
    count: i64,
    people: Vec<Member<'a>>,
}

/// Somebody in a group.
#[derive(Serialize, ToSchema)]
struct Member<'a> {
    id: i64,
    username: &'a Username,
}

/// How many people were put into a group, or taken out.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct MembersChanged {
    changed: usize,
}

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    Admin(caller): Admin,
    id: Path<String>,
) -> Result<HttpResponse, Error> {
    let found = find(&app, &id).await?;
    if audience(&req, &app) == Audience::Program {
        let group = &found.group;
        return Ok(HttpResponse::Ok().json(GroupDetails {
            id: group.id.0,
            name: &group.name,
            added_at: group.created_at,
            let_in_by: &found.apps,
            count: found.count,
            people: found.people.iter().map(|(id, username)| Member { id: id.0, username }).collect(),
        }));
    }
    let page = Page::new(&app, &req, Some(&caller));
    Ok(view(page, StatusCode::OK, found, String::new(), Vec::new()))
}

fn view(page: Page, status: StatusCode, found: Found, people: String, errors: Vec<FieldError>) -> HttpResponse {
    let row = |(id, name): &(UserId, Username)| Row {
        user: id.0,
        name: name.to_string(),
        take_out: page.t1("group-take-out-of", "user", name.as_str()),
    };
    let view = GroupPage {
        id: found.group.id.0,
        name: found.group.name.to_string(),
        apps: match found.apps.as_slice() {
            [] => page.t("group-no-apps"),
            apps => page.t1("group-apps", "apps", &apps.join(", ")),
        },
        count: found.count,
        has_more: found.count > found.people.len().count(),
        rows: found.people.iter().map(row).collect(),
        people,
        errors,
        page,
    };
    html(status, &view)
}

/// The form as it was sent: names in lines.
#[derive(Default, Deserialize)]
#[serde(default)]
struct PeopleForm {
    people: String,
}

/// The names of people to put into a group, 100 at most.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = GroupPeople)]
pub(in crate::web) struct PeopleJson {
    people: Vec<String>,
}

/// Puts people into the group.
pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    AdminMandate(caller, mandate): AdminMandate,
    id: Path<String>,
    input: Input,
) -> Result<HttpResponse, Error> {
    let (typed, names) = match input {
        Input::Form(fields) => {
            let PeopleForm { people } = Input::form(fields)?;
            let names = people.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
            (people, names)
        }
        Input::Json(members) => {
            let PeopleJson { people } = Input::json(members)?;
            (String::new(), people)
        }
    };
    let found = find(&app, &id).await?;
    let group = found.group.id;
    let page = Page::new(&app, &req, Some(&caller));
    let refused = |page: Page, status, errors: Vec<FieldError>| {
        if audience(&req, &app) == Audience::Program {
            let texts: Vec<_> = errors.into_iter().map(|error| error.text).collect();
            return Err(Error::BadInput(texts.join("; ")));
        }
        Ok(view(page, status, found, typed, errors))
    };
    if names.is_empty() || names.len() > MOST_AT_ONCE {
        let key = if names.is_empty() { "error-group-nobody" } else { "error-group-too-many" };
        let errors = vec![page.error(FIELD, key)];
        return refused(page, StatusCode::BAD_REQUEST, errors);
    }
    let looked_up = app.read(move |conn| names.into_iter().map(|name| look_up(conn, name)).collect()).await?;
    let (mut people, mut errors) = (Vec::new(), Vec::new());
    let looked_up: Vec<(String, Option<UserId>)> = looked_up;
    for (name, user) in looked_up {
        match user {
            Some(user) => people.push(user),
            None => errors.push(FieldError { field: FIELD, text: page.t1("error-app-nobody", "text", &name) }),
        }
    }
    if !errors.is_empty() {
        return refused(page, StatusCode::BAD_REQUEST, errors);
    }
    let changed = match change_members(&app.accounts, mandate, group, people, Membership::In).everywhere().await? {
        Changed::Done(changed) => changed,
        Changed::TooMany => {
            let errors = vec![page.error(FIELD, "error-groups-too-long")];
            return refused(page, StatusCode::CONFLICT, errors);
        }
        Changed::NoSuchGroup | Changed::NoSuchUser | Changed::Outdated => return Err(Error::NotFound),
    };
    if audience(&req, &app) == Audience::Program {
        return Ok(HttpResponse::Ok().json(MembersChanged { changed }));
    }
    browser_session::set_flash(&browser, &Flash::counted("group-people-added", changed.count()));
    Ok(see_other(&format!("/admin/groups/{group}")))
}

fn look_up(conn: &mut Conn, name: String) -> Result<(String, Option<UserId>), crate::store::Error> {
    let Ok(username) = Username::parse(&name) else { return Ok((name, None)) };
    let found = users::find_by_name(conn, &username)?.map(|user| user.id);
    Ok((name, found))
}

/// Takes one person out of the group. Twice is fine: what the admin wants is so.
pub(in crate::web) async fn take_out(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    AdminMandate(_, mandate): AdminMandate,
    ids: Path<(String, String)>,
) -> Result<HttpResponse, Error> {
    let (group, user) = ids.into_inner();
    let group = GroupId(group.parse().map_err(|_| Error::NotFound)?);
    let user = UserId(user.parse().map_err(|_| Error::NotFound)?);
    let changed = out(&app, mandate, group, user).await?;
    if audience(&req, &app) == Audience::Program {
        return Ok(HttpResponse::Ok().json(MembersChanged { changed }));
    }
    browser_session::set_flash(&browser, &Flash::plain("group-person-taken-out"));
    Ok(see_other(&format!("/admin/groups/{group}")))
}

async fn out(app: &App, mandate: Mandate, group: GroupId, user: UserId) -> Result<usize, Error> {
    match change_members(&app.accounts, mandate, group, vec![user], Membership::Out).everywhere().await? {
        Changed::Done(changed) => Ok(changed),
        Changed::TooMany | Changed::NoSuchGroup | Changed::NoSuchUser | Changed::Outdated => Err(Error::NotFound),
    }
}

async fn find(app: &App, id: &str) -> Result<Found, Error> {
    let (group, apps) = in_path::group(app, id).await?;
    let id = group.id;
    let people = app.read(move |conn| Ok((groups::count(conn, id)?, groups::members(conn, id, MOST_SHOWN.count())?)));
    let (count, people) = people.await?;
    Ok(Found { group, apps, count, people })
}
