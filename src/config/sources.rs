//! Which source has the last word on each setting: flags, environment, `.env`, YAML, defaults.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    path::{Path, PathBuf},
};

use super::{
    error::{Problem, did_you_mean},
    flags::Flags,
    interpolate::interpolate,
    setting::{Setting, Shown},
    table::SETTINGS,
    yaml::{self, Node, Value},
};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Flag,
    Environment,
    DotEnv,
    /// `file:line:column`.
    Yaml(String),
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Environment => f.write_str("environment"),
            Self::DotEnv => f.write_str(".env"),
            Self::Yaml(place) => f.write_str(place),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A setting with its value.
pub struct Resolved {
    pub setting: &'static Setting,
    /// `None` when nobody sets it and it has no default.
    pub value: Option<String>,
    pub origin: Origin,
}

impl Resolved {
    /// Names the setting and its source, for problems.
    pub fn place(&self) -> String {
        match &self.origin {
            Origin::Yaml(place) => format!("{place} ({})", self.setting.name),
            Origin::Flag => format!("--{}", self.setting.flag.unwrap_or(self.setting.name)),
            origin => format!("{} ({origin})", self.setting.name),
        }
    }
}

/// What flags, environment and `.env` say. An empty value counts as not set.
pub struct Variables {
    pub flags: Flags,
    pub env: BTreeMap<String, String>,
    pub dotenv: BTreeMap<String, String>,
}

impl Variables {
    pub fn get(&self, name: &str) -> Option<(&str, Origin)> {
        let filled = |values: &BTreeMap<String, String>| values.get(name).is_some_and(|v| !v.is_empty());
        if let Some(value) = self.flags.get(name).filter(|v| !v.is_empty()) {
            return Some((value, Origin::Flag));
        }
        if filled(&self.env) {
            return self.env.get(name).map(|v| (v.as_str(), Origin::Environment));
        }
        if filled(&self.dotenv) {
            return self.dotenv.get(name).map(|v| (v.as_str(), Origin::DotEnv));
        }
        None
    }

    /// Finds names with our prefix that mean nothing, so that a typing error cannot leave a default in force.
    pub fn refuse_unknown(&self, problems: &mut Vec<Problem>) {
        for (values, origin) in [(&self.env, Origin::Environment), (&self.dotenv, Origin::DotEnv)] {
            for name in values.keys() {
                let known = SETTINGS.iter().any(|s| s.name == name);
                if name.starts_with("AIGW_") && !known && !is_foreign(name) {
                    let hint = did_you_mean(name, SETTINGS.iter().map(|s| s.name));
                    problems
                        .push(Problem::new(format!("{name} ({origin})"), format!("there is no such setting{hint}")));
                }
            }
        }
    }
}

/// Settings of the `gateway-edge` binary, which may share its environment with the gateway.
const OF_THE_EDGE: [&str; 7] = [
    "AIGW_GATEWAY_URL",
    "AIGW_EDGE_CONNECTIONS",
    "AIGW_EDGE_MAX_BODY_BYTES",
    "AIGW_GATEWAY_TLS_CA_FILE",
    "AIGW_GATEWAY_TLS_CERT_FILE",
    "AIGW_GATEWAY_TLS_KEY_FILE",
    "AIGW_GATEWAY_TLS_SERVER_NAME",
];

/// Where the README tells callers to keep their gateway key; the shell that has it may well start the gateway, too.
const OF_CALLERS: &str = "AIGW_KEY";

/// Kubernetes gives every pod some of these beside a Service named `aigw`; `AIGW_TEST_` belongs to our own tests.
fn is_foreign(name: &str) -> bool {
    OF_THE_EDGE.contains(&name)
        || name == OF_CALLERS
        || ["AIGW_PORT", "AIGW_SERVICE_", "AIGW_TEST_"].iter().any(|prefix| name.starts_with(prefix))
}

/// The YAML file, split into settings and the list of providers.
#[derive(Default)]
pub struct YamlFile {
    pub path: PathBuf,
    /// Value and place by the name of the setting.
    settings: HashMap<&'static str, (String, String)>,
    pub providers: Option<Node>,
}

impl YamlFile {
    pub fn read(path: &Path, variables: &Variables, problems: &mut Vec<Problem>) -> Self {
        let mut file = Self { path: path.to_owned(), ..Self::default() };
        match yaml::read(path) {
            Ok(mut node) => {
                fill_in(path, &mut node, variables, problems);
                file.take_map("", node, problems);
            }
            Err(problem) => problems.push(problem),
        }
        file
    }

