//! One flag for each setting that may have one, made from the table of settings.

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use crate::config::{Flags, Group, SETTINGS, Setting};

/// The flags that were given. They may stand before or after the command.
#[derive(Clone, Debug, Default)]
pub struct SettingFlags(pub Flags);

impl Args for SettingFlags {
    fn augment_args(command: Command) -> Command {
        SETTINGS.iter().filter_map(|s| Some((s, s.flag?))).fold(command, |command, (s, flag)| command.arg(arg(s, flag)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for setting in SETTINGS.iter().filter(|s| s.flag.is_some()) {
            if let Some(value) = matches.get_one::<String>(setting.name) {
                self.0.set(setting.name, value);
            }
        }
        Ok(())
    }
}

fn arg(setting: &'static Setting, flag: &'static str) -> Arg {
    let default = if setting.default.is_empty() { String::new() } else { format!(" [default: {}]", setting.default) };
    Arg::new(setting.name)
        .long(flag)
        .value_name("VALUE")
        .global(true)
        .help_heading(setting.group.title())
        // `-h` shows what a first start may need.
        .hide_short_help(setting.group != Group::Serving)
        .help(format!("{} [env: {}]{default}", setting.meaning.replace('`', ""), setting.name))
}
