//! The command line: one file per command, and what they share.

mod app;
mod app_drill;
mod app_name;
mod audit;
mod backup;
mod bench_hash;
mod caller;
mod client;
mod completions;
mod config;
mod confirm;
mod demo;
mod doctor;
mod existing_group;
mod existing_user;
mod export;
mod factors;
mod group;
mod health;
mod import;
mod key;
mod log;
mod mail;
mod moment_input;
mod move_to;
mod node;
mod openid_app;
mod operator;
mod output;
mod password_input;
mod proxy;
mod revoked;
mod running_server;
mod serve;
mod session;
mod setup_link;
mod user;
mod visitor;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use output::Failure;
pub use output::{CouldNotAsk, Logged, Told};

use crate::config::{Config, Faults, LogFormat, Overrides};

/// The heading of the options that every command takes.
const GLOBAL: &str = "Global options";
const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 wrong arguments.";

/// A self-hosted login service.
#[derive(Parser)]
#[command(name = "portero", version = env!("PORTERO_VERSION"), max_term_width = 100, after_help = EXIT_CODES)]
pub struct Arguments {
    /// The settings file [default: portero.toml or else /etc/portero/portero.toml, if there is one]
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "PATH")]
    config: Option<PathBuf>,
    /// Where to listen, such as 127.0.0.1:8080
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "ADDRESS")]
    listen: Option<String>,
    /// The folder for database and keys
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "PATH")]
    data_dir: Option<String>,
    /// Where people reach this server: scheme, host and port
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "URL")]
    public_url: Option<String>,
    /// Any other setting, such as session.idle=2d; see docs/settings.md
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "KEY=VALUE", value_parser = key_and_value)]
    set: Vec<(String, String)>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server (default)
    Serve,
    /// Print a new one-time link to create the first admin; the previous link stops working
    SetupLink,
    /// Add, list and change users
    #[command(subcommand)]
    User(user::Command),
    /// Add and remove groups of people, and say who is in them
    #[command(subcommand)]
    Group(group::Command),
    /// List and end open sessions
    #[command(subcommand)]
    Session(session::Command),
    /// List ended sessions and revoked tokens
    #[command(subcommand)]
    Revoked(revoked::Command),
    /// List what was recorded, and verify that nobody changed it
    #[command(subcommand)]
    Audit(audit::Command),
    /// List, create, rotate and retire the keys that sign tokens
    #[command(subcommand)]
    Key(key::Command),
    /// Add, list and change apps: those behind the gate, and those that may ask about tokens
    #[command(subcommand)]
    App(app::Command),
    /// Manage the apps that may ask about tokens: `portero app add --introspect` by its old name
    #[command(subcommand)]
    Client(client::Command),
    /// Print settings with which a proxy asks Portero before each request for an app, and try whether it does
    #[command(subcommand)]
    Proxy(proxy::Command),
    /// Try whether mail works
    #[command(subcommand)]
    Mail(mail::Command),
    /// List the nodes that serve the database, where several do
    #[command(subcommand)]
    Node(node::Command),
    /// Back up the database and keys into one file, even while the server runs
    Backup(backup::Backup),
    /// Restore a backup into an empty folder; this ends every session
    Restore(backup::Restored),
    /// Move the database to a PostgreSQL server, while no server runs
    Move(move_to::Move),
    /// Serve a throw-away demo on this machine: people, apps and a fortnight of what happened to them
    Demo,
    /// Measure how long each password hashing cost takes on this machine
    BenchHash,
    /// Look for what is wrong with this installation and the proxy in front of it
    Doctor(doctor::Doctor),
    /// Check whether the running server is ready: exits with 0 if so, else with 1
    Health,
    /// Check or show the settings
    #[command(subcommand)]
    Config(config::Command),
    /// Print a script with which a shell completes commands and options
    Completions(completions::Completions),
}

impl Arguments {
    /// Runs the command. The error is for the operator to read.
    pub fn run(self) -> Result<(), Failure> {
        let overrides = self.overrides();
        let command = self.command.unwrap_or(Command::Serve);
        if let Command::Completions(arguments) = &command {
            // Shells ask for it when they start, in any folder and whatever the settings there are.
            return completions::run(arguments);
        }
        if let Command::Move(arguments) = &command {
            // It has the settings of two databases.
            log::start_for_command();
            return move_to::run(&overrides, arguments);
        }
        if matches!(command, Command::Demo) {
            // Its data and its settings are nobody's.
            return demo::run(&overrides);
        }
        let loaded = Config::load(&overrides).map_err(wrong_settings)?;
        if !matches!(command, Command::Serve) {
            log::start_for_command();
        }
        match command {
            Command::Serve => serve::run(loaded),
            Command::SetupLink => setup_link::run(loaded),
            Command::User(command) => user::run(loaded, command),
            Command::Group(command) => group::run(loaded, command),
            Command::Session(command) => session::run(loaded, command),
            Command::Revoked(command) => revoked::run(loaded, command),
            Command::Audit(command) => audit::run(loaded, command),
            Command::Key(command) => key::run(loaded, command),
            Command::App(command) => app::run(loaded, command),
            Command::Client(command) => client::run(loaded, command),
            Command::Proxy(command) => proxy::run(loaded, command),
            Command::Mail(command) => mail::run(loaded, &command),
            Command::Node(command) => node::run(loaded, &command),
            Command::Backup(arguments) => backup::back_up(loaded, &arguments),
            Command::Restore(arguments) => backup::restore(loaded, &arguments),
            Command::Demo => demo::run(&overrides),
            Command::BenchHash => bench_hash::run(&loaded),
            Command::Doctor(arguments) => doctor::run(loaded, &arguments),
            Command::Health => health::run(&loaded),
            Command::Config(command) => {
                config::run(&loaded, &command);
                Ok(())
            }
            Command::Move(arguments) => move_to::run(&overrides, &arguments),
            Command::Completions(arguments) => completions::run(&arguments),
        }
    }

    fn overrides(&self) -> Overrides {
        let named = [("listen", &self.listen), ("data_dir", &self.data_dir), ("public_url", &self.public_url)];
        let named = named.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value.clone()?)));
        Overrides { config: self.config.clone(), set: named.chain(self.set.iter().cloned()).collect() }
    }
}

fn wrong_settings(faults: Faults) -> Failure {
    match faults.log_format {
        LogFormat::Text => format!("the settings are not right:\n{faults}").into(),
        LogFormat::Json => {
            log::tell_faults_as_json(&faults);
            Logged.into()
        }
    }
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}
