//! Which fields an update is to change.

use prost_types::FieldMask;

use crate::domain::error::{Error, Result};

/// The fields an update names, each known to be one that can be changed.
pub struct Named(Vec<String>);

impl Named {
    /// Reads a mask that may name `fields`. An empty mask and any other field are errors.
    pub fn read(mask: Option<FieldMask>, fields: &[&str]) -> Result<Self> {
        let paths = mask.unwrap_or_default().paths;
        let known = fields.join(", ");
        if paths.is_empty() {
            return Err(Error::invalid("update_mask", format!("update_mask must name what to change, of {known}")));
        }
        match paths.iter().find(|path| !fields.contains(&path.as_str())) {
            None => Ok(Self(paths)),
            Some(wrong) => {
                let shown: String = wrong.chars().take(64).collect();
                let message = format!("update_mask names {shown:?}, which cannot be changed; it may name {known}");
                Err(Error::invalid("update_mask", message))
            }
        }
    }

    pub fn has(&self, field: &str) -> bool {
        self.0.iter().any(|path| path == field)
    }

    /// Returns the new value of a field that is to be changed.
    pub fn pick<T>(&self, field: &str, value: T) -> Option<T> {
        self.has(field).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_names_what_can_be_changed() {
        let read = |paths: &[&str]| {
            Named::read(Some(FieldMask { paths: paths.iter().map(|p| (*p).to_owned()).collect() }), &["name", "active"])
        };
        let named = read(&["active", "active"]).unwrap();
        assert!(named.has("active") && !named.has("name"));
        assert_eq!((named.pick("active", 1), named.pick("name", 1)), (Some(1), None));
        for (paths, wanted) in [(&[][..], "must name"), (&["name", "id"], "\"id\""), (&["*"], "\"*\"")] {
            let error = read(paths).err().unwrap();
            assert_eq!(error.field.as_deref(), Some("update_mask"));
            assert!(error.message.contains(wanted) && error.message.contains("name, active"), "{error}");
        }
        assert!(Named::read(None, &["name"]).is_err());
    }
}
