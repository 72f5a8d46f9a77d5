//! The small parts by themselves: thinking blocks, marks, usage, finish reasons.

use serde_json::{json, value::to_raw_value};

use crate::{
    domain::{event::FinishReason, usage::Usage},
    providers::{
        marks::Marks,
        openai::{
            citations::{cite, read_sources},
            finish::{Meaning, meaning},
            logprobs, usage,
        },
        think::ThinkSplitter,
    },
};

fn split(text: &str, size: usize) -> (String, String) {
    let mut splitter = ThinkSplitter::default();
    let (mut reasoning, mut answer) = (String::new(), String::new());
    let letters: Vec<char> = text.chars().collect();
    let pieces = letters.chunks(size).map(|piece| piece.iter().collect::<String>());
    let mut splits: Vec<_> = pieces.map(|piece| splitter.feed(&piece)).collect();
    splits.push(splitter.finish());
    for split in splits {
        reasoning.push_str(&split.reasoning);
        answer.push_str(&split.text);
    }
    (reasoning, answer)
}

#[test]
fn thinking_blocks() {
    let cases = [
        ("<think>\nHm.\n</think>\n\nTwo", "Hm.", "Two"),
        ("\n <think>Hm</think>Two", "Hm", "Two"),
        ("<think>\n\n</think>Two", "", "Two"),
        ("<think>a < b </thin> c\n\nd</think>{}", "a < b </thin> c\n\nd", "{}"),
        ("<think>cut by length\n", "cut by length", ""),
        ("<think>cut in a tag</thi", "cut in a tag</thi", ""),
        ("Two <think>no</think>", "", "Two <think>no</think>"),
        ("<thinker>", "", "<thinker>"),
        ("<thi", "", "<thi"),
        ("  Two", "", "  Two"),
        ("<think>a</think>b<think>c</think>", "a", "b<think>c</think>"),
        ("<think>ø</think>å\n", "ø", "å\n"),
        ("", "", ""),
    ];
    for (text, reasoning, answer) in cases {
        for size in 1..=text.chars().count().max(1) {
            assert_eq!(split(text, size), (reasoning.to_owned(), answer.to_owned()), "{text:?} by {size}");
        }
    }
}

#[test]
fn blank_space_is_not_held_forever() {
    let lines = "\n".repeat(5000);
    let cases = [
        (lines.clone(), String::new(), lines.clone()),
        (format!("<think>a{lines}"), format!("a{lines}"), String::new()),
    ];
    for (text, reasoning, answer) in cases {
        let mut splitter = ThinkSplitter::default();
        let split = splitter.feed(&text);
        assert_eq!((split.reasoning.len(), split.text.len()), (reasoning.len(), answer.len()));
    }
}

#[test]
fn marks_and_sources() {
    let text = "Å[1] [2][10] [x] [0] [2026] [[2]] [3";
    for size in 1..text.len() {
        let mut scanner = Marks::default();
        let letters: Vec<char> = text.chars().collect();
        letters.chunks(size).for_each(|piece| scanner.feed(&piece.iter().collect::<String>()));
        let sources = read_sources(Some(r#"["https://a.example","https://b.example"]"#), Some("null"));
        let found: Vec<_> = cite(&sources, scanner.found()).map(|c| (c.span, c.number)).collect();
        let want = [((1, 4), 1), ((5, 8), 2), ((29, 32), 2)];
        assert_eq!(found, want.map(|(span, number)| (Some(span), Some(number))));
        let unmarked: Vec<_> = cite(&sources, &[]).map(|c| (c.url, c.span, c.number)).collect();
        let plain = |url: &str| (url.to_owned(), None, None);
        assert_eq!(unmarked, [plain("https://a.example"), plain("https://b.example")]);
    }
}

#[test]
fn usages() {
    let counted = |input, output, total| Usage {
        input_tokens: Some(input),
        output_tokens: Some(output),
        total_tokens: Some(total),
        ..Usage::default()
    };
    let with_reasoning = |usage, reasoning| Usage { reasoning_tokens: Some(reasoning), ..usage };
    let cases = [
        (json!({"prompt_tokens": 1, "completion_tokens": 2}), Some(counted(1, 2, 3))),
        (json!({"prompt_tokens": 1.0, "completion_tokens": 2.0, "total_tokens": 0}), Some(counted(1, 2, 3))),
        (
            json!({"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 8, "completion_tokens_details": {"reasoning_tokens": 5}}),
            Some(with_reasoning(counted(1, 7, 8), 5)),
        ),
        (
            json!({"prompt_tokens": 1, "completion_tokens": 7, "total_tokens": 8, "completion_tokens_details": {"reasoning_tokens": 5}}),
            Some(with_reasoning(counted(1, 7, 8), 5)),
        ),
        (
            json!({"prompt_tokens": 20, "completion_tokens": 30, "total_tokens": 50, "reasoning_tokens": 250}),
            Some(with_reasoning(counted(20, 30, 50), 250)),
        ),
        (
            json!({"prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6, "prompt_tokens_details": {"cached_tokens": 10}}),
            Some(Usage { cached_input_tokens: Some(10), ..counted(14, 2, 16) }),
        ),
        (
            json!({"prompt_tokens": u64::MAX, "completion_tokens": u64::MAX, "total_tokens": -1, "prompt_tokens_details": null}),
            Some(counted(u64::MAX, u64::MAX, u64::MAX)),
        ),
        (json!({}), None),
        (json!(null), None),
        (json!({"prompt_tokens": null}), None),
    ];
    for (wire, want) in cases {
        let raw = to_raw_value(&wire).expect("JSON");
        assert_eq!(usage::read(&raw).map(|(usage, _)| usage), want, "{wire}");
    }
}

#[test]
fn finish_reasons() {
    for (native, want) in [
        ("stop", FinishReason::Stop),
        ("COMPLETE", FinishReason::Stop),
        ("MAX_TOKENS", FinishReason::Length),
        ("model_length", FinishReason::Length),
        ("tool-calls", FinishReason::ToolCalls),
        ("SAFETY", FinishReason::ContentFilter),
    ] {
        assert_eq!(meaning(native), Meaning::Reason(want), "{native}");
    }
    assert_eq!(meaning("bored"), Meaning::Unknown);
}

#[test]
fn log_probabilities() {
    let token = json!({"token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": [{"token": "b", "logprob": -1, "bytes": null}]});
    let read = |wire| logprobs::read(&to_raw_value(&wire).expect("JSON"));
    let (content, refusal) = read(json!({"content": [token], "refusal": null}));
    assert_eq!((content.len(), refusal.len()), (1, 0));
    assert_eq!(
        (content[0].logprob, content[0].bytes.as_deref(), &*content[0].top[0].token),
        (-0.5, Some(&b"a"[..]), "b")
    );
    assert_eq!(read(json!({"content": [{"token": "a"}], "refusal": [token]})), (vec![], vec![]), "not well-formed");
}
