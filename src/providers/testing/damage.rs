//! Damages answers at random. Whatever comes of it, no reader may panic.

use proptest::{collection::vec, prelude::*, sample};

/// What is put into a body: pieces of JSON, of streams and of what providers write into texts.
const PIECES: &[&str] = &[
    "",
    "\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "0",
    "-1",
    "1e99",
    "1e400",
    "4294967296",
    "18446744073709551616",
    "99999999999999999999",
    "\"\"",
    "é",
    "\\u",
    "\\ud83d",
    "\0",
    "***",
    "[1]",
    "<think>",
    "</think>",
    "\n\n",
    "data: ",
    "\n\ndata: ",
    "response.done",
    "\"id\":",
    "\"type\":",
    "\"index\":",
    "\"choices\":",
    "\"output\":",
    "\"function_call\":",
];

/// Returns one of the bodies with up to a dozen short places replaced.
pub fn damaged(bodies: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<sample::Index>(), 0usize..24, sample::select(PIECES));
    (sample::select(bodies), vec(edit, 0..12)).prop_map(|(mut body, edits)| {
        for (place, length, piece) in edits {
            let from = place.index(body.len() + 1);
            let to = (from + length).min(body.len());
            body.splice(from..to, piece.bytes());
        }
        body
    })
}
