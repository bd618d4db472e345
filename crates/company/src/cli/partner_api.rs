use super::Invocation;
use super::failure::Failure;
use crate::application::Application;
use crate::config::{ClientConfig, ClientKeys, CompanyConfig};
use crate::egress::Egress;
use crate::identity::Identity;
use bridge_client::{Credential, PartnerApi};
use bridge_issuer::{EmbeddedKeys, KeyRing};
use bridge_process::Outbound;
use bridge_store::Database;
use bridge_validator::{Outbound as Target, TrustPolicy};
use std::sync::Arc;

/// A partner's API, to be called as one of the own clients. Works beside a company that serves, whose issuer
/// gives the tokens; nothing is sent yet.
pub(super) async fn partner_api<A: Application>(
    invocation: &Invocation,
    company: &CompanyConfig,
    client: &ClientConfig,
    (policy, target): (&TrustPolicy, &Target),
) -> Result<PartnerApi, Failure> {
    let credential = match &client.keys {
        ClientKeys::Workload(workload) => {
            let file = workload.token_file.clone();
            let file = file.ok_or_else(|| Failure::failed(format!("client {} runs elsewhere", client.client_id)))?;
            Credential::of_platform(client.client_id.clone(), file)
        }
        ClientKeys::Managed | ClientKeys::Elsewhere(_) => managed::<A>(invocation, company, client).await?,
    };
    let identity = Identity::of(company, company.issuer.listen.value, company.api.listen.value)?;
    let outbound = Outbound::new(company.hosts.clone());
    let mut egress = Egress::to_own_issuer(outbound, company, identity.issuer, Arc::clone(&invocation.clock))?;
    egress.api(policy, target, credential).map_err(Failure::failed)
}

/// The key pair of a managed client, as the store has it.
async fn managed<A: Application>(
    invocation: &Invocation,
    company: &CompanyConfig,
    client: &ClientConfig,
) -> Result<Credential, Failure> {
    let database = Database::open(&company.database.value, &A::migrations(), Arc::clone(&invocation.clock)).await?;
    let (store, backend) = (Arc::new(company.keys.of(&database)), Arc::new(EmbeddedKeys::default()));
    let ring = KeyRing::open(store, backend, Arc::clone(&invocation.clock)).await;
    database.close().await;
    let key = ring?.client_key(&client.client_id);
    let no_key = || Failure::failed(format!("client {} has no key pair yet: start the company once", client.client_id));
    Ok(Credential::new(client.client_id.clone(), key.ok_or_else(no_key)?))
}
