//! What generations of Claude take and refuse, as data. Names that are not known get the rules of the newest.

/// The switches of one generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    pub thinking: ThinkingControl,
    /// Whether the answer can be held to a schema; otherwise a tool that must be called stands for it.
    pub structured_output: bool,
    /// Whether tools may be `strict`.
    pub strict_tools: bool,
    /// Whether the model can be told how to sample. Those that cannot refuse the fields.
    pub samples: bool,
    /// Whether temperature and top-p exclude each other.
    pub one_sampler: bool,
    /// What is sent when a request sets no limit: the API wants one, and this is the most the model writes.
    pub max_output_tokens: u32,
}

/// How the amount of thinking is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThinkingControl {
    None,
    /// By a number of tokens.
    Budget,
    /// By a word; the model decides how much that is.
    Effort {
        /// Whether there is a word between `high` and `max`.
        xhigh: bool,
    },
}

const NEWEST: Family = Family {
    thinking: ThinkingControl::Effort { xhigh: true },
    structured_output: true,
    strict_tools: true,
    samples: false,
    one_sampler: true,
    max_output_tokens: 64_000,
};

const V4_6: Family = Family { thinking: ThinkingControl::Effort { xhigh: false }, samples: true, ..NEWEST };
const V4_5: Family = Family { thinking: ThinkingControl::Budget, ..V4_6 };
const V4_1: Family = Family { structured_output: false, strict_tools: false, max_output_tokens: 32_000, ..V4_5 };
const V4: Family = Family { one_sampler: false, ..V4_1 };
const V3_7: Family = Family { max_output_tokens: 64_000, ..V4 };
const V3_5: Family = Family { thinking: ThinkingControl::None, max_output_tokens: 8_192, ..V3_7 };
const V3: Family = Family { max_output_tokens: 4_096, ..V3_5 };

/// By the parts of a name behind `claude-`, the more exact ones first.
const FAMILIES: &[(&str, Family)] = &[
    ("3-5-", V3_5),
    ("3-7-", V3_7),
    ("3-", V3),
    ("opus-4-6", V4_6),
    ("sonnet-4-6", V4_6),
    ("opus-4-5", V4_5),
    ("sonnet-4-5", V4_5),
    ("haiku-4-5", V4_5),
    ("opus-4-1", V4_1),
    ("opus-4-0", V4),
    ("opus-4-2", V4),
    ("sonnet-4-0", V3_7),
    ("sonnet-4-2", V3_7),
];

/// Returns the rules for a model.
pub fn family(model: &str) -> Family {
    let name = model.strip_prefix("claude-").unwrap_or(model);
    FAMILIES.iter().find(|(start, _)| name.starts_with(start)).map_or(NEWEST, |(_, family)| *family)
}
