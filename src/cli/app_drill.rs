//! `portero app drill`: tries out what an app really does when a session ends. An account that is made for this signs in there as people do,
//! signs out at Portero, and the app's page is asked with the same cookies until it refuses. The account goes afterwards.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use actix_web::rt::System;
use actix_web::rt::signal::unix::{SignalKind, signal};
use clap::Args;
use futures_util::future::select;
use serde_json::json;
use url::Url;

use super::caller::{Answer, Caller, host_and_address};
use super::operator::operator;
use super::output::{CouldNotAsk, Failure, Told, base_url};
use super::running_server::wait_for_server;
use super::visitor::Visitor;
use crate::accounts::apps::drill;
use crate::accounts::apps::entry;
use crate::accounts::apps::exactness::exactness;
use crate::accounts::people::state::delete_user;
use crate::config::{human, span};
use crate::domain::{App, DrillOutcome, NewPassword, UserId, Username};
use crate::installation::Installation;
use crate::store::app_drills::{self, Drill};

/// For how long the app is asked, unless somebody says otherwise: for as long as it may let an ended session in and a little longer, within
/// these bounds, in seconds.
const LEAST: i64 = 30;
const MOST: i64 = 5 * 60;
const A_LITTLE: i64 = 10;
/// How long the sign-in may take at most, in seconds: the account lives for that much longer.
const SIGN_IN: i64 = 5 * 60;
/// The app is asked so often at first, and after [`SOON`] less often.
const OFTEN: Duration = Duration::from_millis(100);
const SELDOM: Duration = Duration::from_secs(1);
const SOON: Duration = Duration::from_secs(10);

pub(super) const EXIT_CODES: &str =
    "Exit codes: 0 the app refuses, 1 it still lets the ended session in, 2 could not find out, or wrong arguments.";

#[derive(Args)]
pub(super) struct Arguments {
    /// A page of the app that only those see who are signed in [default: / at the app's first address]
    #[arg(long, value_name = "URL")]
    page: Option<Url>,
    /// Where signing in begins at the app [default: that page]
    #[arg(long, value_name = "URL")]
    sign_in: Option<Url>,
    /// What the page shows to those who are signed in and to nobody else, if its status is 200 for everybody
    #[arg(long, value_name = "TEXT")]
    shows: Option<String>,
    /// For how long the app is asked at most, such as 2m [default: as long as it may take to refuse, 30s to 5m]
    #[arg(long = "for", value_name = "TIME")]
    within: Option<String>,
    /// Trust certificates of this authority too
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Look for a host at this address, such as wiki.example.org=10.0.0.5; again for more
    #[arg(long, value_name = "HOST=ADDRESS", value_parser = host_and_address)]
    resolve: Vec<(String, IpAddr)>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(installation: &Installation, app: &App, arguments: &Arguments) -> Result<(), Failure> {
    let asked = could_not_ask(Asked::read(installation, app, arguments))?;
    let caller = could_not_ask(Caller::new(arguments.ca.as_deref(), arguments.resolve.clone()))?;
    remove_left_accounts(installation)?;
    let is_broken_off = could_not_ask(notice_signals())?;
    let account = could_not_ask(Account::make(installation, app, asked.within))?;
    let drilled = asked.drill(&caller, &account, &is_broken_off);
    // Whatever came of it.
    let removed = account.remove();
    let drill = could_not_ask(drilled)?;
    could_not_ask(removed)?;
    drill::note(&installation.accounts, operator(), app.id, drill).committed()?;
    wait_for_server(installation)?;
    if arguments.json {
        println!(
            "{}",
            json!({
                "app": app.name,
                "at": drill.at,
                "outcome": drill.outcome.as_str(),
                "lasted_ms": drill.lasted_ms,
                "let_in": drill.let_in,
                "acknowledged": drill.acknowledged,
            })
        );
    } else {
        println!("{}: {}", app.name, in_words(drill));
    }
    match drill.outcome {
        DrillOutcome::Refused => Ok(()),
        DrillOutcome::StillLetIn => Err(Told.into()),
    }
}

fn could_not_ask<T>(result: Result<T, Failure>) -> Result<T, Failure> {
    result.map_err(|error| CouldNotAsk(error.to_string()).into())
}

/// What a drill has shown.
pub(super) fn in_words(drill: Drill) -> String {
    let said_yes = if drill.acknowledged { "said yes, " } else { "" };
    let seconds = seconds(drill.lasted_ms);
    match drill.outcome {
        DrillOutcome::Refused if drill.let_in == 0 => "refused on the next request".into(),
        DrillOutcome::Refused => format!("{said_yes}let in for another {seconds} s, then refused"),
        DrillOutcome::StillLetIn => format!("{said_yes}still let in after {seconds} s"),
    }
}

fn seconds(milliseconds: i64) -> String {
    format!("{}.{}", milliseconds / 1000, milliseconds % 1000 / 100)
}

/// Becomes true when somebody wants the command to end: not before the account is gone.
fn notice_signals() -> Result<Arc<AtomicBool>, Failure> {
    let flag = Arc::new(AtomicBool::new(false));
    let noticed = Arc::clone(&flag);
    let (sender, are_heard) = std::sync::mpsc::sync_channel(1);
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        System::new().block_on(async {
            let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
            let (Ok(mut interrupt), Ok(mut terminate)) = signals else { return };
            sender.send(()).ok();
            select(Box::pin(interrupt.recv()), Box::pin(terminate.recv())).await;
            noticed.store(true, Ordering::Relaxed);
        });
    })?;
    // Until then a signal would end the command at once.
    are_heard.recv()?;
    Ok(flag)
}

