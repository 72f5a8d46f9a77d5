//! How tokens are chosen, when to stop, and how many answers there are.

use super::{context::Context, wire::GenerationConfig};
use crate::{domain::chat::Sampling, providers::adapter::Mode};

/// Most stop texts the service takes.
const MAX_STOPS: usize = 5;
/// Most candidates the models that have several take.
const MAX_CANDIDATES: u32 = 8;
/// Highest penalty; the service takes less than 2.
const MAX_PENALTY: f64 = 1.99;

/// Writes what the family takes, with a warning for each value that changes.
pub fn sampling<'a>(sampling: &'a Sampling, cx: &mut Context<'_>) -> GenerationConfig<'a> {
    let family = cx.family;
    let (free, penal) = (family.sampling, family.penalties);
    if sampling.stop.len() > MAX_STOPS {
        cx.warnings.rewritten("prompt.stop", format!("the provider takes at most {MAX_STOPS} stop texts"));
    }
    let logprobs = family.logprobs && sampling.logprobs == Some(true);
    GenerationConfig {
        temperature: sampling.temperature.filter(|_| free),
        top_p: sampling.top_p.filter(|_| free),
        top_k: sampling.top_k.filter(|_| free).map(|count| at_most_i32("top_k", count, cx)),
        max_output_tokens: sampling.max_output_tokens.map(|count| at_most_i32("max_output_tokens", count, cx)),
        stop_sequences: &sampling.stop[..sampling.stop.len().min(MAX_STOPS)],
        seed: sampling.seed.map(|seed| fold_seed(seed, cx)),
        presence_penalty: sampling.presence_penalty.filter(|_| penal).map(|p| penalty("presence_penalty", p, cx)),
        frequency_penalty: sampling.frequency_penalty.filter(|_| penal).map(|p| penalty("frequency_penalty", p, cx)),
        response_logprobs: logprobs.then_some(true),
        logprobs: sampling.top_logprobs.filter(|count| logprobs && *count > 0),
        ..GenerationConfig::default()
    }
}

/// How many answers one request asks for, and how many requests like it are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choices {
    pub candidate_count: Option<u32>,
    pub copies: u32,
}

/// Divides the choices a caller wants. No model streams several, and most give one to a request.
pub fn choices(wanted: Option<u32>, mode: Mode, cx: &Context<'_>) -> Choices {
    let count = wanted.unwrap_or(1);
    let together = cx.family.several_candidates && mode == Mode::Unary && count <= MAX_CANDIDATES;
    if together {
        return Choices { candidate_count: Some(count).filter(|count| *count > 1), copies: 1 };
    }
    Choices { candidate_count: None, copies: count }
}

fn at_most_i32(name: &str, count: u32, cx: &mut Context<'_>) -> u32 {
    const MOST: u32 = i32::MAX as u32;
    if count > MOST {
        cx.warnings.rewritten(format!("prompt.{name}"), format!("sent as {MOST}, the most the provider takes"));
    }
    count.min(MOST)
}

fn penalty(name: &str, penalty: f64, cx: &mut Context<'_>) -> f64 {
    if penalty > MAX_PENALTY {
        cx.warnings
            .rewritten(format!("prompt.{name}"), format!("sent as {MAX_PENALTY}; the provider takes less than 2"));
    }
    penalty.min(MAX_PENALTY)
}

/// Returns the seed in the service's 32 bits: equal seeds stay equal.
fn fold_seed(seed: i64, cx: &mut Context<'_>) -> i32 {
    i32::try_from(seed).unwrap_or_else(|_| {
        let folded = seed.rem_euclid(1 << 31);
        cx.warnings.rewritten("prompt.seed", format!("sent as {folded}: the provider takes 32 bits"));
        folded as i32
    })
}
