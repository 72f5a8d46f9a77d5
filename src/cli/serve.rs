//! `serve`: starts the gateway.

use crate::config::Settings;

pub fn run(_settings: Settings) -> anyhow::Result<()> {
    anyhow::bail!("this build cannot serve yet")
}
