//! What the pieces of an encoder share.

use super::{family::Family, names::Names};
use crate::providers::warnings::Warnings;

/// The model's rules, the names of its tools, and what was changed so far.
#[derive(Debug)]
pub struct Context<'a> {
    pub family: Family,
    pub names: Names<'a>,
    pub warnings: Warnings,
}
