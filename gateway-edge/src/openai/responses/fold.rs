//! Adds a chat's events up to output items, and says after each what changed. A whole answer takes the items, a stream
//! the changes, so the two cannot differ.

use crate::{
    error::Failure,
    openai::{state, trail::broken},
    pb,
};

use super::output::{Annotation, Content, Item, Logprob, Status, Summary};

/// Enough for any answer, and a bound for what a confused provider can make us remember: the last event repeats it all.
const MAX_BYTES: usize = 64 << 20;
const MAX_ITEMS: usize = 1024;

/// What an event did. Numbers are those of the item and of its content part.
#[derive(Debug, PartialEq)]
pub enum Change {
    Began(usize),
    PartBegan(usize, usize),
    Text { item: usize, part: usize, delta: String, logprobs: Vec<Logprob> },
    Refusal { item: usize, part: usize, delta: String },
    Annotated { item: usize, part: usize, number: usize },
    Thought { item: usize, delta: String },
    Arguments { item: usize, delta: String },
    PartEnded(usize, usize),
    Ended(usize),
}

#[derive(Debug)]
pub struct Fold {
    /// End of every item's id.
    stem: String,
    pub items: Vec<Item>,
    pub changes: Vec<Change>,
    /// Message or reasoning item that is still being written.
    open: Option<usize>,
    /// Number of each call within the choice, and its item. Calls stay open to the end, because they may interleave.
    calls: Vec<(u32, usize)>,
    /// Citations that came before the text they belong to.
    citations: Vec<pb::Citation>,
    states: Vec<pb::ProviderState>,
    bytes: usize,
}

impl Fold {
    pub fn new(stem: String) -> Self {
        let (items, changes, calls, citations, states) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { stem, items, changes, open: None, calls, citations, states, bytes: 0 }
    }

    pub fn text(&mut self, delta: pb::TextDelta) -> Result<(), Failure> {
        if delta.text.is_empty() && delta.logprobs.is_empty() {
            return Ok(());
        }
        self.count(delta.text.len())?;
        let (item, part) = self.part(Content::text(), |content| matches!(content, Content::OutputText { .. }))?;
        for citation in std::mem::take(&mut self.citations) {
            self.annotate(item, part, citation);
        }
        let new: Vec<Logprob> = delta.logprobs.into_iter().map(Logprob::from).collect();
        if let Some(Content::OutputText { text, logprobs, .. }) = self.content(item, part) {
            text.push_str(&delta.text);
            logprobs.extend_from_slice(&new);
        }
        self.changes.push(Change::Text { item, part, delta: delta.text, logprobs: new });
        Ok(())
    }

    pub fn refusal(&mut self, delta: String) -> Result<(), Failure> {
        if delta.is_empty() {
            return Ok(());
        }
        self.count(delta.len())?;
        let (item, part) = self.part(Content::refusal(), |content| matches!(content, Content::Refusal { .. }))?;
        if let Some(Content::Refusal { refusal }) = self.content(item, part) {
            refusal.push_str(&delta);
        }
        self.changes.push(Change::Refusal { item, part, delta });
        Ok(())
    }

    pub fn reasoning(&mut self, delta: String) -> Result<(), Failure> {
        if delta.is_empty() {
            return Ok(());
        }
        self.count(delta.len())?;
        let open = self.open.filter(|at| matches!(self.items.get(*at), Some(Item::Reasoning { .. })));
        let item = match open {
            Some(item) => item,
            None => {
                let id = self.id("rs");
                let summary = vec![Summary { text: String::new() }];
                let item = self.begin(Item::Reasoning { id, summary, encrypted_content: None })?;
                self.open = Some(item);
                item
            }
        };
        if let Some(Item::Reasoning { summary, .. }) = self.items.get_mut(item)
            && let Some(last) = summary.last_mut()
        {
            last.text.push_str(&delta);
        }
        self.changes.push(Change::Thought { item, delta });
        Ok(())
    }

    pub fn call(&mut self, call: pb::ToolCallStarted) -> Result<(), Failure> {
        if self.calls.iter().any(|(index, _)| *index == call.tool_call_index) {
            return Ok(());
        }
        let (call_id, name, status) = (call.id.clone(), call.name.clone(), Status::InProgress);
        let item = match call.kind() {
            pb::ToolKind::Custom => {
                Item::CustomToolCall { id: self.id("ctc"), status, call_id, name, input: String::new() }
            }
            pb::ToolKind::Function | pb::ToolKind::Unspecified => {
                Item::FunctionCall { id: self.id("fc"), status, call_id, name, arguments: String::new() }
            }
        };
        let item = self.begin(item)?;
        self.calls.push((call.tool_call_index, item));
        Ok(())
    }

