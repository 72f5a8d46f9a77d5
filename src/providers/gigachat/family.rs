//! What differs between GigaChat's models, told by their names: `GigaChat[-generation][-class][-preview]`.

/// What a model can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// Takes pictures, sound and documents.
    pub attachments: bool,
    /// Takes a schema for its answer. The others are made to call one function instead.
    pub native_schema: bool,
    /// Can be told how much to think.
    pub reasoning: bool,
    pub context_window_tokens: Option<u64>,
}

pub fn family(model: &str) -> Family {
    let name = model.split(':').next().unwrap_or(model).to_ascii_lowercase();
    let mut words = name.split('-').filter(|word| *word != "preview").peekable();
    if words.next() != Some("gigachat") {
        return Family { attachments: true, native_schema: false, reasoning: false, context_window_tokens: None };
    }
    let generation = words.next_if(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let generation: u32 = generation.and_then(|word| word.split('.').next()?.parse().ok()).unwrap_or(1);
    let class = words.next().unwrap_or("lite");
    Family {
        attachments: !["lite", "plus"].contains(&class),
        native_schema: generation > 2 || (generation == 2 && class != "lite"),
        reasoning: ["reasoning", "ultra"].contains(&class),
        context_window_tokens: match generation {
            1 => Some(32_768),
            2 => Some(131_072),
            _ => None,
        },
    }
}

/// What an operator knows of the host and the models' names do not tell.
#[derive(Clone, Copy, Debug)]
pub struct Switches {
    /// Whether the host takes a schema for the answer, from models that do.
    pub native_schemas: bool,
    /// Whether it wants its states back.
    pub states: bool,
}

impl Switches {
    pub fn family(self, model: &str) -> Family {
        let family = family(model);
        Family { native_schema: family.native_schema && self.native_schemas, ..family }
    }
}
