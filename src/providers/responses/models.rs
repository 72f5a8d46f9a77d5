//! Reads a provider's list of its models.

use serde::Deserialize;

use super::{
    errors::read,
    raw::{Raw, count, list, object, text},
};
use crate::{
    domain::{
        failure::UpstreamFailure,
        model::{Capability, ListedModel},
    },
    providers::adapter::Reply,
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Models<'a> {
    #[serde(borrow)]
    data: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Model<'a> {
    #[serde(borrow)]
    id: Raw<'a>,
    #[serde(borrow)]
    created: Raw<'a>,
    #[serde(borrow)]
    owned_by: Raw<'a>,
}

/// Returns the models of `owner`, or all when it is empty. Names lose `prefix`, which requests put back.
pub fn decode(reply: Reply<'_>, owner: &str, prefix: &str) -> Result<Vec<ListedModel>, UpstreamFailure> {
    let models: Models<'_> = serde_json::from_slice(reply.body).map_err(|_| read(reply))?;
    if models.data.is_none() {
        return Err(read(reply));
    }
    let model = |raw| {
        let model: Model<'_> = object(Some(raw));
        let (name, owned_by) = (text(model.id), text(model.owned_by));
        let wanted = !name.is_empty() && (owner.is_empty() || owned_by == owner);
        wanted.then(|| ListedModel {
            upstream_name: name.strip_prefix(prefix).unwrap_or(&name).to_owned(),
            owned_by,
            created: count(model.created).and_then(|time| i64::try_from(time).ok()).unwrap_or_default(),
            capabilities: vec![Capability::Chat, Capability::Streaming],
            ..ListedModel::default()
        })
    };
    Ok(list(models.data).into_iter().filter_map(model).collect())
}
