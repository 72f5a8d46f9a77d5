//! Leaves out values that change nothing and that the model refuses all the same. Many clients send every knob at its
//! default; nobody needs to be warned of that.

use std::borrow::Cow;

use super::dialect::Dialect;
use crate::{
    domain::chat::{ChatRequest, Sampling},
    providers::support::Field,
};

type Knob = fn(&mut Sampling) -> &mut Option<f64>;

/// Knobs, and the value at which each does nothing.
const KNOBS: &[(Field, f64, Knob)] = &[
    (Field::Temperature, 1.0, |sampling| &mut sampling.temperature),
    (Field::TopP, 1.0, |sampling| &mut sampling.top_p),
    (Field::FrequencyPenalty, 0.0, |sampling| &mut sampling.frequency_penalty),
    (Field::PresencePenalty, 0.0, |sampling| &mut sampling.presence_penalty),
];

pub fn leave_out<'a>(dialect: &Dialect, model: &str, request: Cow<'a, ChatRequest>) -> Cow<'a, ChatRequest> {
    let mut sampling = request.sampling.clone();
    for (_, neutral, knob) in KNOBS.iter().filter(|(field, ..)| dialect.lacks(model, *field)) {
        let value = knob(&mut sampling);
        *value = value.filter(|value| value != neutral);
    }
    if sampling == request.sampling {
        return request;
    }
    Cow::Owned(ChatRequest { sampling, ..request.into_owned() })
}
