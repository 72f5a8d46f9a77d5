//! Settings for people: with their origin for `check-config`, and as a table for the manual.

use super::{
    setting::{Group, Setting, Shown},
    settings::Settings,
    sources::{Origin, Resolved},
    table::SETTINGS,
};

/// One line of `check-config`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportLine {
    pub name: String,
    /// What may be printed of it.
    pub value: String,
    pub origin: Origin,
}

pub fn report(resolved: &[Resolved], settings: &Settings) -> Vec<ReportLine> {
    let line = |r: &Resolved| ReportLine {
        name: r.setting.name.to_owned(),
        value: r.value.as_deref().map_or_else(|| "(not set)".to_owned(), |value| shown(value, r.setting.shown)),
        origin: r.origin.clone(),
    };
    let provider = |p: &super::providers::ProviderEntry| ReportLine {
        name: format!("provider {}", p.name),
        value: format!("{} {}", p.base_url, if p.api_key.is_some() { "(with a key)" } else { "(without a key)" }),
        origin: Origin::Yaml("providers".to_owned()),
    };
    resolved.iter().map(line).chain(settings.providers.iter().map(provider)).collect()
}

fn shown(value: &str, shown: Shown) -> String {
    match shown {
        Shown::Plain => value.to_owned(),
        Shown::Never => "(set, not shown)".to_owned(),
        // Everything between the scheme and the last `@` may be a password.
        Shown::Url => match (value.split_once("://"), value.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, rest))) => {
                format!("{scheme}://…@{}", rest.split('?').next().unwrap_or(rest))
            }
            (Some(_), None) => value.split('?').next().unwrap_or(value).to_owned(),
            _ => "(set, not shown)".to_owned(),
        },
    }
}

/// The table of `docs/configuration.md`.
pub fn markdown_table() -> String {
    let mut text = String::new();
    for group in Group::ALL {
        text.push_str(&format!("### {}\n\n", group.title()));
        text.push_str("| variable | flag | YAML | default | meaning |\n|---|---|---|---|---|\n");
        for setting in SETTINGS.iter().filter(|s| s.group == group) {
            text.push_str(&row(setting));
        }
        text.push('\n');
    }
    text
}

fn row(setting: &Setting) -> String {
    let code = |text: Option<String>| text.map_or_else(|| "-".to_owned(), |text| format!("`{text}`"));
    let flag = code(setting.flag.map(|flag| format!("--{flag}")));
    let yaml = code(setting.yaml.map(str::to_owned));
    let default = code((!setting.default.is_empty()).then(|| setting.default.to_owned()));
    format!("| `{}` | {flag} | {yaml} | {default} | {} |\n", setting.name, setting.meaning)
}
