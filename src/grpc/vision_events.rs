//! The events of a chat as those of an extraction: text and its end. What else a model says is not the text.

use super::{
    convert_completion::{reason_to_pb, seconds},
    convert_usage::{attempt_to_pb, cost_to_pb, usage_to_pb, warning_to_pb},
    convert_vision::Fields,
};
use crate::{
    domain::{
        event::{ChatEvent, FinishReason, Finished, Started},
        usage::Warning,
    },
    pb::{self, stream_extract_text_response::Event},
};

/// Numbers the events of one stream and keeps what only its end tells.
#[derive(Debug, Default)]
pub struct Converter {
    sequence: u64,
    model: String,
    provider: String,
    warnings: Vec<Warning>,
    refused: bool,
}

impl Converter {
    /// Returns the event of the contract, for those that have one.
    pub fn convert(&mut self, event: ChatEvent) -> Option<pb::StreamExtractTextResponse> {
        let event = match event {
            ChatEvent::Started(started) => self.started(started),
            ChatEvent::Text { choice: 0, text, .. } if !text.is_empty() => {
                Event::TextDelta(pb::ExtractedTextDelta { text })
            }
            ChatEvent::Attempt(attempt) => Event::Attempt(attempt_to_pb(attempt)),
            ChatEvent::Finished(finished) => self.finished(finished),
            ChatEvent::Warning(warning) => {
                self.warnings.push(warning);
                return None;
            }
            ChatEvent::Refusal { .. } => {
                self.refused = true;
                return None;
            }
            ChatEvent::Text { .. }
            | ChatEvent::Reasoning { .. }
            | ChatEvent::Audio { .. }
            | ChatEvent::ToolCallStarted { .. }
            | ChatEvent::ToolCallArguments { .. }
            | ChatEvent::Citation { .. }
            | ChatEvent::ProviderState { .. }
            | ChatEvent::Usage(_) => return None,
        };
        let sequence = self.sequence;
        self.sequence += 1;
        Some(pb::StreamExtractTextResponse { sequence, event: Some(event) })
    }

    fn started(&mut self, started: Started) -> Event {
        (self.model, self.provider) = (started.model.clone(), started.provider.clone());
        Event::Started(pb::ExtractionStarted {
            extraction_id: started.completion_id,
            model: started.model,
            provider: started.provider,
            create_time: Some(seconds(started.created)),
        })
    }

    fn finished(&mut self, finished: Finished) -> Event {
        let reason = if self.refused { FinishReason::ContentFilter } else { finished.reason };
        let warnings = std::mem::take(&mut self.warnings).into_iter();
        Event::Finished(pb::ExtractionFinished {
            reason: reason_to_pb(reason).into(),
            native_reason: finished.native_reason,
            model: std::mem::take(&mut self.model),
            provider: std::mem::take(&mut self.provider),
            usage: finished.usage.map(usage_to_pb),
            cost: finished.cost.map(cost_to_pb),
            attempts: finished.attempts.into_iter().map(attempt_to_pb).collect(),
            warnings: warnings.map(|warning| warning_to_pb(Fields::Message.rename_warning(warning))).collect(),
        })
    }
}

#[cfg(test)]
mod tests;
