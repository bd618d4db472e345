use bridge_types::Secret;
use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::Serialize;
use std::fmt;
use zeroize::Zeroizing;

/// A text member of an answer that must not be seen: it goes from the parser straight into its box.
#[derive(Debug)]
pub(crate) struct SecretText(pub(crate) Secret<String>);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = SecretText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<SecretText, E> {
                Ok(SecretText(Secret::new(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// The JSON of a request that contains a secret, overwritten when it was sent. `capacity` must be enough: a buffer that
/// grows leaves copies behind.
pub(crate) fn secret_json(body: &impl Serialize, capacity: usize) -> Result<Bytes, serde_json::Error> {
    let mut json = Zeroizing::new(Vec::with_capacity(capacity));
    serde_json::to_writer(&mut *json, body)?;
    debug_assert!(json.capacity() == capacity, "the buffer has grown");
    Ok(Bytes::from_owner(json))
}
