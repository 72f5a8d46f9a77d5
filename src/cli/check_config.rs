//! `check-config`: every setting with its origin, then whether the things they name can be used. Changes nothing.

use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;
use serde_json::json;

use super::output::{Failure, columns, print, print_json};
use crate::{
    config::{Loaded, MasterKey, Settings},
    storage::{DatabaseUrl, Store},
};

/// One thing that was tried.
struct Check {
    what: String,
    error: Option<String>,
}

impl Check {
    fn new(what: impl Into<String>, result: Result<(), impl std::fmt::Display>) -> Self {
        Self { what: what.into(), error: result.err().map(|error| error.to_string()) }
    }
}

pub fn run(loaded: &Loaded, json: bool) -> Result<(), Failure> {
    let checks = check(&loaded.settings)?;
    if json {
        print_json(&as_json(loaded, &checks))?;
    } else {
        print(&as_text(loaded, &checks))?;
    }
    let failed: Vec<String> = checks
        .iter()
        .filter_map(|check| check.error.as_ref().map(|error| format!("{}: {error}", check.what)))
        .collect();
    if failed.is_empty() { Ok(()) } else { Err(Failure::Failed(failed.join("\n"))) }
}

fn check(settings: &Settings) -> Result<Vec<Check>, Failure> {
    let url = DatabaseUrl::parse(settings.database_url.expose_secret())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(error.to_string()))?;
    let data_dir = &settings.data_dir;
    let mut checks = vec![
        Check::new(format!("data directory {} can be written", data_dir.display()), writable(data_dir)),
        Check::new(format!("database {url} can be reached"), runtime.block_on(Store::check(&url))),
    ];
    let master_key = match &settings.master_key {
        MasterKey::File(path) => Some(path),
        MasterKey::Value(_) | MasterKey::Generated(_) => None,
    };
    for path in master_key.into_iter().chain(settings.upstreams.gigachat.files()) {
        checks.push(Check::new(format!("file {} can be read", path.display()), std::fs::File::open(path).map(|_| ())));
    }
    if let Some(path) = &settings.catalog_file {
        let catalog = crate::app::catalog(settings).map(drop).map_err(|error| format!("{error:#}"));
        checks.push(Check::new(format!("catalog file {} is right", path.display()), catalog));
    }
    Ok(checks)
}

/// Creates a file there, or where the folder would be made, and removes it.
fn writable(dir: &Path) -> std::io::Result<()> {
    let dir = std::path::absolute(dir)?;
    let existing = dir.ancestors().find(|dir| dir.exists()).unwrap_or(&dir);
    let probe: PathBuf = existing.join(format!(".ai-model-gateway-{}", std::process::id()));
    std::fs::OpenOptions::new().write(true).create_new(true).open(&probe)?;
    std::fs::remove_file(&probe)
}

fn as_text(loaded: &Loaded, checks: &[Check]) -> String {
    let mut rows = vec![["SETTING", "VALUE", "FROM"].map(str::to_owned).to_vec()];
    rows.extend(loaded.report.iter().map(|l| vec![l.name.clone(), l.value.clone(), l.origin.to_string()]));
    let mut text = columns(&rows);
    text.push('\n');
    for check in checks {
        let verdict = if check.error.is_none() { "ok    " } else { "FAILED" };
        text.push_str(&format!("{verdict}  {}\n", check.what));
    }
    text
}

fn as_json(loaded: &Loaded, checks: &[Check]) -> serde_json::Value {
    let setting = |line: &crate::config::ReportLine| json!({ "name": line.name, "value": line.value, "from": line.origin.to_string() });
    let check = |check: &Check| json!({ "check": check.what, "ok": check.error.is_none(), "error": check.error });
    json!({
        "settings": loaded.report.iter().map(setting).collect::<Vec<_>>(),
        "checks": checks.iter().map(check).collect::<Vec<_>>(),
    })
}
