//! What a gateway key may do, and with which models.

use std::sync::Arc;

/// Something a gateway key may do. Same list and meaning as `GatewayKeyScope` of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Use models.
    Models,
    /// Manage keys.
    Keys,
    /// Read activity and usage.
    Activity,
}

impl Scope {
    pub const ALL: [Self; 3] = [Self::Models, Self::Keys, Self::Activity];

    /// The word for it in the database and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Models => "models",
            Self::Keys => "keys",
            Self::Activity => "activity",
        }
    }

    fn bit(self) -> u8 {
        match self {
            Self::Models => 1,
            Self::Keys => 2,
            Self::Activity => 4,
        }
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    pub fn all() -> Self {
        Scope::ALL.into_iter().collect()
    }

    pub fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether every scope of the other set is in this one.
    pub fn contain(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

/// Models a key may use: ids, and patterns such as `google/*`. None at all means every model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelPatterns(Arc<[String]>);

impl ModelPatterns {
    pub fn new(patterns: impl IntoIterator<Item = String>) -> Self {
        Self(patterns.into_iter().collect())
    }

    pub fn allow_all(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a model with this id may be used.
    pub fn allow(&self, id: &str) -> bool {
        self.allow_all() || self.0.iter().any(|pattern| fits(pattern, id))
    }

    /// Whether everything the other set allows is allowed here.
    pub fn contain(&self, other: &Self) -> bool {
        self.allow_all() || (!other.allow_all() && other.0.iter().all(|theirs| self.0.iter().any(|p| fits(p, theirs))))
    }

    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

/// A pattern fits an id, and any pattern that allows no more than itself.
fn fits(pattern: &str, id: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => id.starts_with(prefix),
        None => pattern == id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_allow_and_contain() {
        let set = |patterns: &[&str]| ModelPatterns::new(patterns.iter().map(|p| (*p).to_owned()));
        for (patterns, id, want) in [
            (&[][..], "google/x", true),
            (&["google/*"], "google/x", true),
            (&["google/*"], "x-ai/x", false),
            (&["google/x"], "google/x", true),
            (&["google/x"], "google/xy", false),
        ] {
            assert_eq!(set(patterns).allow(id), want, "{patterns:?} {id}");
        }
        for (outer, inner, want) in [
            (&[][..], &[][..], true),
            (&[], &["google/*"], true),
            (&["google/*"], &[], false),
            (&["google/*"], &["google/x", "google/gemini-*"], true),
            (&["google/x"], &["google/*"], false),
            (&["google/*", "x-ai/a"], &["x-ai/a"], true),
        ] {
            assert_eq!(set(outer).contain(&set(inner)), want, "{outer:?} {inner:?}");
        }
    }

    #[test]
    fn scopes_are_a_set() {
        let some: Scopes = [Scope::Models, Scope::Activity].into_iter().collect();
        assert!(some.has(Scope::Activity) && !some.has(Scope::Keys) && Scopes::all().contain(some));
        assert!(!some.contain(Scopes::all()) && Scopes::default().is_empty());
        assert_eq!(some.iter().map(Scope::name).collect::<Vec<_>>(), ["models", "activity"]);
    }
}
