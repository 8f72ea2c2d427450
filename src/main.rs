//! Reads the command line, runs the command, and prints an error with all its causes.

use std::process::ExitCode;

use clap::Parser;
use portero::cli::{Arguments, CouldNotAsk, Logged, Told};

fn main() -> ExitCode {
    match Arguments::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<Logged>() || error.is::<Told>() => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("portero: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("  because {error}");
                cause = error.source();
            }
            if error.is::<CouldNotAsk>() { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}
