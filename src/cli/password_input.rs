//! Reads passwords from the terminal, without echo, or from standard input. Never from the command line, where every other user of
//! the machine could read them.

use std::io::{self, BufRead, IsTerminal, stdin};

use actix_web::rt::Runtime;
use actix_web::rt::signal::unix::{SignalKind, signal};

use super::output::Failure;
use crate::bom::without_bom;
use crate::domain::{NewPassword, PasswordRules, Username};

/// A new password, typed twice or read from the first line of standard input.
pub(super) fn read(from_stdin: bool, username: &Username, rules: PasswordRules<'_>) -> Result<NewPassword, Failure> {
    let text = if from_stdin { first_line()? } else { typed_twice(username, rules.min_length)? };
    Ok(NewPassword::parse(text, Some(username), rules)?)
}

fn first_line() -> Result<String, Failure> {
    let mut line = Vec::new();
    stdin().lock().read_until(b'\n', &mut line)?;
    let line = std::str::from_utf8(without_bom(&line)).map_err(|_| "the password is not valid UTF-8")?;
    let password = line.strip_suffix('\n').unwrap_or(line);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() { Err("standard input holds no password".into()) } else { Ok(password.to_owned()) }
}

fn typed_twice(username: &Username, min_length: usize) -> Result<String, Failure> {
    if !stdin().is_terminal() {
        return Err("there is no terminal to ask for a password; use --password-stdin".into());
    }
    outlive_interrupts()?;
    let password = prompt(&format!("New password for {username}, at least {min_length} characters: "))?;
    if prompt("The same again: ")? == password {
        Ok(password)
    } else {
        Err("the two passwords differ; nothing was changed".into())
    }
}

/// At Ctrl-C, rpassword raises the signal while the terminal still shows nothing that is typed. A process that dies of it leaves the
/// terminal like that; one with a handler goes on, and rpassword puts everything back and reports the interruption. The handler stays:
/// whatever follows the prompts takes no more than seconds.
fn outlive_interrupts() -> io::Result<()> {
    Runtime::new()?.block_on(async { signal(SignalKind::interrupt()).map(drop) })
}

fn prompt(text: &str) -> Result<String, Failure> {
    match rpassword::prompt_password(text) {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Err("interrupted; nothing was changed".into()),
        read => Ok(read?),
    }
}
