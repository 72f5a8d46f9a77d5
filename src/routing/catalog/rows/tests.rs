use super::*;

#[test]
fn reads_every_field() {
    let rows = read(
        r#"{"about": "ours", "models": [{
            "provider": "acme", "name": "m-1", "owned_by": "Acme", "context_window_tokens": 1000, "max_output_tokens": 10,
            "input_modalities": ["text", "image"], "output_modalities": ["text", "audio"], "capabilities": ["chat", "tools"],
            "prices": [{"input": 1.5, "output": 2, "cached_input": 0.15, "audio_output": 0},
                       {"min_input_tokens": 200001, "input": 3, "cache_write_input": 4, "audio_input": 5, "image_input": 6}],
            "aliases": ["m"], "created": 5, "shutdown": "2027-01", "replacement": "acme/m-2"
        }, {"provider": "acme", "name": "gone", "remove": true}]}"#,
    )
    .unwrap();
    assert!(rows[1].remove && !rows[0].remove);
    let first = Price {
        input: Some(1_500_000_000),
        output: Some(2_000_000_000),
        cached_input: Some(150_000_000),
        audio_output: Some(0),
        ..Price::default()
    };
    let second = Price {
        min_input_tokens: 200_001,
        input: Some(3_000_000_000),
        cache_write_input: Some(4_000_000_000),
        audio_input: Some(5_000_000_000),
        image_input: Some(6_000_000_000),
        ..Price::default()
    };
    let deprecation = Deprecation { retired: false, date: "2027-01".into(), replacement: "acme/m-2".into() };
    let wanted = Model {
        id: "ac/m-1".into(),
        provider: "acme".into(),
        upstream_name: "m-1".into(),
        owned_by: "Acme".into(),
        context_window_tokens: Some(1000),
        max_output_tokens: Some(10),
        input_modalities: vec![Modality::Text, Modality::Image],
        output_modalities: vec![Modality::Text, Modality::Audio],
        capabilities: vec![Capability::Chat, Capability::Tools],
        prices: vec![first, second],
        deprecation: Some(deprecation),
        aliases: vec!["m".into()],
        created: 5,
    };
    assert_eq!(rows[0].clone().into_model("ac"), wanted);
}

#[test]
fn a_row_needs_a_provider_and_a_name_only() {
    let model = read(r#"{"models": [{"provider": "acme", "name": "m"}]}"#).unwrap().remove(0).into_model("acme");
    assert_eq!((model.id.as_str(), model.owned_by.as_str()), ("acme/m", "acme"));
    assert_eq!(model.capabilities, [Capability::Chat, Capability::Streaming]);
    assert_eq!((model.prices.len(), model.deprecation), (0, None));
}

#[test]
fn complaints_name_the_row_and_the_field() {
    for (file, wanted) in [
        ("{", "it is no JSON"),
        ("[]", "it must be an object with the member models"),
        ("{}", "it has no member models"),
        (r#"{"models": [], "modles": []}"#, "modles: there is no such field"),
        (r#"{"models": 1}"#, "models: invalid type"),
        (r#"{"models": [1]}"#, "models[0]: it must be an object"),
        (r#"{"models": [{"name": "m"}]}"#, "models[0]: provider is missing"),
        (r#"{"models": [{"provider": "p"}]}"#, "models[0]: name is missing"),
        (r#"{"models": [{"provider": "p", "name": 1}]}"#, "models[0] (p): name: invalid type"),
    ] {
        let error = read(file).unwrap_err();
        assert!(error.starts_with(wanted), "{file}: {error}");
    }
    for (fields, wanted) in [
        (r#""context_window": 5"#, "context_window: there is no such field"),
        (r#""context_window_tokens": "5""#, "context_window_tokens: invalid type"),
        (r#""context_window_tokens": -5"#, "context_window_tokens: invalid value"),
        (r#""capabilities": ["fly"]"#, "capabilities: `fly` is none of chat, streaming"),
        (r#""input_modalities": ["smell"]"#, "input_modalities: `smell` is none of text, audio, image"),
        (r#""prices": [{"inptu": 1}]"#, "prices[0].inptu: there is no such field"),
        (r#""prices": [{"input": -1}]"#, "prices[0].input: write US dollars per million tokens"),
        (r#""prices": [{"min_input_tokens": 1}]"#, "prices[0].min_input_tokens: the first is 0"),
        (r#""prices": [{}, {"min_input_tokens": 5}, {"min_input_tokens": 5}]"#, "prices[2].min_input_tokens"),
        (r#""shutdown": "next year""#, "shutdown: `next year` is no date"),
        (r#""shutdown": "2027-1-1""#, "shutdown: `2027-1-1` is no date"),
        (r#""remove": "yes""#, "remove: invalid type"),
    ] {
        let file =
            format!(r#"{{"models": [{{"provider": "p", "name": "a"}}, {{"provider": "p", "name": "b", {fields}}}]}}"#);
        let error = read(&file).unwrap_err();
        assert!(error.starts_with(&format!("models[1] (p/b): {wanted}")), "{fields}: {error}");
    }
}
