//! Adds the caller's `provider_options` to a body that is already written.

use std::borrow::Cow;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};

use super::context::{Context, refuse};
use crate::providers::adapter::EncodeError;

/// Members that decide how the answer comes; the caller chose that by the method it called.
const RESERVED: &[&str] = &["stream", "stream_options"];

/// Appends the members of `options` to the object in `body`.
pub fn merge(cx: &mut Context<'_>, mut body: Vec<u8>, options: &str) -> Result<Vec<u8>, EncodeError> {
    let options = options.trim();
    if options.is_empty() {
        return Ok(body);
    }
    let Ok(Names(names)) = serde_json::from_str(options) else {
        return refuse("prompt.provider_options", "not a JSON object");
    };
    if names.is_empty() {
        return Ok(body);
    }
    if !cx.dialect.extras {
        cx.dropped("prompt.provider_options", "the provider takes no further members");
        return Ok(body);
    }
    let Names(written) = serde_json::from_slice(&body).unwrap_or_default();
    if let Some(name) = names.iter().find(|name| written.contains(name) || RESERVED.contains(&&***name)) {
        return refuse(format!("prompt.provider_options.{name}"), "this member has a field of its own; set that");
    }
    let inner = options.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or_default();
    body.pop();
    body.push(b',');
    body.extend_from_slice(inner.as_bytes());
    body.push(b'}');
    Ok(body)
}

/// The member names of an object.
#[derive(Debug, Default)]
struct Names<'a>(Vec<Cow<'a, str>>);

#[derive(Deserialize)]
struct MemberName<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Names<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NamesVisitor;

        impl<'de> Visitor<'de> for NamesVisitor {
            type Value = Vec<Cow<'de, str>>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut names = Vec::new();
                while let Some(MemberName(name)) = map.next_key()? {
                    names.push(name);
                    map.next_value::<IgnoredAny>()?;
                }
                Ok(names)
            }
        }

        deserializer.deserialize_map(NamesVisitor).map(Names)
    }
}
