//! What can be said on the command line, and the help that teaches it.

use std::time::Duration;

use clap::{Parser, Subcommand};

use super::flags::SettingFlags;
use crate::domain::{scope::Scope, user::Role};

const FIRST_STEPS: &str = "\
First steps:
  ai-model-gateway                                  start; the first key is printed once
  curl http://127.0.0.1:6161/v1/chat/completions \\
    -H 'authorization: Bearer sk-…' -H 'content-type: application/json' \\
    -d '{\"model\":\"sandbox/echo\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}'
  ai-model-gateway keys create --name laptop        one more key
  ai-model-gateway check-config                     every setting, and where it comes from

Every setting can also stand in the environment, in .env or in the YAML file of --config. The order of precedence is
flags, environment, .env, YAML, defaults. Use --help instead of -h to see all of them.

Exit codes: 0 done, 1 failed, 2 wrong command line or wrong settings.";

/// One typed door to many AI model providers: gRPC, gRPC-Web and OpenAI REST.
#[derive(Debug, Parser)]
#[command(name = "ai-model-gateway", version, after_help = FIRST_STEPS, disable_help_subcommand = true)]
pub struct Args {
    #[command(flatten)]
    pub settings: SettingFlags,

    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the gateway (this is what happens without a command)
    Serve,
    /// Create, list and revoke gateway keys
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Create, list, disable and enable users, who own keys
    Users {
        #[command(subcommand)]
        command: UsersCommand,
    },
    /// Change the key that encrypts the stored provider keys, while gateways serve. Run it again if it was interrupted
    RotateMasterKey(RotateMasterKey),
    /// Check all settings and print where each comes from, without secrets
    CheckConfig {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, clap::Args)]
pub struct RotateMasterKey {
    /// End a rotation to a key of your own, after every gateway was started with it
    #[arg(long, conflicts_with = "start_over")]
    pub finish: bool,
    /// Forget a rotation to a key that is lost, and begin another one
    #[arg(long)]
    pub start_over: bool,
}

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Create a key and print it, once. Running gateways know it within a second
    Create {
        /// What the key is for, such as `laptop` or `ci`
        #[arg(long)]
        name: String,
        /// Name or id of the user who owns it; without it, the first owner
        #[arg(long)]
        user: Option<String>,
        /// What it may do, of models, keys and activity; without it, everything
        #[arg(long, value_name = "SCOPE,...", value_delimiter = ',', value_parser = scope)]
        scopes: Vec<Scope>,
        /// Models it may use: ids, or beginnings of ids with `*`; without it, every model
        #[arg(long, value_name = "MODEL,...", value_delimiter = ',')]
        models: Vec<String>,
        /// Lifetime, such as 30d, 12h or 45m; without it, the key does not expire
        #[arg(long, value_name = "TIME", value_parser = lifetime)]
        expires_in: Option<Duration>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List keys; their secrets are stored nowhere
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Revoke a key. Running gateways refuse it within a second
    Revoke {
        /// Public id of the key, the part after `sk-`; or the whole key
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum UsersCommand {
    /// Create a user, who has no keys yet
    Create {
        /// What the user is called; no two have the same name
        #[arg(long)]
        name: String,
        /// owner or member; at least one active owner always remains
        #[arg(long, default_value = "member", value_parser = role)]
        role: Role,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List users
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Refuse all keys of a user. Running gateways do so within a second
    Disable {
        /// Name or id
        user: String,
    },
    /// Accept the keys of a user again
    Enable {
        /// Name or id
        user: String,
    },
}

fn scope(text: &str) -> Result<Scope, String> {
    Scope::ALL
        .into_iter()
        .find(|scope| scope.name() == text)
        .ok_or_else(|| format!("`{text}` is no scope; write {}", Scope::ALL.map(Scope::name).join(", ")))
}

fn role(text: &str) -> Result<Role, String> {
    Role::ALL
        .into_iter()
        .find(|role| role.name() == text)
        .ok_or_else(|| format!("`{text}` is no role; write {}", Role::ALL.map(Role::name).join(" or ")))
}

/// Reads `30d`, `12h`, `45m` or `90s`.
pub fn lifetime(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no lifetime; write 30d, 12h, 45m or 90s");
    let unit = match text.chars().last() {
        Some('d') => 86_400,
        Some('h') => 3_600,
        Some('m') => 60,
        Some('s') => 1,
        _ => return Err(wrong()),
    };
    match text[..text.len() - 1].parse::<u32>() {
        Ok(number) if number > 0 => Ok(Duration::from_secs(u64::from(number) * unit)),
        _ => Err(wrong()),
    }
}
