//! Holds the catalogue of what people are told against the contract, the edge and the documentation.
//! `UPDATE_DOCS=1 cargo test --test messages` writes docs/errors.vi.md anew.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use ai_model_gateway::pb::DESCRIPTOR_SET;
use prost::Message as _;
use prost_types::FileDescriptorSet;
use serde_json::Value;

/// What a text may name.
const FACTS: [&str; 12] = [
    "attempts",
    "closest",
    "detail",
    "field",
    "http_status",
    "limit",
    "model",
    "provider",
    "replacement",
    "request_id",
    "required_scope",
    "seconds",
];
/// Longest text. It travels in a header, in base64, with much else.
const LONGEST: usize = 400;

struct Entry {
    anchor: String,
    en: String,
    vi: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn catalogue() -> BTreeMap<String, Entry> {
    let json = fs::read_to_string(root().join("proto/aigateway/v1/messages.json")).unwrap();
    let entries: BTreeMap<String, Value> = serde_json::from_str(&json).unwrap();
    let entry = |value: Value| {
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        Entry { anchor: text("anchor"), en: text("en"), vi: text("vi") }
    };
    entries.into_iter().map(|(name, value)| (name, entry(value))).collect()
}

/// The values of an enum of the contract, without their prefix and without the one that means nothing.
fn values_of(name: &str, prefix: &str) -> BTreeSet<String> {
    let files = FileDescriptorSet::decode(DESCRIPTOR_SET).unwrap();
    let values = files.file.iter().flat_map(|file| &file.enum_type).filter(|e| e.name() == name).flat_map(|e| &e.value);
    let names = values.map(|value| value.name().strip_prefix(prefix).unwrap().to_owned());
    names.filter(|name| name != "UNSPECIFIED").collect()
}

/// What the edge says by itself: every code given in its sources, and every name in the table by statuses. A code that is
/// that of a reason has the reason's text.
fn failures_of_the_edge() -> BTreeSet<String> {
    let edge = root().join("gateway-edge/src");
    let (mut files, mut names) = (Vec::new(), BTreeSet::from(["upstream_incomplete".to_owned()]));
    sources(&edge, &mut files);
    for file in files {
        let code = fs::read_to_string(file).unwrap();
        names.extend(code.split("with_code(\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()));
    }
    let table = fs::read_to_string(edge.join("error/spoken.rs")).unwrap();
    let (_, table) = table.split_once("fn by_status").unwrap();
    names.extend(table.split("=> \"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()));
    let reasons = values_of("ErrorReason", "ERROR_REASON_");
    names.into_iter().filter(|name| !reasons.contains(&name.to_ascii_uppercase())).collect()
}

fn sources(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy();
        if path.is_dir() {
            sources(&path, into);
        } else if name.ends_with(".rs") && !name.starts_with("tests") && !name.ends_with("_tests.rs") {
            into.push(path);
        }
    }
}

/// The facts that a text names.
fn facts(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()).collect()
}

/// A text without what stands in brackets.
fn bare(text: &str) -> String {
    let mut parts = text.split(['[', ']']);
    let mut out = parts.next().unwrap_or_default().to_owned();
    while let (Some(_), Some(rest)) = (parts.next(), parts.next()) {
        out.push_str(rest);
    }
    out
}

/// The anchors of a page, made of its headings as the usual renderers do.
fn anchors(page: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("docs").join(page)).unwrap();
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    headings.map(|heading| heading.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")).collect()
}

#[test]
fn every_reason_class_and_failure_has_a_text() {
    let catalogue = catalogue();
    let reasons = values_of("ErrorReason", "ERROR_REASON_");
    let classes = values_of("FailureClass", "FAILURE_CLASS_");
    assert!(reasons.len() >= 26 && classes.len() >= 12, "{reasons:?} {classes:?}");
    let mut wanted = failures_of_the_edge();
    wanted.extend(reasons.iter().cloned());
    wanted.extend(classes.iter().map(|class| format!("UPSTREAM_ERROR.{class}")));
    let missing: Vec<_> = wanted.iter().filter(|name| !catalogue.contains_key(*name)).collect();
    assert!(missing.is_empty(), "not in messages.json: {missing:?}");
    for name in catalogue.keys().filter(|name| !wanted.contains(*name)) {
        let (reason, class) = name.split_once('.').unwrap_or((name, ""));
        assert!(reasons.contains(reason) && classes.contains(class), "{name}: nothing is told by this text");
    }
}

#[test]
fn every_text_is_there_in_both_languages_and_reads_well_without_facts() {
    for (name, Entry { en, vi, .. }) in catalogue() {
        assert_eq!(facts(&en), facts(&vi), "{name}: both languages tell the same facts");
        for fact in facts(&en) {
            assert!(FACTS.contains(&fact), "{name}: nobody knows {fact}");
        }
        for text in [&en, &vi] {
            let brackets: String = text.chars().filter(|c| "[]".contains(*c)).collect();
            assert_eq!(brackets, "[]".repeat(brackets.len() / 2), "{name}: {text}");
            let bare = bare(text);
            assert!(!bare.contains(['{', '}']), "{name}: a fact stands outside of brackets: {text}");
            assert!(
                bare.ends_with('.') && !bare.contains("  ") && !bare.contains(" .") && !bare.contains(" ,"),
                "{name}: {bare:?}"
            );
            assert!(bare.trim() == bare && text.len() <= LONGEST, "{name}: {} {text:?}", text.len());
        }
        assert!(vi.contains(|c| ('\u{1ea0}'..='\u{1ef9}').contains(&c)), "{name}: no Vietnamese: {vi}");
        assert!(en.chars().all(|c| c.is_ascii() || c == '…'), "{name}: no English: {en}");
    }
}

#[test]
fn every_text_has_its_place_in_the_documentation() {
    let anchors = anchors("errors.md");
    for (name, Entry { anchor, .. }) in catalogue() {
        assert!(anchors.contains(&anchor), "{name}: docs/errors.md has no #{anchor}");
    }
}

/// Links inside the page, of the tables above all.
#[test]
fn every_link_on_the_page_leads_somewhere() {
    let text = fs::read_to_string(root().join("docs/errors.md")).unwrap();
    let anchors = anchors("errors.md");
    for link in text.split("](#").skip(1).map(|rest| rest.split(')').next().unwrap()) {
        assert!(anchors.contains(link), "docs/errors.md has no #{link}");
    }
}

#[test]
fn the_vietnamese_page_is_the_catalogue() {
    let path = root().join("docs/errors.vi.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, page).unwrap();
        return;
    }
    let old = fs::read_to_string(&path).unwrap_or_default();
    assert!(old == page, "docs/errors.vi.md is old: UPDATE_DOCS=1 cargo test --test messages");
}

fn page() -> String {
    let mut page = "# Thông báo lỗi\n\n\
        Trang này được tạo từ [messages.json](../proto/aigateway/v1/messages.json): mọi câu mà gateway nói bằng tiếng Việt khi bên gọi gửi\n\
        `Accept-Language: vi`. Phần trong ngoặc vuông chỉ xuất hiện khi gateway biết dữ kiện đó; `{detail}` là nguyên văn tiếng Anh và chỉ có\n\
        trong REST. Tên dẫn tới phần giải thích (bằng tiếng Anh) trong [errors.md](errors.md).\n"
        .to_owned();
    let (reasons, failures): (Vec<_>, Vec<_>) =
        catalogue().into_iter().partition(|(name, _)| name.starts_with(|c: char| c.is_ascii_uppercase()));
    for (title, entries) in [("Lý do trong hợp đồng", reasons), ("Lỗi của riêng edge", failures)] {
        write!(page, "\n## {title}\n\n| tên | thông báo |\n|---|---|\n").unwrap();
        for (name, Entry { anchor, vi, .. }) in entries {
            writeln!(page, "| [{name}](errors.md#{anchor}) | {vi} |").unwrap();
        }
    }
    page
}
