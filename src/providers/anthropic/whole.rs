//! Reads a whole answer.

use super::{answer::Answer, block::Message, errors};
use crate::{
    domain::{
        event::ChatEvent,
        failure::{FailureClass, UpstreamFailure},
    },
    providers::adapter::{Memo, Reply},
};

pub fn decode(memo: &Memo, reply: Reply<'_>) -> Result<Vec<ChatEvent>, UpstreamFailure> {
    let message = match serde_json::from_slice::<Message>(reply.body) {
        Ok(message) if message.stop_reason.is_some() || !message.content.is_empty() => message,
        Ok(_) | Err(_) => return Err(no_message(reply)),
    };
    let (mut answer, mut out) = (Answer::new(memo), Vec::new());
    answer.start(&message, &mut out);
    for raw in &message.content {
        let mut block: super::block::Block = serde_json::from_str(raw.get()).unwrap_or_default();
        let input = block.input.take();
        answer.open_block(block, &mut out)?;
        if let Some(input) = input {
            answer.arguments(input.get().to_owned(), &mut out);
        }
        answer.close_block(&mut out);
    }
    answer.stopped(message.stop_reason);
    answer.end(&mut out)?;
    Ok(out)
}

fn no_message(reply: Reply<'_>) -> UpstreamFailure {
    match errors::read(reply) {
        failure if failure.code.is_some() => failure,
        failure => UpstreamFailure {
            class: FailureClass::BadResponse,
            message: "the provider sent something that is no answer of its API".to_owned(),
            ..failure
        },
    }
}
