//! `GET /openapi`: the same calls for people to read, without a script.

use actix_web::http::StatusCode;
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::access::{Access, SecondFactor, Token, Who};
use super::document;
use super::operation::{Answer, Content, Operation};
use super::schemas::Schemas;
use super::table::TABLE;
use crate::web::app::App;
use crate::web::http::below_policy;
use crate::web::pages::page::{Page, html};

#[derive(Template)]
#[template(path = "openapi.html")]
struct CallsPage {
    page: Page,
    groups: Vec<GroupShown>,
}

struct GroupShown {
    key: &'static str,
    title: String,
    calls: Vec<CallShown>,
}

struct CallShown {
    id: &'static str,
    /// Method and path.
    line: String,
    summary: String,
    who: String,
    query: Vec<String>,
    body: Vec<String>,
    answers: Vec<AnswerShown>,
    /// The statuses of its errors.
    errors: String,
}

struct AnswerShown {
    title: String,
    /// The members of each shape that it may have.
    shapes: Vec<Vec<String>>,
}

pub(in crate::web) async fn page(ThinData(app): ThinData<App>, req: HttpRequest) -> HttpResponse {
    let page = Page::new(&app, &req, None);
    let mut schemas = Schemas::new(&app.config().jwt);
    let groups = TABLE.iter().map(|group| GroupShown {
        key: group.key,
        title: page.t(&format!("calls-{}", group.key)),
        calls: (group.operations)().iter().map(|one| call(&app, &page, &mut schemas, one)).collect(),
    });
    let groups = groups.collect();
    html(StatusCode::OK, &CallsPage { page, groups })
}

fn call(app: &App, page: &Page, schemas: &mut Schemas, one: &Operation) -> CallShown {
    let body = match &one.body {
        Some(body) if body.only.is_empty() => schemas.members(body.shape, false),
        Some(body) => {
            let mut members = schemas.members(body.shape, false);
            members.retain(|name| body.only.contains(&name.trim_end_matches('?')));
            members
        }
        None => Vec::new(),
    };
    let mut errors = document::errors(one);
    errors.sort_unstable();
    errors.dedup();
    let errors: Vec<_> = errors.iter().map(u16::to_string).collect();
    CallShown {
        id: one.id,
        line: format!("{} {}", one.method.to_uppercase(), one.path),
        summary: page.t(&format!("call-{}", one.id)),
        who: who(app, page, one.access, one.path),
        query: one.query.iter().flat_map(|(_, fields)| *fields).map(|name| (*name).to_owned()).collect(),
        body,
        answers: one.answers.iter().map(|answer| answered(page, schemas, answer)).collect(),
        errors: errors.join(", "),
    }
}

fn answered(page: &Page, schemas: &mut Schemas, answer: &Answer) -> AnswerShown {
    let shapes = answer.contents.iter().filter_map(|(_, content)| match content {
        Content::Json(shapes) => Some(shapes),
        Content::Text => None,
    });
    let shapes = shapes.flatten().map(|shape| schemas.members(*shape, true)).collect();
    AnswerShown { title: page.t1("calls-answer", "status", &answer.status.to_string()), shapes }
}

/// Who may call, in a few words.
fn who(app: &App, page: &Page, access: Access, path: &str) -> String {
    let who = match access.who {
        Who::Anyone => "calls-anyone",
        Who::App => "calls-app",
        Who::NamedApp => "calls-named-app",
        Who::User => "calls-user",
        Who::Admin => "calls-admin",
    };
    let token = match access.token {
        Token::None | Token::Access => None,
        Token::Optional => Some("calls-optional"),
        Token::Refresh => Some("calls-refresh"),
        Token::Either => Some("calls-either"),
        Token::Apps => Some("calls-apps-token"),
    };
    let factor = match access.second_factor {
        SecondFactor::NotAsked => None,
        SecondFactor::InSession => Some("calls-factor"),
        SecondFactor::Fresh => Some("calls-factor-fresh"),
    };
    let below = access.needs_token() && below_policy::pattern_stays_open(path);
    let fresh = access.fresh_within(app.config()).map(|seconds| page.tn("calls-fresh", seconds / 60));
    let words = [Some(who), token, factor, below.then_some("calls-below-policy")];
    let words = words.into_iter().flatten().map(|key| page.t(key));
    words.chain(fresh).collect::<Vec<_>>().join(" · ")
}
