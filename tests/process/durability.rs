//! `kill -9` at any moment: what was acknowledged is there after the next start, and nothing is half done.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::faults::{assert_is_whole, kills};
use crate::portero::{PASSWORD, Server, ok, portero};
use crate::support::{Browser, claims};

/// Users whose program signs in and out, users with several browsers, and how many of these stay signed in.
const PROGRAMS: usize = 4;
const HOUSEHOLDS: usize = 2;
const VISITORS: usize = 6;

/// What the answers told one user's program, kept outside of the server.
#[derive(Default)]
struct Record {
    /// The password after every change that was acknowledged.
    password: Option<String>,
    /// The new password of a change that had no answer when the server died: it may or may not be in force.
    perhaps: Option<String>,
    /// Tokens that were issued and not revoked, as far as the answers tell.
    access: Vec<String>,
    refresh: Vec<String>,
    /// Tokens whose end was acknowledged, alone or with their session.
    gone: Vec<String>,
    acknowledged: Counts,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    sign_ins: usize,
    sign_outs: usize,
    passwords: usize,
    revocations: usize,
    rotations: usize,
}

impl Record {
    fn password(&self) -> String {
        self.password.clone().unwrap_or_else(|| PASSWORD.into())
    }

    fn given(&mut self, answer: &crate::portero::Reply) {
        self.access.push(answer.text("access_token"));
        self.refresh.push(answer.text("refresh_token"));
    }
}

/// The credentials of an app that may revoke tokens, as a form has them.
fn app_credentials(folder: &TempDir) -> String {
    let said = ok(folder.path(), &["client", "add", "shop"], "");
    let value = |key: &str| said.lines().find_map(|line| line.strip_prefix(key)).unwrap().to_owned();
    format!("client_id={}&client_secret={}", value("client_id="), value("client_secret="))
}

/// Signs in and does something with the session, over and over, until there is no answer any more.
fn live(server: &Server, name: &str, app: &str, record: &mut Record, round: u32, answers: &AtomicU32) -> Option<()> {
    // Each round begins with another step, for the server may die before the last ones.
    for step in round.. {
        let tokens = server.log_in(name, &record.password())?;
        assert_eq!(tokens.status, 200, "{tokens:?}");
        record.acknowledged.sign_ins += 1;
        let pair = (tokens.text("access_token"), tokens.text("refresh_token"));
        match step % 5 {
            0 => record.given(&tokens),
            1 => {
                let answer = server.ask("DELETE", "/logout", Some(&pair.1), None)?;
                assert_eq!(answer.status, 200, "{answer:?}");
                record.acknowledged.sign_outs += 1;
                record.gone.extend([pair.0, pair.1]);
            }
            // Revoking a refresh token ends its session.
            2 => {
                revoke(server, app, &pair.1)?;
                record.acknowledged.revocations += 1;
                record.gone.extend([pair.0, pair.1]);
            }
            3 => {
                revoke(server, app, &pair.0)?;
                record.acknowledged.revocations += 1;
                record.gone.push(pair.0);
                record.refresh.push(pair.1);
            }
            _ => {
                let new = format!("verde que te quiero {round} {step}");
                let body = json!({ "current_password": record.password(), "new_password": new });
                record.perhaps = Some(new.clone());
                // The change may end these sessions even if its answer never comes.
                let ending = [std::mem::take(&mut record.access), std::mem::take(&mut record.refresh)];
                let answer = server.ask("POST", "/change-password", Some(&pair.0), Some(&body))?;
                assert_eq!(answer.status, 200, "{answer:?}");
                record.acknowledged.passwords += 1;
                record.perhaps = None;
                record.password = Some(new);
                record.gone.extend(ending.into_iter().flatten().chain([pair.0, pair.1]));
                record.given(&answer);
            }
        }
        answers.fetch_add(2, Ordering::Relaxed);
    }
    Some(())
}

fn revoke(server: &Server, app: &str, token: &str) -> Option<()> {
    let answer = server.try_form("/revoke", &format!("token={token}&{app}"))?;
    assert_eq!(answer.status, 200, "{answer:?}");
    Some(())
}

