//! The ids of tool calls in the provider's style. Only the caller's ids are changed: those the provider makes fit
//! already, come back unchanged, and so never need to be changed back.

use std::{
    borrow::Cow,
    hash::{DefaultHasher, Hash, Hasher},
};

use super::{dialect::Dialect, switches::ToolCallIds};

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Returns an id in the provider's style; the same id always becomes the same one, so calls and results still match.
pub fn tool_call_id<'a>(dialect: &Dialect, id: &'a str) -> Cow<'a, str> {
    let fits = id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if dialect.tool_call_ids == ToolCallIds::Any || fits {
        return Cow::Borrowed(id);
    }
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    let mut rest = hasher.finish();
    let digit = |_| {
        let digit = DIGITS.get((rest % 62) as usize).copied().unwrap_or(b'0');
        rest /= 62;
        char::from(digit)
    };
    Cow::Owned((0..9).map(digit).collect())
}
