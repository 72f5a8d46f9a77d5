//! What a provider told beyond the contract: members that clients look for beside the choices stand there, all others in
//! `provider_metadata`.

use std::{borrow::Cow, fmt};

use bytes::{BufMut as _, BytesMut};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
    ser::SerializeMap as _,
};
use serde_json::value::RawValue;

use super::frame::{json_text, put_line};

/// Members that OpenAI, xAI and Perplexity have at the top of their answers, where their clients read them.
const AT_THE_TOP: [&str; 6] =
    ["system_fingerprint", "citations", "search_results", "related_questions", "images", "videos"];

/// The members of `provider_metadata`, in their order. Serialized, it is the end of an answer's object.
#[derive(Debug, Default)]
pub struct Told<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Told<'a> {
    /// Reads the contract's JSON text; what is no object is nothing.
    pub fn of(text: &'a str) -> Self {
        if text.is_empty() { Self::default() } else { serde_json::from_str(text).unwrap_or_default() }
    }

    /// Goes on writing an object in the middle of its members, in one line.
    pub fn write_on(&self, out: &mut BytesMut) {
        let mut member = |name: &str, value: &str| {
            out.put_slice(b",");
            json_text(name, out);
            out.put_slice(b":");
            put_line(value, out);
        };
        self.members().for_each(|(name, value)| member(name, value.get()));
        if let Some(rest) = self.rest() {
            member("provider_metadata", &serde_json::to_string(&rest).unwrap_or_default());
        }
    }

    /// Returns the members that stand at the top.
    fn members(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        let top = |(name, _): &&(Cow<'_, str>, &RawValue)| AT_THE_TOP.contains(&&**name);
        self.0.iter().filter(top).map(|(name, value)| (&**name, *value))
    }

    /// Returns the others, an object of their own.
    fn rest(&self) -> Option<Rest<'_>> {
        let other = |(name, _): &(Cow<'_, str>, &RawValue)| !AT_THE_TOP.contains(&&**name);
        self.0.iter().any(other).then_some(Rest(&self.0))
    }
}

impl Serialize for Told<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.members() {
            map.serialize_entry(name, value)?;
        }
        if let Some(rest) = self.rest() {
            map.serialize_entry("provider_metadata", &rest)?;
        }
        map.end()
    }
}

impl JsonSchema for Told<'_> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Told".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut members: serde_json::Map<_, _> =
            AT_THE_TOP.map(|name| (name.to_owned(), true.into())).into_iter().collect();
        members.insert("provider_metadata".to_owned(), json_schema!({"type": "object"}).to_value());
        json_schema!({"type": "object", "properties": members})
    }
}

/// The members that have no place at the top.
struct Rest<'a>(&'a [(Cow<'a, str>, &'a RawValue)]);

impl Serialize for Rest<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let others = self.0.iter().filter(|(name, _)| !AT_THE_TOP.contains(&&**name));
        serializer.collect_map(others.map(|(name, value)| (name, value)))
    }
}

impl<'de> Deserialize<'de> for Told<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Told<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    members.push(entry);
                }
                Ok(Told(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_members_stand_at_the_top() {
        let rows = [
            ("", "{}"),
            ("[1]", "{}"),
            ("{}", "{}"),
            (r#"{"citations":["a"],"b":1.10}"#, r#"{"citations":["a"],"provider_metadata":{"b":1.10}}"#),
            (r#"{"b":1.10,"a":2}"#, r#"{"provider_metadata":{"b":1.10,"a":2}}"#),
            (r#"{"system_fingerprint":"fp"}"#, r#"{"system_fingerprint":"fp"}"#),
        ];
        for (text, written) in rows {
            assert_eq!(serde_json::to_string(&Told::of(text)).unwrap(), written, "{text}");
        }
    }
}
