//! `portero proxy doctor`: attacks an app through its real proxy, and says what to change there. It asks over the network alone, as
//! attackers do, so it also runs where no Portero is.
//!
//! Two things it can't see from outside. What reaches the app, it sees by standing in for it (`--stand-in`): few apps show what they get, and
//! an app that is stopped for a minute can't be harmed by what is tried. And whoever attacks may have an account: the doctor signs in as
//! one of the operator's (`--user`) at Portero's own pages and signs out when it is done. So it has no right that people don't have,
//! begins its session by a proof like everybody, stands in the audit log, and can see that an ended session opens nothing.

mod examination;
mod faults;
mod requests;
mod stand_in;
mod verdict;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use self::examination::{Asked, Examination, Signed};
use self::faults::Fault;
use self::stand_in::StandIn;
use self::verdict::{Check, Verdict};
use super::kind::GateProxy;
use super::site;
use crate::accounts::apps::entry;
use crate::cli::caller::{Caller, host_and_address};
use crate::cli::output::{CouldNotAsk, Failure, Told};
use crate::cli::password_input;
use crate::gate::probes::PROBES;

const EXIT_CODES: &str =
    "Exit codes: 0 nothing found, 1 something is wrong with the proxy, 2 could not find out, or wrong arguments.";

#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(in crate::cli) struct Doctor {
    /// Where people reach the app, such as https://wiki.example.org
    url: String,
    /// Listen here in place of the app, which is stopped meanwhile, and see what reaches it, such as 127.0.0.1:3000
    #[arg(long, value_name = "ADDRESS")]
    stand_in: Option<SocketAddr>,
    /// Sign in as this user for what only users can send; the password is asked for
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Read the user's password from standard input instead of the terminal
    #[arg(long, requires = "user")]
    password_stdin: bool,
    /// Read a pass from standard input instead: the cookie __Host-portero_pass of a browser in which the app is open
    #[arg(long, conflicts_with = "user")]
    pass_stdin: bool,
    /// A path of the app that has to be shut, such as /api/users; again for more
    #[arg(long = "path", value_name = "PATH")]
    paths: Vec<String>,
    /// A path that is meant to be open to everybody, with what is beneath it; again for more
    #[arg(long = "open", value_name = "PATH")]
    open: Vec<String>,
    /// Which proxy it is, for what to change [default: as its answers say]
    #[arg(long, value_name = "PROXY")]
    proxy: Option<GateProxy>,
    /// The port at which plain http may answer [default: 80, if the app is at 443]
    #[arg(long, value_name = "PORT")]
    plain_http: Option<u16>,
    /// Trust certificates of this authority too
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Look for a host at this address, such as wiki.example.org=10.0.0.5; again for more
    #[arg(long, value_name = "HOST=ADDRESS", value_parser = host_and_address)]
    resolve: Vec<(String, IpAddr)>,
    /// Print JSON, one object per line
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: Doctor) -> Result<(), Failure> {
    let could_not_ask = |error: Failure| Failure::from(CouldNotAsk(error.to_string()));
    let caller = Caller::new(arguments.ca.as_deref(), arguments.resolve.clone()).map_err(could_not_ask)?;
    let asked = asked(&arguments).map_err(could_not_ask)?;
    let run = entry::secret()?.text;
    let stand_in =
        arguments.stand_in.map(|address| StandIn::start(address, &run)).transpose().map_err(could_not_ask)?;
    let mut examination = Examination::new(&caller, &asked, stand_in.as_ref(), &run)?;
    // What was found until then is told, too.
    let examined = examination.run();
    let proxy = arguments.proxy.or_else(|| known_by(examination.servers()));
    let checks = examination.checks;
    if arguments.json {
        print_json(&checks, proxy)
    } else {
        print(&arguments.url, &checks, proxy)
    }
    examined?;
    if checks.iter().any(|check| matches!(check.verdict, Verdict::Found(..))) { Err(Told.into()) } else { Ok(()) }
}

