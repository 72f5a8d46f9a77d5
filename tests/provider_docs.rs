//! Keeps the tables of docs/providers.md equal to what the adapters do. `UPDATE_DOCS=1 cargo test --test provider_docs`
//! writes them anew.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{fmt::Write as _, fs, path::Path};

use ai_model_gateway::providers::{
    adapter::Adapter,
    registry::{BUILT_IN, Choices, Wire},
    support::{Field, Handling},
};

const BEGIN: &str = "<!-- generated: what becomes of each field -->\n";
const END: &str = "<!-- end of the generated part -->\n";

/// A model that stands for each provider's newest ones.
const MODELS: [(&str, &str); 5] = [
    ("google", "gemini-3.8-flash"),
    ("xai", "grok-4.3"),
    ("gigachat", "GigaChat-2-Max"),
    ("perplexity", "sonar"),
    ("anthropic", "claude-sonnet-4-5"),
];

#[test]
fn the_tables_say_what_the_adapters_do() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/providers.md");
    let docs = fs::read_to_string(&path).unwrap();
    let start = docs.find(BEGIN).expect("the mark of the beginning") + BEGIN.len();
    let end = docs.find(END).expect("the mark of the end");
    let generated = tables();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, format!("{}{generated}{}", &docs[..start], &docs[end..])).unwrap();
        return;
    }
    assert!(docs[start..end] == generated, "docs/providers.md is old: UPDATE_DOCS=1 cargo test --test provider_docs");
}

/// One table of words for all providers, then the reasons by provider.
fn tables() -> String {
    let columns: Vec<_> = BUILT_IN
        .iter()
        .filter_map(|row| match row.wire {
            Wire::Http(adapter) => Some((row.name, model_of(row.name), adapter(&Choices::default()))),
            _ => None,
        })
        .collect();
    let mut out = String::from("\n| field |");
    for (name, model, _) in &columns {
        write!(out, " {name} (`{model}`) |").unwrap();
    }
    writeln!(out, "\n|---|{}", "---|".repeat(columns.len())).unwrap();
    for field in Field::ALL.iter().copied() {
        write!(out, "| `{}` |", field.name()).unwrap();
        for (_, model, adapter) in &columns {
            write!(out, " {} |", word(adapter.support(model, field))).unwrap();
        }
        out.push('\n');
    }
    for (name, model, adapter) in &columns {
        writeln!(out, "\nWhy, for {name} (`{model}`):\n").unwrap();
        reasons(&mut out, &**adapter, model);
    }
    out.push('\n');
    out
}

fn model_of(provider: &str) -> &'static str {
    MODELS.iter().find(|(name, _)| *name == provider).expect("a model for every provider").1
}

fn word(handling: Handling) -> &'static str {
    match handling {
        Handling::Mapped => "yes",
        Handling::Rewritten(_) => "rewritten",
        Handling::Dropped(_) => "dropped",
        Handling::Refused(_) => "refused",
    }
}

/// Fields with the same reason share a line.
fn reasons(out: &mut String, adapter: &dyn Adapter, model: &str) {
    let mut lines: Vec<(&str, &str, Vec<String>)> = Vec::new();
    for field in Field::ALL.iter().copied() {
        let handling = adapter.support(model, field);
        let (Handling::Rewritten(why) | Handling::Dropped(why) | Handling::Refused(why)) = handling else { continue };
        match lines.iter_mut().find(|(word_of, reason, _)| *word_of == word(handling) && *reason == why) {
            Some((_, _, fields)) => fields.push(format!("`{}`", field.name())),
            None => lines.push((word(handling), why, vec![format!("`{}`", field.name())])),
        }
    }
    for (word, why, fields) in lines {
        writeln!(out, "- {} {word}: {why}", fields.join(", ")).unwrap();
    }
}
