//! `portero completions`: what a shell needs to complete commands and options.

use std::io::{Write, stdout};

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::Arguments;
use super::output::Failure;

#[derive(Args)]
pub(super) struct Completions {
    /// The shell that is to complete
    shell: Shell,
}

pub(super) fn run(arguments: &Completions) -> Result<(), Failure> {
    // Not straight to standard output: `generate` panics if that is closed early.
    let mut script = Vec::new();
    generate(arguments.shell, &mut Arguments::command(), "portero", &mut script);
    Ok(stdout().write_all(&script)?)
}
