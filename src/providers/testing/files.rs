//! Reads the fixtures.

use std::{fs, path::PathBuf};

use serde_json::Value;

fn place(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path)
}

/// Reads one fixture, such as `xai/req-01-basic`.
pub fn fixture(path: &str) -> Value {
    let file = place(path).with_extension("json");
    let text = fs::read(&file).unwrap_or_else(|e| panic!("{file:?}: {e}"));
    serde_json::from_slice(&text).unwrap_or_else(|e| panic!("{file:?}: {e}"))
}

/// Returns every fixture of a folder whose name begins so, in the order of their names.
pub fn fixtures(folder: &str, prefix: &str) -> Vec<(String, Value)> {
    let names = entries(folder).into_iter().filter_map(|name| name.strip_suffix(".json").map(str::to_owned));
    let names = names.filter(|name| name.starts_with(prefix));
    let found: Vec<_> = names.map(|name| (name.clone(), fixture(&format!("{folder}/{name}")))).collect();
    assert!(!found.is_empty(), "no fixture of {folder} begins with {prefix}");
    found
}

/// Returns the names of what is in a folder, in their order.
pub fn entries(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(place(folder)).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}
