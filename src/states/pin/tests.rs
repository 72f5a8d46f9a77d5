use std::sync::Arc;

use super::*;
use crate::domain::chat::{Message, ToolCall, ToolKind};

fn key(secret: &str) -> Arc<ProviderKey> {
    Arc::new(ProviderKey::new(secret, secret))
}

fn scope(secret: &str) -> String {
    key_scope(Some(&key(secret)))
}

fn state(provider: &str, key_scope: &str, tool_call_id: &str) -> Part {
    Part::ProviderState(ProviderState {
        provider: provider.into(),
        key_scope: key_scope.into(),
        kind: "k".into(),
        data: "d".into(),
        tool_call_id: tool_call_id.into(),
    })
}

fn call(id: &str) -> Part {
    Part::ToolCall(ToolCall { id: id.into(), name: "n".into(), arguments: "{}".into(), kind: ToolKind::Function })
}

fn target(provider: &str) -> Target {
    Target { provider: provider.into(), model: "m".into() }
}

fn request(turns: Vec<Vec<Part>>) -> ChatRequest {
    let message = |parts| Message { role: Role::Assistant, parts, name: String::new() };
    ChatRequest { messages: turns.into_iter().map(message).collect(), ..ChatRequest::default() }
}

fn pinned(request: &mut ChatRequest, secrets: &[&str], memory: &StateMemory) -> (Result<Pins>, Vec<String>) {
    let mut keys: Vec<_> = secrets.iter().map(|secret| key(secret)).collect();
    let pinning = Pinning { target: &target("p"), memory, caller: "me", now: Instant::now() };
    let pins = pin(request, &mut keys, pinning);
    (pins, keys.iter().map(|key| key.alias.clone()).collect())
}

#[test]
fn a_conversation_without_states_is_left_alone() {
    let before = request(vec![vec![Part::Text("hi".into())], vec![call("c1")]]);
    let mut after = before.clone();
    let (pins, keys) = pinned(&mut after, &["a", "b"], &StateMemory::default());
    assert_eq!((pins.unwrap(), &after), (Pins::default(), &before));
    assert_eq!(keys, ["a", "b"]);
}

#[test]
fn states_of_other_providers_are_left_out() {
    let mut given = request(vec![vec![state("q", "", ""), call("c"), state("p", "", "c"), state("", "", "")]]);
    let mut strict = ChatRequest { strict: true, ..given.clone() };
    let pins = pinned(&mut given, &["a"], &StateMemory::default()).0.unwrap();
    assert_eq!(given.messages[0].parts, [call("c"), state("p", "", "c"), state("p", "", "")], "an unknown one is ours");
    assert_eq!(pins.warnings.len(), 1);
    assert_eq!(pins.warnings[0].field, "prompt.messages[0].parts[0].provider_state");
    assert!(!pins.keyed);

    let error = pinned(&mut strict, &["a"], &StateMemory::default()).0.unwrap_err();
    assert_eq!(error.kind, ErrorKind::UnsupportedByProvider);
    assert_eq!(error.field.as_deref(), Some("prompt.messages[0].parts[0].provider_state"));
}

#[test]
fn the_key_a_state_is_bound_to_goes_first() {
    let (a, b, c, gone) = (&scope("a"), &scope("b"), &scope("c"), &"0123456789abcdef".to_owned());
    let cases = [
        ("the second", vec![b], vec!["b", "a", "c"]),
        ("the first", vec![a], vec!["a", "b", "c"]),
        ("the latest turn decides", vec![b, c], vec!["c", "a", "b"]),
        ("a key that is gone", vec![b, gone], vec!["b", "a", "c"]),
    ];
    for (name, scopes, wanted) in cases {
        let mut request = request(scopes.into_iter().map(|scope| vec![state("p", scope, "")]).collect());
        let (pins, keys) = pinned(&mut request, &["a", "b", "c"], &StateMemory::default());
        assert_eq!(keys, wanted, "{name}");
        assert!(pins.unwrap().keyed, "{name}");
    }
}

