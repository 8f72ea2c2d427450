//! What a command asks at a terminal: a pseudo terminal of Python's.

use std::process::Command;

use tempfile::TempDir;

use crate::portero::{PASSWORD, Server, ok, portero, text};

/// Runs a command at a terminal of its own. Before each of the given answers it waits for the prompt, and until the terminal shows
/// nothing that is typed if it asks for a password. An answer that names a signal is sent as that signal. Prints what the terminal showed, and whether it is in
/// the end as it was before.
const AT_A_TERMINAL: &str = r#"
import fcntl, os, pty, select, signal, subprocess, sys, termios, time
command, answers = sys.argv[1:sys.argv.index("--")], sys.argv[sys.argv.index("--") + 1:]
terminal, slave = pty.openpty()
before, shown = termios.tcgetattr(slave), b""
def read_more(seconds):
    global shown
    ready = select.select([terminal], [], [], seconds)[0]
    if ready: shown += os.read(terminal, 4096)
    return ready
child = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                         preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
for prompt, answer in zip(answers[::2], answers[1::2]):
    while prompt.encode() not in shown: assert read_more(20), shown
    deadline = time.time() + 20
    while prompt != "Type yes: " and termios.tcgetattr(slave)[3] & termios.ECHO: assert time.time() < deadline
    if answer.startswith("SIG"): child.send_signal(getattr(signal, answer))
    else: os.write(terminal, answer.encode())
code = child.wait(20)
while read_more(0.2): pass
print(shown.decode())
print("code", code, "restored", termios.tcgetattr(slave) == before)
"#;

/// Answers the questions for a new password.
fn at_a_terminal(folder: &TempDir, arguments: &[&str], answers: &[&str]) -> String {
    let prompts = ["New password for", "The same again"];
    answering(folder, arguments, prompts.into_iter().zip(answers.iter().copied()))
}

/// Gives each answer after its prompt.
fn answering<'a>(
    folder: &TempDir,
    arguments: &[&str],
    answers: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    let command = portero(folder.path());
    let mut python = Command::new("python3");
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => python.env(name, value),
            None => python.env_remove(name),
        };
    }
    python.current_dir(folder.path()).args(["-c", AT_A_TERMINAL]).arg(command.get_program());
    let output = python
        .args(arguments)
        .arg("--")
        .args(answers.into_iter().flat_map(|(prompt, answer)| [prompt, answer]))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn a_password_is_typed_twice_at_a_terminal_that_says_the_rule_first() {
    let folder = TempDir::new().unwrap();
    let line = format!("{PASSWORD}\r");
    let said = at_a_terminal(&folder, &["user", "add", "bea", "--admin"], &[&line, &line]);
    assert!(said.contains("New password for bea, at least 12 characters: "), "{said}");
    assert!(said.contains("bea was added as admin") && said.contains("code 0 restored True"), "{said}");
    assert!(!said.contains(PASSWORD), "{said}");
}

#[test]
fn an_interrupted_prompt_leaves_the_terminal_as_it_was_and_changes_nothing() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
    let line = format!("{PASSWORD}\r");
    for answers in [&["\u{3}"][..], &["half a pass\u{3}"], &[&line, "\u{3}"]] {
        let said = at_a_terminal(&folder, &["user", "add", "bea"], answers);
        assert!(said.contains("interrupted; nothing was changed"), "{answers:?}: {said}");
        assert!(said.contains("code 1 restored True"), "{answers:?}: {said}");
    }
    assert!(!ok(folder.path(), &["user", "list"], "").contains("bea"));
}

#[test]
fn a_command_that_is_ended_while_it_asks_leaves_the_terminal_as_it_was_and_changes_nothing() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
    let line = format!("{PASSWORD}\r");
    for (answers, code) in [(&["SIGTERM"][..], 143), (&[&line, "SIGTERM"], 143), (&["SIGHUP"], 129)] {
        let said = at_a_terminal(&folder, &["user", "add", "bea"], answers);
        assert!(said.contains("interrupted; nothing was changed"), "{answers:?}: {said}");
        assert!(said.contains(&format!("code {code} restored True")), "{answers:?}: {said}");
    }
    assert!(!ok(folder.path(), &["user", "list"], "").contains("bea"));
}

#[test]
fn a_user_is_deleted_and_sessions_end_only_if_the_operator_types_yes() {
    let folder = TempDir::new().unwrap();
    for name in ["ana", "bea"] {
        ok(folder.path(), &["user", "add", name, "--admin", "--password-stdin"], PASSWORD);
    }
    let server = Server::start(folder.path());
    for _ in 0..2 {
        server.log_in("bea", PASSWORD).unwrap();
    }
    let open = || ok(folder.path(), &["session", "list", "--user", "bea", "--json"], "").lines().count();
    let end = ["session", "end", "--user", "bea"];
    let delete = ["user", "delete", "bea"];
    for (arguments, question) in
        [(&end[..], "End 2 sessions of bea?"), (&delete[..], "Delete bea? This ends 2 sessions.")]
    {
        for answer in ["no\r", "\r", "y\r", "\x04"] {
            let said = answering(&folder, arguments, [("Type yes: ", answer)]);
            assert!(said.contains(question) && said.contains("nothing was changed"), "{said}");
            assert!(said.contains("code 1 restored True") && open() == 2, "{said}");
        }
    }
    let said = answering(&folder, &end, [("Type yes: ", "yes\r")]);
    assert!(said.contains("2 sessions ended. Receipt: ") && said.contains("code 0"), "{said}");
    let said = answering(&folder, &delete, [("Type yes: ", "yes\r")]);
    assert!(said.contains("This ends 0 sessions.") && said.contains("bea is deleted"), "{said}");
    assert!(!ok(folder.path(), &["user", "list"], "").contains("bea"));
}
