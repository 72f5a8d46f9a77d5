//! What holds for any text.

use proptest::prelude::*;

use super::*;

/// Pieces that mean something to one format or another.
const PIECES: &[&str] = &[
    "\n",
    "\r\n",
    "\r",
    ",",
    ";",
    "\t",
    "\"",
    "\"\"",
    "'",
    "\\",
    " ",
    "#",
    " #",
    "=",
    "==",
    "[",
    "]",
    "{",
    "}",
    ":",
    "secret",
    "provider",
    "name",
    "key",
    "\"secret\":\"k\"",
    "xai",
    "XAI_API_KEY=",
    "export ",
    "FOO=",
    "null",
    "7",
    "é",
    "\u{feff}",
    "k1",
    "k2",
    "parameters",
];

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![8 => prop::sample::select(PIECES).prop_map(str::to_owned), 1 => ".{0,3}"];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// One piece of a file, and whether it could hold a key.
fn piece(format: Format) -> impl Strategy<Value = (String, bool)> {
    let written = |candidates: &'static [&'static str], others: &'static [&'static str]| {
        let all = candidates.iter().map(|text| (*text, true)).chain(others.iter().map(|text| (*text, false)));
        prop::sample::select(all.collect::<Vec<_>>()).prop_map(|(text, is)| (text.to_owned(), is))
    };
    match format {
        Format::Csv => written(
            &["xai,k", "xai", ",k", "\"xai\",\"k\"", "xai,\"a\"\"b\"", "a,b,c", "xai,\"a\nb\"", "xai,\"a\"b"],
            &["", ",", " , ", "\"\""],
        ),
        Format::Env => written(
            &["XAI_API_KEY=k", "FOO=bar", "no assignment", "XAI_API_KEY='k' # c", "A=\"b\nc\"", "XAI_API_KEY='k'k"],
            &["", "# c", "XAI_API_KEY=", "FOO=''", "  #=k", "XAI_API_KEY=,,"],
        ),
        Format::Json => written(&["{}", "{\"secret\":\"k\"}", "7", "\"k\"", "{\n\"key\"\n:5}", "[[]]"], &[]),
        Format::Lines => written(&["k", " k ", "a,b", "\"k\"", "k#1"], &["", "#k", "  # k", "\t"]),
    }
}

fn file(format: Format, pieces: &[(String, bool)]) -> String {
    let pieces: Vec<&str> = pieces.iter().map(|(text, _)| text.as_str()).collect();
    match format {
        Format::Csv => format!("provider,secret\n{}", pieces.join("\r\n")),
        Format::Json => format!("[{}]", pieces.join(" ,\n")),
        Format::Env | Format::Lines => format!("#\n{}", pieces.join("\n")),
    }
}

proptest! {
    #[test]
    fn no_text_breaks_a_reader(text in text(), format in prop::option::of(prop::sample::select(&Format::ALL[..]))) {
        let Ok(rows) = parse(text.as_bytes(), format, &kinds()) else { return Ok(()) };
        let lines = u32::try_from(text.matches('\n').count() + 1).unwrap();
        prop_assert!(rows.iter().all(|row| (1..=lines).contains(&row.line)), "{rows:?}");
        prop_assert!(rows.is_sorted_by_key(|row| row.line), "{rows:?}");
        prop_assert!(rows.iter().all(|row| row.problem.is_none() || row.secret.is_empty()));
        let kept: usize = rows.iter().map(|row| row.secret.len() + row.name.len() + row.quota_owner.len()).sum();
        prop_assert!(kept <= text.len(), "no more than there was");
    }

    #[test]
    fn bytes_break_no_reader(content in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = parse(&content, None, &kinds());
    }

    #[test]
    fn every_piece_that_could_hold_a_key_is_a_row(
        (format, pieces) in prop::sample::select(&Format::ALL[..])
            .prop_flat_map(|format| (Just(format), prop::collection::vec(piece(format), 0..30)))
    ) {
        let text = file(format, &pieces);
        let rows = parse(text.as_bytes(), Some(format), &kinds()).unwrap();
        let candidates = pieces.iter().filter(|(_, is)| *is).count();
        prop_assert_eq!(rows.len(), candidates, "{}", text);
    }
}
