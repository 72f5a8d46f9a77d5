//! Health, and what describes this interface. Open to everybody.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::json;

use crate::{api::health::Health, error::Style};

use super::operation::{Answer, Operation, Parameter, SchemaOf};

const TAG: &str = "System";
const CACHED: &[&str] = &["etag"];

fn operation(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, TAG, summary).style(Style::OpenAi)
}

fn text(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string"})
}

fn bytes(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"contentMediaType": "application/gzip"})
}

fn any_object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object"})
}

pub fn live() -> Operation {
    let said = vec![("alive", json!("ok\n"))];
    operation("isAlive", "Whether the process runs").answer(Answer::empty(200, "It does.").or_as(
        "text/plain",
        text,
        said,
    ))
}

pub fn ready() -> Operation {
    let ready = vec![("ready", json!("ok\n"))];
    let not = vec![("not ready", json!("the service cannot be reached\n"))];
    operation("isReady", "Whether requests can be answered")
        .answer(Answer::empty(200, "They can.").or_as("text/plain", text, ready))
        .answer(Answer::empty(503, "Not now.").or_as("text/plain", text, not))
}

pub fn metrics() -> Operation {
    let said = vec![(
        "some",
        json!(
            "# HELP aigw_build_info 1, with the version.\n# TYPE aigw_build_info gauge\naigw_build_info{version=\"0.1.0\"} 1\n"
        ),
    )];
    operation("getMetrics", "Metrics, as Prometheus reads them")
        .about("Counts and states; no content, and nothing of a user or of a key. Not here when they have a port of their own.")
        .answer(Answer::empty(200, "The metrics.").or_as("text/plain", text, said))
}

/// The files of the contract.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ProtoIndex")]
pub struct ProtoIndex {
    /// Addresses of the files.
    pub files: Vec<String>,
    /// Address of all of them in one archive.
    pub archive: &'static str,
}

pub fn document() -> Operation {
    cached("getOpenApi", "This document", "OpenAPI 3.1.", "application/json", any_object)
}

pub fn swagger() -> Operation {
    cached("getDocs", "Read and try the routes (Swagger UI)", "A page.", "text/html", text)
}

pub fn redoc() -> Operation {
    cached("getRedoc", "Read about the routes (ReDoc)", "A page.", "text/html", text)
}

/// What the pages above consist of.
pub fn page_file() -> Operation {
    let name = Parameter::path("file", "swagger.js", "Name of the file.");
    let found = Answer::empty(200, "The file.").or_as("text/javascript", text, vec![]);
    let found = found.or_as("text/css", text, vec![]).or_as("text/plain", text, vec![]).headers(CACHED);
    operation("getDocsFile", "A file of the pages").parameter(name).answer(found).answer(unchanged()).fails(&[404])
}

pub fn protos() -> Operation {
    let example = json!({"files": ["/proto/aigateway/v1/chat_service.proto"], "archive": "/proto.tar.gz"});
    operation("listProtos", "The files of the gRPC contract")
        .answer(Answer::json::<ProtoIndex>(200, "Their addresses.", example).headers(CACHED))
        .answer(unchanged())
}

pub fn proto() -> Operation {
    let name =
        Parameter::path("file", "aigateway/v1/chat_service.proto", "Path of the file; its slashes stand as they are.");
    cached("getProto", "A file of the gRPC contract", "The file.", "text/plain", text).parameter(name).fails(&[404])
}

pub fn proto_archive() -> Operation {
    cached("getProtoArchive", "The gRPC contract as an archive", "All files.", "application/gzip", bytes)
}

fn cached(
    id: &'static str,
    summary: &'static str,
    about: &'static str,
    media: &'static str,
    schema: SchemaOf,
) -> Operation {
    operation(id, summary)
        .answer(Answer::empty(200, about).or_as(media, schema, vec![]).headers(CACHED))
        .answer(unchanged())
}

fn unchanged() -> Answer {
    Answer::empty(304, "It is still the version of `if-none-match`.").headers(CACHED)
}

pub fn health() -> Operation {
    operation("getHealth", "How the edge and the service are")
        .about("Always 200: the edge itself answers, and the body tells about the service behind it.")
        .answers::<Health<'static>>(
            "How they are.",
            json!({
                "status": "healthy", "version": "0.1.0", "uptime_seconds": 60, "service": "serving",
                "providers": [{"name": "sandbox", "state": "available"}],
                "system": {
                    "version": "0.1.0", "started_at": "2026-11-23T08:00:00Z", "database": "available",
                    "requests_in_flight": 0, "max_requests_in_flight": 1000, "resident_memory_bytes": 50_000_000,
                },
            }),
        )
}
