use super::Invocation;
use super::failure::Failure;
use super::partner_api::partner_api;
use crate::application::Application;
use crate::config::{ClientConfig, Configuration};
use crate::probe::{self, PartnerReport, Probe};
use bridge_process::Outbound;
use bridge_validator::{Outbound as Target, TrustPolicy};
use serde::Serialize;
use std::fmt;
use std::sync::Arc;

/// Looks at every partner from here, one after the other, and asks those that have an agent how they see this company.
pub(super) async fn run<A: Application>(invocation: &mut Invocation) -> Result<(), Failure> {
    let configuration = Configuration::load(&invocation.directory, &invocation.variables)?;
    let probe = Probe::new(Outbound::new(configuration.company.hosts.clone()), Arc::clone(&invocation.clock));
    let mut partners = Vec::new();
    for policy in &configuration.policies {
        let mut report = probe.look_at(policy).await;
        if let Some((target, agent)) = agent(&configuration, policy) {
            report.add(match partner_api::<A>(invocation, &configuration.company, agent, (policy, target)).await {
                Ok(api) => probe::mirror(&api).await,
                Err(Failure::Failed(reason)) => vec![probe::unasked(reason)],
                Err(failure) => return Err(failure),
            });
        }
        partners.push(report);
    }
    let good = partners.iter().all(PartnerReport::is_good);
    invocation.console.print(&Report { ok: good, partners })?;
    if good { Ok(()) } else { Err(Failure::Found) }
}

/// The client that speaks for the company to a partner.
fn agent<'c>(configuration: &'c Configuration, policy: &'c TrustPolicy) -> Option<(&'c Target, &'c ClientConfig)> {
    let target = policy.outbound.as_ref()?;
    Some((target, configuration.clients.find(target.agent.as_deref()?)?))
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
