//! A call as the use cases see it, whatever it asks for.

use std::sync::Arc;

use tokio::time::Instant;

use super::catalog::Catalog;
use crate::domain::{
    error::{Error, ErrorKind, Result},
    key::{Caller, RequestKeys},
    model::{Model, ProviderInfo, Target},
};

/// Who asks, until when and with which keys of their own.
#[derive(Debug)]
pub struct CallContext {
    pub caller: Arc<Caller>,
    pub request_id: String,
    pub deadline: Instant,
    pub request_keys: RequestKeys,
}

/// Returns the id of the model that a request goes to, or refuses it if the caller's key may not use it. `field` is where
/// the contract names the model.
pub fn admit(
    catalog: &Catalog,
    caller: &Caller,
    target: &Target,
    provider: &ProviderInfo,
    field: &str,
) -> Result<String> {
    let asked = || format!("{}/{}", provider.prefix, target.model);
    let known = catalog.model_at(&target.provider, &target.model).map(|model| model.id.as_str());
    if !caller.models.allow_all() && !caller.models.allow(&asked()) && !known.is_some_and(|id| caller.models.allow(id))
    {
        return Err(not_allowed(&known.map_or_else(asked, str::to_owned), field));
    }
    Ok(known.map_or_else(asked, str::to_owned))
}

/// Whether the caller's key may use a known model, by its id or by its name at the provider.
pub fn may_use(catalog: &Catalog, caller: &Caller, model: &Model) -> bool {
    let there = || catalog.provider(&model.provider).map(|p| format!("{}/{}", p.prefix, model.upstream_name));
    caller.models.allow(&model.id) || there().is_some_and(|name| caller.models.allow(&name))
}

pub fn not_allowed(model: &str, field: &str) -> Error {
    let message = format!(
        "this gateway key may not use the model `{model}`: use one that it allows, or have its allowed models changed"
    );
    Error { field: Some(field.to_owned()), ..Error::new(ErrorKind::NotAllowed, message) }
}
