//! All users, by name, for an admin.

use actix_web::http::StatusCode;
use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::accounts::export::selection::Selection;
use crate::domain::{Role, Search, UserId, UserState, can_be_key};
use crate::store::imported_users;
use crate::store::user_lists::{self, HasFactor, Imported, MOST_LOOKED_AT, Place, Total, UserFilter};
use crate::web::app::App;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::export::{self, As};
use crate::web::http::signed_in::{Admin, ExportMandate};
use crate::web::pages::list_query::{
    Choice, ExportLinks, Nothing, ON_A_PAGE, Pager, export_links, filters_in_words, link_to, none_match, read,
};
use crate::web::pages::page::{Page, html};
use crate::web::pages::user_view::{self, UserView};

const PATH: &str = "/admin/users";
/// How many imported users are counted for the line that says how many have signed in since.
const MOST_IMPORTED: i64 = 10_000;

#[derive(Template)]
#[template(path = "users.html")]
struct UsersPage {
    page: Page,
    name: String,
    roles: Vec<Choice>,
    states: Vec<Choice>,
    factors: Vec<Choice>,
    imports: Vec<Choice>,
    /// How many of those who were imported have signed in since; `None`: all, or there is nobody.
    moving: Option<String>,
    /// How many users there are, or match, in words.
    total: String,
    nothing: Nothing,
    is_narrowed: bool,
    /// Whether one of the filters is set that the page hides at first.
    has_more: bool,
    is_only_user: bool,
    /// How many rows were looked at, if that is why the page is not full.
    stopped_after: Option<usize>,
    rows: Vec<UserView>,
    exports: ExportLinks,
    pager: Pager,
}

/// Users, by name.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct Users<'a> {
    users: Vec<user_view::UserShown<'a>>,
    /// The `after` of the next page. Null: this is the last one.
    next: Option<&'a str>,
    /// How many were looked at, if that is why the page is not full.
    looked_at: Option<usize>,
}

/// The query as it was sent; a field that is empty filters nothing.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = UsersQuery)]
pub(in crate::web) struct Asked {
    /// What parts of the names begin with.
    name: String,
    role: String,
    /// Empty: all but deleted users.
    state: String,
    /// Whether they have a second factor.
    factor: String,
    /// Whether those who were imported have signed in since.
    imported: String,
    /// The id and the key of the last row of the page before, `42.jordi-puig`.
    after: String,
    /// Where the pages between the first and this one begin ([`Pager::new`]).
    trail: String,
}

impl Asked {
    fn filter(&self) -> Result<UserFilter, Error> {
        Ok(UserFilter {
            search: Search::parse(&self.name),
            role: read(&self.role, "role", Role::parse)?,
            state: read(&self.state, "state", UserState::parse)?,
            factor: read(&self.factor, "factor", HasFactor::parse)?,
            imported: read(&self.imported, "imported", Imported::parse)?,
            after: read(&self.after, "after", place)?,
            limit: ON_A_PAGE,
        })
    }

