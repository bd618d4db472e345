use super::Invocation;
use super::failure::Failure;
use crate::config::Configuration;
use crate::outbound::Outbound;
use crate::probe::{PartnerReport, Probe};
use serde::Serialize;
use std::fmt;
use std::sync::Arc;

/// Looks at every partner from here, one after the other.
pub(super) async fn run(invocation: &mut Invocation) -> Result<(), Failure> {
    let configuration = Configuration::load(&invocation.directory, &invocation.variables)?;
    let probe = Probe::new(Outbound::new(configuration.company.hosts), Arc::clone(&invocation.clock));
    let mut partners = Vec::new();
    for policy in &configuration.policies {
        partners.push(probe.look_at(policy).await);
    }
    let good = partners.iter().all(PartnerReport::is_good);
    invocation.console.print(&Report { ok: good, partners })?;
    if good { Ok(()) } else { Err(Failure::Found) }
}

#[derive(Serialize)]
struct Report {
    ok: bool,
    partners: Vec<PartnerReport>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.partners.iter().try_for_each(|partner| partner.fmt(f))
    }
}