/// Compares what the server says now with what it had acknowledged.
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
    for access in record.access.drain(..) {
        assert_eq!(server.ask("GET", "/protected", Some(&access), None).unwrap().status, 200, "{name} was thrown out");
    }
    for refresh in record.refresh.drain(..) {
        assert_eq!(server.ask("POST", "/refresh", Some(&refresh), None).unwrap().status, 200, "{name} was thrown out");
    }
}

/// One browser that stays signed in, and what the answers told it.
struct Visitor {
    browser: Browser,
    /// Since when it has had its tokens. Even without a grace, nothing rotates within the same second.
    since: Instant,
    /// The browser as it was before a rotation that was acknowledged.
    before: Option<Browser>,
    /// Whether the server died during a rotation, which may or may not have been done.
    perhaps: bool,
    /// Whether the tokens that came out of the rotation were found to be good.
    audited: bool,
}

const A_MOMENT: Duration = Duration::from_millis(1100);

impl Visitor {
    fn new(server: &Server, name: &str) -> Self {
        Self { browser: server.signed_in(name), since: Instant::now(), before: None, perhaps: false, audited: false }
    }

    fn generation(&self) -> i64 {
        claims(&self.browser.cookies["refresh_token_cookie"])["gen"].as_i64().unwrap()
    }

    fn rotate(&mut self, acknowledged: &mut Counts) -> Option<()> {
        let (before, generation) = (self.browser.clone(), self.generation());
        self.perhaps = true;
        let answer = self.browser.try_renew()?;
        assert_eq!((answer.status, self.generation()), (200, generation + 1), "{answer:?}");
        acknowledged.rotations += 1;
        self.perhaps = false;
        self.audited = false;
        self.since = Instant::now();
        self.before = Some(before);
        Some(())
    }

    fn is_due(&self) -> bool {
        self.before.is_none() && self.since.elapsed() >= A_MOMENT
    }

    /// Compares what the server says now with what it had acknowledged. `false`: a spent token was
    /// shown, which has ended the session.
    fn audit(&mut self, server: &Server) -> bool {
        self.browser = self.browser.clone().moved_to(server.address);
        if let Some(before) = self.before.take_if(|_| self.audited && self.since.elapsed() >= A_MOMENT) {
            assert_eq!(before.moved_to(server.address).renew().status, 401, "a spent token is good again");
            return false;
        }
        if self.perhaps || (self.before.is_some() && !self.audited) {
            // If an acknowledged rotation were lost, this token would be ahead of the database, and refused.
            let answer = self.browser.renew();
            assert_eq!(answer.status, 200, "a rotation or its retry is lost, asked for only: {}", self.perhaps);
            assert_eq!(self.browser.fetch("/protected").status, 200);
            self.perhaps = false;
            self.audited = true;
            self.since = Instant::now();
        }
        true
    }
}

/// Several browsers of one user.
struct People {
    visitors: Vec<Visitor>,
    /// Browsers as they were before a sign-out that was acknowledged.
    signed_out: Vec<Browser>,
    acknowledged: Counts,
}

/// Rotates the sessions for which that is due, then signs in and out in new browsers, until there is no answer any more.
fn browse(server: &Server, name: &str, people: &mut People, answers: &AtomicU32) -> Option<()> {
    for visitor in people.visitors.iter_mut().filter(|visitor| visitor.is_due()) {
        visitor.rotate(&mut people.acknowledged)?;
        answers.fetch_add(1, Ordering::Relaxed);
    }
    loop {
        let mut browser = server.browser();
        browser.try_send("GET", "/login", &[], b"")?;
        let answer = browser.try_post("/login", &[("username", name), ("password", PASSWORD)])?;
        assert_eq!(answer.status, 303, "{answer:?}");
        people.acknowledged.sign_ins += 1;
        browser.try_send("GET", "/logout", &[("accept", "text/html")], b"")?;
        let before = browser.clone();
        let answer = browser.try_post("/logout", &[])?;
        assert_eq!(answer.status, 303, "{answer:?}");
        people.acknowledged.sign_outs += 1;
        people.signed_out.push(before);
        answers.fetch_add(2, Ordering::Relaxed);
    }
}

fn audit_people(server: &Server, name: &str, people: &mut People) {
    for browser in people.signed_out.drain(..) {
        let mut browser = browser.moved_to(server.address);
        assert_eq!((browser.fetch("/protected").status, browser.renew().status), (401, 401), "signed in again");
    }
    people.visitors.retain_mut(|visitor| visitor.audit(server));
    while people.visitors.len() < VISITORS {
        people.visitors.push(Visitor::new(server, name));
    }
}

