//! Makes a provider's text fit to be seen: one line, not long, without anything that looks like a key.

use std::borrow::Cow;

/// Most characters of the result.
const MAX_CHARS: usize = 300;
/// What is looked at; the rest would be cut anyway.
const MAX_INPUT: usize = 8 * MAX_CHARS;
const REDACTED: &str = "[redacted]";
/// How keys begin. A word is one when a letter or digit follows and none precedes.
const PREFIXES: &[&str] = &[
    "sk-",
    "sk_",
    "csk-",
    "pplx-",
    "xai-",
    "gsk_",
    "hf_",
    "nvapi-",
    "ghp_",
    "github_pat_",
    "glpat-",
    "aigw_",
    "AIza",
    "AKIA",
    "AQ.",
    "ya29.",
    "eyJ",
];
/// Words that announce a key when only spaces stand between.
const SCHEMES: &[&str] = &["bearer", "basic"];
/// Ends of names whose value is a key, as in the query of an address.
const ASSIGNED: &[&str] = &["key=", "token=", "secret=", "password="];
/// Shortest value that is taken for a key; `key=1` is an example.
const LEAST_VALUE: usize = 8;
/// Letters and digits in a row that no word of a message has.
const LONG_RUN: usize = 20;

pub fn public_message(text: &str) -> String {
    let mut public = String::new();
    let mut after_scheme = false;
    for word in looked_at(text).split_inclusive(|c: char| !is_word(c)) {
        let end = word.char_indices().last().filter(|(_, c)| !is_word(*c)).map_or(word.len(), |(at, _)| at);
        let (word, delimiter) = word.split_at(end);
        public.push_str(&redacted(word, after_scheme));
        public.extend(delimiter.chars().map(|c| if c.is_control() { ' ' } else { c }));
        // Only spaces may stand between `Bearer` and its token.
        after_scheme = announces(word) || (after_scheme && word.is_empty());
    }
    let public = public.trim();
    match public.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &public[..end]),
        None => public.to_owned(),
    }
}

/// Cuts a long text before the word that would be cut in two: half a key does not look like one.
fn looked_at(text: &str) -> &str {
    let Some((end, _)) = text.char_indices().nth(MAX_INPUT) else { return text };
    let text = &text[..end];
    text.rfind(|c: char| !is_word(c)).map_or("", |at| &text[..at])
}

/// Whether a character can be part of a key, masked or not.
fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '*' | '+' | '/' | '=' | '~' | '…' | '•' | '%')
}

fn announces(word: &str) -> bool {
    SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme))
}

fn redacted(word: &str, after_scheme: bool) -> Cow<'_, str> {
    let bare = word.trim_end_matches('.');
    if !bare.is_empty() && (is_secret(bare) || (after_scheme && is_token(bare))) {
        return Cow::Owned(format!("{REDACTED}{}", &word[bare.len()..]));
    }
    Cow::Borrowed(word)
}

/// A word is also read with its percent-encoded characters decoded, which otherwise hide how a key begins and cut it into
/// short pieces.
fn is_secret(word: &str) -> bool {
    looks_secret(word) || (word.contains('%') && looks_secret(&decoded(word)))
}

fn looks_secret(word: &str) -> bool {
    has_prefix(word) || is_assigned(word) || is_masked(word) || has_long_run(word) || is_random(word)
}

fn decoded(word: &str) -> String {
    let mut decoded = String::new();
    let mut rest = word;
    while let Some((before, after)) = rest.split_once('%') {
        decoded.push_str(before);
        let byte = after.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(u8::is_ascii);
        decoded.push(byte.map_or('%', char::from));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    decoded.push_str(rest);
    decoded
}

/// Whether the word behind `Bearer` is a token and not a word of the sentence.
fn is_token(word: &str) -> bool {
    word.len() >= LONG_RUN || word.bytes().any(|byte| byte.is_ascii_digit() || matches!(byte, b'*' | b'='))
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

/// Whether the word gives a value to something that is a key by name.
fn is_assigned(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    ASSIGNED.iter().any(|name| lower.split_once(name).is_some_and(|(_, value)| value.len() >= LEAST_VALUE))
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

/// Whether a part of the word changes between capitals, small letters and digits as only chance does: base64 in its
/// url-safe form has dashes that cut it into runs too short to be seen. Names of models and of quotas change more rarely,
/// and with fewer digits.
fn is_random(word: &str) -> bool {
    word.split(['.', '=', ':']).any(|part| {
        let pairs = || part.as_bytes().windows(2).map(|pair| (kind(pair[0]), kind(pair[1])));
        let changes = pairs().filter(|(one, next)| one != next && *one != Kind::Other && *next != Kind::Other).count();
        let digits = pairs().filter(|(one, next)| one != next && [one, next].contains(&&Kind::Digit)).count();
        // A UUID has no capitals; requests are named by them.
        let both_cases = [Kind::Capital, Kind::Small].iter().all(|case| part.bytes().any(|byte| kind(byte) == *case));
        both_cases && part.len() >= LONG_RUN && changes * 3 >= part.len() && digits * 8 >= part.len()
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Capital,
    Small,
    Digit,
    Other,
}

fn kind(byte: u8) -> Kind {
    match byte {
        b'A'..=b'Z' => Kind::Capital,
        b'a'..=b'z' => Kind::Small,
        b'0'..=b'9' => Kind::Digit,
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests;
