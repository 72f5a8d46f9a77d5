use super::*;

fn text(role: pb::Role, text: &str) -> pb::Message {
    let content = pb::part::Content::Text(pb::TextPart { text: text.into() });
    pb::Message { role: role.into(), parts: vec![pb::Part { content: Some(content) }], name: String::new() }
}

fn prompt() -> pb::ChatPrompt {
    pb::ChatPrompt { model: "m".into(), messages: vec![text(pb::Role::User, "hi")], ..Default::default() }
}

/// Changes a good prompt and returns the field that is complained about.
fn refused(change: impl FnOnce(&mut pb::ChatPrompt)) -> String {
    let mut prompt = prompt();
    change(&mut prompt);
    let error = request_of(Some(prompt)).expect_err("must be refused");
    let field = error.field.clone().expect("names the field");
    assert!(error.message.contains(field.rsplit('.').next().unwrap()), "{error} does not name {field}");
    field
}

#[test]
fn absent_and_zero_differ() {
    assert_eq!(request_of(Some(prompt())).unwrap().sampling.temperature, None);
    let zero = pb::ChatPrompt { temperature: Some(0.0), seed: Some(0), ..prompt() };
    let sampling = request_of(Some(zero)).unwrap().sampling;
    assert_eq!((sampling.temperature, sampling.seed), (Some(0.0), Some(0)));
}

#[test]
fn refuses_by_field() {
    assert_eq!(request_of(None).unwrap_err().field.unwrap(), "prompt");
    type Change = Box<dyn FnOnce(&mut pb::ChatPrompt)>;
    let cases: Vec<(&str, Change)> = vec![
        ("prompt.messages", Box::new(|p| p.messages.clear())),
        ("prompt.messages[0].role", Box::new(|p| p.messages[0].role = 0)),
        ("prompt.messages[0].role", Box::new(|p| p.messages[0].role = 99)),
        ("prompt.messages[0].parts", Box::new(|p| p.messages[0].parts.clear())),
        ("prompt.messages[0].parts[0]", Box::new(|p| p.messages[0].parts[0].content = None)),
        ("prompt.temperature", Box::new(|p| p.temperature = Some(2.1))),
        ("prompt.temperature", Box::new(|p| p.temperature = Some(f64::NAN))),
        ("prompt.top_p", Box::new(|p| p.top_p = Some(-0.1))),
        ("prompt.max_output_tokens", Box::new(|p| p.max_output_tokens = Some(0))),
        ("prompt.choice_count", Box::new(|p| p.choice_count = Some(129))),
        ("prompt.top_logprobs", Box::new(|p| p.top_logprobs = Some(2))),
        ("prompt.metadata", Box::new(|p| p.metadata = (0..17).map(|n| (n.to_string(), String::new())).collect())),
        ("prompt.metadata", Box::new(|p| p.metadata = [("k".repeat(65), String::new())].into())),
        ("prompt.metadata", Box::new(|p| p.metadata = [("k".into(), "ế".repeat(513))].into())),
        ("prompt.logit_bias[7]", Box::new(|p| p.logit_bias.extend([("7".to_owned(), 101)]))),
        ("prompt.provider_options", Box::new(|p| p.provider_options = "[1]".into())),
        ("prompt.tools[0]", Box::new(|p| p.tools.push(pb::Tool::default()))),
        ("prompt.modalities", Box::new(|p| p.modalities.push(0))),
    ];
    for (field, change) in cases {
        assert_eq!(refused(change), field);
    }
}

#[test]
fn parts_belong_to_their_roles() {
    let call = pb::part::Content::ToolCall(pb::ToolCall::default());
    let field = refused(|p| p.messages[0].parts.push(pb::Part { content: Some(call) }));
    assert_eq!(field, "prompt.messages[0].parts[1]");

    let nested = pb::part::Content::ToolResult(pb::ToolResult { tool_call_id: "b".into(), ..Default::default() });
    let outer = pb::part::Content::ToolResult(pb::ToolResult {
        tool_call_id: "a".into(),
        parts: vec![pb::Part { content: Some(nested) }],
        ..Default::default()
    });
    let field = refused(|p| {
        p.messages.push(pb::Message {
            role: pb::Role::Tool.into(),
            parts: vec![pb::Part { content: Some(outer) }],
            name: String::new(),
        });
    });
    assert_eq!(field, "prompt.messages[1].parts[0].tool_result.parts[0]");
}

#[test]
fn media_needs_bytes_and_their_type() {
    let image = |source, mime_type: &str| {
        let source = Some(pb::MediaSource { source, mime_type: mime_type.into() });
        pb::Part { content: Some(pb::part::Content::Image(pb::ImagePart { source, detail: 0 })) }
    };
    use pb::media_source::Source;
    for (part, field) in [
        (image(None, "image/png"), "prompt.messages[0].parts[1].source"),
        (image(Some(Source::Data("".into())), "image/png"), "prompt.messages[0].parts[1].source"),
        (image(Some(Source::Data("x".into())), ""), "prompt.messages[0].parts[1].source.mime_type"),
        (image(Some(Source::Url("".into())), ""), "prompt.messages[0].parts[1].source.url"),
        (image(Some(Source::Url("file:///a.png".into())), ""), "prompt.messages[0].parts[1].source.url"),
    ] {
        assert_eq!(refused(|p| p.messages[0].parts.push(part)), field);
    }
}
