//! `portero proxy`: the lines with which a proxy asks Portero before it lets a request through to an app.

mod caddy;
mod doctor;
mod haproxy;
mod kind;
mod nginx;
mod site;
mod traefik;

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use url::Url;

use self::kind::GateProxy;
use self::site::{Listener, Site};
use super::output::{Failure, warn};
use crate::clock::Clock;
use crate::config::{ClientIpHeader, Config, Loaded};
use crate::domain::{AppRules, ListenAddress};
use crate::installation::{Installation, Reached, Running, running};
use crate::store::apps;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Print a proxy's settings for an app; they work as printed
    Print(Print),
    /// Print the script that HAProxy needs besides
    Lua,
    /// Attack an app through its proxy, and say what to change in the proxy's settings
    Doctor(doctor::Doctor),
}

#[derive(Args)]
pub(super) struct Print {
    proxy: GateProxy,
    /// The app's name
    name: String,
    /// Where people reach the app, such as https://wiki.example.org; again for more [default: where the app is, by `app show`]
    #[arg(long = "origin", value_name = "URL")]
    origins: Vec<String>,
    /// Where the proxy reaches the app, such as http://127.0.0.1:3000
    #[arg(long, value_name = "URL")]
    upstream: String,
    /// Programs show tokens of Portero's, which the proxy keeps from the app [default: as `app show` says]
    #[arg(long)]
    bearer: bool,
    /// The file with the certificate for the app's host, as the proxy finds it
    #[arg(long, value_name = "FILE")]
    certificate: PathBuf,
    /// The file with the certificate's key; HAProxy wants it beside the certificate, under its name and .key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Where the proxy reaches Portero, such as 10.0.0.5:8080 or, for nginx, unix:/run/portero/portero.sock; without it: where Portero listens on this machine
    #[arg(long, value_name = "ADDRESS")]
    portero: Option<ListenAddress>,
    /// Where HAProxy finds the script that `portero proxy lua` prints
    #[arg(long, value_name = "FILE", default_value = "/etc/haproxy/portero.lua")]
    lua: PathBuf,
}

pub(super) fn run(loaded: Loaded, command: Command) -> Result<(), Failure> {
    match command {
        Command::Print(arguments) => {
            warn(&loaded);
            print(loaded.config, arguments)
        }
        Command::Lua => {
            print!("{}", haproxy::SCRIPT);
            Ok(())
        }
        Command::Doctor(arguments) => doctor::run(arguments),
    }
}

fn print(config: Config, mut arguments: Print) -> Result<(), Failure> {
    let config = Arc::new(config);
    let mut takes_tokens = false;
    if arguments.origins.is_empty() {
        let rules = known_rules(&config, &arguments.name)?;
        takes_tokens = rules.takes_tokens;
        arguments.origins = rules.origins.iter().map(|origin| origin.as_str().to_owned()).collect();
    }
    let origins = arguments.origins.iter().map(|text| origin(text)).collect::<Result<Vec<_>, _>>()?;
    let site = Site {
        name: site::one_line(&arguments.name)?,
        origins,
        upstream: upstream(&arguments.upstream)?,
        takes_tokens: takes_tokens || arguments.bearer,
        certificate: site::file(&arguments.certificate)?,
        key: site::file(&arguments.key)?,
        portero: arguments.portero.map_or_else(|| on_this_machine(&config), Ok)?,
        address_header: config.client_ip_header.clone(),
    };
    if site.portero.tcp().is_none() && arguments.proxy != GateProxy::Nginx {
        return Err(
            "only nginx asks by a Unix socket; let Portero listen on an address, and name it with --portero".into()
        );
    }
    if config.trusted_proxies.is_empty() {
        eprintln!(
            "warning: trusted_proxies is empty, so Portero refuses what the proxy asks: name there the address from which the proxy \
             reaches Portero, such as 127.0.0.1"
        );
    }
    let tells_otherwise = config.client_ip_header != ClientIpHeader::XForwardedFor;
    if tells_otherwise && arguments.proxy != GateProxy::Nginx {
        eprintln!(
            "warning: client_ip_header is {}, and the printed lines tell the client's address in X-Forwarded-For",
            config.client_ip_header.name()
        );
    }
    let text = match arguments.proxy {
        GateProxy::Nginx => nginx::print(&site),
        GateProxy::Caddy => caddy::print(&site),
        GateProxy::Traefik => traefik::print(&site),
        GateProxy::Haproxy => {
            let beside = format!("{}.key", site.certificate);
            if site.key != beside {
                eprintln!("warning: HAProxy looks for the key in {beside}; a symbolic link is enough");
            }
            haproxy::print(&site, &site::file(&arguments.lua)?)
        }
    };
    print!("{text}");
    Ok(())
}

/// Where the app is, as it was added.
fn known_rules(config: &Arc<Config>, name: &str) -> Result<AppRules, Failure> {
    let installation = Installation::open_existing(config, Clock::default())?;
    let found = installation.accounts.db.read(|conn| apps::find_by_name(conn, name))?;
    let app = found.ok_or_else(|| format!("there is no app {name}; add it, or name its address with --origin"))?;
    if app.rules.origins.is_empty() {
        return Err(format!("{name} has no origin yet: `portero app set --origin`").into());
    }
    Ok(app.rules)
}

/// Where the server listens, or would by the settings.
fn on_this_machine(config: &Config) -> Result<ListenAddress, Failure> {
    let address = match running(&config.beside_database())? {
        Running::Yes(Some(Reached { listening, .. })) => listening,
        Running::Yes(None) | Running::No => config.listen.clone(),
    };
    if address.tcp().is_some_and(|address| address.port() == 0) {
        return Err(
            "Portero listens on any free port, so nobody knows where the proxy reaches it; name it with --portero"
                .into(),
        );
    }
    Ok(address.on_this_machine())
}

fn origin(text: &str) -> Result<Listener, Failure> {
    let wrong =
        || format!("{text} is not an app's origin; write https, host and port alone, such as https://wiki.example.org");
    Listener::parse(text).ok_or_else(|| wrong().into())
}

fn upstream(text: &str) -> Result<Url, Failure> {
    let wrong = || {
        format!(
            "{text} is not where a proxy reaches an app; write scheme, host and port alone, such as http://127.0.0.1:3000"
        )
    };
    site::bare(text, &["http", "https"]).ok_or_else(|| wrong().into())
}
