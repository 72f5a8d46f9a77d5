//! What the contract says about sending a call again: the options beside each rpc, as `build.rs` writes them down.

use super::probe::CHECK;

/// What an rpc promises to those who repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Whether a call may be sent again when its answer was lost.
    pub repeatable: bool,
    /// Whether the request is a stream that may take its time: it is sent while it comes.
    pub upload: bool,
    pub answer: Answer,
}

/// How an answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// One message: there is no answer before its end.
    Whole,
    /// A stream that begins to answer with its first message.
    Stream,
    /// A stream that may stay silent for as long as it likes.
    Endless,
}

include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// The question for health, which is no part of our contract.
const HEALTH: Rule = Rule { repeatable: true, upload: false, answer: Answer::Whole };

/// What is not in the contract is passed on as it comes, and again only when nobody saw it.
const UNKNOWN: Rule = Rule { repeatable: false, upload: true, answer: Answer::Endless };

impl Rule {
    pub fn of(path: &str) -> Self {
        if path == CHECK { HEALTH } else { rule_of(path).unwrap_or(UNKNOWN) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_follows_the_contract() {
        for (path, repeatable, upload, answer) in [
            ("/aigateway.v1.ChatService/CreateChatCompletion", true, false, Answer::Whole),
            ("/aigateway.v1.ChatService/StreamChatCompletion", true, false, Answer::Stream),
            ("/aigateway.v1.KeyService/CreateProviderKey", false, false, Answer::Whole),
            ("/aigateway.v1.KeyService/WatchProviderKeys", true, false, Answer::Endless),
            ("/aigateway.v1.VisionService/UploadAndExtractText", true, true, Answer::Whole),
            ("/grpc.health.v1.Health/Check", true, false, Answer::Whole),
            ("/grpc.health.v1.Health/Watch", false, true, Answer::Endless),
            ("/aigateway.v1.Other/Rpc", false, true, Answer::Endless),
        ] {
            assert_eq!(Rule::of(path), Rule { repeatable, upload, answer }, "{path}");
        }
    }
}