/// Accounts of drills that were killed. Upkeep would find them, too, some minutes later.
fn remove_left_accounts(installation: &Installation) -> Result<(), Failure> {
    let accounts = &installation.accounts;
    let now = accounts.now();
    for name in accounts.db.read(|conn| app_drills::left_accounts(conn, now))? {
        delete_user(accounts, operator(), name).committed()?;
    }
    Ok(())
}

/// An account that is there for one drill.
struct Account<'a> {
    installation: &'a Installation,
    app: &'a App,
    user: UserId,
    name: Username,
    password: String,
}

impl<'a> Account<'a> {
    fn make(installation: &'a Installation, app: &'a App, within: Duration) -> Result<Self, Failure> {
        let accounts = &installation.accounts;
        let secret = entry::secret()?;
        let name = Username::parse(&format!("drill-{}", secret.hash.get(..10).unwrap_or_default()))?;
        let password = NewPassword::parse(secret.text.clone(), Some(&name), accounts.config.password_rules())?;
        let life = i64::try_from(within.as_secs()).unwrap_or(MOST) + SIGN_IN;
        let made = drill::begin(accounts, operator(), app.id, name.clone(), &password, life).committed()?;
        let user = made.ok_or("the app is gone, or there is an account of that name")?;
        let account = Self { installation, app, user, name, password: secret.text };
        match wait_for_server(installation) {
            Ok(()) => Ok(account),
            Err(error) => {
                account.remove()?;
                Err(error)
            }
        }
    }

    fn remove(&self) -> Result<(), Failure> {
        delete_user(&self.installation.accounts, operator(), self.name.clone()).committed()?;
        wait_for_server(self.installation)
    }
}

/// What is to be asked.
struct Asked {
    portero: Url,
    page: Url,
    sign_in: Url,
    shows: Option<String>,
    within: Duration,
}

