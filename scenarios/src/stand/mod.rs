//! The stand: both companies as processes, the lines between them, and the tester's side.

pub(crate) mod binaries;
pub(crate) mod certificates;
pub(crate) mod company;
pub(crate) mod forwarder;
pub(crate) mod gateway;
pub(crate) mod plan;
pub(crate) mod platform;
pub(crate) mod policy;
mod ports;
mod settings;
pub(crate) mod sidecar;
pub(crate) mod tls_files;
pub(crate) mod toml_file;

use crate::error::CannotRun;
use crate::record::journal::Journal;
use crate::record::log::{LogFile, LogLine};
use crate::side::{Pair, Side};
use crate::tester::http::Http;
use crate::tester::{APPLICATION, Tester};
use binaries::Binaries;
use bridge_types::{Clock, SystemClock};
use certificates::Authority;
use company::{Company, Measured};
use forwarder::Forwarder;
use plan::{Endpoint, Party, Plan};
use platform::Platform;
use policy::{EditedPolicies, Policy};
use ports::Ports;
use serde_json::Value;
pub(crate) use settings::CA_FILE;
use settings::Settings;
use sidecar::Sidecar;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard};

/// Where the companies listen.
pub(crate) const DIRECT: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Where the lines to them begin, as their partner sees them.
pub(crate) const PARTNER_FACING: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// How long a company may take to notice an edited file.
pub(crate) const NOTICE: Duration = Duration::from_secs(5);

/// How long a company may take to get its partner's keys.
const ACQUAINTANCE: Duration = Duration::from_secs(20);

/// How often the tester looks again.
const LOOK: Duration = Duration::from_millis(25);

/// How long the certificates of a run are valid.
const DAYS: i64 = 2;

/// Everything that the scenarios share.
#[derive(Debug)]
pub(crate) struct Stand {
    /// What the tester did.
    pub(crate) journal: Arc<Journal>,
    /// The tester's HTTP client.
    pub(crate) http: Http,
    /// The tester's keys.
    pub(crate) tester: Tester,
    /// What the pods of the companies run on.
    pub(crate) platform: Platform,
    /// Who is where.
    pub(crate) plan: Plan,
    /// The clock.
    pub(crate) clock: SystemClock,
    companies: Pair<Mutex<Company>>,
    sidecars: Pair<Mutex<Sidecar>>,
    logs: Pair<LogFile>,
    lines: Pair<Lines>,
    stranger: Forwarder,
    edited: Mutex<EditedPolicies>,
    directory: TempDir,
    _ports: Ports,
}

impl Stand {
    /// Makes certificates, keys and configuration for one run below a temporary directory. Nothing runs yet but the
    /// lines.
    pub(crate) async fn prepare(workspace: &Path, binaries: &Binaries) -> Result<Self, CannotRun> {
        let clock = SystemClock::new();
        let directory = TempDir::with_prefix("bridge-").map_err(CannotRun::system("make a temporary directory"))?;
        let root = directory.path();
        let ports = Ports::hold(Plan::PORTS)?;
        let plan = Plan::new(workspace, &ports.numbers())?;
        let authority = Authority::new(clock.now(), DAYS)?;
        let tester = Tester::new()?;
        let platform = Platform::new()?;
        let settings = Settings { plan: &plan, authority: &authority, tester: &tester, platform: &platform };
        let companies = Pair::try_new(|side| {
            let home = root.join(side.name());
            settings.write(side, &home)?;
            let log = LogFile::new(root.join(format!("{}.log", side.name())));
            Ok::<_, CannotRun>(Company::new(side, binaries.companies[side].clone(), home, log))
        })?;
        let sidecars = Pair::try_new(|side| {
            let home = root.join(format!("{}-sidecar", side.name()));
            let sidecar = Sidecar::prepare(side, &plan, authority.certificate_pem(), (&binaries.sidecar, &home))?;
            let clients = root.join(side.name()).join("clients");
            toml_file::replace(&clients.join(format!("{APPLICATION}.jwks.json")), &sidecar.register()?)?;
            Ok::<_, CannotRun>(sidecar)
        })?;
        let journal = Arc::new(Journal::default());
        Ok(Self {
            http: Http::new(plan.parties.clone(), authority.certificate_pem(), Arc::clone(&journal))?,
            lines: lines(&plan).await?,
            stranger: Forwarder::nowhere((PARTNER_FACING, plan.stranger).into()).await?,
            logs: Pair::new(|side| companies[side].log().clone()),
            companies: companies.map(Mutex::new),
            sidecars: sidecars.map(Mutex::new),
            edited: Mutex::default(),
            journal,
            tester,
            platform,
            plan,
            clock,
            directory,
            _ports: ports,
        })
    }