    fn take_map(&mut self, path: &str, node: Node, problems: &mut Vec<Problem>) {
        let place = yaml::place(&self.path, &node);
        let entries = match node.value {
            Value::Map(entries) => entries,
            Value::Null => return,
            other => {
                let name = if path.is_empty() { "the file" } else { path };
                problems.push(Problem::new(place, format!("{name} must be a map, not {}", other.kind())));
                return;
            }
        };
        for (key, value) in entries {
            let full = if path.is_empty() { key.value.clone() } else { format!("{path}.{}", key.value) };
            if full == "providers" {
                self.providers = Some(value);
            } else if let Some(setting) = SETTINGS.iter().find(|s| s.yaml == Some(&full)) {
                self.take_setting(setting, &value, problems);
            } else if known_below(&full).next().is_some() {
                self.take_map(&full, value, problems);
            } else {
                let known = known_below(path).chain(path.is_empty().then_some("providers"));
                let hint = did_you_mean(&key.value, known);
                problems
                    .push(Problem::new(yaml::place(&self.path, &key), format!("there is no setting `{full}`{hint}")));
            }
        }
    }

    fn take_setting(&mut self, setting: &'static Setting, node: &Node, problems: &mut Vec<Problem>) {
        let place = yaml::place(&self.path, node);
        match scalar(&node.value, setting.shown) {
            Ok(Some(value)) if !value.is_empty() => {
                self.settings.insert(setting.name, (value, place));
            }
            Ok(_) => {}
            Err(message) => problems.push(Problem::new(place, message)),
        }
    }
}

/// Names that may stand below a path of the YAML file.
fn known_below(path: &str) -> impl Iterator<Item = &'static str> {
    let prefix = if path.is_empty() { String::new() } else { format!("{path}.") };
    SETTINGS
        .iter()
        .filter_map(|s| s.yaml)
        .filter_map(move |yaml| yaml.strip_prefix(&prefix))
        .map(|rest| rest.split('.').next().unwrap_or(rest))
}

/// Reads a value as the text an environment variable would hold; a list as a comma list.
pub fn scalar(value: &Value, shown: Shown) -> Result<Option<String>, String> {
    match value {
        Value::Null => Ok(None),
        Value::Text(text) => Ok(Some(text.clone())),
        Value::Bool(value) => Ok(Some(value.to_string())),
        Value::Integer(value) => Ok(Some(value.to_string())),
        // The spelling of a key that happens to look like a number would be lost.
        Value::Float(_) if shown == Shown::Never => Err("put quotes around this secret: it looks like a number".into()),
        Value::Float(value) => Ok(Some(value.to_string())),
        Value::List(items) => {
            let texts: Result<Vec<_>, _> = items.iter().map(|item| scalar(&item.value, shown)).collect();
            Ok(Some(texts?.into_iter().flatten().collect::<Vec<_>>().join(",")))
        }
        Value::Map(_) => Err("it must be a single value, not a map".into()),
    }
}

/// Replaces `${…}` in every text of the tree.
fn fill_in(path: &Path, node: &mut Node, variables: &Variables, problems: &mut Vec<Problem>) {
    let place = yaml::place(path, node);
    match &mut node.value {
        Value::Text(text) => match interpolate(text, |name| variables.get(name).map(|(value, _)| value)) {
            Ok(filled) => *text = filled,
            Err(message) => problems.push(Problem::new(place, message)),
        },
        Value::List(items) => items.iter_mut().for_each(|item| fill_in(path, item, variables, problems)),
        Value::Map(entries) => entries.iter_mut().for_each(|(_, value)| fill_in(path, value, variables, problems)),
        Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Float(_) => {}
    }
}

/// Gives every setting its value.
pub fn resolve(variables: &Variables, yaml: &YamlFile) -> Vec<Resolved> {
    let resolve = |setting: &'static Setting| {
        if let Some((value, origin)) = variables.get(setting.name) {
            return Resolved { setting, value: Some(value.to_owned()), origin };
        }
        if let Some((value, place)) = yaml.settings.get(setting.name) {
            return Resolved { setting, value: Some(value.clone()), origin: Origin::Yaml(place.clone()) };
        }
        let value = (!setting.default.is_empty()).then(|| setting.default.to_owned());
        Resolved { setting, value, origin: Origin::Default }
    };
    SETTINGS.iter().map(resolve).collect()
}
