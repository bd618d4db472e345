use crate::record::journal::Part;
use crate::side::Side;
use serde::Serialize;

/// A party of the sequence diagram, from left to right. The border between the companies runs through the middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Lane {
    /// The tester, who acts as a client of either company.
    Tester,
    /// Company A's issuer.
    IssuerA,
    /// Company A's API and applications.
    ApiA,
    /// Company B's API and applications.
    ApiB,
    /// Company B's issuer.
    IssuerB,
}

impl Lane {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [Self::Tester, Self::IssuerA, Self::ApiA, Self::ApiB, Self::IssuerB];

    /// The API and applications of a company.
    pub(crate) const fn api(side: Side) -> Self {
        match side {
            Side::A => Self::ApiA,
            Side::B => Self::ApiB,
        }
    }

    /// The issuer of a company.
    pub(crate) const fn issuer(side: Side) -> Self {
        match side {
            Side::A => Self::IssuerA,
            Side::B => Self::IssuerB,
        }
    }

    /// Where a call to this part of a company ends.
    pub(crate) const fn of(side: Side, part: Part) -> Self {
        match part {
            Part::Issuer => Self::issuer(side),
            Part::Api | Part::Operations => Self::api(side),
        }
    }

    /// Its name in the report.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Tester => "tester",
            Self::IssuerA => "issuer A",
            Self::ApiA => "company A",
            Self::ApiB => "company B",
            Self::IssuerB => "issuer B",
        }
    }

    /// Where its line stands in the diagram.
    pub(crate) const fn x(self) -> u32 {
        match self {
            Self::Tester => 50,
            Self::IssuerA => 260,
            Self::ApiA => 450,
            Self::ApiB => 745,
            Self::IssuerB => 935,
        }
    }
}
