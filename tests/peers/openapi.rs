//! The OpenAPI document as other software reads it: a validator, a linter, a generator of clients, and one of requests.

use std::process::{Command, Output};

use tempfile::TempDir;

use crate::support::{PASSWORD, TestApp};
use crate::{installed, root};

/// How many admins sign in for generated requests: some of these rename somebody, or change a password.
const ADMINS: usize = 40;

/// The document in a file.
fn document(app: &TestApp) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("openapi.json");
    std::fs::write(&file, app.client().get("/openapi.json", None).body).unwrap();
    let file = file.to_str().unwrap().to_owned();
    (folder, file)
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_validator_finds_nothing_in_the_document() {
    let app = TestApp::start();
    let (_folder, file) = document(&app);
    let output = Command::new(installed("python/bin/openapi-spec-validator")).arg(&file).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
}

#[test]
fn a_linter_finds_nothing_in_the_document() {
    let app = TestApp::start();
    let (_folder, file) = document(&app);
    let output = Command::new("node")
        .arg(installed("node_modules/@redocly/cli/bin/cli.js"))
        .args(["lint", "--format", "json", "--config"])
        .arg(root().join("tests/peers/redocly.yaml"))
        .arg(&file)
        .env("REDOCLY_TELEMETRY", "off")
        .env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true")
        .output()
        .unwrap();
    let found: serde_json::Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", told(&output)));
    let totals = &found["totals"];
    assert!(totals["errors"] == 0 && totals["warnings"] == 0, "{:#}", found["problems"]);
}

/// `PORTERO_TEST_EXAMPLES` asks for more of each operation in each phase.
#[test]
#[ignore = "`tests/run --long` runs it"]
fn ten_thousand_generated_requests_meet_no_error_of_ours_and_no_answer_that_the_document_lacks() {
    let app = TestApp::with(&[("throttle", "off"), ("session.bearer_limit", "1000")]);
    for number in 0..ADMINS {
        app.add_admin(&format!("adm{number}"));
    }
    let (folder, file) = document(&app);
    let examples = std::env::var("PORTERO_TEST_EXAMPLES").unwrap_or_else(|_| "150".into());
    let output = Command::new(installed("python/bin/schemathesis"))
        .args(["run", &file, "--url", &format!("http://{}", app.address)])
        .args(["--checks", "not_a_server_error,status_code_conformance,content_type_conformance"])
        .args(["--checks", "response_headers_conformance,response_schema_conformance"])
        .args(["--max-examples", &examples, "--seed", "1", "--workers", "1", "--continue-on-failure", "--no-color"])
        .args(["--suppress-health-check", "all", "--max-redirects", "0", "--warnings", "off"])
        .env("SCHEMATHESIS_HOOKS", "schemathesis_hooks")
        .env("PYTHONPATH", root().join("tests/peers"))
        .env("PORTERO_PASSWORD", PASSWORD)
        .env("PORTERO_ADMINS", ADMINS.to_string())
        .env("PORTERO_ADDRESS", format!("http://{}", app.address))
        .current_dir(folder.path())
        .output()
        .unwrap();
    let told = told(&output);
    assert!(output.status.success(), "{told}");
    let generated = told.split(" generated").next().and_then(|before| before.split_whitespace().next_back());
    let generated: usize = generated.and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("{told}"));
    println!("{generated} requests");
    assert!(generated >= 10_000, "only {generated} requests\n{told}");
}
