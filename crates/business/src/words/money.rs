use super::Currency;
use crate::{Check, Mismatch, Parse};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// The largest price: 100 lines of 10,000 pieces at this price still add up to a number that JSON carries exactly.
const LARGEST: i64 = 1_000_000_000;

/// An amount of one currency, counted in its smallest unit. Never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Money {
    amount_minor: i64,
    currency: Currency,
}

/// Money on the wire.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Money)]
pub struct MoneyBody {
    /// In the smallest unit of the currency, such as cents.
    #[schema(minimum = 0, example = 1999)]
    pub amount_minor: i64,
    /// ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$", example = "EUR")]
    pub currency: String,
}

impl Money {
    /// No money, of some currency.
    pub fn zero(currency: Currency) -> Self {
        Self { amount_minor: 0, currency }
    }

    /// In the smallest unit.
    pub fn amount_minor(self) -> i64 {
        self.amount_minor
    }

    /// The currency.
    pub fn currency(self) -> Currency {
        self.currency
    }

    /// This much, that many times. Stays at the largest number instead of overflowing, which no price within bounds
    /// reaches.
    #[must_use]
    pub fn times(self, count: i64) -> Self {
        Self { amount_minor: self.amount_minor.saturating_mul(count.max(0)), ..self }
    }

    /// This and more of the same currency.
    ///
    /// # Errors
    /// [`Mismatch`] when the other is of another currency.
    pub fn plus(self, other: Self) -> Result<Self, Mismatch> {
        if other.currency != self.currency {
            return Err(Mismatch::new(format!("{}, like the rest", self.currency.code()), other.currency.code()));
        }
        Ok(Self { amount_minor: self.amount_minor.saturating_add(other.amount_minor), ..self })
    }
}

impl PartialSchema for Money {
    fn schema() -> RefOr<Schema> {
        MoneyBody::schema()
    }
}

impl ToSchema for Money {
    fn name() -> Cow<'static, str> {
        MoneyBody::name()
    }
}

impl Parse for Money {
    type Wire = MoneyBody;

    fn parse(wire: MoneyBody, check: &mut Check) -> Option<Self> {
        let amount = check.value::<_, super::Bounded<0, LARGEST>>("amount_minor", wire.amount_minor);
        let currency = check.value("currency", wire.currency);
        Some(Self { amount_minor: amount?.get(), currency: currency? })
    }
}

#[cfg(test)]
mod tests {
    use super::Money;
    use crate::check::find_defects;

    fn money(amount: i64, currency: &str) -> Money {
        find_defects(format!(r#"{{"amount_minor":{amount},"currency":"{currency}"}}"#).as_bytes()).unwrap()
    }

    #[test]
    fn all_defects_are_told_at_once() {
        let defects = find_defects::<Money>(br#"{"amount_minor":-1,"currency":"eur"}"#).unwrap_err();
        let pointers: Vec<_> = defects.iter().map(|defect| defect.pointer.as_str()).collect();
        assert_eq!(pointers, ["/amount_minor", "/currency"]);
        assert_eq!(
            (defects[0].expected.as_str(), defects[0].found.as_str()),
            ("an integer from 0 to 1000000000", "-1")
        );
    }

    #[test]
    fn currencies_do_not_mix() {
        assert!(money(1, "EUR").plus(money(1, "USD")).is_err());
        assert_eq!(money(2, "EUR").plus(money(3, "EUR").times(4)).unwrap().amount_minor(), 14);
    }

    #[test]
    fn the_largest_order_is_carried_exactly_by_json() {
        let largest = money(1_000_000_000, "EUR").times(10_000).times(100);
        assert!(largest.amount_minor() < 1 << 53);
    }
}
