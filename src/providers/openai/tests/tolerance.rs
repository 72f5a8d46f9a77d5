//! Irregularities real servers show (composed; see section 2 of the fact sheet on compatible servers), one row each.

use serde_json::{Value, json};

use super::support::run_text;
use crate::{
    domain::failure::FailureClass,
    providers::{
        openai::Dialect,
        testing::{
            answer::{Answer, answers},
            streams::fold,
        },
    },
};

/// Writes chunks as a stream without an end mark.
fn stream(chunks: &[Value]) -> String {
    chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect()
}

fn delta(delta: Value) -> Value {
    json!({"choices": [{"index": 0, "delta": delta}]})
}

fn end(reason: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
}

fn read(name: &str, dialect: Dialect, body: &str) -> Vec<Answer> {
    let (events, result) = run_text(dialect, body);
    assert_eq!(result, Ok(()), "{name}");
    answers(&fold(&events).unwrap_or_else(|| panic!("{name}: not finished")))
}

fn call(arguments: &str) -> (String, String, String) {
    ("a".to_owned(), "f".to_owned(), arguments.to_owned())
}

#[test]
fn texts() {
    let cases = [
        (
            "parts",
            vec![
                delta(json!({"content": [{"type": "text", "text": "T"}, {"type": "text", "text": "wo"}]})),
                end("stop"),
            ],
        ),
        (
            "no index",
            vec![json!({"choices": [{"delta": {"content": "Two"}}]}), json!({"choices": [{"finish_reason": "stop"}]})],
        ),
        ("messages", vec![json!({"choices": [{"message": {"content": "Two"}}]}), end("stop")]),
        (
            "null delta",
            vec![delta(json!({"content": "Two"})), json!({"choices": [{"delta": null, "finish_reason": "stop"}]})],
        ),
        ("late text", vec![delta(json!({"content": "T"})), end("stop"), delta(json!({"content": "wo"}))]),
        ("finish twice", vec![delta(json!({"content": "Two"})), end("stop"), end("length")]),
        ("empty reason", vec![json!({"choices": [{"delta": {"content": "Two"}, "finish_reason": ""}]}), end("EOS")]),
        (
            "odd types",
            vec![
                json!({"id": 7, "created": "x", "model": null, "object": {}, "usage": [], "service_tier": [1], "choices": []}),
                json!({"choices": null}),
                json!({"choices": [null, 7, {"index": "0", "delta": {"content": "Two", "tool_calls": {}, "audio": 1, "refusal": 0.5e0}}]}),
                end("stop"),
            ],
        ),
        ("unknown reason", vec![delta(json!({"content": "Two"})), end("bored")]),
    ];
    for (name, chunks) in cases {
        let answer = &read(name, Dialect::GENERIC, &stream(&chunks))[0];
        assert_eq!((&*answer.text, &*answer.finish), ("Two", "stop"), "{name}");
    }
}

#[test]
fn thinking() {
    let spellings = [
        json!({"reasoning_content": "Hm"}),
        json!({"reasoning": "Hm"}),
        json!({"reasoning": {"content": "Hm"}}),
        json!({"reasoning": "Hm", "reasoning_content": null, "reasoning_details": [{"type": "reasoning.text", "text": "Hm"}]}),
        json!({"reasoning_details": [{"text": "H"}, {"text": "m"}]}),
        json!({"thinking": "Hm"}),
        json!({"reasoning_steps": [{"thought": "Hm", "type": "web_search"}]}),
        json!({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}]}),
    ];
    for spelling in spellings {
        let body = stream(&[delta(spelling.clone()), end("stop")]);
        assert_eq!(read(&spelling.to_string(), Dialect::GENERIC, &body)[0].reasoning, "Hm", "{spelling}");
    }
}

