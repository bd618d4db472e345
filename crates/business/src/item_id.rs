use crate::Mismatch;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use bridge_validator::Problem;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::future::{Ready, ready};
use uuid::Uuid;

/// The id of something in the own database: a UUID that sorts by the time it was made.
///
/// As an extractor it reads the path parameter `id`; what is no id of ours answers 404, like an id that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ItemId(Uuid);

impl ItemId {
    /// A new id (UUID version 7).
    #[expect(clippy::new_without_default, reason = "an id that is made is not a default")]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }

    pub(crate) fn bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

impl TryFrom<&str> for ItemId {
    type Error = Mismatch;

    /// The one text form: lower case, with hyphens.
    fn try_from(text: &str) -> Result<Self, Mismatch> {
        let parsed = Uuid::try_parse(text).ok().filter(|id| id.to_string() == text);
        parsed.map(Self).ok_or_else(|| Mismatch::new("a UUID in lower case", format_args!("\"{text}\"")))
    }
}

impl TryFrom<String> for ItemId {
    type Error = Mismatch;

    fn try_from(text: String) -> Result<Self, Mismatch> {
        Self::try_from(text.as_str())
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromRequest for ItemId {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("id").and_then(|text| Self::try_from(text).ok());
        ready(id.ok_or_else(not_found))
    }
}

/// 404 for what does not exist, and for what the caller may not know to exist: the answers must not differ.
pub fn not_found() -> Problem {
    Problem::not_found("there is nothing at this address")
}

#[cfg(test)]
mod tests {
    use super::ItemId;

    #[test]
    fn has_one_text_form() {
        let id = ItemId::new();
        assert_eq!(ItemId::try_from(id.to_string()), Ok(id));
        let text = "01890a5d-ac96-774b-bcce-b302099a8057";
        for other in [&text.to_uppercase(), &text.replace('-', ""), &format!("{{{text}}}"), "", "7", "../orders"] {
            assert!(ItemId::try_from(other.to_owned()).is_err(), "accepted {other}");
        }
    }
}
