use bridge_client::{Credential, OutboundHttp, TokenSource};
use bridge_types::{Clock, PartnerIssuer};
use std::sync::Arc;

fn ask_the_partner(
    partner: PartnerIssuer,
    credential: Credential,
    http: OutboundHttp,
    clock: Arc<dyn Clock>,
) -> TokenSource {
    TokenSource::new(partner, credential, http, clock)
}

fn main() {}
