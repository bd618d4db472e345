use bridge_types::{OwnIssuer, PartnerIssuer};

fn launder(partner: PartnerIssuer) -> OwnIssuer {
    partner.into()
}

fn main() {}
