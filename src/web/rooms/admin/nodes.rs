//! The nodes that serve the database, for an admin: how each does, and in what it differs.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::UnixTime;
use crate::store::node_list::{self, NodeList};
use crate::store::nodes::{Node, State};
use crate::store::past_nodes::PastNode;
use crate::web::app::App;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::signed_in::Admin;
use crate::web::pages::exactness_view::length;
use crate::web::pages::page::{Page, html};
use crate::web::pages::times::Time;

#[derive(Template)]
#[template(path = "nodes.html")]
struct NodesPage {
    page: Page,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    version: String,
    state: String,
    /// How the state is marked.
    badge: &'static str,
    /// Whether it answers nothing, though nobody has stopped it.
    is_missing: bool,
    lease: String,
    /// How far it follows. Empty: it is still loading, or gone.
    behind: String,
    beat: Time,
    /// The settings in which it differs from the first node. Empty: none.
    differing: Vec<String>,
}

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    Admin(caller): Admin,
) -> Result<HttpResponse, Error> {
    let now = app.now();
    let list = app.read(move |conn| node_list::list(conn, now)).await?;
    if audience(&req, &app) == Audience::Program {
        return Ok(HttpResponse::Ok().json(shown(&list)));
    }
    let page = Page::new(&app, &req, Some(&caller));
    let there = list.nodes.iter().map(|node| row(&page, &list, node));
    let rows = there.chain(list.struck_off.iter().map(|node| row_of_struck_off(&page, node))).collect();
    Ok(html(StatusCode::OK, &NodesPage { page, rows }))
}

fn row(page: &Page, list: &NodeList, node: &Node) -> Row {
    let state = node.state();
    let (badge, is_missing) = match state {
        State::Joining => ("", false),
        State::Serving => ("here", false),
        State::Silent => ("danger", true),
    };
    Row {
        name: node.name.clone(),
        version: node.version.clone(),
        state: page.t(&format!("nodes-{}", key(state))),
        badge,
        is_missing,
        lease: in_words(page, node.lease),
        behind: node.behind(list.newest).map_or_else(String::new, |count| page.tn("nodes-behind-by", count)),
        beat: page.exact(node.beat_at),
        differing: list.differing(node),
    }
}

fn row_of_struck_off(page: &Page, node: &PastNode) -> Row {
    Row {
        name: node.name.clone(),
        version: node.version.clone(),
        state: page.t("nodes-struck-off"),
        badge: "danger",
        is_missing: true,
        lease: in_words(page, node.lease),
        behind: String::new(),
        beat: page.exact(node.beat_at),
        differing: Vec::new(),
    }
}

fn key(state: State) -> &'static str {
    match state {
        State::Joining => "joining",
        State::Serving => "serving",
        State::Silent => "silent",
    }
}

fn in_words(page: &Page, lease: Duration) -> String {
    length(page, i64::try_from(lease.as_secs()).unwrap_or(i64::MAX))
}

/// The nodes. Without several there is none.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct Nodes<'a> {
    nodes: Vec<NodeShown<'a>>,
}

/// A node.
#[derive(Serialize, ToSchema)]
#[schema(as = Node)]
struct NodeShown<'a> {
    name: &'a str,
    version: &'a str,
    /// `serving`, `joining`, `silent` or `struck_off`.
    state: &'static str,
    /// In seconds.
    lease: u64,
    /// In commits. Null: it was struck off, or has followed none yet.
    behind: Option<i64>,
    last_beat: UnixTime,
    /// The settings that should be the same on all nodes and are not.
    differs_in: Vec<String>,
}

fn shown(list: &NodeList) -> Nodes<'_> {
    let there = list.nodes.iter().map(|node| NodeShown {
        name: &node.name,
        version: &node.version,
        state: key(node.state()),
        lease: node.lease.as_secs(),
        behind: node.behind(list.newest),
        last_beat: node.beat_at,
        differs_in: list.differing(node),
    });
    let struck_off = list.struck_off.iter().map(|node| NodeShown {
        name: &node.name,
        version: &node.version,
        state: "struck_off",
        lease: node.lease.as_secs(),
        behind: None,
        last_beat: node.beat_at,
        differs_in: Vec::new(),
    });
    Nodes { nodes: there.chain(struck_off).collect() }
}
