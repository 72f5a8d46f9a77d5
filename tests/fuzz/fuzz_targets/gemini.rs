#![no_main]

use ai_model_gateway::providers::gemini::GeminiAdapter;

libfuzzer_sys::fuzz_target!(|input: &[u8]| decoder_fuzz::check_adapter(&GeminiAdapter::default(), input));
