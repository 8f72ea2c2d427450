//! Pictures of what is told of several nodes. Their rows are as nodes on PostgreSQL would have made them.

use std::path::Path;

use tempfile::TempDir;

use crate::browser::{Driver, Wishes};
use crate::database::execute;
use crate::portero::{PASSWORD, Server, ok, portero};
use crate::screenshots::{pictures, sign_in};

/// Adds three nodes, of which one loads and one does not answer, and one that was struck off.
pub(crate) fn add_nodes(folder: &Path) {
    let now = "CAST(strftime('%s', 'now') AS INTEGER)";
    let node = |number: u32, settings: &str, follows: &str, beat_at: &str, joined_after: u32| {
        execute(
            folder,
            &format!(
                "INSERT INTO nodes (node, name, version, settings, lease, follows, beat, beat_at, joined_at, joined_after) \
                 VALUES ('00000000-0000-4000-8000-{number:012}', 'portero-{number}:8080', '0.1.0', '{settings}', 5, \
                 {follows}, 7, {beat_at}, {number}, {joined_after})"
            ),
        );
    };
    node(1, r#"{"session.idle":"7d","audit.retention":"2y"}"#, "1000", &format!("{now} + 3600"), 0);
    node(2, r#"{"session.idle":"2d","audit.retention":"1y"}"#, "NULL", &format!("{now} + 3600"), 1200);
    node(3, "{}", "1000", &format!("{now} - 8"), 0);
    execute(
        folder,
        &format!(
            "INSERT INTO past_nodes \
             (node, name, version, lease, follows, beat_at, joined_after, gone_at, gone_after, struck_off) \
             VALUES ('00000000-0000-4000-8000-000000000004', 'portero-4.example.org:8080', '0.1.0', 5, 3, \
             {now} - 30, 0, {now} - 20, 2000, TRUE)"
        ),
    );
}

#[actix_web::test]
async fn several_nodes_in_english() {
    several_nodes("en").await;
}

#[actix_web::test]
async fn several_nodes_in_spanish() {
    several_nodes("es").await;
}

async fn several_nodes(language: &'static str) {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
    ok(folder.path(), &["user", "add", "bea", "--password-stdin"], PASSWORD);
    let server = Server::with(folder.path(), portero(folder.path()));
    let driver = Driver::start();
    let browser = driver.browser_with(&Wishes { language, ..Wishes::default() }).await;
    let receipt = |path: &Path| {
        server.log_in("bea", PASSWORD).unwrap();
        let said = ok(path, &["session", "end", "--user", "bea", "--yes"], "");
        said.split_whitespace().last().unwrap().to_owned()
    };
    let (everywhere, awaited) = (receipt(folder.path()), receipt(folder.path()));
    sign_in(&browser, &server, "ana").await;
    browser.open(&format!("http://{}/admin/nodes", server.address)).await;
    pictures(&browser, &format!("nodes-none-{language}")).await;
    add_nodes(folder.path());
    for (receipt, number, at) in [(&everywhere, 900, "1790000001"), (&awaited, 1500, "NULL")] {
        let row = format!("INSERT INTO receipt_commits VALUES ('{receipt}', {number}, 1790000000, {at})");
        execute(folder.path(), &row);
    }
    for (path, page) in [
        ("/admin/nodes".to_owned(), "nodes"),
        ("/admin/about".into(), "about-nodes"),
        ("/admin".into(), "overview-nodes"),
        (format!("/receipts/{everywhere}"), "receipt-nodes"),
        (format!("/receipts/{awaited}"), "receipt-nodes-awaited"),
    ] {
        browser.open(&format!("http://{}{path}", server.address)).await;
        pictures(&browser, &format!("{page}-{language}")).await;
    }
    browser.close().await;
}
