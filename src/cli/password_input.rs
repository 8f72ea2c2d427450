//! Reads passwords from the terminal, without echo, or from standard input. Never from the command line, where every other user of
//! the machine could read them.

use std::io::{BufRead, IsTerminal, stdin};

use super::output::Failure;
use crate::domain::{NewPassword, PasswordRules, Username};

/// A new password, typed twice or read from the first line of standard input.
pub(super) fn read(from_stdin: bool, username: &Username, rules: PasswordRules<'_>) -> Result<NewPassword, Failure> {
    let text = if from_stdin { first_line()? } else { typed_twice(username)? };
    Ok(NewPassword::parse(text, Some(username), rules)?)
}

fn first_line() -> Result<String, Failure> {
    let mut line = String::new();
    stdin().lock().read_line(&mut line)?;
    let password = line.strip_suffix('\n').unwrap_or(&line);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() { Err("standard input holds no password".into()) } else { Ok(password.to_owned()) }
}

fn typed_twice(username: &Username) -> Result<String, Failure> {
    if !stdin().is_terminal() {
        return Err("there is no terminal to ask for a password; use --password-stdin".into());
    }
    let password = rpassword::prompt_password(format!("New password for {username}: "))?;
    if rpassword::prompt_password("The same again: ")? == password {
        Ok(password)
    } else {
        Err("the two passwords differ; nothing was changed".into())
    }
}