fn start(folder: &TempDir) -> (Server, Duration) {
    let mut command = portero(folder.path());
    // So that a token is spent at once, not only after a grace.
    command.env("PORTERO_SESSION_GRACE", "0");
    // The audit tries which of two passwords is right; after some hundred kills the throttle would take that for guessing.
    command.env("PORTERO_THROTTLE", "off");
    let begin = Instant::now();
    let server = Server::with(folder.path(), command);
    server.wait_until(Duration::from_secs(10), |client| client.get("/readyz", None).status == 200);
    (server, begin.elapsed())
}

#[test]
fn no_kill_loses_what_was_acknowledged() {
    let folder = TempDir::new().unwrap();
    let name = |number: usize| format!("user{number}");
    for number in 0..PROGRAMS + HOUSEHOLDS {
        ok(folder.path(), &["user", "add", &name(number), "--password-stdin"], PASSWORD);
    }
    let app = app_credentials(&folder);
    let records: Vec<Mutex<Record>> = (0..PROGRAMS).map(|_| Mutex::default()).collect();
    let (mut server, _) = start(&folder);
    let household = |number| {
        let visitors = (0..VISITORS).map(|_| Visitor::new(&server, &name(PROGRAMS + number))).collect();
        Mutex::new(People { visitors, signed_out: Vec::new(), acknowledged: Counts::default() })
    };
    let households: Vec<_> = (0..HOUSEHOLDS).map(household).collect();
    let mut restarts = Vec::new();
    for round in 0..kills(50) {
        // The server is killed after some answers and a moment more: not evenly spaced, and as telling
        // on a busy machine as on an idle one.
        let answers = AtomicU32::new(0);
        let (enough, moment) = (10 + round * 37 % 40, Duration::from_micros(u64::from(round * 1_709 % 9_973)));
        std::thread::scope(|scope| {
            let (server, app, answers) = (&server, &app, &answers);
            for (number, record) in records.iter().enumerate() {
                scope.spawn(move || live(server, &name(number), app, &mut record.lock().unwrap(), round, answers));
            }
            for (number, people) in households.iter().enumerate() {
                scope.spawn(move || browse(server, &name(PROGRAMS + number), &mut people.lock().unwrap(), answers));
            }
            let begin = Instant::now();
            while answers.load(Ordering::Relaxed) < enough {
                assert!(begin.elapsed() < Duration::from_secs(30), "the server hardly answers: {}", server.log());
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(moment);
            let pid = server.process.id().to_string();
            assert!(std::process::Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
        });
        server.kill();
        let (again, took) = start(&folder);
        server = again;
        restarts.push(took);
        assert_is_whole(folder.path());
        for (number, record) in records.iter().enumerate() {
            audit(&server, &name(number), &mut record.lock().unwrap());
        }
        for (number, people) in households.iter().enumerate() {
            audit_people(&server, &name(PROGRAMS + number), &mut people.lock().unwrap());
        }
    }
    let counts = records.into_iter().map(|record| record.into_inner().unwrap().acknowledged);
    let counts = counts.chain(households.into_iter().map(|people| people.into_inner().unwrap().acknowledged));
    report(&counts.collect::<Vec<_>>(), restarts);
}

/// Prints one line to read, and asserts that browsers and programs did enough to tell anything.
fn report(counts: &[Counts], mut restarts: Vec<Duration>) {
    let sum = |of: fn(&Counts) -> usize| counts.iter().map(of).sum::<usize>();
    restarts.sort();
    let kills = restarts.len();
    let all = [
        (sum(|one| one.sign_ins), "sign-ins"),
        (sum(|one| one.sign_outs), "sign-outs"),
        (sum(|one| one.passwords), "password changes"),
        (sum(|one| one.revocations), "revocations"),
        (sum(|one| one.rotations), "rotations"),
    ];
    let told: Vec<_> = all.iter().map(|(count, what)| format!("{count} {what}")).collect();
    println!(
        "{kills} kills; acknowledged and not lost: {}; restart to the first 200: median {:?}, longest {:?}",
        told.join(", "),
        restarts[kills / 2],
        restarts[kills - 1],
    );
    for (count, what) in all {
        assert!(count > kills / 5, "too few {what}: {count}");
    }
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
