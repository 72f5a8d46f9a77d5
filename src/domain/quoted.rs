//! What a provider says of a failure, fit to be kept. Providers quote the request they refuse, and with it what people
//! wrote; that is for the caller's eyes, not for the records.

/// What stands in the place of what was quoted.
const LEFT_OUT: char = '…';
/// Marks that open a quotation, and those that close it.
const MARKS: &[(char, char)] = &[('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”'), ('‘', '’'), ('«', '»')];
/// Where a piece of the request itself begins, which ends who knows where.
const PIECES: &[char] = &['{', '<'];

/// Returns the text without what it quotes.
pub fn without_quotes(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if PIECES.contains(&c) {
            kept.push(LEFT_OUT);
            break;
        }
        kept.push(c);
        // Behind a letter it is an apostrophe.
        let opens = !kept.chars().rev().nth(1).is_some_and(char::is_alphanumeric);
        if let Some((_, close)) = MARKS.iter().find(|(open, _)| opens && *open == c) {
            kept.push(LEFT_OUT);
            match closing(rest, *close) {
                Some(end) => {
                    kept.push(*close);
                    rest = &rest[end..];
                }
                None => break,
            }
        }
    }
    kept
}

/// Returns where a quotation ends: behind the mark that closes it, which no letter follows.
fn closing(text: &str, mark: char) -> Option<usize> {
    let ends = |at: usize| !text[at + mark.len_utf8()..].chars().next().is_some_and(char::is_alphanumeric);
    text.match_indices(mark).map(|(at, _)| at).find(|at| ends(*at)).map(|at| at + mark.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::without_quotes;

    #[test]
    fn what_is_quoted_is_left_out() {
        let rows = [
            ("", ""),
            ("Incorrect API key provided: xa***9Z.", "Incorrect API key provided: xa***9Z."),
            ("You exceeded your quota, don't you?", "You exceeded your quota, don't you?"),
            ("bad value 'tell me a secret' for input", "bad value '…' for input"),
            ("\"it's mine\" is no \"word\"", "\"…\" is no \"…\""),
            ("no model `a`, no ‘b’, no «c»", "no model `…`, no ‘…’, no «…»"),
            ("you sent {\"messages\": [\"hello\"]}", "you sent …"),
            ("<html>secret</html>", "…"),
            ("it ends with 'an open quotation", "it ends with '…"),
        ];
        for (said, kept) in rows {
            assert_eq!(without_quotes(said), kept, "{said}");
        }
    }
}
