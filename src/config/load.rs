//! From sources to [`Settings`]: reads every setting, and reports everything wrong at once.

use std::path::{Path, PathBuf};

use super::{
    build, dotenv,
    error::{ConfigError, Problem},
    flags::Flags,
    report::{ReportLine, report},
    settings::Settings,
    sources::{Variables, YamlFile, resolve},
};

/// Where settings may come from.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    pub flags: Flags,
    pub env: Vec<(String, String)>,
    /// Read when it exists.
    pub dotenv: Option<PathBuf>,
}

impl Inputs {
    /// Takes the environment of this process and `.env` of the current folder.
    pub fn of_process(flags: Flags) -> Self {
        // Names or values that are no UTF-8 are none of ours.
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self { flags, env: std::env::vars_os().filter_map(text).collect(), dotenv: Some(PathBuf::from(".env")) }
    }
}

/// Settings, and for each where it came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub settings: Settings,
    pub report: Vec<ReportLine>,
}

impl Settings {
    pub fn load(
        flags: Flags,
        env: impl Iterator<Item = (String, String)>,
        dotenv: Option<&Path>,
    ) -> Result<Self, ConfigError> {
        load(Inputs { flags, env: env.collect(), dotenv: dotenv.map(Path::to_owned) }).map(|loaded| loaded.settings)
    }
}

/// Reads all sources. The YAML file is the one that `AIGW_CONFIG` names.
pub fn load(inputs: Inputs) -> Result<Loaded, ConfigError> {
    let mut problems: Vec<Problem> = Vec::new();
    let dotenv = inputs.dotenv.map(|path| dotenv::read(&path, &mut problems)).unwrap_or_default();
    let variables = Variables { flags: inputs.flags, env: inputs.env.into_iter().collect(), dotenv };
    variables.refuse_unknown(&mut problems);
    let yaml = match variables.get("AIGW_CONFIG") {
        Some((path, _)) => YamlFile::read(Path::new(path), &variables, &mut problems),
        None => YamlFile::default(),
    };
    let resolved = resolve(&variables, &yaml);
    let settings = build::build(&resolved, yaml, &variables, &mut problems);
    match settings {
        Some(settings) if problems.is_empty() => Ok(Loaded { report: report(&resolved, &settings), settings }),
        _ => Err(ConfigError { problems }),
    }
}
