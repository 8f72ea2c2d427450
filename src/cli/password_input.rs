//! Reads passwords from the terminal, without echo, or from standard input. Never from the command line, where every other user of
//! the machine could read them.

use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Write, stderr, stdin};
use std::pin::pin;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;

use actix_web::rt::Runtime;
use actix_web::rt::signal::unix::{Signal, SignalKind, signal};
use futures_util::future::{Either, select};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use super::output::Failure;
use crate::bom::without_bom;
use crate::domain::{NewPassword, PasswordRules, Username};

/// A new password, typed twice or read from the first line of standard input.
pub(super) fn read(from_stdin: bool, username: &Username, rules: PasswordRules<'_>) -> Result<NewPassword, Failure> {
    let text = if from_stdin { first_line()? } else { typed_twice(username, rules.min_length)? };
    Ok(NewPassword::parse(text, Some(username), rules)?)
}

/// The password that somebody has, typed once or read from the first line of standard input.
pub(super) fn read_present(from_stdin: bool, question: &str) -> Result<String, Failure> {
    if from_stdin {
        return first_line();
    }
    if !stdin().is_terminal() {
        return Err("there is no terminal to ask for a password; use --password-stdin".into());
    }
    outlive_interrupts()?;
    let asking = Arc::new(AtomicBool::new(true));
    put_terminal_back_at_the_end(&asking)?;
    let password = prompt(question)?;
    asking.store(false, Ordering::Release);
    Ok(password)
}

pub(super) fn first_line() -> Result<String, Failure> {
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
    let asking = Arc::new(AtomicBool::new(true));
    put_terminal_back_at_the_end(&asking)?;
    let password = prompt(&format!("New password for {username}, at least {min_length} characters: "))?;
    let again = prompt("The same again: ")?;
    asking.store(false, Ordering::Release);
    if again == password { Ok(password) } else { Err("the two passwords differ; nothing was changed".into()) }
}

/// At Ctrl-C, rpassword raises the signal while the terminal still shows nothing that is typed. A process that dies of it leaves the
/// terminal like that; one with a handler goes on, and rpassword puts everything back and reports the interruption. The handler stays:
/// whatever follows the prompts takes no more than seconds.
fn outlive_interrupts() -> io::Result<()> {
    Runtime::new()?.block_on(async { signal(SignalKind::interrupt()).map(drop) })
}

/// Whoever ends the process while it asks must not be left with a terminal that shows nothing: SIGTERM, or SIGHUP from a window that
/// closes. Afterwards both end it as they would without this.
fn put_terminal_back_at_the_end(asking: &Arc<AtomicBool>) -> io::Result<()> {
    let terminal = File::open("/dev/tty")?;
    let before = tcgetattr(&terminal)?;
    let asking = Arc::clone(asking);
    let (sender, are_caught) = sync_channel(1);
    thread::Builder::new().name("signals".into()).spawn(move || {
        let caught = Runtime::new().and_then(|runtime| {
            let signals =
                runtime.block_on(async { Ok((signal(SignalKind::terminate())?, signal(SignalKind::hangup())?)) });
            signals.map(|signals| (runtime, signals))
        });
        let (runtime, (terminate, hangup)) = match caught {
            Ok(caught) => caught,
            Err(error) => return drop(sender.send(Err(error))),
        };
        drop(sender.send(Ok(())));
        let number = runtime.block_on(first(terminate, hangup));
        if asking.load(Ordering::Acquire) {
            // The terminal may be gone: then neither can be done, nor has to be.
            tcsetattr(&terminal, OptionalActions::Now, &before).ok();
            drop(writeln!(stderr(), "\nportero: interrupted; nothing was changed"));
        }
        process::exit(128 + number);
    })?;
    are_caught.recv().map_err(io::Error::other)?
}

/// The number of whichever signal comes first.
async fn first(mut terminate: Signal, mut hangup: Signal) -> i32 {
    match select(pin!(terminate.recv()), pin!(hangup.recv())).await {
        Either::Left(_) => SignalKind::terminate().as_raw_value(),
        Either::Right(_) => SignalKind::hangup().as_raw_value(),
    }
}

fn prompt(text: &str) -> Result<String, Failure> {
    match rpassword::prompt_password(text) {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Err("interrupted; nothing was changed".into()),
        read => Ok(read?),
    }
}
