//! Lists of provider keys.

use super::{
    keys::ProviderKeys,
    status::{KeyStatus, status_of},
};
use crate::domain::{
    error::{Error, Result},
    key::StoredKey,
};

/// Longest text to look for.
const MAX_TEXT: usize = 64;

/// Which keys are wanted. Conditions add up.
#[derive(Clone, Debug, Default)]
pub struct KeyFilter {
    /// Empty: all.
    pub provider: String,
    /// Any of them. Empty: all.
    pub statuses: Vec<KeyStatus>,
    pub selected: Option<bool>,
    /// Part of the name, in upper or lower case.
    pub text: String,
}

impl KeyFilter {
    fn fits(&self, key: &StoredKey, now_ms: i64) -> bool {
        (self.provider.is_empty() || self.provider == key.provider)
            && (self.statuses.is_empty() || self.statuses.contains(&status_of(key, now_ms).status))
            && self.selected.is_none_or(|selected| selected == key.selected)
            && (self.text.is_empty() || key.name.to_lowercase().contains(&self.text.to_lowercase()))
    }
}

impl ProviderKeys {
    /// Lists a user's keys that pass the filter and come after this place, in creation order.
    pub fn list(
        &self,
        user_id: &str,
        filter: &KeyFilter,
        after: Option<(i64, &str)>,
        now_ms: i64,
    ) -> Result<Vec<StoredKey>> {
        if filter.text.chars().count() > MAX_TEXT {
            return Err(Error::invalid("text", format!("text must have at most {MAX_TEXT} characters")));
        }
        let mut keys = self.keys_of(user_id);
        keys.retain(|key| after.is_none_or(|after| (key.created_ms, key.id.as_str()) > after));
        keys.retain(|key| filter.fits(key, now_ms));
        Ok(keys)
    }
}
