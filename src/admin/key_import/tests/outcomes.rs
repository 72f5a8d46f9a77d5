//! What verdicts become by what was stored.

use super::{
    super::outcome::{forget_ids, hold_back, settle},
    Verdict::{Created, Duplicate, HeldBack, UnknownProvider},
    *,
};
use crate::storage::{Insertion, KeyName};

/// Rows 1, 2 and 4 are fit, row 3 repeats row 2, row 5 a key `old`, row 6 is bad.
fn results() -> Vec<RowResult> {
    let rows =
        [(Created, "a"), (Created, "b"), (Duplicate, "b"), (Created, "c"), (Duplicate, "old"), (UnknownProvider, "")];
    let row = |(line, (verdict, id)): (u32, (Verdict, &str))| RowResult {
        verdict,
        key_id: id.to_owned(),
        ..RowResult::of_line(line)
    };
    (1..).zip(rows).map(row).collect()
}

fn shown(results: &[RowResult]) -> Vec<(Verdict, &str)> {
    results.iter().map(|result| (result.verdict, result.key_id.as_str())).collect()
}

#[test]
fn verdicts_follow_what_was_stored() {
    let exists = || Insertion::Exists(KeyName { id: "x".into(), name: "other".into() });
    let rest = [(Duplicate, "old"), (UnknownProvider, "")];
    for (name, became, all, want) in [
        (
            "stored",
            [Insertion::Stored, Insertion::Stored, Insertion::Stored],
            false,
            [(Created, "a"), (Created, "b"), (Duplicate, "b"), (Created, "c")],
        ),
        (
            "somebody was faster",
            [Insertion::Stored, exists(), Insertion::Stored],
            true,
            [(Created, "a"), (Duplicate, "x"), (Duplicate, "x"), (Created, "c")],
        ),
        (
            "no room",
            [Insertion::Stored, Insertion::Full, Insertion::Full],
            false,
            [(Created, "a"), (HeldBack, ""), (Duplicate, ""), (HeldBack, "")],
        ),
        (
            "no room for all",
            [Insertion::Stored, Insertion::Stored, Insertion::Full],
            true,
            [(HeldBack, ""), (HeldBack, ""), (Duplicate, ""), (HeldBack, "")],
        ),
    ] {
        let mut results = results();
        settle(&mut results, &became, all);
        assert_eq!(shown(&results), [&want[..], &rest].concat(), "{name}");
        assert!(results.iter().all(|r| r.verdict != HeldBack || !r.message.is_empty()), "{name}");
    }
}

#[test]
fn what_is_not_stored_has_no_id() {
    let mut forgotten = results();
    forget_ids(&mut forgotten);
    let ids: Vec<_> = forgotten.iter().map(|result| result.key_id.as_str()).collect();
    assert_eq!(ids, ["", "", "", "", "old", ""]);
    assert_eq!(forgotten[0].verdict, Created, "it would be, but for the dry run");

    let mut held = results();
    hold_back(&mut held);
    let verdicts: Vec<_> = held.iter().map(|result| result.verdict).collect();
    assert_eq!(verdicts, [HeldBack, HeldBack, Duplicate, HeldBack, Duplicate, UnknownProvider]);
    assert!(held.iter().all(|result| result.key_id.is_empty() || result.key_id == "old"));
}
