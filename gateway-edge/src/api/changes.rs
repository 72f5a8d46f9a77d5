//! What a PATCH changes: the values go into the message, the names of their fields into its mask.

use prost_types::FieldMask;

/// The fields that are changed.
#[derive(Default)]
pub struct Changes(Vec<String>);

impl Changes {
    /// Sets a field to what was written for it, if anything was; null clears it.
    pub fn set<T: Default>(&mut self, name: &str, written: Option<Option<T>>, field: &mut T) {
        if let Some(value) = written {
            *field = value.unwrap_or_default();
            self.0.push(name.to_owned());
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn into_mask(self) -> FieldMask {
        FieldMask { paths: self.0 }
    }
}
