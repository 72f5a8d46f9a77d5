#![no_main]

use ai_model_gateway::providers::responses::{Dialect, ResponsesAdapter};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    decoder_fuzz::check_adapter(&ResponsesAdapter::new(Dialect::OPENAI), input);
});
