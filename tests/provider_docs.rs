//! Keeps the tables of docs/providers.md equal to what the adapters do. `UPDATE_DOCS=1 cargo test --test provider_docs`
//! writes them anew.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path, sync::Arc};

use ai_model_gateway::providers::{
    adapter::Adapter,
    openai::{Dialect, OpenAiAdapter, vendor::Key, vendors::vendors},
    registry::{BUILT_IN, Choices, Wire},
    support::{Field, Handling},
    two_formats::{PerplexityApi, TwoFormats, XaiApi},
};

/// Writes a generated part.
type Writer = fn() -> String;

/// The generated parts: what begins each of them, and who writes it.
const PARTS: [(&str, Writer); 2] =
    [("<!-- generated: what becomes of each field -->\n", fields), ("<!-- generated: the presets -->\n", presets)];
const END: &str = "<!-- end of the generated part -->\n";

/// A model that stands for each provider's newest ones.
const MODELS: [(&str, &str); 5] = [
    ("google", "gemini-3.8-flash"),
    ("xai", "grok-4.3"),
    ("gigachat", "GigaChat-2-Max"),
    ("perplexity", "sonar"),
    ("anthropic", "claude-sonnet-4-5"),
];

/// A name no rule for single models fits.
const ANY_MODEL: &str = "model";

/// One adapter's answers for one model.
struct Column {
    title: String,
    adapter: Arc<dyn Adapter>,
    model: &'static str,
}

impl Column {
    fn new(title: impl Into<String>, adapter: impl Adapter + 'static, model: &'static str) -> Self {
        Self { title: title.into(), adapter: Arc::new(adapter), model }
    }

    fn support(&self, field: Field) -> Handling {
        self.adapter.support(self.model, field)
    }
}

#[test]
fn the_tables_say_what_the_adapters_do() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/providers.md");
    let old = fs::read_to_string(&path).unwrap();
    let new = PARTS.iter().fold(old.clone(), |docs, (begin, write)| replaced(&docs, begin, &write()));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, new).unwrap();
        return;
    }
    assert!(old == new, "docs/providers.md is old: UPDATE_DOCS=1 cargo test --test provider_docs");
}

/// The switches are explained by hand, so only their names and what they are without a preset can be compared.
#[test]
fn the_table_of_switches_is_whole() {
    let docs = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/providers.md")).unwrap();
    let (_, section) = docs.split_once("### Dialect switches\n").expect("the heading of the switches");
    let rows = section.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let told: BTreeMap<String, String> = rows.skip(2).flat_map(switches).collect();
    let serde_json::Value::Object(switches) = serde_json::to_value(Dialect::GENERIC).unwrap() else {
        panic!("a dialect is a map of switches")
    };
    let known: BTreeMap<String, String> = switches.into_iter().map(|(name, value)| (name, shown(&value))).collect();
    assert_eq!(told, known);
}

/// Reads a row with one or several switches, and the value they have in common.
fn switches(row: &str) -> Vec<(String, String)> {
    let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(|cell| cell.trim()).collect();
    let value = cells[1].trim_matches('`');
    cells[0].split(", ").map(|name| (name.trim_matches('`').to_owned(), value.to_owned())).collect()
}

fn shown(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) if text.is_empty() => "empty".to_owned(),
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(items) if items.len() > 4 => "see the list above".to_owned(),
        serde_json::Value::Array(items) if !items.is_empty() => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        serde_json::Value::Null => "unknown".to_owned(),
        other => other.to_string(),
    }
}

/// Returns the page with another text between one beginning and the end that follows it.
fn replaced(docs: &str, begin: &str, part: &str) -> String {
    let (before, rest) = docs.split_once(begin).unwrap_or_else(|| panic!("docs/providers.md lacks {begin}"));
    let (_, after) = rest.split_once(END).expect("the mark of the end");
    format!("{before}{begin}{part}{END}{after}")
}

/// One table of words for all providers, then the reasons by provider, then what other models and APIs differ in.
fn fields() -> String {
    let columns = columns();
    let mut out = String::from("\n| field |");
    for Column { title, model, .. } in &columns {
        write!(out, " {title} (`{model}`) |").unwrap();
    }
    writeln!(out, "\n|---|{}", "---|".repeat(columns.len())).unwrap();
    for field in Field::ALL.iter().copied() {
        write!(out, "| `{}` |", field.name()).unwrap();
        for column in &columns {
            write!(out, " {} |", word(column.support(field))).unwrap();
        }
        out.push('\n');
    }
    for column in &columns {
        writeln!(out, "\nWhy, for {} (`{}`):\n", column.title, column.model).unwrap();
        reasons(&mut out, |field| Some(column.support(field)).filter(|handling| *handling != Handling::Mapped));
    }
    for (of, other) in others() {
        let base = columns.iter().find(|column| column.title == of).expect("a column to differ from");
        writeln!(out, "\n{} (`{}`) differs in:\n", other.title, other.model).unwrap();
        reasons(&mut out, |field| {
            Some(other.support(field)).filter(|handling| differs(*handling, base.support(field)))
        });
    }
    out.push('\n');
    out
}

