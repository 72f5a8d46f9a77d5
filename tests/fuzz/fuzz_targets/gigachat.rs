#![no_main]

use ai_model_gateway::providers::gigachat::GigaChatAdapter;

libfuzzer_sys::fuzz_target!(|input: &[u8]| decoder_fuzz::check_adapter(&GigaChatAdapter::default(), input));
