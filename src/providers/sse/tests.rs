use super::*;

/// Parses `input` cut into pieces of the given sizes, over and over.
fn parse(input: &[u8], sizes: &[usize]) -> (Vec<(String, String)>, String) {
    let mut parser = SseParser::new(1 << 20);
    let mut events = Vec::new();
    let mut rest = input;
    let mut sizes = sizes.iter().cycle();
    let text =
        |e: SseEvent| (String::from_utf8_lossy(&e.name).into_owned(), String::from_utf8_lossy(&e.data).into_owned());
    while !rest.is_empty() {
        let n = (*sizes.next().expect("a cycle has no end")).clamp(1, rest.len());
        parser.feed(Bytes::copy_from_slice(&rest[..n]));
        rest = &rest[n..];
        while let Some(event) = parser.next_event().expect("under the limit") {
            events.push(text(event));
        }
    }
    events.extend(parser.finish().expect("under the limit").map(text));
    (events, String::from_utf8_lossy(parser.stray()).into_owned())
}

fn check(name: &str, input: &str, want: &[(&str, &str)], stray: &str) {
    let want: Vec<_> = want.iter().map(|(n, d)| (n.to_string(), d.to_string())).collect();
    for size in 1..=input.len().max(1) {
        assert_eq!(parse(input.as_bytes(), &[size]), (want.clone(), stray.to_owned()), "{name} in chunks of {size}");
    }
}

#[test]
fn reads_events() {
    check("bom and crlf", "\u{feff}data: a\r\n\r\n", &[("", "a")], "");
    check("bare cr", "data: a\r\rdata: b\r\r", &[("", "a"), ("", "b")], "");
    check("no space after the colon", "data:a\n\n", &[("", "a")], "");
    check("only one space is removed", "data:  a\n\n", &[("", " a")], "");
    check("several lines", "data: a\ndata: b\ndata\n\n", &[("", "a\nb\n")], "");
    check("empty first line", "data:\ndata: b\n\n", &[("", "\nb")], "");
    check("names end with their event", "event: x\ndata: a\n\ndata: b\n\n", &[("x", "a"), ("", "b")], "");
    check("an event without data is none", "event: ping\n\ndata: a\n\n", &[("", "a")], "");
    check("comments, ids and retries", ": hi\nid: 1\nretry: 5\ndata: a\n\n", &[("", "a")], "");
    check("last event without its blank line", "data: a\n\ndata: b", &[("", "a"), ("", "b")], "");
    check("json without data", "{\n \"error\": 1\n}\n", &[], "{\n \"error\": 1\n}\n");
    check("nothing", "", &[], "");
}

#[test]
fn bounds_memory() {
    let mut line = SseParser::new(16);
    line.feed(Bytes::from_static(&[b'a'; 17]));
    assert_eq!(line.next_event(), Err(TooLong(16)));

    let mut event = SseParser::new(16);
    event.feed(Bytes::from_static(b"data: 123456\ndata: 123456\ndata: 123456\n\n"));
    assert_eq!(event.next_event(), Err(TooLong(16)));

    let mut stray = SseParser::new(1 << 20);
    for _ in 0..100 {
        stray.feed(Bytes::from(vec![b'x'; 1000]));
        assert_eq!(stray.next_event(), Ok(None));
        stray.feed(Bytes::from_static(b"\n"));
        assert_eq!(stray.next_event(), Ok(None));
    }
    assert_eq!(stray.stray().len(), MAX_STRAY);
}

proptest::proptest! {
    #[test]
    fn any_split_gives_the_same_events(
        parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "data: x", "data:y", "data", "event: e", "\n", "\r", "\r\n", "\n\n", ":c", "id: 1", "é", "\u{feff}", "{",
            ]),
            0..40,
        ),
        sizes in proptest::collection::vec(1usize..9, 1..8),
    ) {
        let input = parts.concat().into_bytes();
        proptest::prop_assert_eq!(parse(&input, &sizes), parse(&input, &[usize::MAX]));
    }
}
