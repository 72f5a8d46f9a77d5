//! Names of functions: the provider takes letters, digits and `_`, so others travel under aliases.

use std::borrow::Cow;

use crate::domain::chat::Tool;

/// Functions the provider brings itself; a caller's may not be called so.
const BUILT_IN: &[&str] = &["text2image", "text2model3d", "web_search"];

/// Which alias stands for which name, for the length of a request.
#[derive(Debug, Default)]
pub struct Names<'a> {
    /// Names that are sent as they are.
    plain: Vec<&'a str>,
    /// Aliases with the names they stand for.
    aliases: Vec<(String, &'a str)>,
}

impl<'a> Names<'a> {
    /// Gives the tools their names. Good names are never taken away by an alias.
    pub fn new(tools: &'a [Tool]) -> Self {
        let name = |tool: &'a Tool| match tool {
            Tool::Function { name, .. } | Tool::Custom { name, .. } => name.as_str(),
        };
        let plain = tools.iter().map(name).filter(|name| is_good(name)).collect();
        let mut names = Self { plain, aliases: Vec::new() };
        tools.iter().map(name).for_each(|tool| {
            names.sent(tool);
        });
        names
    }

    /// Returns the name to send.
    pub fn sent(&mut self, name: &'a str) -> Cow<'a, str> {
        if is_good(name) && !self.aliases.iter().any(|(alias, _)| alias == name) {
            if !self.plain.contains(&name) {
                self.plain.push(name);
            }
            return Cow::Borrowed(name);
        }
        if let Some((alias, _)) = self.aliases.iter().find(|(_, known)| *known == name) {
            return Cow::Owned(alias.clone());
        }
        let alias = self.alias(name);
        self.aliases.push((alias.clone(), name));
        Cow::Owned(alias)
    }

    /// Returns the aliases with the names they stand for, for the reader of the answer.
    pub fn into_aliases(self) -> Vec<(String, String)> {
        self.aliases.into_iter().map(|(alias, name)| (alias, name.to_owned())).collect()
    }

    fn alias(&self, name: &str) -> String {
        let base = good_name(name);
        let free = |alias: &str| {
            is_good(alias) && !self.plain.contains(&alias) && !self.aliases.iter().any(|(known, _)| known == alias)
        };
        if free(&base) {
            return base;
        }
        // Each number that is taken belongs to another name, so one of these is free.
        let taken = self.plain.len() + self.aliases.len();
        let mut numbered = (2..=taken + 2).map(|number| format!("{base}_{number}"));
        numbered.find(|alias| free(alias)).unwrap_or(base)
    }
}

/// Returns the nearest name the provider takes.
pub fn good_name(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let alias: String = name.chars().map(letter).collect();
    if alias.starts_with(|c: char| !c.is_ascii_digit()) { alias } else { format!("_{alias}") }
}

fn is_good(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !BUILT_IN.contains(&name)
}
