//! One log line a request, written from its record, many at a time.

use std::io::Write as _;

use serde::Serialize;
use tracing_appender::non_blocking::NonBlocking;
use tracing_subscriber::fmt::{
    format::Writer,
    time::{FormatTime as _, SystemTime},
};

use crate::metering::Record;

/// Writes the lines beside all others, when the filter lets `info` through.
pub struct RequestLog {
    pub(super) writer: NonBlocking,
    pub(super) json: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    timestamp: &'a str,
    level: &'static str,
    message: &'static str,
    operation: &'static str,
    request_id: &'a str,
    key_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    /// The name of the provider key of the last attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_key: Option<&'a str>,
    streamed: bool,
    outcome: &'static str,
    attempts: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_output_ms: Option<u64>,
    total_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_nano_usd: Option<i64>,
}

impl RequestLog {
    /// Writes a line for each record. The time is that of writing, at most a tick after the request's end.
    pub fn write(&mut self, records: &[Record]) {
        let mut lines = Vec::new();
        let mut timestamp = String::new();
        for record in records {
            if !tracing::enabled!(target: "ai_model_gateway::requests", tracing::Level::INFO) {
                continue;
            }
            if timestamp.is_empty() {
                let _ = SystemTime.format_time(&mut Writer::new(&mut timestamp));
            }
            self.line(&mut lines, &line_of(record, &timestamp));
        }
        if !lines.is_empty() {
            // A full queue drops the lines; nobody waits for them.
            let _ = self.writer.write_all(&lines);
        }
    }

    fn line(&self, lines: &mut Vec<u8>, line: &Line<'_>) {
        if self.json {
            let _ = serde_json::to_writer(&mut *lines, line);
        } else {
            let Line { timestamp, level, outcome, attempts, total_ms, request_id, .. } = line;
            let (provider, model) = (line.provider.unwrap_or("-"), line.model.unwrap_or("-"));
            let _ = write!(
                lines,
                "{timestamp}  {level} request {outcome} provider={provider} model={model} attempts={attempts} \
                 total_ms={total_ms} request_id={request_id}"
            );
        }
        lines.push(b'\n');
    }
}

fn line_of<'a>(record: &'a Record, timestamp: &'a str) -> Line<'a> {
    let target = record.target.as_ref();
    let usage = record.usage.as_ref();
    Line {
        timestamp,
        level: "INFO",
        message: "request",
        operation: record.request.operation.name(),
        request_id: &record.request.request_id,
        key_id: &record.request.caller.key_id,
        provider: target.map(|t| t.provider.as_str()),
        model: target.map(|t| t.model.as_str()),
        provider_key: record.attempts.last().map(|a| a.key_alias.as_str()),
        streamed: record.request.streamed,
        outcome: record.outcome.name(),
        attempts: record.attempts.len(),
        first_output_ms: record.first_output.map(|d| d.as_millis() as u64),
        total_ms: record.total.as_millis() as u64,
        input_tokens: usage.and_then(|u| u.input_tokens),
        output_tokens: usage.and_then(|u| u.output_tokens),
        cost_nano_usd: record.cost.and_then(|c| c.nano_usd),
    }
}
