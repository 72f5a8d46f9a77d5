//! Takes the key out of what a provider says. Some repeat the key they refuse, and what looks like one is not always known
//! by its looks; but here it is known which key was shown.

use std::ops::Range;

use futures_util::{StreamExt as _, TryStreamExt as _};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    domain::{failure::UpstreamFailure, key::ProviderKey},
    routing::transport::EventStream,
};

const REDACTED: &str = "[redacted]";
/// What marks the end of a message that was cut.
const CUT: char = '…';
/// Shorter ones are no secrets, such as the placeholders for local servers, and could be part of any word.
const SHORTEST_KEY: usize = 8;
/// As much of a key as may be seen at the end of a message that was cut.
const SHORTEST_PART: usize = 5;

/// Returns what an attempt gave, with the key taken out of its failure, also of one that comes later.
pub(super) fn opened(
    result: Result<EventStream, UpstreamFailure>,
    key: Option<&ProviderKey>,
) -> Result<EventStream, UpstreamFailure> {
    let Some(key) = key else { return result };
    let secret = key.secret.clone();
    match result {
        Ok(events) => Ok(events.map_err(move |failure| hide(failure, &secret)).boxed()),
        Err(failure) => Err(hide(failure, &secret)),
    }
}

/// Takes the key out of a failure.
pub(super) fn failed(failure: UpstreamFailure, key: Option<&ProviderKey>) -> UpstreamFailure {
    match key {
        Some(key) => hide(failure, &key.secret),
        None => failure,
    }
}

fn hide(failure: UpstreamFailure, secret: &SecretString) -> UpstreamFailure {
    let secret = secret.expose_secret();
    let without = |text: String| without(text, secret);
    UpstreamFailure {
        message: without(failure.message),
        code: failure.code.map(without),
        param: failure.param.map(without),
        ..failure
    }
}

fn without(mut text: String, secret: &str) -> String {
    if secret.len() < SHORTEST_KEY {
        return text;
    }
    if text.contains(secret) {
        text = text.replace(secret, REDACTED);
    }
    if let Some(cut) = cut_key(&text, secret) {
        text.replace_range(cut, REDACTED);
    }
    text
}

/// Returns where the beginning of a key stands whose end was cut off with the message.
fn cut_key(text: &str, secret: &str) -> Option<Range<usize>> {
    let told = text.strip_suffix(CUT)?;
    let parts = (SHORTEST_PART..secret.len()).rev().filter_map(|length| secret.get(..length));
    let part = parts.into_iter().find(|part| told.ends_with(part))?;
    Some(told.len() - part.len()..told.len())
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;
    use crate::domain::failure::FailureClass;

    const KEY: &str = "canary-of-the-mine";

    #[test]
    fn a_key_is_taken_out_and_nothing_else() {
        let rows = [
            ("", ""),
            ("You sent canary-of-the-mine!", "You sent [redacted]!"),
            ("canary-of-the-mine, canary-of-the-mine", "[redacted], [redacted]"),
            ("You sent canary-of-th…", "You sent [redacted]…"),
            ("You sent canar…", "You sent [redacted]…"),
            ("You have a cana…", "You have a cana…"),
            ("A canary in the mine", "A canary in the mine"),
            ("Ca nary…", "Ca nary…"),
        ];
        for (said, told) in rows {
            assert_eq!(without(said.to_owned(), KEY), told, "{said}");
        }
        assert_eq!(without("Keys are short".to_owned(), "short"), "Keys are short");
    }

    #[tokio::test]
    async fn it_is_taken_out_of_every_part_of_a_failure_early_or_late() {
        let key = ProviderKey::new("mine", KEY);
        let said = || UpstreamFailure {
            code: Some(format!("no_{KEY}")),
            param: Some(KEY.to_owned()),
            ..UpstreamFailure::new(FailureClass::Credential, format!("wrong key {KEY}"))
        };
        let expected = UpstreamFailure {
            code: Some("no_[redacted]".to_owned()),
            param: Some("[redacted]".to_owned()),
            ..UpstreamFailure::new(FailureClass::Credential, "wrong key [redacted]")
        };
        assert_eq!(failed(said(), Some(&key)), expected);
        assert_eq!(opened(Err(said()), Some(&key)).err(), Some(expected.clone()));
        let late: EventStream = stream::iter([Err(said())]).boxed();
        let events = stream::iter(opened(Ok(late), Some(&key))).flatten();
        assert_eq!(events.collect::<Vec<_>>().await, [Err(expected)]);
    }
}
