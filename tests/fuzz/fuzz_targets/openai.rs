#![no_main]

use ai_model_gateway::providers::openai::{Dialect, OpenAiAdapter};

libfuzzer_sys::fuzz_target!(|input: &[u8]| decoder_fuzz::check_adapter(&OpenAiAdapter::new(Dialect::OPENAI), input));
