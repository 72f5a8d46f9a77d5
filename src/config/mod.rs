//! Settings: the only reader of the environment. One table ([`SETTINGS`]) drives reading, `--help`, the check of
//! unknown names and the page `docs/configuration.md`.

mod build;
mod dotenv;
mod error;
mod flags;
mod interpolate;
mod load;
mod origin;
mod parse;
mod providers;
mod reader;
mod report;
mod setting;
mod settings;
mod sources;
mod table;
mod upstreams;
mod yaml;

pub use error::{ConfigError, Problem};
pub use flags::Flags;
pub use load::{Inputs, Loaded, load};
pub use providers::{ProviderAuth, ProviderEntry, ProviderFormat};
pub use report::{ReportLine, markdown_table};
pub use setting::{Group, Setting, Shown};
pub use settings::{
    Auth, DefaultModels, Limits, Listen, Log, LogFormat, MasterKey, Retention, Settings, Timeouts, Tls, Tokens,
    Upstream, Upstreams,
};
pub use sources::Origin;
pub use table::SETTINGS;

#[cfg(test)]
mod tests;