    pub fn arguments(&mut self, delta: pb::ToolCallArgumentsDelta) -> Result<(), Failure> {
        let known = self.calls.iter().find(|(index, _)| *index == delta.tool_call_index);
        let Some(&(_, item)) = known else { return Err(broken("arguments of a tool call that never started")) };
        if delta.arguments.is_empty() {
            return Ok(());
        }
        self.count(delta.arguments.len())?;
        if let Some(Item::FunctionCall { arguments: text, .. } | Item::CustomToolCall { input: text, .. }) =
            self.items.get_mut(item)
        {
            text.push_str(&delta.arguments);
        }
        self.changes.push(Change::Arguments { item, delta: delta.arguments });
        Ok(())
    }

    pub fn citation(&mut self, citation: pb::Citation) -> Result<(), Failure> {
        self.count(citation.url.len() + citation.title.len() + 64)?;
        match self.last_text().filter(|(item, _)| self.open == Some(*item)) {
            Some((item, part)) => self.annotate(item, part, citation),
            None => self.citations.push(citation),
        }
        Ok(())
    }

    pub fn state(&mut self, state: pb::ProviderState) -> Result<(), Failure> {
        self.count(state.data.len() + 64)?;
        self.states.push(state);
        Ok(())
    }

    /// Ends every item. An answer that was cut short leaves its last item incomplete.
    pub fn finish(&mut self, status: Status) -> Result<(), Failure> {
        // Sources named after the text was over still belong to it.
        if let Some((item, part)) = self.last_text() {
            for citation in std::mem::take(&mut self.citations) {
                self.annotate(item, part, citation);
            }
        }
        self.end_open(status);
        for (_, item) in std::mem::take(&mut self.calls) {
            let last = item + 1 == self.items.len();
            self.end(item, if last { status } else { Status::Completed });
        }
        if self.states.is_empty() {
            return Ok(());
        }
        // One item for all states, at the end: they may belong to any item before it.
        let encrypted_content = Some(state::seal(&std::mem::take(&mut self.states)));
        let id = self.id("rs");
        let item = self.begin(Item::Reasoning { id, summary: Vec::new(), encrypted_content })?;
        self.end(item, Status::Completed);
        Ok(())
    }

    fn id(&self, kind: &str) -> String {
        format!("{kind}_{}_{}", self.stem, self.items.len())
    }

    fn count(&mut self, bytes: usize) -> Result<(), Failure> {
        self.bytes += bytes;
        if self.bytes > MAX_BYTES { Err(broken("the answer is too large to be told whole")) } else { Ok(()) }
    }

    fn begin(&mut self, item: Item) -> Result<usize, Failure> {
        if self.items.len() >= MAX_ITEMS {
            return Err(broken("too many output items"));
        }
        self.end_open(Status::Completed);
        let at = self.items.len();
        self.items.push(item);
        self.changes.push(Change::Began(at));
        Ok(at)
    }

    fn end(&mut self, item: usize, status: Status) {
        if let Some(it) = self.items.get_mut(item) {
            it.set_status(status);
        }
        self.changes.push(Change::Ended(item));
    }

    fn end_open(&mut self, status: Status) {
        let Some(item) = self.open.take() else { return };
        if let Some(Item::Message { content, .. }) = self.items.get(item)
            && let Some(part) = content.len().checked_sub(1)
        {
            self.changes.push(Change::PartEnded(item, part));
        }
        self.end(item, status);
    }

    /// Returns the place of the open content part, after opening one when the open one is of another kind.
    fn part(&mut self, fresh: Content, same: fn(&Content) -> bool) -> Result<(usize, usize), Failure> {
        let open = self.open.filter(|at| matches!(self.items.get(*at), Some(Item::Message { .. })));
        let item = match open {
            Some(item) => item,
            None => {
                let (id, content) = (self.id("msg"), Vec::new());
                let item = Item::Message { id, status: Status::InProgress, role: "assistant", content };
                let item = self.begin(item)?;
                self.open = Some(item);
                item
            }
        };
        let Some(Item::Message { content, .. }) = self.items.get_mut(item) else { return Ok((item, 0)) };
        let next = content.len();
        match content.last() {
            Some(last) if same(last) => return Ok((item, next - 1)),
            Some(_) => self.changes.push(Change::PartEnded(item, next - 1)),
            None => {}
        }
        content.push(fresh);
        self.changes.push(Change::PartBegan(item, next));
        Ok((item, next))
    }

    fn content(&mut self, item: usize, part: usize) -> Option<&mut Content> {
        match self.items.get_mut(item) {
            Some(Item::Message { content, .. }) => content.get_mut(part),
            _ => None,
        }
    }

    fn last_text(&self) -> Option<(usize, usize)> {
        self.items.iter().enumerate().rev().find_map(|(item, it)| {
            let Item::Message { content, .. } = it else { return None };
            let part = content.iter().rposition(|content| matches!(content, Content::OutputText { .. }))?;
            Some((item, part))
        })
    }

    fn annotate(&mut self, item: usize, part: usize, citation: pb::Citation) {
        if let Some(Content::OutputText { annotations, .. }) = self.content(item, part) {
            annotations.push(Annotation::from(citation));
            let number = annotations.len() - 1;
            self.changes.push(Change::Annotated { item, part, number });
        }
    }
}
