use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

/// How deep objects and arrays may nest. Nothing of the profile needs more than three levels.
const MAX_DEPTH: usize = 16;

/// Why a text is not strict JSON. Carries no part of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StrictJsonError {
    /// Not JSON (RFC 8259), not UTF-8, or something follows the value.
    #[error("not one JSON value")]
    Syntax,
    /// The value is not an object.
    #[error("not a JSON object")]
    NotAnObject,
    /// Two members of one object have the same name (RFC 7515 §4, RFC 7519 §4: parsers disagree about what that means).
    #[error("a member name is repeated")]
    Duplicate,
    /// Nested deeper than the profile needs.
    #[error("nested too deeply")]
    Depth,
}

/// Parses a JSON object into a type, after a first pass that refuses repeated member names at every depth, deep
/// nesting, and anything behind the object. Names are compared after their escapes are resolved.
///
/// # Errors
/// The outer error is about the JSON; the inner one about the type.
pub fn parse_strict<T: DeserializeOwned>(json: &[u8]) -> Result<Result<T, serde_json::Error>, StrictJsonError> {
    check(json)?;
    Ok(serde_json::from_slice(json))
}

/// The first pass of [`parse_strict`] alone.
pub(crate) fn check(json: &[u8]) -> Result<(), StrictJsonError> {
    let verdict = Cell::new(None);
    let mut parser = serde_json::Deserializer::from_slice(json);
    let level = Level { depth: 0, verdict: &verdict };
    let parsed = parser.deserialize_any(level).and_then(|()| parser.end());
    match (parsed, verdict.get()) {
        (Ok(()), None) => Ok(()),
        (_, Some(found)) => Err(found),
        (Err(_), None) => Err(StrictJsonError::Syntax),
    }
}

/// Walks one value. serde's error type cannot carry our reason, so it is left in `verdict`.
#[derive(Clone, Copy)]
struct Level<'v> {
    depth: usize,
    verdict: &'v Cell<Option<StrictJsonError>>,
}

impl Level<'_> {
    fn refuse<E: Error>(self, reason: StrictJsonError) -> E {
        self.verdict.set(Some(reason));
        E::custom("refused")
    }

    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(self.refuse(StrictJsonError::Depth));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }

    fn scalar<E: Error>(self) -> Result<(), E> {
        if self.depth == 0 {
            return Err(self.refuse(StrictJsonError::NotAnObject));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Level<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        let mut names = Names::default();
        while let Some(Name(name)) = map.next_key()? {
            if !names.insert(name) {
                return Err(self.refuse(StrictJsonError::Duplicate));
            }
            map.next_value_seed(inner)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.scalar()?;
        let inner = self.deeper()?;
        while seq.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.scalar()
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        self.scalar()
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.scalar()
    }
}

/// A member name, borrowed from the text unless it contains escapes.
struct Name<'de>(Cow<'de, str>);

impl<'de> serde::Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;

        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member name")
            }

            fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }

        deserializer.deserialize_str(NameVisitor)
    }
}

/// The names seen in one object: a short list is searched, a long one is hashed, so that a hostile object of
/// thousands of members costs no more than its length.
#[derive(Default)]
struct Names<'de> {
    few: Vec<Cow<'de, str>>,
    many: HashSet<Cow<'de, str>>,
}

impl<'de> Names<'de> {
    fn insert(&mut self, name: Cow<'de, str>) -> bool {
        if self.few.contains(&name) {
            return false;
        }
        if self.few.len() < 16 {
            self.few.push(name);
            return true;
        }
        self.many.insert(name)
    }
}

#[cfg(test)]
mod tests {
    use super::StrictJsonError::{Depth, Duplicate, NotAnObject, Syntax};
    use super::check;

    #[test]
    fn accepts_objects_of_every_shape() {
        for json in ["{}", r#" {"a":1} "#, r#"{"a":[1,2.5,-1,"x",null,true,{"b":{"a":1}}],"b":18446744073709551615}"#] {
            assert_eq!(check(json.as_bytes()), Ok(()), "{json}");
        }
        let many: Vec<String> = (0..500).map(|i| format!("\"m{i}\":0")).collect();
        assert_eq!(check(format!("{{{}}}", many.join(",")).as_bytes()), Ok(()));
    }

    #[test]
    fn names_each_defect() {
        let many: Vec<String> = (0..500).map(|i| format!("\"m{}\":0", i % 499)).collect();
        let cases = [
            (r#"{"a":1,"a":1}"#.to_owned(), Duplicate),
            (r#"{"a":1,"b":2,"\u0061":1}"#.to_owned(), Duplicate),
            (r#"{"x":{"a":1,"a":2}}"#.to_owned(), Duplicate),
            (r#"{"x":[{"a":1,"a":2}]}"#.to_owned(), Duplicate),
            (format!("{{{}}}", many.join(",")), Duplicate),
            (format!("{}{}", r#"{"a":"#.repeat(17), "1".to_owned() + &"}".repeat(17)), Depth),
            (format!("{{\"a\":{}{}}}", "[".repeat(5000), "]".repeat(5000)), Depth),
            ("[]".to_owned(), NotAnObject),
            ("1".to_owned(), NotAnObject),
            ("null".to_owned(), NotAnObject),
            ("\"{}\"".to_owned(), NotAnObject),
            (String::new(), Syntax),
            ("{".to_owned(), Syntax),
            ("{}{}".to_owned(), Syntax),
            ("{} x".to_owned(), Syntax),
            ("{'a':1}".to_owned(), Syntax),
            (r#"{"a":1,}"#.to_owned(), Syntax),
            ("\u{feff}{}".to_owned(), Syntax),
            ("{\"a\":NaN}".to_owned(), Syntax),
        ];
        for (json, defect) in cases {
            assert_eq!(check(json.as_bytes()), Err(defect), "{json:.60}");
        }
        assert_eq!(check(b"{\"a\":\"\xff\"}"), Err(Syntax));
    }
}
