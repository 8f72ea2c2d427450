//! `portero config`: checks and shows the settings.

use clap::Subcommand;

use super::output::warn;
use crate::config::Loaded;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Check the settings and report every problem
    Check,
    /// Print every setting with its value and source; secrets stay hidden
    Show,
}

pub(super) fn run(loaded: &Loaded, command: &Command) {
    warn(loaded);
    match command {
        Command::Check => println!("Settings OK."),
        Command::Show => {
            let width = loaded.shown.iter().map(|setting| setting.key.len()).max().unwrap_or(0);
            for setting in &loaded.shown {
                println!("{:width$} = {}  ({})", setting.key, setting.value, setting.source);
            }
        }
    }
}
