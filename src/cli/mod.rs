//! The command line: one file per command. Data goes to standard output, everything else to standard error.

mod args;
mod check_config;
mod flags;
mod keys;
mod output;
mod rotate_master_key;
pub mod serve;
mod users;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Args, Command};
use output::{Failure, report};

/// Reads the command line and does what it says.
pub fn run() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are no errors, and clap knows where each belongs.
            let code = if error.use_stderr() { output::USAGE } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    match dispatch(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report(&failure),
    }
}

fn dispatch(args: Args) -> Result<(), Failure> {
    let loaded = crate::config::load(crate::config::Inputs::of_process(args.settings.0))?;
    match args.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(loaded.settings).map_err(|error| Failure::Failed(format!("{error:#}"))),
        Command::Keys { command } => keys::run(&loaded.settings, command),
        Command::Users { command } => users::run(&loaded.settings, command),
        Command::RotateMasterKey(wanted) => rotate_master_key::run(&loaded.settings, wanted),
        Command::CheckConfig { json } => check_config::run(&loaded, json),
    }
}

#[cfg(test)]
mod tests;
