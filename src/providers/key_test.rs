//! How a key of a provider is tried out, as data. Best is what is free of charge and refused without a key.

use std::borrow::Cow;

/// What is asked to see whether a provider takes a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum KeyTest {
    /// The provider's list of models, which nobody sees without a key.
    #[default]
    Models,
    /// The same where it turns out to be so. A list that everybody sees says nothing of a key; then a chat does.
    ModelsIfPrivate,
    /// This path, joined to the base URL, which opens to a key only.
    Path(Cow<'static, str>),
    /// A chat of one token with these `provider_options`: nothing else that is private is known of.
    Chat(&'static str),
}
