use super::{Country, Text};
use crate::{Check, Mismatch, Parse};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Where a parcel goes.
///
/// Does NOT check that the place exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "AddressBody")]
pub struct Address {
    name: Text<100>,
    street: Text<100>,
    city: Text<100>,
    postal_code: PostalCode,
    country: Country,
}

/// An address on the wire.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Address)]
pub struct AddressBody {
    /// Who receives it.
    #[schema(min_length = 1, max_length = 100, example = "Ada Lovelace")]
    pub name: String,
    /// Street and number.
    #[schema(min_length = 1, max_length = 100, example = "Hauptstraße 5")]
    pub street: String,
    /// Town.
    #[schema(min_length = 1, max_length = 100, example = "Heidelberg")]
    pub city: String,
    /// Letters, digits, spaces and hyphens.
    #[schema(min_length = 1, max_length = 12, example = "69117")]
    pub postal_code: String,
    /// ISO 3166-1 alpha-2.
    #[schema(pattern = "^[A-Z]{2}$", example = "DE")]
    pub country: String,
}

impl PartialSchema for Address {
    fn schema() -> RefOr<Schema> {
        AddressBody::schema()
    }
}

impl ToSchema for Address {
    fn name() -> Cow<'static, str> {
        AddressBody::name()
    }
}

impl TryFrom<AddressBody> for Address {
    type Error = Mismatch;

    /// For documents of our own; a request is parsed with [`Parse`], which tells more than the first defect.
    fn try_from(wire: AddressBody) -> Result<Self, Mismatch> {
        Self::parse(wire, &mut Check::default()).ok_or_else(|| Mismatch::new("an address", "another value"))
    }
}

impl Parse for Address {
    type Wire = AddressBody;

    fn parse(wire: AddressBody, check: &mut Check) -> Option<Self> {
        let name = check.value("name", wire.name);
        let street = check.value("street", wire.street);
        let city = check.value("city", wire.city);
        let postal_code = check.value("postal_code", wire.postal_code);
        let country = check.value("country", wire.country);
        Some(Self { name: name?, street: street?, city: city?, postal_code: postal_code?, country: country? })
    }
}

/// A postal code of any country: 1 to 12 letters, digits, spaces and hyphens, beginning and ending with neither.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
struct PostalCode(String);

impl TryFrom<String> for PostalCode {
    type Error = Mismatch;

    fn try_from(text: String) -> Result<Self, Mismatch> {
        let (bytes, inner) = (text.as_bytes(), |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-'));
        let ends = [bytes.first(), bytes.last()].iter().all(|end| end.is_some_and(u8::is_ascii_alphanumeric));
        if ends && bytes.len() <= 12 && bytes.iter().all(inner) {
            return Ok(Self(text));
        }
        Err(Mismatch::new("1 to 12 letters, digits, spaces and hyphens", format_args!("\"{text}\"")))
    }
}

#[cfg(test)]
mod tests {
    use super::Address;
    use crate::check::find_defects;
    use serde_json::{Value, json};

    fn sound() -> Value {
        json!({ "name": "Ada Lovelace", "street": "Hauptstraße 5", "city": "Heidelberg", "postal_code": "69117",
                "country": "DE" })
    }

    #[test]
    fn comes_back_as_it_went_in() {
        let address: Address = find_defects(sound().to_string().as_bytes()).unwrap();
        assert_eq!(serde_json::to_value(address).unwrap(), sound());
    }

    #[test]
    fn each_single_defect_is_told_where_it_is() {
        let cases = [
            ("name", json!("")),
            ("name", json!("x".repeat(101))),
            ("street", json!("Hauptstraße\n5")),
            ("city", json!(" ")),
            ("postal_code", json!("69_117")),
            ("postal_code", json!("-69117")),
            ("postal_code", json!("1234567890123")),
            ("country", json!("Germany")),
        ];
        for (member, value) in cases {
            let mut address = sound();
            address[member] = value.clone();
            let defects = find_defects::<Address>(address.to_string().as_bytes()).unwrap_err();
            assert_eq!(defects.len(), 1, "{value}: {defects:?}");
            assert_eq!(defects[0].pointer, format!("/{member}"), "{value}");
        }
    }
}
