use cucumber::Parameter;
use std::fmt;
use std::str::FromStr;

/// One of the two companies. Every scenario names them, so that it can be told in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Parameter, serde::Serialize)]
#[param(name = "company", regex = "A|B")]
pub(crate) enum Side {
    /// The retailer.
    A,
    /// The carrier.
    B,
}

impl Side {
    /// Both, in the order in which everything lists them.
    pub(crate) const BOTH: [Self; 2] = [Self::A, Self::B];

    /// The name of its package, its binary, its directory and its policy file at the partner.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::A => "company-a",
            Self::B => "company-b",
        }
    }

    /// The partner.
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::B => "B",
        })
    }
}

impl FromStr for Side {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "A" => Ok(Self::A),
            "B" => Ok(Self::B),
            other => Err(format!("invalid company: expected A or B, found {other}")),
        }
    }
}

/// One value for each company.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pair<T> {
    a: T,
    b: T,
}

impl<T> Pair<T> {
    /// The values of company A and company B.
    pub(crate) const fn of(a: T, b: T) -> Self {
        Self { a, b }
    }

    /// Makes both values.
    pub(crate) fn new(mut make: impl FnMut(Side) -> T) -> Self {
        Self { a: make(Side::A), b: make(Side::B) }
    }

    /// Makes both values, or stops at the first error.
    pub(crate) fn try_new<E>(mut make: impl FnMut(Side) -> Result<T, E>) -> Result<Self, E> {
        Ok(Self { a: make(Side::A)?, b: make(Side::B)? })
    }

    /// Makes another value of each.
    pub(crate) fn map<U>(self, mut change: impl FnMut(T) -> U) -> Pair<U> {
        Pair { a: change(self.a), b: change(self.b) }
    }

    /// Both values with their company.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Side, &T)> {
        [(Side::A, &self.a), (Side::B, &self.b)].into_iter()
    }
}

impl<T> std::ops::Index<Side> for Pair<T> {
    type Output = T;

    fn index(&self, side: Side) -> &T {
        match side {
            Side::A => &self.a,
            Side::B => &self.b,
        }
    }
}

impl<T> std::ops::IndexMut<Side> for Pair<T> {
    fn index_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::A => &mut self.a,
            Side::B => &mut self.b,
        }
    }
}
