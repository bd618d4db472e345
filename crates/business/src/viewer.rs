use bridge_types::OwnIssuer;
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
    /// Who looks. Own is whoever has a token of the own issuer, and nobody else, whatever the file of a policy is called.
    pub fn of(principal: Principal<'a>, own: &OwnIssuer) -> Self {
        if principal.issuer == own.url() { Self::Own } else { Self::Partner(principal) }
    }

    /// The issuer to whose clients' things the view is limited; `None` for no limit.
    pub fn issuer(self) -> Option<&'a str> {
        match self {
            Self::Own => None,
            Self::Partner(principal) => Some(principal.issuer.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Viewer;
    use bridge_types::OwnIssuer;
    use bridge_validator::Principal;

    #[test]
    fn a_partner_whose_file_bears_the_name_of_the_company_is_a_partner() {
        let own = OwnIssuer::new("https://issuer.company-a.example".parse().unwrap());
        let (other, client) = ("https://issuer.company-b.example".parse().unwrap(), "shop".parse().unwrap());
        let of = |issuer, partner| Viewer::of(Principal { issuer, client_id: &client, partner }, &own).issuer();
        assert_eq!(of(&other, "company-a"), Some("https://issuer.company-b.example"));
        assert_eq!(of(own.url(), "ourselves"), None);
    }
}
