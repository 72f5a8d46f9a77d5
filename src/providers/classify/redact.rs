//! Makes a provider's text fit to be seen: one line, not long, without anything that looks like a key.

use std::borrow::Cow;

/// Most characters of the result.
const MAX_CHARS: usize = 300;
/// What is looked at; the rest would be cut anyway.
const MAX_INPUT: usize = 8 * MAX_CHARS;
const REDACTED: &str = "[redacted]";
/// How keys begin. A word is one when a letter or digit follows and none precedes.
const PREFIXES: &[&str] = &["sk-", "pplx-", "xai-", "gsk_", "hf_", "ghp_", "aigw_", "AIza", "AQ.", "ya29.", "eyJ"];
/// Letters and digits in a row that no word of a message has.
const LONG_RUN: usize = 20;

pub fn public_message(text: &str) -> String {
    let mut public = String::new();
    let mut after_bearer = false;
    let input = match text.char_indices().nth(MAX_INPUT) {
        Some((end, _)) => &text[..end],
        None => text,
    };
    for word in input.split_inclusive(|c: char| !is_word(c)) {
        let end = word.char_indices().last().filter(|(_, c)| !is_word(*c)).map_or(word.len(), |(at, _)| at);
        let (word, delimiter) = word.split_at(end);
        public.push_str(&redacted(word, after_bearer));
        public.extend(delimiter.chars().map(|c| if c.is_control() { ' ' } else { c }));
        // Only spaces may stand between `Bearer` and its token.
        after_bearer = word.eq_ignore_ascii_case("bearer") || (after_bearer && word.is_empty());
    }
    let public = public.trim();
    match public.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &public[..end]),
        None => public.to_owned(),
    }
}

/// Whether a character can be part of a key, masked or not.
fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '*' | '+' | '/' | '=' | '~' | '…' | '•' | '%')
}

fn redacted(word: &str, after_bearer: bool) -> Cow<'_, str> {
    let bare = word.trim_end_matches('.');
    if !bare.is_empty() && (is_secret(bare) || (after_bearer && is_token(bare))) {
        return Cow::Owned(format!("{REDACTED}{}", &word[bare.len()..]));
    }
    Cow::Borrowed(word)
}

fn is_secret(word: &str) -> bool {
    has_prefix(word) || is_masked(word) || has_long_run(word)
}

/// Whether the word behind `Bearer` is a token and not a word of the sentence.
fn is_token(word: &str) -> bool {
    word.len() >= LONG_RUN || word.bytes().any(|byte| byte.is_ascii_digit() || byte == b'*')
}

fn has_prefix(word: &str) -> bool {
    PREFIXES.iter().any(|prefix| {
        word.match_indices(prefix).any(|(at, _)| {
            let before = word[..at].chars().next_back();
            let after = word[at + prefix.len()..].chars().next();
            !before.is_some_and(|c| c.is_ascii_alphanumeric())
                && after.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '*' | '…' | '•' | '.' | '_' | '-'))
        })
    })
}

/// Whether the middle of the word is starred out. Stars at its ends only are emphasis.
fn is_masked(word: &str) -> bool {
    let emphasized = word.trim_matches(['*', '…']);
    word.contains("***") || emphasized.contains("**") || word.contains("••") || emphasized.contains('…')
}

fn has_long_run(word: &str) -> bool {
    word.split(|c: char| !(c.is_ascii_alphanumeric() || c == '+' || c == '=')).any(|run| {
        run.len() >= LONG_RUN
            && run.bytes().any(|byte| byte.is_ascii_digit())
            && run.bytes().any(|byte| byte.is_ascii_alphabetic())
    })
}