    /// The process of a company.
    pub(crate) async fn company(&self, side: Side) -> MutexGuard<'_, Company> {
        self.companies[side].lock().await
    }

    /// The sidecar of a company's application.
    pub(crate) async fn sidecar(&self, side: Side) -> MutexGuard<'_, Sidecar> {
        self.sidecars[side].lock().await
    }

    /// The log of a company.
    pub(crate) fn log(&self, side: Side) -> &LogFile {
        &self.logs[side]
    }

    /// The line over which a company's partner reaches its issuer.
    pub(crate) fn line(&self, side: Side) -> &Forwarder {
        &self.lines[side].issuer
    }

    /// The line over which a company's partner reaches its API. The tester has a way of its own.
    pub(crate) fn api_line(&self, side: Side) -> &Forwarder {
        &self.lines[side].api
    }

    /// A TLS file of a company.
    pub(crate) fn tls_file(&self, side: Side, name: &str) -> PathBuf {
        self.directory.path().join(side.name()).join("tls").join(name)
    }

    /// The door of the issuer that nobody trusts. It counts who knocks and lets nobody in.
    pub(crate) fn stranger(&self) -> &Forwarder {
        &self.stranger
    }

    /// The trust policies that the running scenario has edited.
    pub(crate) async fn edited(&self) -> MutexGuard<'_, EditedPolicies> {
        self.edited.lock().await
    }

    /// A company's trust policy, by name.
    pub(crate) fn policy(&self, holder: Side, name: &str) -> Policy {
        let path = self.directory.path().join(holder.name()).join("partners").join(format!("{name}.toml"));
        Policy { holder, name: name.to_owned(), path }
    }

    /// The configuration directory of a company, where its database and what opens it are too.
    pub(crate) fn home(&self, side: Side) -> PathBuf {
        self.directory.path().join(side.name())
    }

    /// Where the platform puts the token of a company's pod.
    pub(crate) fn volume(&self, side: Side) -> PathBuf {
        platform::volume(self.directory.path(), side)
    }

    /// A file beside a company's registered clients.
    pub(crate) fn client_file(&self, side: Side, name: &str) -> PathBuf {
        self.directory.path().join(side.name()).join("clients").join(name)
    }

    /// Waits until a company says that it has read its clients.
    pub(crate) async fn client_event(&self, side: Side, place: u64) -> Result<(), CannotRun> {
        let noticed = self.log(side).wait_for(place, NOTICE, |line| line.event() == "clients_loaded").await;
        noticed.map(drop).ok_or_else(|| {
            let problem = format!("{} did not report clients_loaded within {} s", side.name(), NOTICE.as_secs());
            CannotRun::settings(&self.client_file(side, ""), problem)
        })
    }

    /// Starts both companies and waits until each has the other's keys.
    pub(crate) async fn start(&self) -> Result<(), CannotRun> {
        let (mut a, mut b) = (self.company(Side::A).await, self.company(Side::B).await);
        tokio::try_join!(a.start(), b.start())?;
        let (a, b) = tokio::join!(self.has_partners_keys(Side::A), self.has_partners_keys(Side::B));
        a.and(b)
    }

    /// Undoes what a scenario did to the stand: sidecars are stopped, lines mended, policies and settings restored, companies
    /// started.
    pub(crate) async fn restore(&self) -> Result<(), CannotRun> {
        self.lines.iter().for_each(|(_, lines)| lines.mend());
        for side in Side::BOTH {
            self.sidecar(side).await.stop().await;
            self.company(side).await.forget_overrides().await;
        }
        let mut edited = self.edited().await;
        for policy in edited.policies() {
            let place = self.log(policy.holder).end();
            edited.restore(&policy)?;
            if self.company(policy.holder).await.runs() {
                self.policy_event(&policy, place, "policy_loaded").await?;
            }
        }
        self.start().await
    }

    /// Waits until a company says that it has read a policy, or that it has refused to.
    pub(crate) async fn policy_event(&self, policy: &Policy, place: u64, event: &str) -> Result<(), CannotRun> {
        let (log, file) = (self.log(policy.holder), format!("{}.toml", policy.name));
        let about = |line: &LogLine| line.text("partner") == policy.name || line.text("detail").contains(&file);
        let noticed = log.wait_for(place, NOTICE, |line| line.event() == event && about(line)).await;
        noticed.map(drop).ok_or_else(|| {
            let problem = format!("{} did not report {event} within {} s", policy.holder.name(), NOTICE.as_secs());
            CannotRun::settings(&policy.path, problem)
        })
    }

    /// A company that starts before its partner asks for its keys now and then. Scenarios begin when it has them.
    async fn has_partners_keys(&self, side: Side) -> Result<(), CannotRun> {
        let has = |keys: &Value| keys["partner"] == side.other().name() && keys["usable"] == true;
        let look = async {
            while !self.http.readiness(side).await["keys"].as_array().is_some_and(|keys| keys.iter().any(has)) {
                tokio::time::sleep(LOOK).await;
            }
        };
        let (company, patience) = (side.name(), ACQUAINTANCE.as_secs());
        let problem = format!("it has no keys of its partner after {patience} s");
        let late = |_| CannotRun::NotServing { company, problem, log: self.log(side).tail(30) };
        tokio::time::timeout(ACQUAINTANCE, look).await.map_err(late)
    }

    /// Stops both companies and says what they took of the machine.
    pub(crate) async fn stop(&self) -> Pair<Measured> {
        let (mut a, mut b) = (self.company(Side::A).await, self.company(Side::B).await);
        let measured = Pair::new(|side| if side == Side::A { a.measure() } else { b.measure() });
        tokio::join!(a.stop(), b.stop());
        measured
    }
}

/// The lines over which a company's partner reaches it.
#[derive(Debug)]
struct Lines {
    issuer: Forwarder,
    api: Forwarder,
}

impl Lines {
    async fn to(party: &Party) -> Result<Self, CannotRun> {
        let line = async |end: &Endpoint| Forwarder::start(end.on(PARTNER_FACING), end.on(DIRECT)).await;
        Ok(Self { issuer: line(&party.issuer).await?, api: line(&party.api).await? })
    }

    fn mend(&self) {
        self.issuer.mend();
        self.api.mend();
    }
}

async fn lines(plan: &Plan) -> Result<Pair<Lines>, CannotRun> {
    let (a, b) = (Lines::to(&plan.parties[Side::A]).await?, Lines::to(&plan.parties[Side::B]).await?);
    Ok(Pair::of(a, b))
}