#[test]
fn tool_calls() {
    let cases: Vec<(&str, Vec<Value>, Vec<&str>)> = vec![
        (
            "no index",
            vec![
                json!({"id": "a", "function": {"name": "f", "arguments": "{"}}),
                json!({"function": {"arguments": "}"}}),
            ],
            vec!["{}"],
        ),
        (
            "object arguments",
            vec![json!({"id": "a", "function": {"name": "f", "arguments": {"b": 1.0}}})],
            vec![r#"{"b":1.0}"#],
        ),
        ("null arguments", vec![json!({"id": "a", "function": {"name": "f", "arguments": null}})], vec![""]),
        (
            "name again",
            vec![
                json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": "{"}}),
                json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": "}"}}),
            ],
            vec!["{}"],
        ),
        (
            "whole call again",
            vec![
                json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": "{\"b\":1}"}}),
                json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": "{\"b\":1}"}}),
            ],
            vec!["{\"b\":1}"],
        ),
        (
            "index 0 for all",
            vec![
                json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}),
                json!({"index": 0, "id": "b", "function": {"name": "f", "arguments": "[]"}}),
            ],
            vec!["{}", "[]"],
        ),
        (
            "late name",
            vec![
                json!({"index": 3, "id": "a", "function": {"arguments": "{"}}),
                json!({"index": 3, "function": {"name": "f", "arguments": "}"}}),
            ],
            vec!["{}"],
        ),
        (
            "huge index",
            vec![json!({"index": 4_000_000_000u32, "id": "a", "function": {"name": "f", "arguments": "{}"}})],
            vec!["{}"],
        ),
    ];
    for (name, fragments, arguments) in cases {
        for reason in ["stop", "tool_calls", "function_call"] {
            let mut chunks: Vec<_> = fragments.iter().map(|call| delta(json!({"tool_calls": [call]}))).collect();
            chunks.push(end(reason));
            let answer = read(name, Dialect::GENERIC, &stream(&chunks)).remove(0);
            let ours: Vec<_> = answer.calls.iter().map(|(_, name, arguments)| (&**name, &**arguments)).collect();
            assert_eq!(ours, arguments.iter().map(|text| ("f", *text)).collect::<Vec<_>>(), "{name}");
            assert_eq!(answer.finish, "tool_calls", "{name}");
            assert_eq!(answer.calls[0].0, "a", "{name}");
        }
    }
    let legacy = [
        delta(json!({"function_call": {"name": "f", "arguments": "{"}})),
        delta(json!({"function_call": {"arguments": "}"}})),
        end("function_call"),
    ];
    let answer = read("legacy", Dialect::GENERIC, &stream(&legacy)).remove(0);
    assert!(answer.calls[0].0.starts_with("call_"), "an id is made up");
    assert_eq!((&*answer.calls[0].1, &*answer.calls[0].2), ("f", "{}"));
    let (_, nameless) =
        run_text(Dialect::GENERIC, &stream(&[delta(json!({"tool_calls": [{"id": "a"}]})), end("stop")]));
    assert_eq!(nameless.expect_err("no name").class, FailureClass::BadResponse);
}

#[test]
fn endless_calls() {
    let call = |index: usize, name: &str, arguments: &str| {
        delta(
            json!({"tool_calls": [{"index": index, "id": format!("c{index}"), "function": {"name": name, "arguments": arguments}}]}),
        )
    };
    let many: Vec<_> = (0..1025).map(|index| call(index, "f", "{}")).collect();
    let long = "1".repeat(700_000);
    let nameless = [call(0, "", &long), call(0, "", &long)];
    for chunks in [&many[..], &nameless] {
        let (_, result) = run_text(Dialect::GENERIC, &stream(chunks));
        assert_eq!(result.expect_err("too much").class, FailureClass::BadResponse);
    }
    let long_but_good = [call(0, "f", &long), call(0, "", &long), end("tool_calls")];
    assert_eq!(read("long", Dialect::GENERIC, &stream(&long_but_good))[0].calls[0].2.len(), 1_400_000);
}