/// The columns of the table: each built-in provider as it is asked by default.
fn columns() -> Vec<Column> {
    let http = BUILT_IN.iter().filter_map(|row| match row.wire {
        Wire::Http(adapter) => {
            let adapter = adapter(&Choices::default());
            Some(Column { title: row.name.to_owned(), adapter, model: model_of(row.name) })
        }
        Wire::Sandbox => None,
    });
    http.collect()
}

fn model_of(provider: &str) -> &'static str {
    MODELS.iter().find(|(name, _)| *name == provider).expect("a model for every provider").1
}

/// Other models and other ways of asking, each with the column it differs from.
fn others() -> Vec<(&'static str, Column)> {
    let same = |of, title, model| {
        let columns = columns().into_iter();
        let adapter = columns.into_iter().find(|column| column.title == of).expect("a column").adapter;
        (of, Column { title: String::from(title), adapter, model })
    };
    vec![
        same("google", "Gemini 2.5", "gemini-2.5-flash"),
        same("google", "Gemini 2.0", "gemini-2.0-flash"),
        ("xai", Column::new("xAI with `XAI_API=responses`", TwoFormats::xai(XaiApi::Responses), "grok-4.3")),
        same("gigachat", "GigaChat Lite", "GigaChat-2"),
        (
            "perplexity",
            Column::new(
                "Perplexity with `PERPLEXITY_API=sonar`",
                TwoFormats::perplexity(PerplexityApi::Sonar),
                "sonar",
            ),
        ),
        same("anthropic", "Claude after 4.6", "claude-opus-5"),
        same("anthropic", "Claude 4.6", "claude-opus-4-6"),
        same("anthropic", "Claude 3.5", "claude-3-5-haiku-20241022"),
    ]
}

/// The vendors, what a server without a preset takes, and what each preset differs in.
fn presets() -> String {
    let mut out = String::from("\n| preset | address | key variable | key sent as |\n|---|---|---|---|\n");
    for vendor in vendors() {
        let address = if vendor.base_url.is_empty() { "yours".to_owned() } else { format!("`{}`", vendor.base_url) };
        let key = match vendor.key {
            Key::Bearer => "bearer token".to_owned(),
            Key::MaybeBearer => "bearer token, or none without a key".to_owned(),
            Key::Header(name) => format!("header `{name}`"),
        };
        writeln!(out, "| `{}` | {address} | `{}` | {key} |", vendor.name, vendor.key_variable).unwrap();
    }
    let generic = Column::new("", OpenAiAdapter::new(Dialect::GENERIC), ANY_MODEL);
    out.push_str("\nA server without a preset takes every field as it is, except:\n\n");
    reasons(&mut out, |field| Some(generic.support(field)).filter(|handling| *handling != Handling::Mapped));
    out.push_str("\nA preset differs from that in these fields, for models without a rule of their own:\n\n");
    for vendor in vendors() {
        let column = Column::new("", OpenAiAdapter::new(vendor.dialect.clone()), ANY_MODEL);
        writeln!(out, "- `{}`: {}", vendor.name, differences(&column, &generic)).unwrap();
    }
    out.push('\n');
    out
}

/// Whether a request fares otherwise. Why something is left out may well be said in other words.
fn differs(here: Handling, there: Handling) -> bool {
    word(here) != word(there) || (matches!(here, Handling::Rewritten(_)) && here != there)
}

/// Names the fields that one column handles otherwise, by what it does with them.
fn differences(column: &Column, base: &Column) -> String {
    let mut groups = Vec::new();
    for wanted in ["yes", "rewritten", "dropped", "refused"] {
        let fields = Field::ALL.iter().copied().filter(|field| {
            let (here, there) = (word(column.support(*field)), word(base.support(*field)));
            here == wanted && here != there
        });
        let names: Vec<_> = fields.map(|field| format!("`{}`", field.name())).collect();
        if !names.is_empty() {
            let verb = if wanted == "yes" { "takes" } else { wanted };
            groups.push(format!("{verb} {}", names.join(", ")));
        }
    }
    if groups.is_empty() { "nothing".to_owned() } else { groups.join("; ") }
}

fn word(handling: Handling) -> &'static str {
    match handling {
        Handling::Mapped => "yes",
        Handling::Rewritten(_) => "rewritten",
        Handling::Dropped(_) => "dropped",
        Handling::Refused(_) => "refused",
    }
}

/// Writes what happens to fields and why. Those with the same reason share a line.
fn reasons(out: &mut String, told: impl Fn(Field) -> Option<Handling>) {
    let mut lines: Vec<(Handling, Vec<String>)> = Vec::new();
    for field in Field::ALL.iter().copied() {
        let Some(handling) = told(field) else { continue };
        let name = format!("`{}`", field.name());
        match lines.iter_mut().find(|(known, _)| *known == handling) {
            Some((_, fields)) => fields.push(name),
            None => lines.push((handling, vec![name])),
        }
    }
    for (handling, fields) in lines {
        let fields = fields.join(", ");
        match handling {
            Handling::Mapped => writeln!(out, "- {fields}: taken as they are").unwrap(),
            Handling::Rewritten(why) | Handling::Dropped(why) | Handling::Refused(why) => {
                writeln!(out, "- {fields} {}: {why}", word(handling)).unwrap();
            }
        }
    }
}
