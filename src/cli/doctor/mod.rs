//! `portero doctor`: whether Portero itself is well installed, on this machine and behind its proxy. It opens the installation as every
//! command does, asks over the network as people do, and changes nothing.

mod faults;
mod here;
mod public;
mod report;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use url::Url;

use self::faults::FrontProxy;
use self::public::Asked;
use self::report::Report;
use super::caller::{Caller, host_and_address};
use super::output::{CouldNotAsk, Failure, Told, base_url};
use crate::accounts::reflection;
use crate::clock::Clock;
use crate::config::Loaded;
use crate::error_chain::chain;
use crate::installation::Installation;

const EXIT_CODES: &str = "Exit codes: 0 nothing found, 1 something is wrong, 2 could not find out, or wrong arguments.";

#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Doctor {
    /// Where people reach Portero, such as https://login.example.org [default: public_url]
    url: Option<Url>,
    /// Which proxy it is, for what to change [default: as its answers say]
    #[arg(long, value_name = "PROXY")]
    proxy: Option<FrontProxy>,
    /// The port at which plain http may answer [default: 80, if Portero is at 443]
    #[arg(long, value_name = "PORT")]
    plain_http: Option<u16>,
    /// Trust certificates of this authority too
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Look for a host at this address, such as login.example.org=10.0.0.5; again for more
    #[arg(long, value_name = "HOST=ADDRESS", value_parser = host_and_address)]
    resolve: Vec<(String, IpAddr)>,
    /// Print JSON, one object per line
    #[arg(long)]
    json: bool,
}

pub(super) fn run(loaded: Loaded, arguments: &Doctor) -> Result<(), Failure> {
    let could_not_ask = |error: Failure| Failure::from(CouldNotAsk(chain(error.as_ref())));
    let mut report = Report::default();
    let examined = examine(loaded, arguments, &mut report);
    let proxy = arguments.proxy.or_else(|| examined.as_ref().ok().copied().flatten());
    // What was found until then is told, too.
    if arguments.json {
        report.print_json(proxy);
    } else {
        report.print(proxy);
    }
    examined.map_err(could_not_ask)?;
    if report.is_good() { Ok(()) } else { Err(Told.into()) }
}

/// Returns which proxy it seems to be.
fn examine(loaded: Loaded, arguments: &Doctor, report: &mut Report) -> Result<Option<FrontProxy>, Failure> {
    let config = Arc::new(loaded.config);
    let caller = Caller::new(arguments.ca.as_deref(), arguments.resolve.clone())?;
    here::look_at_files(&config, report)?;
    let installation = Installation::open_existing(&config, Clock::default())?;
    let now = installation.accounts.now();
    here::look_at_sealed_keys(&installation, report)?;
    here::look_at_database(&installation, now, report)?;
    here::look_at_server(&config, report)?;
    let url = match arguments.url.clone() {
        Some(url) => url,
        None => base_url(&config)?
            .ok_or("nobody knows where people reach this server: set public_url, or name the address")?,
    };
    let asked = Asked {
        caller: &caller,
        url: &url,
        plain_http: arguments.plain_http.or_else(|| url.port().is_none().then_some(80)),
        ticket: reflection::ticket(&installation.accounts, now)?,
        address_header: &config.client_ip_header,
    };
    public::look(&asked, here::newest_event(&installation)?, now, report)
}