#[test]
fn ends() {
    let text = stream(&[delta(json!({"content": "Two"}))]);
    let calls = stream(&[delta(json!({"tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{}"}}]}))]);
    let done = "data: [DONE] \n\n";
    let last = "data: {\"object\":\"chat.completion.done\",\"choices\":[{\"message\":{\"content\":\"Two\"}}]}\n\n";
    let json = r#"{"choices":[{"message":{"content":"Two"},"finish_reason":null}]}"#;
    let cases = [
        ("done without a reason", Dialect::GENERIC, format!("{text}{done}"), Err(FailureClass::Network)),
        ("the same where it is usual", Dialect::SONAR, format!("{text}{done}"), Ok("stop")),
        ("done with whole calls", Dialect::XAI, format!("{calls}{done}"), Ok("tool_calls")),
        ("no end", Dialect::SONAR, text.clone(), Err(FailureClass::Network)),
        ("a last chunk repeats the message", Dialect::SONAR, format!("{text}{last}"), Ok("stop")),
        ("nothing", Dialect::GENERIC, String::new(), Err(FailureClass::BadResponse)),
        ("only done", Dialect::GENERIC, done.to_owned(), Err(FailureClass::BadResponse)),
        ("only comments", Dialect::GENERIC, ": hi\n\n".to_owned(), Err(FailureClass::BadResponse)),
        (
            "only metadata",
            Dialect::GENERIC,
            "data: {\"id\":\"a\",\"choices\":[]}\n\n".to_owned(),
            Err(FailureClass::BadResponse),
        ),
        ("plain JSON", Dialect::GENERIC, json.to_owned(), Ok("stop")),
        ("a page", Dialect::GENERIC, "<html><title>Oops</title>".to_owned(), Err(FailureClass::BadResponse)),
        ("more behind the end", Dialect::GENERIC, format!("{text}{}{done}{text}", stream(&[end("stop")])), Ok("stop")),
        (
            "too many choices",
            Dialect::GENERIC,
            stream(&[json!({"choices": [{"index": 128}]})]),
            Err(FailureClass::BadResponse),
        ),
        (
            "a reason nobody knows and nothing said",
            Dialect::GENERIC,
            stream(&[end("unknown")]),
            Err(FailureClass::BadResponse),
        ),
    ];
    for (name, dialect, body, want) in cases {
        let (events, result) = run_text(dialect, &body);
        let got = result.map(|()| answers(&fold(&events).expect("finished")).remove(0));
        match (got, want) {
            (Ok(answer), Ok(reason)) => {
                assert_eq!(answer.finish, reason, "{name}");
                assert!(answer.text == "Two" || answer.calls == [call("{}")], "{name}: {answer:?}");
            }
            (Err(failure), Err(class)) => assert_eq!(failure.class, class, "{name}: {failure:?}"),
            (got, want) => panic!("{name}: {got:?}, not {want:?}"),
        }
    }
}

#[test]
fn concise_mode_of_sonar() {
    let chunks = [
        json!({"object": "chat.reasoning", "choices": [{"delta": {"reasoning_steps": [{"thought": "Look."}]}}]}),
        json!({"object": "chat.reasoning.done", "choices": [{"finish_reason": "stop", "message": {"content": ""}}],
            "search_results": [{"url": "https://a.example", "title": "A"}]}),
        json!({"object": "chat.completion.chunk", "choices": [{"delta": {"content": "Cold[1]"}}]}),
        json!({"object": "chat.completion.done", "choices": [{"message": {"content": "Cold[1]"}, "finish_reason": "stop"}]}),
    ];
    let answer = read("concise", Dialect::SONAR, &stream(&chunks)).remove(0);
    assert_eq!((&*answer.reasoning, &*answer.text), ("Look.", "Cold[1]"));
    assert_eq!(answer.citations, [("https://a.example".to_owned(), "A".to_owned(), Some((4, 7)))]);
    let (_, cut) = run_text(Dialect::SONAR, &stream(&chunks[..3]));
    assert_eq!(cut.expect_err("cut").class, FailureClass::Network);
}

#[test]
fn several_choices() {
    let chunk = |index: u32, text: &str, reason: Value| json!({"choices": [{"index": index, "delta": {"content": text}, "finish_reason": reason}]});
    let chunks = [chunk(1, "b", Value::Null), chunk(0, "a", json!("stop")), chunk(1, "b", json!("length"))];
    let answers = read("two", Dialect::OPENAI, &stream(&chunks));
    let got: Vec<_> = answers.iter().map(|answer| (&*answer.text, &*answer.finish)).collect();
    assert_eq!(got, [("a", "stop"), ("bb", "length")]);
    let (_, half) = run_text(Dialect::OPENAI, &stream(&chunks[..2]));
    assert_eq!(half.expect_err("choice 1 is not over").class, FailureClass::Network);
}
