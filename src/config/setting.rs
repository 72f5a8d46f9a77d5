//! What the table of settings says of each.

/// One setting, under all its names.
pub struct Setting {
    /// The environment variable.
    pub name: &'static str,
    /// The flag without its dashes. Secrets have none: command lines can be read by other users of the machine.
    pub flag: Option<&'static str>,
    /// Where it stands in the YAML file.
    pub yaml: Option<&'static str>,
    /// Read when nobody sets it; empty means not set.
    pub default: &'static str,
    /// What it is, in one sentence. Says what happens when it is not set, if there is no default.
    pub meaning: &'static str,
    pub shown: Shown,
    pub group: Group,
}

/// How its value may be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    Plain,
    /// Without the password that a URL may hold.
    Url,
    Never,
}

/// Headings of the help text and of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Serving,
    State,
    Logging,
    Limits,
    Timeouts,
    Upstreams,
    Models,
}

impl Group {
    pub const ALL: [Self; 7] =
        [Self::Serving, Self::State, Self::Logging, Self::Limits, Self::Timeouts, Self::Upstreams, Self::Models];

    pub fn title(self) -> &'static str {
        match self {
            Self::Serving => "Serving",
            Self::State => "State",
            Self::Logging => "Logging",
            Self::Limits => "Limits",
            Self::Timeouts => "Timeouts",
            Self::Upstreams => "Providers",
            Self::Models => "Models",
        }
    }
}

pub const fn plain(
    group: Group,
    [name, flag, yaml]: [&'static str; 3],
    default: &'static str,
    meaning: &'static str,
) -> Setting {
    Setting { name, flag: Some(flag), yaml: Some(yaml), default, meaning, shown: Shown::Plain, group }
}

pub const fn secret(group: Group, [name, yaml]: [&'static str; 2], meaning: &'static str) -> Setting {
    Setting { name, flag: None, yaml: Some(yaml), default: "", meaning, shown: Shown::Never, group }
}
