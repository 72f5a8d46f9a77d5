//! Media of a request: held to what they are, and fetched for providers that cannot, where the operator allows it.

mod check;
mod fetch;
mod guard;
mod replace;
mod sniff;

pub(super) use check::check;
pub use fetch::MediaFetcher;
pub(super) use replace::{is_needed, replace};

#[cfg(test)]
pub(super) use {fetch::PublicOnly, guard::is_public};
