//! The end of a stream, and audio, whose last bytes belong to it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;

use crate::error::field;

use super::super::{
    frame::json_line,
    shapes::{self, Annotations, Usage, Warnings},
    told::Told,
};
use super::*;

#[derive(Serialize)]
struct AudioOut<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    id: &'a str,
    #[serde(skip_serializing_if = "String::is_empty")]
    data: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    transcript: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

impl ChunkWriter {
    pub(super) fn audio(&mut self, at: u32, delta: &pb::AudioDelta, out: &mut BytesMut) {
        let state = &mut self.choice(at, out).audio;
        let id = if state.id_sent { "" } else { &*delta.id };
        state.id_sent |= !delta.id.is_empty();
        let expires_at = delta.expire_time.as_ref().map(|time| time.seconds).filter(|_| !state.expiry_sent);
        state.expiry_sent |= expires_at.is_some();
        state.rest.extend_from_slice(&delta.data);
        let whole = state.rest.len() / 3 * 3;
        let data = STANDARD.encode(&state.rest[..whole]);
        state.rest.drain(..whole);
        let audio = AudioOut { id, data, transcript: &delta.transcript, expires_at };
        self.write_audio(at, &audio, out);
    }

    fn write_audio(&mut self, at: u32, audio: &AudioOut<'_>, out: &mut BytesMut) {
        let empty = audio.id.is_empty() && audio.data.is_empty() && audio.transcript.is_empty();
        if empty && audio.expires_at.is_none() {
            return;
        }
        self.open(at as usize, out);
        out.put_slice(b"\"audio\":");
        json(&mut out.writer(), audio);
        self.close(out);
    }

    /// Writes one finish chunk per choice, the usage when asked for, and `[DONE]`.
    pub(super) fn finish(&mut self, finished: &pb::ChatFinished, out: &mut BytesMut) {
        let highest = finished.other_choices.iter().map(|other| other.choice_index).max().unwrap_or(0);
        self.slot(highest.min(MAX_CHOICES - 1));
        self.begin_choices(self.choices.len(), out);
        for at in 0..self.choices.len() {
            let rest = std::mem::take(&mut self.choices[at].audio.rest);
            let audio = AudioOut { id: "", data: STANDARD.encode(rest), transcript: "", expires_at: None };
            #[expect(clippy::cast_possible_truncation, reason = "there are at most MAX_CHOICES")]
            self.write_audio(at as u32, &audio, out);
            self.finish_choice(at, finished, out);
        }
        if self.include_usage
            && let Some(usage) = finished.usage.as_ref().and_then(Usage::of)
        {
            out.put_slice(&self.head[..self.top]);
            out.put_slice(b"\"choices\":[],\"usage\":");
            json(&mut out.writer(), &usage);
            out.put_slice(b"}\n\n");
        }
        out.put_slice(b"data: [DONE]\n\n");
        self.over = true;
    }

    fn finish_choice(&mut self, at: usize, finished: &pb::ChatFinished, out: &mut BytesMut) {
        let other = finished.other_choices.iter().find(|other| at > 0 && other.choice_index as usize == at);
        let reason = other.map_or(finished.reason(), pb::ChoiceFinish::reason);
        self.open(at, out);
        let state = &self.choices[at];
        if !state.citations.is_empty() {
            out.put_slice(b"\"annotations\":");
            json_line(&Annotations { citations: &state.citations, end: state.written }, out);
        }
        if !state.states.is_empty() {
            if !state.citations.is_empty() {
                out.put_slice(b",");
            }
            out.put_slice(b"\"extra_content\":");
            json(&mut out.writer(), &ExtraContent::OfMessage(&state.states.iter().collect::<Vec<_>>()));
        }
        out.put_slice(b"},\"finish_reason\":\"");
        out.put_slice(shapes::finish_reason(reason, self.legacy_functions).as_bytes());
        out.put_slice(b"\"}]");
        let last = at + 1 == self.choices.len();
        if last && !self.trail.warnings.is_empty() {
            out.put_slice(b",\"warnings\":");
            json_line(&Warnings { list: &self.trail.warnings, names: field::CHAT }, out);
        }
        if last {
            Told::of(&finished.provider_metadata).write_on(out);
        }
        self.end(out);
    }
}
