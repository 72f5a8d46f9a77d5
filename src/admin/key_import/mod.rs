//! Stores many provider keys from a text, with a verdict for each row: parse (one reader for each format), judge, store.

mod columns;
mod csv;
mod env;
mod format;
mod import;
mod json;
mod judge;
mod lines;
mod outcome;
mod parse;
mod row;
mod rows;
mod verdict;

pub use format::Format;
pub use import::{Import, KeyImport};
pub use parse::parse;
pub use row::{Origin, Row};
pub use rows::MAX_ROWS;
pub use verdict::{RowResult, Verdict};

#[cfg(test)]
mod tests;
