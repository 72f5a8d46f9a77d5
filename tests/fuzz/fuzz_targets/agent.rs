#![no_main]

use ai_model_gateway::providers::two_formats::{PerplexityApi, TwoFormats};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    decoder_fuzz::check_adapter(&TwoFormats::perplexity(PerplexityApi::Agent), input);
});
