//! What is known of a compatible vendor.

use super::dialect::Dialect;

/// A vendor an operator can name in the configuration.
#[derive(Debug)]
pub struct Vendor {
    pub name: &'static str,
    /// Empty when every customer has an address of his own.
    pub base_url: &'static str,
    /// End of a configured base URL that the dialect's paths bring themselves.
    pub base_suffix: &'static str,
    pub key: Key,
    /// Environment variable with the key, for an entry that names none; empty when there is none by custom.
    pub key_variable: &'static str,
    /// Sent with every request.
    pub headers: &'static [(&'static str, &'static str)],
    pub dialect: Dialect,
}

/// How a vendor wants to see its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// As `authorization: Bearer`.
    Bearer,
    /// The same, where somebody set one up.
    MaybeBearer,
    /// In a header of its own.
    Header(&'static str),
}

/// What rows are made from.
pub const PLAIN: Vendor = Vendor {
    name: "",
    base_url: "",
    base_suffix: "",
    key: Key::Bearer,
    key_variable: "",
    headers: &[],
    dialect: Dialect::GENERIC,
};
