//! Keeps the house in order: floors, exclusive crates, no import circle, no file that outgrew its idea.
//! The table is the one of docs/architecture.md.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Longest source file, tests excepted.
const MAX_LINES: usize = 400;

/// What each top-level module may import of ours.
const FLOORS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("providers", &["domain"]),
    ("routing", &["domain"]),
    ("storage", &["domain"]),
    ("access", &["domain"]),
    ("metering", &["domain"]),
    ("upstream", &["domain", "providers", "routing::transport"]),
    ("states", &["domain"]),
    ("activity", &["domain"]),
    ("sealing", &["domain"]),
    ("chat", &["domain", "routing", "metering", "states"]),
    ("vision", &["domain", "chat", "routing"]),
    ("embeddings", &["domain", "routing", "metering"]),
    ("admin", &["domain", "routing", "access", "storage", "states", "activity", "sealing"]),
    ("grpc", &["domain", "chat", "vision", "embeddings", "admin", "access", "pb"]),
    // Presets are data that only the reader of the environment can fill in.
    ("config", &["domain", "providers::openai", "providers::two_formats"]),
];

/// Crates and paths that only some modules may name. `app` and `cli` put things together and may name all.
const EXCLUSIVE: &[(&str, &[&str])] = &[
    ("diesel", &["storage"]),
    ("diesel_async", &["storage"]),
    ("tonic", &["grpc", "lib"]),
    ("prost", &["grpc"]),
    ("reqwest", &["upstream"]),
    ("axum", &[]),
    ("prometheus", &["telemetry"]),
    ("std::env", &["config"]),
    ("tokio::spawn", &[]),
];

struct Source {
    /// Path from `src`, such as `grpc/chat.rs`.
    path: String,
    /// Top-level module, such as `grpc`.
    floor: String,
    code: String,
}

