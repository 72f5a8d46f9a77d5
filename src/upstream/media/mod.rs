//! Media that callers refer to by address: fetched for providers that cannot, where the operator allows it.

mod fetch;
mod guard;
mod replace;
mod sniff;

pub use fetch::MediaFetcher;
pub(super) use replace::{is_needed, replace};

#[cfg(test)]
pub(super) use {fetch::PublicOnly, guard::is_public};
