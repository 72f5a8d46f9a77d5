//! Opaque state of providers on its way through OpenAI's JSON, in `extra_content` of a message or a tool call.
//!
//! `{"gateway":{"states":[…]}}` holds every state whole. A thought signature stands beside it as Google's own compatible
//! endpoint writes it, for the clients that know that place. Clients that echo unknown members bring both back.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap as _};
use serde_json::value::RawValue;

use crate::pb;

const OURS: &str = "gateway";
const GOOGLE: &str = "google";
const SIGNATURE: &str = "thought_signature";

/// What [`ExtraContent`] writes.
#[derive(JsonSchema)]
#[schemars(rename = "ExtraContent")]
struct Places<'a> {
    #[expect(dead_code, reason = "only said, not written")]
    google: Option<Signature<'a>>,
    #[expect(dead_code, reason = "only said, not written")]
    gateway: Whole,
}

/// States that stand at one place, as the value of `extra_content`.
#[derive(JsonSchema)]
#[schemars(inline, with = "Places<'a>")]
pub enum ExtraContent<'a> {
    OfCall(&'a [&'a pb::ProviderState]),
    OfMessage(&'a [&'a pb::ProviderState]),
}

/// States whole, as `{"states":[…]}`.
#[derive(Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "ProviderStates")]
struct Whole {
    states: Vec<State>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "ProviderState")]
struct State {
    provider: String,
    #[serde(default)]
    key_scope: String,
    kind: String,
    data: String,
    /// Only where the state does not stand beside its call.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    tool_call_id: String,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Signature<'a> {
    thought_signature: &'a str,
}

impl State {
    fn of(state: &pb::ProviderState) -> Self {
        Self {
            provider: state.provider.clone(),
            key_scope: state.key_scope.clone(),
            kind: state.kind.clone(),
            data: STANDARD.encode(&state.data),
            tool_call_id: state.tool_call_id.clone(),
        }
    }

    /// Returns the state, or nothing when its data did not come from us.
    fn read(self, tool_call_id: &str) -> Option<pb::ProviderState> {
        let data = STANDARD.decode(self.data).ok()?.into();
        let tool_call_id = if tool_call_id.is_empty() { self.tool_call_id } else { tool_call_id.to_owned() };
        Some(pb::ProviderState {
            provider: self.provider,
            key_scope: self.key_scope,
            kind: self.kind,
            data,
            tool_call_id,
        })
    }
}

impl Serialize for ExtraContent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (states, beside_call) = match self {
            Self::OfCall(states) => (states, true),
            Self::OfMessage(states) => (states, false),
        };
        let here = |state: &pb::ProviderState| beside_call || state.tool_call_id.is_empty();
        let signature = states.iter().find(|s| s.provider == GOOGLE && s.kind == SIGNATURE && here(s));
        let mut map = serializer.serialize_map(None)?;
        if let Some(state) = signature {
            map.serialize_entry(GOOGLE, &Signature { thought_signature: &STANDARD.encode(&state.data) })?;
        }
        let whole = |state: &&pb::ProviderState| {
            let tool_call_id = if beside_call { String::new() } else { state.tool_call_id.clone() };
            State { tool_call_id, ..State::of(state) }
        };
        map.serialize_entry(OURS, &Whole { states: states.iter().map(whole).collect() })?;
        map.end()
    }
}

/// Reads what an earlier answer of ours carried, or `{"<provider>":{"<kind>":"<base64>"}}`, which is Google's own form
/// and was ours for all providers. Anything else in there is not ours and is left alone.
pub fn read(extra_content: &RawValue, tool_call_id: &str) -> Vec<pb::ProviderState> {
    type Members<T> = std::collections::BTreeMap<String, T>;

    let Ok(places) = serde_json::from_str::<Members<&RawValue>>(extra_content.get()) else { return Vec::new() };
    let mut states = places.get(OURS).map(|raw| read_whole(raw.get(), tool_call_id)).unwrap_or_default();
    for (provider, raw) in places.iter().filter(|(place, _)| *place != OURS) {
        let Ok(mut kinds) = serde_json::from_str::<Members<String>>(raw.get()) else { continue };
        if states.iter().any(|state| state.provider == *provider) {
            continue;
        }
        let key_scope = kinds.remove("key_scope").unwrap_or_default();
        states.extend(kinds.into_iter().filter_map(|(kind, data)| {
            let (provider, key_scope, tool_call_id) = (provider.clone(), key_scope.clone(), tool_call_id.to_owned());
            // What is no base64 did not come from us: the well-known placeholder signatures, for example.
            let data = STANDARD.decode(data).ok()?.into();
            Some(pb::ProviderState { provider, key_scope, kind, data, tool_call_id })
        }));
    }
    states
}

fn read_whole(json: &str, tool_call_id: &str) -> Vec<pb::ProviderState> {
    let whole = serde_json::from_str::<Whole>(json);
    whole
        .map(|whole| whole.states.into_iter().filter_map(|state| state.read(tool_call_id)).collect())
        .unwrap_or_default()
}

/// Marks text that [`seal`] made.
const SEALED: &str = "aigw1.";

/// Packs states into one opaque text, for interfaces whose clients echo exactly one.
pub fn seal(states: &[pb::ProviderState]) -> String {
    let whole = Whole { states: states.iter().map(State::of).collect() };
    format!("{SEALED}{}", STANDARD.encode(serde_json::to_vec(&whole).unwrap_or_default()))
}

/// Unpacks what [`seal`] made. A text of somebody else's is one state whose provider we do not know.
pub fn unseal(text: &str) -> Vec<pb::ProviderState> {
    let Some(packed) = text.strip_prefix(SEALED) else {
        let (kind, data) = ("encrypted_reasoning".to_owned(), text.to_owned().into());
        return vec![pb::ProviderState { kind, data, ..pb::ProviderState::default() }];
    };
    let json = STANDARD.decode(packed).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    read_whole(&json, "")
}
