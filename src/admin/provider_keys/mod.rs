//! Provider keys: what owners do with them. Stored sealed, put in the pool at once, told to the activity log.

mod changes;
mod fields;
mod keys;
mod listing;
mod status;
mod told;

pub use changes::{EditKey, NewKey};
pub use fields::hint;
pub use keys::ProviderKeys;
pub use listing::KeyFilter;
pub use status::{KeyStatus, Status, status_of};

#[cfg(test)]
mod tests;
