//! The door: reads the command line and hands over.

use std::process::ExitCode;

/// A quarter less CPU per request than with the C library's allocator; benches/README.md says how that is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ai_model_gateway::cli::run()
}
