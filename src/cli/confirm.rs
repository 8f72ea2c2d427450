//! The question that a command asks before it does what can't be undone.

use std::io::{BufRead, IsTerminal, Write, stdin, stdout};

use super::output::Failure;

/// Asks the operator, who has to type `yes`. An error if they do not, or if there is no terminal to ask at.
pub(super) fn confirm(question: &str) -> Result<(), Failure> {
    if !stdin().is_terminal() {
        return Err("there is no terminal to ask at, so nothing was changed; --yes does it without asking".into());
    }
    print!("{question} Type yes: ");
    stdout().flush()?;
    let mut line = String::new();
    stdin().lock().read_line(&mut line)?;
    if line.trim() == "yes" { Ok(()) } else { Err("nothing was changed".into()) }
}