impl Asked {
    fn read(installation: &Installation, app: &App, arguments: &Arguments) -> Result<Self, Failure> {
        let rules = &app.rules;
        if !installation.is_served()? {
            return Err("no server runs here: the account would have nowhere to sign in".into());
        }
        let portero = base_url(&installation.accounts.config)?.ok_or("public_url is not set")?;
        let origin = rules.origins.first().map(|origin| origin.as_str().to_owned());
        let redirect = rules.openid.redirect_uris.first().and_then(|uri| Url::parse(uri.as_str()).ok());
        let redirect = redirect.filter(|uri| matches!(uri.scheme(), "http" | "https"));
        let at = origin.or_else(|| redirect.map(|uri| uri.origin().ascii_serialization()));
        let page = match (&arguments.page, at) {
            (Some(page), _) => page.clone(),
            (None, Some(at)) => Url::parse(&at)?,
            (None, None) => return Err("nobody knows where the app is; name a page of it with --page".into()),
        };
        for url in [Some(&page), arguments.sign_in.as_ref()].into_iter().flatten() {
            if !matches!(url.scheme(), "http" | "https") || url.origin() == portero.origin() {
                return Err(format!("{url} is no page of an app").into());
            }
        }
        let worst = exactness(&installation.accounts, app).and_then(|found| found.worst);
        let within = match arguments.within.as_deref() {
            None => worst.map_or(LEAST, |worst| (worst + A_LITTLE).clamp(LEAST, MOST)),
            Some(text) => span(text)
                .filter(|seconds| (1..=24 * 60 * 60).contains(seconds))
                .ok_or_else(|| format!("--for {text}: write a time from 1s to {}, such as 2m", human(24 * 60 * 60)))?,
        };
        Ok(Self {
            portero,
            sign_in: arguments.sign_in.clone().unwrap_or_else(|| page.clone()),
            page,
            shows: arguments.shows.clone(),
            within: Duration::from_secs(within.unsigned_abs()),
        })
    }

    fn drill(&self, caller: &Caller, account: &Account<'_>, is_broken_off: &AtomicBool) -> Result<Drill, Failure> {
        let accounts = &account.installation.accounts;
        let go_on = || match is_broken_off.load(Ordering::Relaxed) {
            true => Err(Failure::from("broken off; the account is gone")),
            false => Ok(()),
        };
        let stranger = Visitor::new(caller, AGENT).get(&self.page)?;
        if self.lets_in(&stranger) {
            let hint = match &self.shows {
                None => "name something that it shows to nobody else with --shows",
                Some(_) => "what --shows names is there for everybody",
            };
            return Err(format!("{} lets in whoever is not signed in: {hint}", self.page).into());
        }
        go_on()?;
        let mut visitor = Visitor::new(caller, AGENT);
        visitor.go_in(&self.sign_in, &self.portero, account.name.as_str(), &account.password)?;
        let inside = visitor.get(&self.page)?;
        let (user, app) = (account.user, account.app.id);
        let has_entered = accounts.db.read(|conn| app_drills::has_entered(conn, user, app))?;
        if !self.lets_in(&inside) || !has_entered {
            visitor.sign_out().ok();
            let how =
                if has_entered { "the app does not let the account in" } else { "the account did not come to sign in" };
            return Err(format!(
                "{how}: {} was answered with {} (--page and --sign-in say where)",
                self.page, inside.status
            )
            .into());
        }
        go_on()?;
        if !visitor.sign_out()? {
            return Err("the account's session could not be ended".into());
        }
        let ended = Instant::now();
        let mut let_in = 0;
        let outcome = loop {
            let answer = visitor.get(&self.page)?;
            if self.lets_in(&answer) {
                let_in += 1;
            } else if says_no(&answer) {
                break DrillOutcome::Refused;
            }
            if ended.elapsed() >= self.within {
                if let_in == 0 {
                    return Err(format!("the app has not said whether it refuses ({})", answer.status).into());
                }
                break DrillOutcome::StillLetIn;
            }
            go_on()?;
            std::thread::sleep(if ended.elapsed() < SOON { OFTEN } else { SELDOM });
        };
        let lasted_ms = i64::try_from(ended.elapsed().as_millis()).unwrap_or(i64::MAX);
        let acknowledged = accounts.db.read(|conn| app_drills::has_acknowledged(conn, user, app))?;
        Ok(Drill { at: accounts.now(), outcome, lasted_ms, let_in, acknowledged })
    }

    /// Whether this is what the page answers to those who are signed in.
    fn lets_in(&self, answer: &Answer) -> bool {
        let shows = self.shows.as_ref().is_none_or(|text| answer.body.contains(text));
        (200..300).contains(&answer.status) && shows
    }
}

/// Whether the app refuses. No answer is no refusal, and neither is an app in trouble.
fn says_no(answer: &Answer) -> bool {
    (200..500).contains(&answer.status) && answer.status != 429
}

/// What the drill calls itself.
const AGENT: &str = "portero-drill";