    /// A link to the page of the same list that begins at `after`. Empty: the first page.
    fn link(&self, after: &str, trail: &str) -> String {
        let query = [
            ("name", self.name.trim()),
            ("role", &self.role),
            ("state", &self.state),
            ("factor", &self.factor),
            ("imported", &self.imported),
            ("after", after),
            ("trail", trail),
        ];
        link_to(PATH, &query)
    }
}

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    Admin(caller): Admin,
    asked: Query<Asked>,
) -> Result<HttpResponse, Error> {
    let (asked, now) = (asked.into_inner(), app.now());
    let filter = asked.filter()?;
    let is_page = audience(&req, &app) == Audience::Browser;
    let counted = filter.clone();
    let (found, total) = app
        .read(move |conn| {
            if !is_page {
                return Ok((user_lists::page(conn, &counted, now)?, None));
            }
            let (found, total) = user_lists::page_and_total(conn, &counted, now)?;
            Ok((found, Some((total, imported_users::count(conn, MOST_IMPORTED + 1)?))))
        })
        .await?;
    let next = found.next.as_ref().map(|place| format!("{}.{}", place.user, place.key));
    let Some((total, imported)) = total else {
        let users = found.rows.iter().map(|row| user_view::shown(row, now)).collect();
        let looked_at = found.stopped.then_some(MOST_LOOKED_AT);
        return Ok(HttpResponse::Ok().json(Users { users, next: next.as_deref(), looked_at }));
    };
    let page = Page::new(&app, &req, Some(&caller));
    let is_filtered = filter.is_set();
    let view = UsersPage {
        rows: found.rows.iter().map(|row| user_view::view(&page, row, now)).collect(),
        pager: Pager::new(&asked.after, &asked.trail, next.as_deref(), |after, trail| asked.link(after, trail)),
        roles: choices(&page, filter.role, "users-role-any", Role::ALL, |role| (role.as_str(), "role")),
        states: choices(&page, filter.state, "users-state-present", UserState::ALL, |state| {
            (state.as_str(), "users-state")
        }),
        factors: choices(&page, filter.factor, "users-factor-any", HasFactor::ALL, |factor| {
            (factor.as_str(), "users-factor")
        }),
        imports: choices(&page, filter.imported, "users-imported-any", Imported::ALL, |imported| {
            (imported.as_str(), "users-imported")
        }),
        moving: moving(&page, imported),
        total: match total {
            Total::Exactly(count) if is_filtered => page.tn("users-match", count),
            Total::Exactly(count) => page.tn("users-all", count),
            Total::MoreThan(count) => page.tn("users-match-more", count),
        },
        nothing: nothing(&page, &asked, &filter),
        is_narrowed: is_filtered,
        has_more: filter.role.is_some()
            || filter.state.is_some()
            || filter.factor.is_some()
            || filter.imported.is_some(),
        is_only_user: !is_filtered && total == Total::Exactly(1),
        stopped_after: found.stopped.then_some(MOST_LOOKED_AT),
        exports: export_links(&asked.link("", "")),
        name: asked.name,
        page,
    };
    Ok(html(StatusCode::OK, &view))
}

pub(in crate::web) async fn export(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    ExportMandate(mandate): ExportMandate,
    asked: Query<Asked>,
    format: Query<As>,
) -> Result<HttpResponse, Error> {
    export::answer(app, &req, mandate, Selection::Users(asked.filter()?), &format).await
}

/// What stands in the place of an empty page: nobody is in that state, or nobody matches what was searched for.
fn nothing(page: &Page, asked: &Asked, filter: &UserFilter) -> Nothing {
    let other_than_state = filter.search.longest_word().is_some()
        || filter.role.is_some()
        || filter.factor.is_some()
        || filter.imported.is_some()
        || filter.after.is_some();
    if let Some(state) = filter.state.filter(|_| !other_than_state) {
        let why = page.t(&format!("users-none-{}", state.as_str()));
        return Nothing { why, filters: String::new(), all: Some(PATH) };
    }
    let filters = [
        ("role", json!(asked.role)),
        ("state", json!(asked.state)),
        ("factor", json!(asked.factor)),
        ("imported", json!(asked.imported)),
    ];
    Nothing {
        why: none_match(page, "users", asked.name.trim()),
        filters: filters_in_words(page, asked.name.trim().is_empty(), &filters),
        all: filter.is_set().then_some(PATH),
    }
}

/// `imported`: how many there are, and how many of them have not signed in yet, up to one more than are told.
fn moving(page: &Page, (all, waiting): (usize, usize)) -> Option<String> {
    let most = usize::try_from(MOST_IMPORTED).unwrap_or(usize::MAX);
    match waiting {
        0 => None,
        waiting if waiting > most => Some(page.tn("users-moving-more", most)),
        waiting if all > most => Some(page.tn("users-moving-of-more", waiting)),
        waiting => {
            let (moved, all) = ((all - waiting).to_string(), all.to_string());
            Some(page.t2("users-moving", ("moved", &moved), ("all", &all)))
        }
    }
}

/// The options of a field. `any`: the key of the text of the first one, which filters nothing. `name`: an option's value, and what the
/// key of its text begins with.
fn choices<T: Copy + PartialEq>(
    page: &Page,
    selected: Option<T>,
    any: &str,
    all: &[T],
    name: impl Fn(T) -> (&'static str, &'static str),
) -> Vec<Choice> {
    let any = Choice { value: "", label: page.t(any), selected: selected.is_none() };
    let each = all.iter().map(|one| {
        let (value, key) = name(*one);
        Choice { value, label: page.t(&format!("{key}-{value}")), selected: selected == Some(*one) }
    });
    std::iter::once(any).chain(each).collect()
}

fn place(text: &str) -> Option<Place> {
    let (user, key) = text.split_once('.').filter(|(_, key)| can_be_key(key))?;
    Some(Place { user: UserId(user.parse().ok()?), key: key.to_owned() })
}