#[test]
fn an_attempt_sends_only_what_its_key_can_take() {
    let (a, b) = (scope("a"), scope("b"));
    let mut given = request(vec![vec![state("p", &a, ""), state("p", "", "")], vec![state("p", &b, "")]]);
    let pins = pinned(&mut given, &["a", "b"], &StateMemory::default()).0.unwrap();
    let sent = |key: Option<&ProviderKey>| {
        let (sent, warning) = pins.request_for(key, &given);
        let count = sent.messages.iter().map(|m| m.parts.len()).collect::<Vec<_>>();
        (count, warning.map(|w| w.field))
    };
    let field = |message, part| Some(format!("prompt.messages[{message}].parts[{part}].provider_state"));
    assert_eq!(sent(Some(&key("a"))), (vec![2, 0], field(1, 0)));
    assert_eq!(sent(Some(&key("b"))), (vec![1, 1], field(0, 0)));
    assert_eq!(sent(None), (vec![1, 0], field(0, 0)));
}

#[test]
fn a_strict_request_keeps_the_keys_that_fit() {
    let strict = |scopes: &[&str]| {
        let turns = scopes.iter().map(|scope| vec![state("p", scope, "")]).collect();
        ChatRequest { strict: true, ..request(turns) }
    };
    let (a, b) = (scope("a"), scope("b"));
    let (pins, keys) = pinned(&mut strict(&[&b]), &["a", "b"], &StateMemory::default());
    assert!(pins.is_ok());
    assert_eq!(keys, ["b"]);
    let (pins, keys) = pinned(&mut strict(&[""]), &["a", "b"], &StateMemory::default());
    assert!(pins.is_ok());
    assert_eq!(keys, ["a", "b"]);
    for scopes in [&[a.as_str(), b.as_str()][..], &["0123456789abcdef"]] {
        let error = pinned(&mut strict(scopes), &["a", "b"], &StateMemory::default()).0.unwrap_err();
        assert_eq!(error.kind, ErrorKind::UnsupportedByProvider, "{scopes:?}");
    }
}

#[test]
fn lost_states_come_back_from_the_memory() {
    let (memory, now, a) = (StateMemory::default(), Instant::now(), scope("a"));
    let kept = |part: &Part| match part {
        Part::ProviderState(state) => vec![state.clone()],
        _ => Vec::new(),
    };
    memory.remember("me", "c1", &target("p"), kept(&state("p", &a, "c1")), now);
    memory.remember("me", "c2", &target("q"), kept(&state("q", "", "c2")), now);
    memory.remember("you", "c3", &target("p"), kept(&state("p", "", "c3")), now);
    memory.remember("me", "c4", &target("p"), kept(&state("p", &a, "c4")), now);

    let own = state("p", "", "c4");
    let turns = vec![vec![call("c1"), call("c2")], vec![call("c3")], vec![call("c4"), own.clone()]];
    for strict in [false, true] {
        let mut given = ChatRequest { strict, ..request(turns.clone()) };
        let (pins, keys) = pinned(&mut given, &["b", "a"], &memory);
        let pins = pins.unwrap();
        assert_eq!(given.messages[0].parts, [call("c1"), call("c2"), state("p", &a, "c1")], "ours, of this provider");
        assert_eq!(given.messages[1].parts, [call("c3")], "what another caller had is nobody's business");
        assert_eq!(given.messages[2].parts, [call("c4"), own.clone()], "the client's own word counts");
        assert_eq!(keys, ["a", "b"], "the key of the remembered state goes first, no other is lost");
        let (sent, warning) = pins.request_for(Some(&key("b")), &given);
        assert_eq!((sent.messages[0].parts.len(), warning), (2, None), "nobody is warned of what they did not send");
        assert!(pins.warnings.is_empty());
    }
}
