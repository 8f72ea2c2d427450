//! The OpenAPI document as other software reads it: a validator, a linter, a generator of clients, and one of requests.

use std::fmt::Write;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::support::openapi::Document;
use crate::support::{PASSWORD, TestApp};
use crate::{installed, root};

/// How many admins sign in for generated requests: some of these rename somebody, or change a password.
const ADMINS: usize = 40;

/// What is looked for in each answer.
const CHECKS: [&str; 5] = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
];

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

#[test]
fn answers_have_the_types_of_a_generated_client() {
    let app = TestApp::start();
    app.add_user("ana");
    app.add_admin("adm");
    let (folder, file) = document(&app);
    let at = |name: &str| folder.path().join(name);
    let run = |program: &str, args: &[&str]| {
        let mut command = Command::new("node");
        let output = command.arg(installed(program)).args(args).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{program}: {}", told(&output));
    };
    run("node_modules/openapi-typescript/bin/cli.js", &[&file, "-o", at("portero.ts").to_str().unwrap()]);
    let token = app.tokens("adm").access;
    let mut recorded = String::from("import type { paths } from \"./portero\";\n");
    let mut count = 0;
    for (method, path, told) in Document::of(&app.accounts.config).operations() {
        let is_json = told["responses"]["200"]["content"].get("application/json").is_some();
        let needs_admin = ["user", "admin"].iter().any(|who| told["x-portero-access"]["who"] == *who);
        if method != "GET" || path.contains('{') || !is_json || !needs_admin {
            continue;
        }
        let answer = app.client().get(path, Some(&token));
        assert_eq!(answer.status, 200, "{path}");
        let kind = format!("paths[\"{path}\"][\"get\"][\"responses\"][200][\"content\"][\"application/json\"]");
        writeln!(recorded, "export const answer{count}: {kind} = {};", answer.body).unwrap();
        count += 1;
    }
    assert!(count > 10, "only {count} answers");
    std::fs::write(at("recorded.ts"), recorded).unwrap();
    run("node_modules/typescript/bin/tsc", &["--noEmit", "--strict", "--skipLibCheck", "recorded.ts"]);
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
    let examples = std::env::var("PORTERO_TEST_EXAMPLES").unwrap_or_else(|_| "250".into());
    let output = Command::new(installed("python/bin/schemathesis"))
        .args(["run", &file, "--url", &format!("http://{}", app.address)])
        .args(["--checks", &CHECKS.join(",")])
        .args(["--max-examples", &examples, "--seed", "1", "--workers", "1", "--continue-on-failure", "--no-color"])
        .args(["--suppress-health-check", "all", "--max-redirects", "0", "--warnings", "off"])
        .env("SCHEMATHESIS_HOOKS", "schemathesis_hooks")
        .env("PYTHONPATH", root().join("tests/peers"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
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
