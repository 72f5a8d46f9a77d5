//! How a reply says what it says: the dialect's part of reading.

#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Look for a `<think>` block at the start of the text.
    pub think_tags: bool,
    /// Leave out thinking that only repeats what came just before.
    pub reasoning_filler: bool,
    /// Tell the thinking before tool calls once more, as state that goes back with them.
    pub remember_reasoning: bool,
    /// Look for `[1]` in the text.
    pub citation_marks: bool,
    /// Whether the end mark alone completes an answer without a finish reason.
    pub end_mark_completes: bool,
}
