//! The door: reads the command line and hands over.

use std::process::ExitCode;

fn main() -> ExitCode {
    ai_model_gateway::cli::run()
}
