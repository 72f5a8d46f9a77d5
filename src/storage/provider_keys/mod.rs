//! Provider keys: how they are read, what their owners change, what the gateway finds out.
//!
//! Every write begins with the revision, but for the times of last use, which nobody waits for.

mod machine;
mod owner;
mod row;

pub use owner::{Edited, Insertion, KeyEdit, KeyName, NewSecret, Replaced, Selection};
pub use row::{ProviderKeyRows, SealedKey};
