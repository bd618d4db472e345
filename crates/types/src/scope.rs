use crate::Invalid;
use crate::invalid::text_word;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// One scope value (`scope-token`, RFC 6749 §3.3). Compared whole and case-sensitively; there are no wildcards and no
/// hierarchy.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope(Arc<str>);

text_word!(Scope);

impl Scope {
    fn check(text: &str) -> Result<(), Invalid> {
        let token = |b: u8| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if (1..=128).contains(&text.len()) && text.bytes().all(token) {
            return Ok(());
        }
        Err(Invalid::new("scope", "1 to 128 visible ASCII characters without space, quote or backslash", text))
    }
}

/// A set of scopes. On the wire it is one string, the values separated by exactly one space (RFC 6749 §3.3); in
/// configuration files it is a list.
///
/// A value given twice is refused: nobody can mean it. The set may be empty, and then grants nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScopeSet(BTreeSet<Scope>);

impl ScopeSet {
    /// True when the exact value is in the set.
    pub fn contains(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    /// True when nothing is in the set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many values are in the set.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The values, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }

    /// True when every value of this set is also in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// The values of this set that the other lacks.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0).cloned().collect())
    }

    /// The values that are in both sets.
    #[must_use]
    pub fn within(&self, ceiling: &Self) -> Self {
        Self(self.0.intersection(&ceiling.0).cloned().collect())
    }
}

impl FromStr for ScopeSet {
    type Err = Invalid;

    /// Parses the wire form. Empty text, doubled, leading or trailing spaces and repeated values are refused.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.len() > 4096 {
            return Err(Invalid::new("scope", "at most 4096 characters", text));
        }
        let mut scopes = BTreeSet::new();
        for value in text.split(' ') {
            if !scopes.insert(value.parse()?) {
                return Err(Invalid::new("scope", "each value once", text));
            }
        }
        Ok(Self(scopes))
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { " " };
            write!(f, "{separator}{scope}")?;
        }
        Ok(())
    }
}

impl Serialize for ScopeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

impl<'de> Deserialize<'de> for ScopeSet {
    /// Reads the list form of configuration files.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let listed = Vec::<Scope>::deserialize(deserializer)?;
        let count = listed.len();
        let set = BTreeSet::from_iter(listed);
        if set.len() != count {
            return Err(serde::de::Error::custom("invalid scope list: expected each value once, found a repeated one"));
        }
        Ok(Self(set))
    }
}

#[cfg(test)]
mod tests {
    use super::ScopeSet;
    use proptest::prelude::*;

    fn set(text: &str) -> ScopeSet {
        text.parse().unwrap()
    }

    #[test]
    fn refuses_what_is_not_a_scope_string() {
        for text in ["", " ", "a ", " a", "a  b", "a\tb", "a\nb", "\"a\"", "a\\b", "ä", "a a"] {
            assert!(text.parse::<ScopeSet>().is_err(), "accepted {text:?}");
        }
    }

    #[test]
    fn compares_whole_values_with_case() {
        let granted = set("orders:read shipments:write");
        assert!(granted.contains("orders:read"));
        for other in ["orders", "orders:rea", "orders:read ", "Orders:read", "orders:read shipments:write", ""] {
            assert!(!granted.contains(other), "contains {other:?}");
        }
    }

    #[test]
    fn list_form_refuses_a_repeated_value() {
        assert!(serde_json::from_str::<ScopeSet>(r#"["a","a"]"#).is_err());
        assert_eq!(serde_json::from_str::<ScopeSet>(r#"["b","a"]"#).unwrap(), set("a b"));
    }

    fn any_set() -> impl Strategy<Value = ScopeSet> {
        proptest::collection::btree_set("[a-c]{1,2}", 0..5)
            .prop_map(|values| values.iter().map(|value| value.parse().unwrap()).collect())
    }

    proptest! {
        #[test]
        fn wire_form_round_trips(scopes in any_set()) {
            prop_assume!(!scopes.is_empty());
            prop_assert_eq!(scopes.to_string().parse(), Ok(scopes));
        }

        #[test]
        fn within_and_without_split_a_set(a in any_set(), b in any_set()) {
            let (inside, outside) = (a.within(&b), a.without(&b));
            prop_assert!(inside.is_subset(&b) && inside.is_subset(&a));
            prop_assert!(outside.within(&b).is_empty());
            prop_assert_eq!(inside.len() + outside.len(), a.len());
        }
    }
}
