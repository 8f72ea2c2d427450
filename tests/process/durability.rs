//! `kill -9` at any moment: what was acknowledged is there after the next start, and nothing is half done.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use crate::portero::{PASSWORD, Server, ok};

const KILLS: u64 = 20;
const USERS: usize = 4;

/// What the answers told one user's client, kept outside of the server.
#[derive(Default)]
struct Record {
    /// The password after every change that was acknowledged.
    password: Option<String>,
    /// The password that was asked for when the server died: it may or may not have been changed.
    perhaps: Option<String>,
    /// Sessions that were signed in and not signed out, as far as the answers tell.
    open: Vec<(String, String)>,
    /// Tokens of sessions whose end was acknowledged.
    gone: Vec<String>,
}

impl Record {
    fn password(&self) -> String {
        self.password.clone().unwrap_or_else(|| PASSWORD.into())
    }
}

/// Does one thing after the other until there is no answer any more.
fn live(server: &Server, name: &str, record: &mut Record, round: u64) -> Option<()> {
    for step in 0u64.. {
        let tokens = server.log_in(name, &record.password())?;
        assert_eq!(tokens.status, 200, "{tokens:?}");
        let pair = (tokens.text("access_token"), tokens.text("refresh_token"));
        match step % 3 {
            0 => record.open.push(pair),
            1 => {
                let answer = server.ask("DELETE", "/logout", Some(&pair.1), None)?;
                assert_eq!(answer.status, 200, "{answer:?}");
                record.gone.extend([pair.0, pair.1]);
            }
            _ => {
                let new = format!("verde que te quiero {round} {step}");
                let body = json!({ "current_password": record.password(), "new_password": new });
                record.perhaps = Some(new.clone());
                // The sessions may end with an answer that never comes.
                let ending = std::mem::take(&mut record.open);
                let answer = server.ask("POST", "/change-password", Some(&pair.0), Some(&body))?;
                assert_eq!(answer.status, 200, "{answer:?}");
                record.perhaps = None;
                record.password = Some(new);
                record.gone.extend(ending.into_iter().chain([pair]).flat_map(|(access, refresh)| [access, refresh]));
                record.open.push((answer.text("access_token"), answer.text("refresh_token")));
            }
        }
    }
    Some(())
}

/// Compares what is with what was acknowledged.
fn audit(server: &Server, name: &str, record: &mut Record) {
    if let Some(perhaps) = record.perhaps.take()
        && server.log_in(name, &perhaps).unwrap().status == 200
    {
        record.password = Some(perhaps);
    }
    assert_eq!(server.log_in(name, &record.password()).unwrap().status, 200, "{name}'s password is lost");
    for token in record.gone.drain(..) {
        let answer = [("GET", "/protected"), ("POST", "/refresh")]
            .map(|(method, path)| server.ask(method, path, Some(&token), None).unwrap());
        for answer in answer {
            assert!(answer.status == 401 || answer.status == 422, "{name}: a token came back: {answer:?}");
            assert_ne!(answer.text("msg"), "", "{answer:?}");
        }
    }
    for (access, refresh) in record.open.drain(..) {
        assert_eq!(server.ask("GET", "/protected", Some(&access), None).unwrap().status, 200, "{name} was thrown out");
        assert_eq!(server.ask("POST", "/refresh", Some(&refresh), None).unwrap().status, 200, "{name} was thrown out");
    }
}

#[test]
fn no_kill_loses_an_acknowledged_sign_in_sign_out_or_password() {
    let folder = TempDir::new().unwrap();
    let names: Vec<String> = (0..USERS).map(|number| format!("user{number}")).collect();
    for name in &names {
        ok(folder.path(), &["user", "add", name, "--password-stdin"], PASSWORD);
    }
    let records: Vec<Mutex<Record>> = names.iter().map(|_| Mutex::default()).collect();
    let mut server = Server::start(folder.path());
    let mut acknowledged = 0;
    for round in 0..KILLS {
        // Not evenly spaced, yet the same in every run: failures can be had again.
        let moment = Duration::from_millis(40 + round * 37 % 230);
        std::thread::scope(|scope| {
            for (name, record) in names.iter().zip(&records) {
                let server = &server;
                scope.spawn(move || live(server, name, &mut record.lock().unwrap(), round));
            }
            std::thread::sleep(moment);
            let pid = server.process.id().to_string();
            assert!(std::process::Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
        });
        server.kill();
        server = Server::start(folder.path());
        for (name, record) in names.iter().zip(&records) {
            let mut record = record.lock().unwrap();
            acknowledged += record.open.len() + record.gone.len() / 2;
            audit(&server, name, &mut record);
        }
    }
    println!("{KILLS} kills, {acknowledged} acknowledged changes, none lost");
    assert!(acknowledged > usize::try_from(KILLS).unwrap(), "the clients did too little to tell anything");
}

#[test]
fn a_sign_out_is_refused_after_a_kill_right_behind_its_answer() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let mut server = Server::start(folder.path());
    for _ in 0..3 {
        let tokens = server.log_in("ana", PASSWORD).unwrap();
        let access = tokens.text("access_token");
        assert_eq!(server.ask("DELETE", "/logout", Some(&access), None).unwrap().status, 200);
        server.kill();
        server = Server::start(folder.path());
        let refused = server.ask("GET", "/protected", Some(&access), None).unwrap();
        assert_eq!((refused.status, refused.text("msg").as_str()), (401, "Token has been revoked"));
    }
}
