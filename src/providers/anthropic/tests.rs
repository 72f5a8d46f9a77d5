//! The adapter against the vectors and against its own promises.

mod decoding;
mod encoding;

use super::AnthropicAdapter;
use crate::providers::support::tests::check_column;

#[test]
fn the_column_is_true() {
    for model in [
        "claude-3-haiku-20240307",
        "claude-3-7-sonnet-20250219",
        "claude-sonnet-4-5-20250929",
        "claude-opus-4-6",
        "claude-opus-5",
    ] {
        check_column(&AnthropicAdapter, model);
    }
}
