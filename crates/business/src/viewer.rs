use bridge_validator::Principal;

/// For whom something is looked up. A partner is shown what concerns it, as if nothing else existed; the own clients
/// are shown everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer<'a> {
    /// A client of this company.
    Own,
    /// A client of this partner, by the name in our configuration.
    Partner(&'a str),
}

impl<'a> Viewer<'a> {
    /// Who looks. The own issuer's policy file bears the company's own name.
    pub fn of(principal: Principal<'a>, company: &str) -> Self {
        if principal.partner == company { Self::Own } else { Self::Partner(principal.partner) }
    }

    /// The partner to whose things the view is limited; `None` for no limit.
    pub fn limit(self) -> Option<&'a str> {
        match self {
            Self::Own => None,
            Self::Partner(name) => Some(name),
        }
    }
}
