//! What `sandbox/embed` answers: vectors made of the hashes of words, the same for the same text everywhere. Texts that
//! share words lie closer together, which is enough to try a search with.

use crate::domain::{
    embedding::{EmbeddingInput, EmbeddingReply, EmbeddingRequest},
    usage::Usage,
};

/// The one model.
pub const MODEL: &str = "embed";
/// Length of a vector when the caller wishes none.
const DIMENSIONS: u32 = 256;
/// Longest vector there is.
pub const MAX_DIMENSIONS: u32 = 4096;

/// Embeds every input.
pub fn embed(request: &EmbeddingRequest) -> EmbeddingReply {
    let dimensions = request.dimensions.unwrap_or(DIMENSIONS).clamp(1, MAX_DIMENSIONS) as usize;
    let tokens: u64 = request.inputs.iter().map(|input| words(input).len() as u64).sum();
    EmbeddingReply {
        model: MODEL.to_owned(),
        vectors: request.inputs.iter().map(|input| vector(input, dimensions)).collect(),
        usage: Some(Usage { input_tokens: Some(tokens), total_tokens: Some(tokens), ..Usage::default() }),
    }
}

/// Adds up the directions of the words and brings the sum to length 1.
fn vector(input: &EmbeddingInput, dimensions: usize) -> Vec<f32> {
    let mut sum = vec![0.0_f32; dimensions];
    for word in words(input) {
        let mut state = word;
        for value in &mut sum {
            state = mixed(state);
            // The upper 24 bits, from -1 to 1.
            *value += (state >> 40) as f32 / (1 << 23) as f32 - 1.0;
        }
    }
    let length = sum.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        sum.iter_mut().for_each(|value| *value /= length);
    }
    sum
}

/// Returns a number for each word, the sandbox's tokens; one for a text without words.
fn words(input: &EmbeddingInput) -> Vec<u64> {
    match input {
        EmbeddingInput::Text(text) => {
            let words: Vec<u64> = text.split_whitespace().map(|word| hash(&word.to_lowercase())).collect();
            if words.is_empty() { vec![hash(text)] } else { words }
        }
        EmbeddingInput::Tokens(tokens) => tokens.iter().map(|token| mixed(u64::from(*token))).collect(),
    }
}

/// FNV-1a: the standard library's hash may change between its versions.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The next number of SplitMix64.
fn mixed(state: u64) -> u64 {
    let z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_share_words_are_closer() {
        let text = |text: &str| EmbeddingInput::Text(text.into());
        let inputs = vec![text("the cat sat"), text("THE cat ran"), text("stock prices fell"), text("the cat sat")];
        let request = EmbeddingRequest { inputs, dimensions: Some(64), ..EmbeddingRequest::default() };
        let reply = embed(&request);
        let likeness =
            |a: usize, b: usize| -> f32 { reply.vectors[a].iter().zip(&reply.vectors[b]).map(|(a, b)| a * b).sum() };
        assert!(reply.vectors.iter().all(|vector| vector.len() == 64));
        assert!((likeness(0, 0) - 1.0).abs() < 1e-5);
        assert_eq!(reply.vectors[0], reply.vectors[3]);
        assert!(likeness(0, 1) > 0.4 && likeness(0, 2) < 0.4, "{} {}", likeness(0, 1), likeness(0, 2));
        assert_eq!(reply.usage.unwrap().input_tokens, Some(12));
    }

    #[test]
    fn every_input_has_a_vector_of_the_wanted_length() {
        let inputs = vec![EmbeddingInput::Text("  ".into()), EmbeddingInput::Tokens(vec![1, 2])];
        for (wanted, length) in [(None, 256), (Some(1), 1), (Some(4096), 4096)] {
            let request = EmbeddingRequest { inputs: inputs.clone(), dimensions: wanted, ..Default::default() };
            let vectors = embed(&request).vectors;
            assert_eq!(vectors.iter().map(Vec::len).collect::<Vec<_>>(), [length, length]);
            assert!(vectors.iter().flatten().all(|value| value.is_finite()));
        }
    }
}