fn asked(arguments: &Doctor) -> Result<Asked, Failure> {
    let wrong = || {
        format!(
            "{} is not where people reach an app; write https, host and port alone, such as https://wiki.example.org",
            arguments.url
        )
    };
    let app = site::bare(&arguments.url, &["https"]).ok_or_else(wrong)?;
    for path in arguments.paths.iter().chain(&arguments.open) {
        let is_path = path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_path {
            return Err(format!("{path} is not a path; it begins with / and holds no spaces").into());
        }
    }
    let signed = match &arguments.user {
        Some(user) => {
            let password = password_input::read_present(arguments.password_stdin, &format!("Password of {user}: "))?;
            Signed::In { user: user.clone(), password }
        }
        None if arguments.pass_stdin => {
            let pass = password_input::first_line()?;
            if entry::pass_key(pass.as_bytes()).is_none() || !pass.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err("that is no pass: the value of the cookie __Host-portero_pass has 43 characters".into());
            }
            Signed::Holding(pass)
        }
        None => Signed::Out,
    };
    let plain_http = arguments.plain_http.or_else(|| app.port().is_none().then_some(80));
    Ok(Asked { app, signed, open: arguments.open.clone(), paths: arguments.paths.clone(), plain_http })
}

/// Which proxy speaks of itself like this.
fn known_by(servers: &[String]) -> Option<GateProxy> {
    let says = |word: &str| servers.iter().any(|server| server.to_ascii_lowercase().contains(word));
    if says("nginx") {
        Some(GateProxy::Nginx)
    } else if says("caddy") {
        Some(GateProxy::Caddy)
    } else {
        None
    }
}

fn print(url: &str, checks: &[Check], proxy: Option<GateProxy>) {
    let name = proxy.map_or("its proxy", GateProxy::shown);
    println!("{url}, through {name}");
    let mut faults: Vec<Fault> = Vec::new();
    for check in checks {
        if let Verdict::Found(fault, _) = &check.verdict
            && !faults.contains(fault)
        {
            faults.push(*fault);
        }
    }
    // The worst first.
    faults.sort_by_key(|fault| !fault.is_hole());
    for fault in faults {
        let kind = if fault.is_hole() { "HOLE" } else { "BROKEN" };
        println!("\n{kind}  {}", fault.title());
        for check in checks {
            match &check.verdict {
                Verdict::Found(other, seen) if *other == fault => println!("  {}: {seen}", check.name),
                Verdict::Found(..) | Verdict::Held | Verdict::Unjudged(_) => {}
            }
        }
        println!("  What to change: {}", fault.mend(proxy));
    }
    let mut reasons: Vec<&str> = Vec::new();
    for check in checks {
        if let Verdict::Unjudged(why) = check.verdict
            && !reasons.contains(&why)
        {
            reasons.push(why);
        }
    }
    for why in reasons {
        let names = checks.iter().filter(|check| matches!(check.verdict, Verdict::Unjudged(other) if other == why));
        let names: Vec<_> = names.map(|check| check.name.as_str()).collect();
        println!("\nNOT JUDGED  {} of {}: {why}", names.len(), checks.len());
        println!("  {}", names.join(", "));
    }
    let count = |is: fn(&Verdict) -> bool| checks.iter().filter(|check| is(&check.verdict)).count();
    println!(
        "\n{} checks, {} attacks known: {} as they should be, {} wrong, {} not judged",
        checks.len(),
        PROBES.len(),
        count(|verdict| matches!(verdict, Verdict::Held)),
        count(|verdict| matches!(verdict, Verdict::Found(..))),
        count(|verdict| matches!(verdict, Verdict::Unjudged(_))),
    );
}

fn print_json(checks: &[Check], proxy: Option<GateProxy>) {
    for check in checks {
        let line = match &check.verdict {
            Verdict::Held => json!({ "check": check.name, "result": "held" }),
            Verdict::Unjudged(why) => json!({ "check": check.name, "result": "not_judged", "why": why }),
            Verdict::Found(fault, seen) => {
                let result = if fault.is_hole() { "hole" } else { "broken" };
                let mend = fault.mend(proxy);
                json!({ "check": check.name, "result": result, "fault": fault.word(), "seen": seen, "change": mend })
            }
        };
        println!("{line}");
    }
}
