//! Adds members to a body that is already written: the caller's `provider_options`, then the dialect's own.

use std::borrow::Cow;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::providers::adapter::EncodeError;

/// Members that decide how the answer comes; the caller chose that by the method it called.
const RESERVED: &[&str] = &["stream", "stream_options"];

/// The members of an object, unread.
#[derive(Debug, Default)]
pub struct Extras<'a>(pub Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Extras<'a> {
    /// Reads `provider_options`, which are one object or nothing.
    pub fn read(options: &'a str) -> Result<Self, EncodeError> {
        if options.trim().is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_str(options).map_err(|_| EncodeError::new("prompt.provider_options", "not a JSON object"))
    }

    /// Takes out `stream_options` when it says no more than whether to pad chunks, the one thing of it that is the
    /// caller's to decide.
    pub fn take_obfuscation(&mut self) -> Option<bool> {
        let at = self.0.iter().position(|(name, _)| name == "stream_options")?;
        let options: Obfuscation = serde_json::from_str(self.0.get(at)?.1.get()).ok()?;
        self.0.remove(at);
        Some(options.include_obfuscation)
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }
}

/// Appends to the object `body` what the caller wants to have in it, and of the dialect's `own` what nobody set.
pub fn merge(body: Vec<u8>, options: Extras<'_>, own: &str) -> Result<Vec<u8>, EncodeError> {
    if options.0.is_empty() && own.is_empty() {
        return Ok(body);
    }
    let written: Extras<'_> = serde_json::from_slice(&body).unwrap_or_default();
    let taken = |name: &str| written.has(name) || RESERVED.contains(&name);
    if let Some((name, _)) = options.0.iter().find(|(name, _)| taken(name)) {
        let field = format!("prompt.provider_options.{name}");
        return Err(EncodeError::new(field, "this member has a field of its own; set that"));
    }
    let own: Extras<'_> = serde_json::from_str(own).unwrap_or_default();
    let own = own.0.into_iter().filter(|(name, _)| !written.has(name) && !options.has(name)).collect();
    Ok(append(body, &options, &Extras(own)))
}

fn append(mut merged: Vec<u8>, options: &Extras<'_>, own: &Extras<'_>) -> Vec<u8> {
    merged.pop_if(|last| *last == b'}');
    for (name, value) in options.0.iter().chain(&own.0) {
        merged.push(b',');
        merged.extend_from_slice(serde_json::Value::from(&**name).to_string().as_bytes());
        merged.push(b':');
        merged.extend_from_slice(value.get().as_bytes());
    }
    merged.push(b'}');
    merged
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Obfuscation {
    include_obfuscation: bool,
}

#[derive(Deserialize)]
struct MemberName<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Extras<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ExtrasVisitor;

        impl<'de> Visitor<'de> for ExtrasVisitor {
            type Value = Extras<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(MemberName(name)) = map.next_key()? {
                    members.push((name, map.next_value()?));
                }
                Ok(Extras(members))
            }
        }

        deserializer.deserialize_map(ExtrasVisitor)
    }
}
