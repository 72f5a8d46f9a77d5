//! Names of functions. The service wants a letter or `_` first and takes few signs after it; what it would refuse goes
//! under an alias, and the decoder turns the alias back.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use crate::domain::chat::{ChatRequest, Part, Tool, ToolKind};

/// Longest name every model takes.
const MAX_LENGTH: usize = 64;

/// The names of a request that cannot be sent as they are.
#[derive(Debug, Default)]
pub struct Names<'a> {
    aliases: BTreeMap<&'a str, String>,
}

impl<'a> Names<'a> {
    /// Finds an alias for each bad name among the tools and in the history.
    pub fn of(request: &'a ChatRequest) -> Self {
        let parts = request.messages.iter().flat_map(|message| &message.parts);
        let called =
            parts.filter_map(|part| if let Part::ToolCall(call) = part { Some(call.name.as_str()) } else { None });
        let names: BTreeSet<&str> = request.tools.iter().map(|tool| name_and_kind(tool).0).chain(called).collect();
        let mut taken: BTreeSet<String> =
            names.iter().filter(|name| is_good(name)).map(|name| (*name).into()).collect();
        let mut aliases = BTreeMap::new();
        for name in names.into_iter().filter(|name| !is_good(name)) {
            let alias = free(mended(name), &taken);
            taken.insert(alias.clone());
            aliases.insert(name, alias);
        }
        Self { aliases }
    }

    /// Returns the name as it is sent.
    pub fn sent(&self, name: &'a str) -> Cow<'a, str> {
        self.aliases.get(name).map_or(Cow::Borrowed(name), |alias| Cow::Owned(alias.clone()))
    }

    /// Returns the names of the tools that were changed: as sent, and the caller's.
    pub fn changed(&self) -> Vec<(String, String)> {
        self.aliases.iter().map(|(name, alias)| (alias.clone(), (*name).to_owned())).collect()
    }

    /// Returns the names, as sent, of the tools that take free text.
    pub fn custom(&self, tools: &'a [Tool]) -> Vec<String> {
        let custom = tools.iter().map(name_and_kind).filter(|(_, kind)| *kind == ToolKind::Custom);
        custom.map(|(name, _)| self.sent(name).into_owned()).collect()
    }
}

fn name_and_kind(tool: &Tool) -> (&str, ToolKind) {
    match tool {
        Tool::Function { name, .. } => (name, ToolKind::Function),
        Tool::Custom { name, .. } => (name, ToolKind::Custom),
    }
}

fn is_good(name: &str) -> bool {
    name.starts_with(may_begin) && name.chars().all(may_follow) && name.len() <= MAX_LENGTH
}

fn may_begin(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn may_follow(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_.:-".contains(c)
}

fn mended(name: &str) -> String {
    let mut mended: String = name.chars().map(|c| if may_follow(c) { c } else { '_' }).collect();
    if !mended.starts_with(may_begin) {
        mended.insert(0, '_');
    }
    mended.truncate(MAX_LENGTH);
    mended
}

/// Returns the alias, with a number when it is taken.
fn free(alias: String, taken: &BTreeSet<String>) -> String {
    let mut candidate = alias.clone();
    let mut number = 2;
    while taken.contains(&candidate) {
        let suffix = format!("_{number}");
        candidate = format!("{}{suffix}", &alias[..alias.len().min(MAX_LENGTH - suffix.len())]);
        number += 1;
    }
    candidate
}
