#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| decoder_fuzz::check_import(input));
