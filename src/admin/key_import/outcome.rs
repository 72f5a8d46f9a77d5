//! What the verdicts become once it is known what was stored.

use std::collections::{HashMap, HashSet};

use super::{
    judge::repeats,
    verdict::{RowResult, Verdict},
};
use crate::storage::{Insertion, KeyName};

const ANOTHER_IS_BAD: &str = "The row is fit, but another one is not, and nothing is stored unless all are.";
const NO_ROOM: &str = "You have as many provider keys as can be stored; delete some first.";

/// Nothing is stored, because a row is bad.
pub fn hold_back(results: &mut [RowResult]) {
    hold_all(results, ANOTHER_IS_BAD);
}

/// Takes the ids away of keys that nobody will ever find.
pub fn forget_ids(results: &mut [RowResult]) {
    let made: HashSet<String> = created(results).map(|result| result.key_id.clone()).collect();
    results.iter_mut().filter(|result| made.contains(&result.key_id)).for_each(|result| result.key_id.clear());
}

/// Takes over what became of the keys, one for each row with the verdict `Created`. With `all` set, one for which there
/// was no room means that none was stored.
pub fn settle(results: &mut [RowResult], became: &[Insertion], all: bool) {
    if all && became.contains(&Insertion::Full) {
        return hold_all(results, NO_ROOM);
    }
    // By the id a key would have had: the key that was there before it, if any.
    let mut instead: HashMap<String, Option<KeyName>> = HashMap::new();
    for (result, became) in created(results).zip(became) {
        match became {
            Insertion::Stored => {}
            Insertion::Exists(other) => {
                instead.insert(result.key_id.clone(), Some(other.clone()));
                result.turn(Verdict::Duplicate, repeats(&other.name, None));
            }
            Insertion::Full => {
                instead.insert(result.key_id.clone(), None);
                result.turn(Verdict::HeldBack, NO_ROOM);
            }
        }
    }
    for result in results {
        if let Some(other) = instead.get(&result.key_id) {
            result.key_id = other.as_ref().map(|other| other.id.clone()).unwrap_or_default();
        }
    }
}

fn hold_all(results: &mut [RowResult], message: &str) {
    forget_ids(results);
    created(results).for_each(|result| result.turn(Verdict::HeldBack, message));
}

fn created(results: &mut [RowResult]) -> impl Iterator<Item = &mut RowResult> {
    results.iter_mut().filter(|result| result.verdict == Verdict::Created)
}
