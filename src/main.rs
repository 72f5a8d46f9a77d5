//! The door: reads the command line and hands over.

fn main() -> std::process::ExitCode {
    ai_model_gateway::cli::run()
}
