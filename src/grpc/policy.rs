//! What an rpc asks of its caller. `build.rs` writes the table from the options beside each rpc of the contract, and ends
//! the build when one has none. What is not in the table is refused.

use crate::domain::{
    error::{Error, ErrorKind, Result},
    key::Caller,
    scope::Scope,
};

/// What an rpc asks of its caller, and what it promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its place among [`RPCS`].
    pub rpc: usize,
    /// What the caller's key must be allowed to do; `None` where anybody may call, also without a key.
    pub scope: Option<Scope>,
    /// Whether its answer is a stream without an end of its own.
    pub endless: bool,
}

include!(concat!(env!("OUT_DIR"), "/policy.rs"));

/// Returns the policy of an rpc, if there is such an rpc and this caller may use it.
pub fn allowed(policy: Option<Policy>, caller: &Caller) -> Result<Policy> {
    let Some(policy) = policy else {
        let message = "this gateway has no such rpc, so no key may use it; see whether client and gateway have the same \
                       version";
        return Err(Error::new(ErrorKind::NotAllowed, message));
    };
    match policy.scope {
        Some(scope) if !caller.scopes.has(scope) => Err(missing(scope)),
        Some(_) | None => Ok(policy),
    }
}

/// The message holds no path: it would repeat what the caller wrote.
fn missing(scope: Scope) -> Error {
    let scope = scope.name();
    let message = format!("the gateway key lacks the scope `{scope}`; use a key that has it, or add it to this one");
    Error::new(ErrorKind::NotAllowed, message).with("required_scope", scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(scopes: &[Scope]) -> Caller {
        Caller { scopes: scopes.iter().copied().collect(), ..Caller::default() }
    }

    #[test]
    fn the_table_follows_the_contract() {
        for (path, scope, endless) in [
            ("/aigateway.v1.ChatService/StreamChatCompletion", Scope::Models, false),
            ("/aigateway.v1.KeyService/WatchProviderKeys", Scope::Keys, true),
            ("/aigateway.v1.ActivityService/WatchActivity", Scope::Activity, true),
            ("/aigateway.v1.ActivityService/ListUsage", Scope::Activity, false),
        ] {
            let policy = policy_of(path).unwrap();
            assert_eq!((policy.scope, policy.endless), (Some(scope), endless), "{path}");
            assert_eq!(format!("/aigateway.v1.{}", RPCS[policy.rpc]), path);
            assert!(allowed(Some(policy), &caller(&[scope])).is_ok());
            let others: Vec<Scope> = Scope::ALL.into_iter().filter(|s| *s != scope).collect();
            let error = allowed(Some(policy), &caller(&others)).unwrap_err();
            assert_eq!(error.kind, ErrorKind::NotAllowed);
            assert!(error.message.contains(&format!("`{}`", scope.name())), "{error}");
        }
    }

    #[test]
    fn the_status_is_public() {
        let policy = policy_of("/aigateway.v1.StatusService/GetStatus").unwrap();
        assert_eq!(policy.scope, None);
        assert!(allowed(Some(policy), &caller(&[])).is_ok());
    }

    #[test]
    fn what_is_not_in_the_table_is_refused() {
        for path in ["", "/", "/aigateway.v1.ChatService/None", "/aigateway.v1.ChatService/StreamChatCompletion/"] {
            let refused = allowed(policy_of(path), &caller(&Scope::ALL)).unwrap_err();
            assert_eq!(refused.kind, ErrorKind::NotAllowed, "{path}");
        }
    }
}