#[test]
fn imports_stay_on_their_floors() {
    let mut wrong = Vec::new();
    for source in sources("src") {
        let Some((_, allowed)) = FLOORS.iter().find(|(floor, _)| *floor == source.floor) else { continue };
        for path in crate_paths(&source.code) {
            let own = path.split("::").next() == Some(source.floor.as_str());
            if !own && !allowed.iter().any(|a| path == *a || path.starts_with(&format!("{a}::"))) {
                wrong.push(format!("{} imports crate::{path}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "imports that break the table:\n{}", wrong.join("\n"));
}

#[test]
fn every_module_is_in_the_table() {
    let known: BTreeSet<&str> =
        FLOORS.iter().map(|(f, _)| *f).chain(["app", "cli", "lib", "main", "telemetry"]).collect();
    let found: BTreeSet<String> = sources("src").into_iter().map(|s| s.floor).collect();
    let strange: Vec<_> = found.iter().filter(|f| !known.contains(f.as_str())).collect();
    assert!(strange.is_empty(), "modules without a row in the table: {strange:?}");
}

#[test]
fn crates_stay_where_they_belong() {
    let mut wrong = Vec::new();
    for source in sources("src") {
        if ["app", "cli", "main"].contains(&source.floor.as_str()) {
            continue;
        }
        for (name, floors) in EXCLUSIVE {
            if names(&source.code, name) && !floors.contains(&source.floor.as_str()) {
                wrong.push(format!("{} names {name}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "crates out of their place:\n{}", wrong.join("\n"));
}

#[test]
fn the_edge_and_the_gateway_share_only_the_contract() {
    for source in sources("gateway-edge/src") {
        assert!(!names(&source.code, "ai_model_gateway"), "{} names the gateway crate", source.path);
    }
    for source in sources("src") {
        if !["app", "cli"].contains(&source.floor.as_str()) {
            assert!(!names(&source.code, "gateway_edge"), "{} names the edge", source.path);
        }
    }
}

#[test]
fn there_is_no_import_circle() {
    for root in ["src", "gateway-edge/src"] {
        let sources = sources(root);
        let modules: BTreeSet<String> = sources.iter().map(|s| module_of(&s.path)).collect();
        let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for source in &sources {
            let own = module_of(&source.path);
            let to = graph.entry(own.clone()).or_default();
            for path in absolute_paths(&source.code, &own) {
                if let Some(target) = longest_module(&path, &modules)
                    && target != own
                {
                    to.insert(target);
                }
            }
        }
        if let Some(circle) = find_circle(&graph) {
            panic!("import circle in {root}: {}", circle.join(" -> "));
        }
    }
}

#[test]
fn files_stay_small_and_say_what_they_are() {
    let mut wrong = Vec::new();
    for source in sources("src").into_iter().chain(sources("gateway-edge/src")) {
        let lines = source.code.lines().count();
        if lines > MAX_LINES {
            wrong.push(format!("{} has {lines} lines", source.path));
        }
        if !source.code.starts_with("//!") {
            wrong.push(format!("{} does not begin with //!", source.path));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn providers_are_named_only_in_their_place() {
    let name = |s: &str| format!("\"{s}\"");
    let providers = ["google", "xai", "perplexity", "gigachat"].map(name);
    let mut wrong = Vec::new();
    for source in sources("src") {
        if ["providers", "config", "cli"].contains(&source.floor.as_str()) {
            continue;
        }
        wrong.extend(
            providers.iter().filter(|p| source.code.contains(*p)).map(|p| format!("{} names {p}", source.path)),
        );
    }
    assert!(wrong.is_empty(), "provider names outside providers/:\n{}", wrong.join("\n"));
}

/// Reads every source file below `root` without its comments and tests.
fn sources(root: &str) -> Vec<Source> {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
    let mut files = Vec::new();
    collect(&base, &mut files);
    assert!(!files.is_empty(), "no sources below {root}");
    let source = |file: PathBuf| {
        let path = file.strip_prefix(&base).unwrap().to_string_lossy().into_owned();
        let floor = path.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
        let text = fs::read_to_string(&file).unwrap();
        let code = match text.find("#[cfg(test)]\nmod tests {") {
            Some(at) => text[..at].to_owned(),
            None => text,
        };
        Source { path, floor, code }
    };
    files.into_iter().map(source).collect()
}

fn collect(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "tests" {
                collect(&path, into);
            }
        } else if name.ends_with(".rs") && !name.starts_with("tests") && !name.ends_with("_tests.rs") {
            into.push(path);
        }
    }
}

/// Whether the code, comments apart, uses this crate or path.
fn names(code: &str, name: &str) -> bool {
    code.lines().filter(|l| !l.trim_start().starts_with("//")).any(|line| {
        line.match_indices(name).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = &line[at + name.len()..];
            let starts = before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':' && c != '-' && c != '"');
            starts
                && (after.starts_with("::")
                    || after.starts_with('(')
                    || after.starts_with(';')
                    || after.starts_with(" as"))
        })
    })
}

/// Returns what follows `crate::` in every import and path, groups flattened.
fn crate_paths(code: &str) -> Vec<String> {
    absolute_paths(code, "").into_iter().collect()
}

/// Returns every path of ours the code uses, from the crate's root.
fn absolute_paths(code: &str, own: &str) -> BTreeSet<String> {
    let code: String = code.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut paths = BTreeSet::new();
    let starts = [("crate::", String::new()), ("super::", parent(own))];
    for (word, base) in starts {
        if word == "super::" && own.is_empty() {
            continue;
        }
        for (at, _) in code.match_indices(word) {
            if code[..at].ends_with("super::") || code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let mut rest = &code[at + word.len()..];
            let mut base = base.clone();
            while let Some(more) = rest.strip_prefix("super::") {
                (rest, base) = (more, parent(&base));
            }
            expand(rest, &base, &mut paths);
        }
    }
    paths
}

/// Adds the path at the start of `text`, or every path of the group there.
fn expand(text: &str, base: &str, into: &mut BTreeSet<String>) {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').unwrap_or(text.len());
    let head = text[..end].trim_end_matches("::");
    let path = join(base, head);
    if (text[..end].ends_with("::") || end == 0)
        && let Some(group) = text[end..].strip_prefix('{')
    {
        for item in items(group) {
            expand(item.trim(), &path, into);
        }
        return;
    }
    if !path.is_empty() {
        into.insert(path);
    }
}

/// Splits the group that ends at its own closing brace.
fn items(group: &str) -> Vec<&str> {
    let (mut depth, mut from, mut out) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                out.push(&group[from..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                out.push(&group[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    out.retain(|i| !i.trim().is_empty());
    out
}

fn join(base: &str, more: &str) -> String {
    match (base.is_empty(), more.is_empty()) {
        (true, _) => more.to_owned(),
        (_, true) => base.to_owned(),
        _ => format!("{base}::{more}"),
    }
}

fn parent(module: &str) -> String {
    module.rsplit_once("::").map(|(p, _)| p.to_owned()).unwrap_or_default()
}

/// `grpc/chat.rs` is `grpc::chat`, `grpc/mod.rs` is `grpc`.
fn module_of(path: &str) -> String {
    let module = path.trim_end_matches(".rs").replace('/', "::");
    let module = module.strip_suffix("::mod").unwrap_or(&module).to_owned();
    if module == "lib" || module == "main" { String::new() } else { module }
}

/// The file a path leads to: the longest prefix that is a module.
fn longest_module(path: &str, modules: &BTreeSet<String>) -> Option<String> {
    let mut path = path.to_owned();
    while !path.is_empty() {
        if modules.contains(&path) {
            return Some(path);
        }
        path = parent(&path);
    }
    None
}

/// Returns the modules of a circle, if there is one.
fn find_circle(graph: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    fn visit(
        at: &str,
        graph: &BTreeMap<String, BTreeSet<String>>,
        trail: &mut Vec<String>,
        done: &mut BTreeSet<String>,
    ) -> Option<Vec<String>> {
        if let Some(from) = trail.iter().position(|t| t == at) {
            return Some(trail[from..].iter().cloned().chain([at.to_owned()]).collect());
        }
        if done.contains(at) {
            return None;
        }
        trail.push(at.to_owned());
        for next in graph.get(at).into_iter().flatten() {
            if let Some(circle) = visit(next, graph, trail, done) {
                return Some(circle);
            }
        }
        trail.pop();
        done.insert(at.to_owned());
        None
    }
    let mut done = BTreeSet::new();
    graph.keys().find_map(|at| visit(at, graph, &mut Vec::new(), &mut done))
}

#[test]
fn the_reader_of_imports_reads_imports() {
    let code = "use crate::{a::{b, c::D}, e};\nuse super::{f::G, h};\nlet x = crate::i::j();\n// crate::no::no";
    let want = ["a::b", "a::c::D", "e", "i::j", "m::f::G", "m::h"].map(str::to_owned);
    assert_eq!(absolute_paths(code, "m::own").into_iter().collect::<Vec<_>>(), want);
    let circle = BTreeMap::from([
        ("a".to_owned(), BTreeSet::from(["b".to_owned()])),
        ("b".to_owned(), BTreeSet::from(["a".to_owned()])),
    ]);
    assert!(find_circle(&circle).is_some());
}
