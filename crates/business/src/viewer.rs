use bridge_validator::Principal;

/// For whom something is looked up. A partner is shown what concerns it, as if nothing else existed; the own clients
/// are shown everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer<'a> {
    /// A client of this company.
    Own,
    /// A client of a partner.
    Partner(Principal<'a>),
}

impl<'a> Viewer<'a> {
    /// Who looks. The policy for the own issuer bears the company's own name.
    pub fn of(principal: Principal<'a>, company: &str) -> Self {
        if principal.partner == company { Self::Own } else { Self::Partner(principal) }
    }

    /// The name of the partner to whose things the view is limited; `None` for no limit.
    pub fn partner(self) -> Option<&'a str> {
        self.limit().map(|principal| principal.partner)
    }

    /// The issuer to whose clients' things the view is limited; `None` for no limit.
    pub fn issuer(self) -> Option<&'a str> {
        self.limit().map(|principal| principal.issuer.as_str())
    }

    fn limit(self) -> Option<Principal<'a>> {
        match self {
            Self::Own => None,
            Self::Partner(principal) => Some(principal),
        }
    }
}
