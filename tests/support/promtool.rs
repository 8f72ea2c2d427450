//! Prometheus' own judge of metrics and rules.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs promtool, with `input` on its standard input; it may find nothing to say against it.
pub fn promtool(arguments: &[&str], input: &str) {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/promtool/promtool");
    let mut command = Command::new(&program);
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn();
    let mut child =
        child.unwrap_or_else(|error| panic!("{error}: tests/promtool/install brings {}", program.display()));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    assert!(output.status.success(), "{arguments:?}: {said:?}");
}
