#![no_main]

use ai_model_gateway::providers::gigachat::GigaChatTokens;

libfuzzer_sys::fuzz_target!(|input: &[u8]| decoder_fuzz::check_tokens(&GigaChatTokens::default(), input));
