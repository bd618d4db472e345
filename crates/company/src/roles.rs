use crate::application::Context;
use crate::config::{Configuration, complaint, partners_directory};
use crate::egress::Egress;
use crate::error::StartError;
use crate::events::{Outgoing, SecurityEvents};
use crate::evidence::Verifiers;
use crate::fetchers::PartnerFetchers;
use crate::health::{Health, Own};
use crate::identity::Identity;
use crate::keys::OwnKeys;
use crate::live::Live;
use crate::partner_status;
use crate::partners::Partners;
use crate::revocations::Revocations;
use crate::workloads::Workloads;
use bridge_issuer::Issuer;
use bridge_process::Outbound;
use bridge_store::{Database, Deliver};
use bridge_validator::{KeySetup, KeyTiming, OwnPolicy, TrustPolicies};
use std::path::Path;
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// The roles of one company, put together in the order in which they depend on each other: who is trusted, what is
/// issued, who is called. Nothing of it serves or runs yet.
pub(crate) struct Roles {
    /// Who is trusted.
    pub(crate) policies: Arc<TrustPolicies>,
    /// The own issuer.
    pub(crate) issuer: Arc<Issuer>,
    /// What the operations pages tell.
    pub(crate) health: Arc<Health>,
    /// What must survive a restart.
    pub(crate) database: Database,
    keys: OwnKeys,
    own: Own,
    live: Live,
}

impl Roles {
    /// Opens keys and clients in the database, reads the policies, and makes what calls partners. Contacts nobody.
    ///
    /// # Errors
    /// [`StartError`], when something that the company cannot do without is not there or not in order.
    pub(crate) async fn assemble(
        configuration: Configuration,
        identity: &Identity,
        database: &Database,
    ) -> Result<Self, StartError> {
        let Configuration { directory, company, clients, .. } = configuration;
        let outbound = Outbound::new(company.hosts.clone());
        let trusted = OwnPolicy { name: company.name.to_string(), issuer: identity.issuer.url().clone() };
        let policies = policies(trusted, &directory, &outbound, database)?;
        policies.recall_status().await;
        let keys = OwnKeys::open(database, &company.keys, company.issuer.algorithm).await?;
        let credentials = Arc::clone(&keys.credentials);
        let revocations = Revocations::new(database.clone(), SecurityEvents::live(Arc::clone(&policies)));
        let workloads = Workloads::new(outbound.clone(), Arc::clone(database.clock()));
        let registered = credentials.register(&clients, &workloads).await?;
        let issuer = keys.issuer(&company, identity, registered, revocations).await?;
        let agents = Partners::default();
        let verifiers = Verifiers {
            own: identity.issuer.clone(),
            issuer: Arc::clone(&issuer),
            policies: Arc::clone(&policies),
            agents: agents.clone(),
        };
        let own = keys.moved_by(verifiers, company.issuer.key_rotation);
        let health = Health::new(company.name.as_str().into(), database.clone(), Arc::clone(&policies), own.clone());
        let health = Arc::new(health);
        let egress = Egress::to_own_issuer(outbound, &company, identity.issuer.clone(), Arc::clone(database.clock()))?;
        let mut live = Live {
            directory,
            clients,
            credentials,
            workloads,
            egress,
            issuer: Arc::clone(&issuer),
            policies: Arc::clone(&policies),
            partners: Partners::default(),
            agents,
            health: Arc::clone(&health),
            outbound_errors: Vec::new(),
            registration_errors: Vec::new(),
        };
        live.connect_partners().await;
        Ok(Self { policies, issuer, health, database: database.clone(), keys, own, live })
    }

    /// What the business is given.
    pub(crate) fn context(&self, company: Arc<str>, identity: &Identity, shutdown: CancellationToken) -> Context {
        Context {
            company,
            issuer: identity.issuer.clone(),
            api: identity.api.clone(),
            database: self.database.clone(),
            partners: self.live.partners.clone(),
            clock: Arc::clone(self.database.clock()),
            shutdown,
        }
    }

    /// What empties the outbox, with the business' own part of it.
    pub(crate) fn outgoing(&self, application: Option<Arc<dyn Deliver>>) -> Outgoing {
        Outgoing {
            issuer: Arc::clone(&self.issuer),
            agents: self.live.agents.clone(),
            application,
            clock: Arc::clone(self.database.clock()),
        }
    }

    /// The APIs of partners as the company itself calls them.
    pub(crate) fn agents(&self) -> Partners {
        self.live.agents.clone()
    }

    /// Starts what keeps keys, files and knowledge of partners up to date, until the company stops.
    pub(crate) fn keep_up(self, tasks: &mut JoinSet<()>, shutdown: &CancellationToken) {
        let Own { ring, rotation } = self.own;
        tasks.spawn(self.keys.follow(shutdown.clone()));
        tasks.spawn(OwnKeys::rotate(ring, rotation, shutdown.clone()));
        tasks.spawn(self.live.follow(shutdown.clone()));
        tasks.spawn(partner_status::follow(self.policies, self.database, shutdown.clone()));
    }
}

fn policies(
    own: OwnPolicy,
    directory: &Path,
    outbound: &Outbound,
    database: &Database,
) -> Result<Arc<TrustPolicies>, StartError> {
    let timing = KeyTiming::default();
    let fetchers = Arc::new(PartnerFetchers::new(outbound.clone(), timing.fetch_timeout));
    let (clock, status) = (Arc::clone(database.clock()), Some(Arc::new(database.clone()) as _));
    let setup = KeySetup { fetchers, clock, timing, status };
    TrustPolicies::load_for(Some(own), &partners_directory(directory), setup)
        .map(Arc::new)
        .map_err(|refused| StartError::Configuration(refused.errors.iter().map(complaint).collect()))
}
