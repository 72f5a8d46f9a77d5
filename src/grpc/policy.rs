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
    /// What the caller's key must be allowed to do; `None` where anybody may call, also without a key.
    pub scope: Option<Scope>,
    /// Whether its answer is a stream without an end of its own.
    pub endless: bool,
}

include!(concat!(env!("OUT_DIR"), "/policy.rs"));

/// Returns the policy of the rpc at this path, if this caller may use it.
pub fn policy_for(path: &str, caller: &Caller) -> Result<Policy> {
    let Some(policy) = policy_of(path) else {
        let message = "this gateway has no such rpc, so no key may use it; see whether client and gateway have the same \
                       version";
        return Err(Error::new(ErrorKind::NotAllowed, message));
    };
    match policy.scope {
        Some(scope) if !caller.scopes.has(scope) => Err(missing(scope)),
        Some(_) | None => Ok(policy),
    }
}

/// Whether the rpc at this path is for anybody.
pub fn is_public(path: &str) -> bool {
    policy_of(path).is_some_and(|policy| policy.scope.is_none())
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
            assert_eq!(policy_of(path), Some(Policy { scope: Some(scope), endless }), "{path}");
            assert!(!is_public(path), "{path}");
            assert!(policy_for(path, &caller(&[scope])).is_ok());
            let others: Vec<Scope> = Scope::ALL.into_iter().filter(|s| *s != scope).collect();
            let error = policy_for(path, &caller(&others)).unwrap_err();
            assert_eq!(error.kind, ErrorKind::NotAllowed);
            assert!(error.message.contains(&format!("`{}`", scope.name())), "{error}");
        }
    }

    #[test]
    fn the_status_is_public() {
        let path = "/aigateway.v1.StatusService/GetStatus";
        assert!(is_public(path) && policy_for(path, &caller(&[])).is_ok());
    }

    #[test]
    fn what_is_not_in_the_table_is_refused() {
        for path in ["", "/", "/aigateway.v1.ChatService/None", "/aigateway.v1.ChatService/StreamChatCompletion/"] {
            assert_eq!(policy_for(path, &caller(&Scope::ALL)).unwrap_err().kind, ErrorKind::NotAllowed, "{path}");
            assert!(!is_public(path), "{path}");
        }
    }
}
