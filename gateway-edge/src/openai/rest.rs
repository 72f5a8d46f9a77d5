//! Reads a derived struct and keeps the members it does not name, as the peer's exact bytes.
//!
//! `#[serde(flatten)]` cannot hold a `RawValue`, because serde buffers flattened members. serde's derive hands the list
//! of its fields to the deserializer, so a wrapper can set the other members aside before the struct sees them.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IntoDeserializer as _, MapAccess, Visitor},
    forward_to_deserialize_any,
};
use serde_json::value::RawValue;

/// Members without a field, in the peer's order.
#[derive(Debug, Default)]
pub struct Rest<'de>(Vec<(Cow<'de, str>, &'de RawValue)>);

impl<'de> Rest<'de> {
    /// Returns the members as the text of a JSON object, or nothing when there are none.
    ///
    /// A null says "not set" in every OpenAI-like interface, so it is left out.
    pub fn to_object(&self) -> String {
        let members = || self.0.iter().filter(|(_, value)| value.get() != "null");
        let mut out = Vec::with_capacity(members().map(|(key, value)| key.len() + value.get().len() + 8).sum());
        for (key, value) in members() {
            out.push(if out.is_empty() { b'{' } else { b',' });
            // Writing to a Vec cannot fail.
            let _ = serde_json::to_writer(&mut out, key);
            out.push(b':');
            out.extend_from_slice(value.get().as_bytes());
        }
        if !out.is_empty() {
            out.push(b'}');
        }
        String::from_utf8(out).unwrap_or_default()
    }

    /// Keeps a member after all that has a field but means something else than the field.
    pub fn keep(&mut self, key: &'static str, value: &'de RawValue) {
        self.0.push((Cow::Borrowed(key), value));
    }

    fn add(&mut self, key: Cow<'de, str>, value: &'de RawValue) -> Result<(), &'static str> {
        // Which of two equal members counts would depend on the provider. The list is short; a long one is an attack.
        if self.0.len() >= 64 {
            return Err("more than 64 unknown members");
        }
        if self.0.iter().any(|(known, _)| *known == key) {
            return Err("duplicate member");
        }
        self.0.push((key, value));
        Ok(())
    }
}

/// Deserializes `T` and puts what it does not name into `rest`.
pub fn deserialize<'de, T, D>(deserializer: D, rest: &mut Rest<'de>) -> Result<T, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(Aside { inner: deserializer, rest })
}

struct Aside<'r, 'de, D> {
    inner: D,
    rest: &'r mut Rest<'de>,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Aside<'_, 'de, D> {
    type Error = D::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_map(AsideVisitor { visitor, fields, rest: self.rest })
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct AsideVisitor<'r, 'de, V> {
    visitor: V,
    fields: &'static [&'static str],
    rest: &'r mut Rest<'de>,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for AsideVisitor<'_, 'de, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(AsideMap { map, fields: self.fields, rest: self.rest })
    }
}

struct AsideMap<'r, 'de, A> {
    map: A,
    fields: &'static [&'static str],
    rest: &'r mut Rest<'de>,
}

/// A member's name. Asks for a string itself: inside a derived newtype the name would be hidden from whoever records the
/// path for an error text.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member's name")
            }

            fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(name)))
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(name.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for AsideMap<'_, 'de, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(Key(key)) = self.map.next_key()? {
            if self.fields.contains(&&*key) {
                return seed.deserialize(key.into_deserializer()).map(Some);
            }
            let value = self.map.next_value()?;
            let name = key.clone();
            self.rest.add(key, value).map_err(|problem| A::Error::custom(format!("{problem} `{name}`")))?;
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}
