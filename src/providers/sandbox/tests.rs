use super::*;
use crate::domain::{
    chat::{Message, Part, Role, Tool},
    completion::ChatCompletion,
    fold::Fold,
};

fn request(text: &str) -> ChatRequest {
    let message = Message { role: Role::User, parts: vec![Part::Text(text.into())], name: String::new() };
    ChatRequest { messages: vec![message], ..ChatRequest::default() }
}

/// Runs a script without its waits.
fn run(request: &ChatRequest, model: &str) -> Result<ChatCompletion, Option<UpstreamFailure>> {
    let mut fold = Fold::default();
    for step in Script::new(request, model, true) {
        match step {
            Step::Event(event) => fold.push(event),
            Step::Fail(failure) => return Err(Some(failure)),
            Step::Wait(_) => {}
            Step::Hang => return Err(None),
        }
    }
    fold.into_completion().ok_or(None)
}

#[test]
fn answers() {
    let image = crate::domain::chat::Image {
        source: crate::domain::chat::MediaSource::Data { mime_type: "image/png".into(), data: "1234".into() },
        detail: None,
    };
    let mut with_image = request("look");
    with_image.messages[0].parts.push(Part::Image(image));
    let cases = [
        ("echo", request("say it back"), "say it back", FinishReason::Stop),
        ("echo", request(""), "Hello from the sandbox.", FinishReason::Stop),
        ("reasoning", request("hm"), "hm", FinishReason::Stop),
        ("length", request("a b"), "a b", FinishReason::Length),
        ("content-filter", request("a b"), "a b", FinishReason::ContentFilter),
        (
            "vision",
            with_image,
            "The sandbox reads no images. It was sent 1 image: image/png of 4 bytes.",
            FinishReason::Stop,
        ),
    ];
    for (model, request, text, reason) in cases {
        let completion = run(&request, model).unwrap_or_else(|e| panic!("{model}: {e:?}"));
        let choice = &completion.choices[0];
        assert!(choice.message.parts.contains(&Part::Text(text.into())), "{model}: {choice:?}");
        assert_eq!(choice.finish_reason, reason, "{model}");
        assert!(completion.usage.is_some(), "{model}");
    }
}

#[test]
fn calls_the_first_tool_and_reads_its_result() {
    let mut request = request("Oslo");
    let (name, description, parameters_schema) = ("weather".to_owned(), String::new(), String::new());
    request.tools.push(Tool::Function { name, description, parameters_schema, strict: None });
    let completion = run(&request, "tools").unwrap();
    let Some(Part::ToolCall(call)) = completion.choices[0].message.parts.first() else { panic!("a call") };
    assert_eq!((call.name.as_str(), call.arguments.as_str()), ("weather", r#"{"said":"Oslo"}"#));
    assert_eq!(completion.choices[0].finish_reason, FinishReason::ToolCalls);

    let result = crate::domain::chat::ToolResult {
        tool_call_id: call.id.clone(),
        name: String::new(),
        parts: vec![Part::Text("rain".into())],
        is_error: false,
    };
    request.messages.push(Message { role: Role::Tool, parts: vec![Part::ToolResult(result)], name: String::new() });
    let completion = run(&request, "tools").unwrap();
    assert_eq!(completion.choices[0].message.parts, [Part::Text("The tool answered: rain".into())]);
}

#[test]
fn fails_on_purpose() {
    use FailureClass::*;
    for (model, class) in [
        ("401", Some(Credential)),
        ("429", Some(RateLimit)),
        ("429-retry-after", Some(RateLimit)),
        ("quota", Some(Quota)),
        ("500", Some(ServerError)),
        ("503", Some(Overload)),
        ("reset", Some(Network)),
        ("reset-mid-stream", Some(Network)),
        ("error-mid-stream", Some(ServerError)),
        ("bad-response", Some(BadResponse)),
        ("truncated", None),
        ("hang", None),
    ] {
        let failure = run(&request("one two three four"), model).expect_err(model);
        assert_eq!(failure.map(|f| f.class), class, "{model}");
    }
}

#[test]
fn says_what_was_consumed_before_it_breaks_off() {
    for model in ["reset-mid-stream", "error-mid-stream", "truncated"] {
        let steps: Vec<_> = Script::new(&request("one two three four five"), model, true).collect();
        let said = steps.iter().filter(|step| matches!(step, Step::Event(ChatEvent::Text { .. }))).count() as u64;
        let told = steps.iter().rev().find_map(|step| match step {
            Step::Event(ChatEvent::Usage(usage)) => Some(usage),
            _ => None,
        });
        let told = told.unwrap_or_else(|| panic!("{model}: {steps:?}"));
        assert_eq!((told.input_tokens, told.output_tokens, told.total_tokens), (Some(5), Some(said), Some(5 + said)));
        assert!(matches!(steps.last(), Some(Step::Fail(_) | Step::Event(ChatEvent::Usage(_)))), "{model}: {steps:?}");
    }
}
