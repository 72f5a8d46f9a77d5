//! What the holder of a key may give to another key: nothing that the key in use has not got itself.

use crate::domain::{
    error::{Error, ErrorKind, Result},
    key::{GatewayKey, GatewayKeyChange},
    scope::{ModelPatterns, Scope, Scopes},
};

/// What the key in use has, and so may give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub scopes: Scopes,
    pub models: ModelPatterns,
}

impl Grant {
    /// Refuses a new key that would have more.
    pub fn allow_new(&self, scopes: Scopes, models: &ModelPatterns) -> Result<()> {
        self.allow_scopes(scopes)?;
        self.allow_models(models)
    }

    /// Refuses a change that gives a key more. A key that has more already may be narrowed, renamed, switched off or
    /// made to expire sooner, but not be brought back to life or be made to live longer.
    pub fn allow_change(&self, key: &GatewayKey, change: &GatewayKeyChange) -> Result<()> {
        let revives = change.active == Some(true) && !key.active;
        let prolongs = change.expires_ms.is_some_and(|expires| later(expires, key.expires_ms));
        if let Some(scopes) = change.scopes.or((revives || prolongs).then_some(key.scopes)) {
            self.allow_scopes(scopes)?;
        }
        match &change.models {
            Some(models) => self.allow_models(models),
            None if revives || prolongs => self.allow_models(&key.models),
            None => Ok(()),
        }
    }

    fn allow_scopes(&self, wanted: Scopes) -> Result<()> {
        let missing: Vec<&str> = wanted.iter().filter(|s| !self.scopes.has(*s)).map(Scope::name).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let missing = missing.join(", ");
        let message =
            format!("the key in use lacks the scope {missing}, so it cannot give it to a key; use one that has it");
        Err(refusal("gateway_key.scopes", message))
    }

    fn allow_models(&self, wanted: &ModelPatterns) -> Result<()> {
        if self.models.contain(wanted) {
            return Ok(());
        }
        let own = self.models.as_slice().join(", ");
        let message = format!("the key in use may use {own} only, so it cannot give a key more models than these");
        Err(refusal("gateway_key.allowed_models", message))
    }
}

fn refusal(field: &str, message: String) -> Error {
    Error { field: Some(field.to_owned()), ..Error::new(ErrorKind::NotAllowed, message) }
}

/// `None` is never, and so later than every time.
fn later(new_ms: Option<i64>, old_ms: Option<i64>) -> bool {
    match (new_ms, old_ms) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(new), Some(old)) => new > old,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn models(patterns: &[&str]) -> ModelPatterns {
        ModelPatterns::new(patterns.iter().map(|p| (*p).to_owned()))
    }

    fn scopes(scopes: &[Scope]) -> Scopes {
        scopes.iter().copied().collect()
    }

    #[test]
    fn nothing_is_given_that_is_not_there() {
        let grant = Grant { scopes: scopes(&[Scope::Keys, Scope::Models]), models: models(&["a/*"]) };
        let wide = GatewayKey { scopes: Scopes::all(), expires_ms: Some(10), ..GatewayKey::default() };
        let own = GatewayKey { scopes: scopes(&[Scope::Keys]), models: models(&["a/b"]), ..wide.clone() };
        let change = GatewayKeyChange::default;
        let rows = [
            ("rename", &wide, GatewayKeyChange { name: Some("x".into()), ..change() }, None),
            ("switch off", &wide, GatewayKeyChange { active: Some(false), ..change() }, None),
            ("sooner", &wide, GatewayKeyChange { expires_ms: Some(Some(9)), ..change() }, None),
            ("later", &wide, GatewayKeyChange { expires_ms: Some(Some(11)), ..change() }, Some("scopes")),
            ("never", &wide, GatewayKeyChange { expires_ms: Some(None), ..change() }, Some("scopes")),
            ("revive", &wide, GatewayKeyChange { active: Some(true), ..change() }, Some("scopes")),
            (
                "revive narrowed",
                &wide,
                GatewayKeyChange {
                    active: Some(true),
                    scopes: Some(scopes(&[Scope::Keys])),
                    models: Some(models(&["a/c"])),
                    ..change()
                },
                None,
            ),
            ("scopes", &own, GatewayKeyChange { scopes: Some(Scopes::all()), ..change() }, Some("scopes")),
            ("every model", &own, GatewayKeyChange { models: Some(models(&[])), ..change() }, Some("allowed_models")),
            (
                "other model",
                &own,
                GatewayKeyChange { models: Some(models(&["b/c"])), ..change() },
                Some("allowed_models"),
            ),
            ("own models", &own, GatewayKeyChange { models: Some(models(&["a/*"])), ..change() }, None),
            ("revive own", &own, GatewayKeyChange { active: Some(true), ..change() }, None),
            ("own later", &own, GatewayKeyChange { expires_ms: Some(None), ..change() }, None),
        ];
        for (case, key, change, refused) in rows {
            let result = grant.allow_change(key, &change);
            let field = result.err().map(|error| {
                assert_eq!(error.kind, ErrorKind::NotAllowed, "{case}");
                error.field.unwrap_or_default()
            });
            assert_eq!(field, refused.map(|name| format!("gateway_key.{name}")), "{case}");
        }
        assert!(grant.allow_new(scopes(&[Scope::Keys]), &models(&["a/x"])).is_ok());
        assert!(grant.allow_new(scopes(&[Scope::Activity]), &models(&["a/x"])).is_err());
        assert!(grant.allow_new(scopes(&[Scope::Keys]), &models(&[])).is_err());
    }
}
