//! Holds every dialect to its column of the table.

use crate::providers::{
    openai::{Dialect, OpenAiAdapter, vendors::vendors},
    support::tests::check_column,
};

#[test]
fn dialects_do_what_their_columns_say() {
    let cases: &[(Dialect, &[&str])] = &[
        (Dialect::OPENAI, &["gpt-4o", "gpt-5", "gpt-5.1", "gpt-5-chat-latest", "o3", "gpt-4o-search-preview"]),
        (
            Dialect::XAI,
            &["grok-3-mini", "grok-4", "grok-4-fast-non-reasoning", "grok-4.3", "grok-4.5", "grok-4.6", "grok-9"],
        ),
        (Dialect::SONAR, &["sonar", "sonar-deep-research"]),
        (Dialect::GENERIC, &["any"]),
    ];
    for (dialect, models) in cases {
        models.iter().for_each(|model| check_column(&OpenAiAdapter::new(dialect.clone()), model));
    }
    let models = ["m", "gpt-5", "llama-3.3-70b-versatile", "openai/gpt-oss-120b", "qwen/qwen3-32b"];
    for vendor in vendors() {
        models.iter().for_each(|model| check_column(&OpenAiAdapter::new(vendor.dialect.clone()), model));
    }
}

#[test]
fn every_switch_keeps_columns_true() {
    let switches = [
        "{path: azure_deployment, api_version: v1, max_tokens: max_completion_tokens}",
        "{choices: refuse, system_messages: merged, assistant_last: prefix, tool_call_ids: alnum9}",
        "{choices: fan_out, tool_result_media: native, required_choice: drop, allowed_tools: false}",
        "{tool_result_media: refuse, images: false, audio_input: true, files: true, file_form: file_url}",
        "{files: true, file_form: url, image_urls: false, image_file_ids: true, refusal_parts: true}",
        "{json_object: false}",
        "{json_schema: false}",
        "{json_object: false, json_schema: false, extras: false}",
        "{json_schema_alone: true, reasoning_format: true, efforts: [high], reasoning_echo: keep}",
        "{reasoning: object, effort_map: [[low, high]]}",
        "{reasoning: thinking}",
        "{reasoning: thinking_off, reasoning_echo: always}",
        "{reasoning: chat_template}",
        "{unsupported: [reasoning]}",
        "{unsupported: [], web_search: flat, seed: seed_i32, top_p_min: 0.1}",
        "{unsupported: [image_data, image_detail, file_data, function_tools, tool_strict, tool_choice_none, \
          choice_count, json_schema, json_object, system_messages, developer_messages, reasoning_history, \
          max_output_tokens, provider_options, tool_choice_required, parallel_tool_calls]}",
    ];
    for switches in switches {
        let dialect: Dialect = serde_saphyr::from_str(switches).unwrap_or_else(|e| panic!("{switches}: {e}"));
        println!("{switches}");
        check_column(&OpenAiAdapter::new(dialect), "m");
    }
}
