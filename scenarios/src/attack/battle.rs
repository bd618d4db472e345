//! An attacker at the stand: an issuer that a company trusts, in the attacker's hand.

use super::campaign::{Campaign, SHORTEST_SECRET, Shot};
use super::publisher::Publisher;
use super::settings::Route;
use super::target::Target;
use super::{MARGIN, choose};
use crate::error::CannotRun;
use crate::record::log::LogLine;
use crate::side::Side;
use crate::stand::{NOTICE, Stand, toml_file};
use crate::tester::scopes;
use bridge_jose::Algorithm;
use bridge_testkit::Pen;
use bridge_testkit::attacks::{Face, Foreign, Policy, Ring, Strictness, World, vectors};
use bridge_types::{Fingerprint, TokenId};
use std::collections::{BTreeMap, HashSet};
use std::net::TcpListener;
use std::num::NonZeroU32;
use std::path::PathBuf;
use toml::{Table, Value};

/// How many requests a second: the stand is this machine, and nobody else uses it.
const RATE: NonZeroU32 = NonZeroU32::new(1000).expect("not zero");

/// The attacker, its keys, and what it has fired. When it is dropped the company trusts it no more.
#[derive(Debug)]
pub(crate) struct Battle {
    world: World,
    _publisher: Publisher,
    trusted: Vec<PathBuf>,
    /// What was fired.
    pub(super) shots: Vec<Shot>,
    /// What the company wrote into its log meanwhile.
    pub(super) log: String,
}

impl Battle {
    /// Publishes the attacker's keys and lets the company trust them: in one policy with two clients, and in another
    /// with a third.
    pub(super) async fn prepare(stand: &Stand, side: Side) -> Result<Self, CannotRun> {
        let listener = TcpListener::bind((crate::stand::DIRECT, 0)).map_err(CannotRun::system("bind a port"))?;
        let port = listener.local_addr().map_err(CannotRun::system("read the address of a port"))?.port();
        let policy = policy(stand, side, &format!("http://{}:{port}", crate::stand::DIRECT));
        let run = format!(".{}", TokenId::random());
        let world = World {
            face: Face::ResourceServer,
            rings: rings(&policy)?,
            policy,
            pen: Pen::default(),
            run,
            margin: MARGIN,
        };
        let publisher = Publisher::serve(&world, listener, None)?;
        let mut battle =
            Self { world, _publisher: publisher, trusted: Vec::new(), shots: Vec::new(), log: String::new() };
        battle.let_in(stand, side).await?;
        Ok(battle)
    }

    async fn let_in(&mut self, stand: &Stand, side: Side) -> Result<(), CannotRun> {
        for (name, table) in trust(&self.world.policy) {
            let (policy, place) = (stand.policy(side, name), stand.log(side).end());
            toml_file::write(&policy.path, &table)?;
            self.trusted.push(policy.path.clone());
            stand.policy_event(&policy, place, "policy_loaded").await?;
        }
        Ok(())
    }

    /// Fires every case at a route.
    pub(super) async fn fire(&mut self, stand: &Stand, side: Side, route: Route) -> Result<(), CannotRun> {
        let url = &stand.plan.parties[side].api.url;
        let base = url.parse().map_err(|error| CannotRun::Tester(format!("{url}: {error}")))?;
        let target = Target::with(stand.http.builder(), base, route)?;
        let campaign = Campaign::prepare(&self.world, &target, Strictness::Bridge, NOTICE).await?;
        let cases = choose(&self.world, Strictness::Bridge, None, NonZeroU32::MAX);
        self.shots = campaign.fire(&cases, RATE, |_| ()).await?;
        Ok(())
    }
}

impl Battle {
    /// The structured lines of the log.
    pub(super) fn lines(&self) -> Vec<LogLine> {
        self.log.lines().filter_map(LogLine::parse).collect()
    }

    /// How many shots have no line yet.
    pub(super) fn unlogged(&self, lines: &[LogLine]) -> usize {
        let decisions = lines.iter().filter(|line| line.event() == "decision");
        let logged: HashSet<&str> = decisions.map(|line| line.text("correlation_id")).collect();
        let known =
            |shot: &&Shot| !shot.was_decided() || shot.correlation_id.as_deref().is_some_and(|id| logged.contains(id));
        self.shots.len() - self.shots.iter().filter(known).count()
    }

    /// How often a token, or a segment of one, stands in the log.
    pub(super) fn leaked(&self) -> usize {
        leaks(&self.log, &self.shots.iter().flat_map(|shot| shot.secrets.iter().copied()).collect())
    }
}

/// How many words of a text have one of these fingerprints.
fn leaks(text: &str, secrets: &HashSet<Fingerprint>) -> usize {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c));
    let words = words.flat_map(|word| std::iter::once(word).chain(word.split('.').filter(move |part| *part != word)));
    words.filter(|word| word.len() >= SHORTEST_SECRET && secrets.contains(&Fingerprint::of(word.as_bytes()))).count()
}

impl Drop for Battle {
    fn drop(&mut self) {
        // The directory dies with the run in any case.
        self.trusted.iter().for_each(|path| drop(std::fs::remove_file(path)));
    }
}

/// The keys of the vectors, which everybody has. Making others takes seconds, and the stand is trusted by nobody.
fn rings(policy: &Policy) -> Result<BTreeMap<Algorithm, Ring>, CannotRun> {
    let keys = serde_json::from_str(include_str!("../../attacks/keys.json"));
    let keys = keys.map_err(|error| CannotRun::Tester(format!("the keys of the vectors: {error}")))?;
    Ok(policy.algorithms.iter().map(|algorithm| (*algorithm, vectors::ring(&keys, *algorithm))).collect())
}

/// What the company is told: the issuer at this address, for all that the route's own clients may do but the last scope.
fn policy(stand: &Stand, side: Side, issuer: &str) -> Policy {
    let scopes = scopes(side);
    Policy {
        issuer: issuer.to_owned(),
        audience: stand.plan.parties[side].api.url.clone(),
        algorithms: Algorithm::ALL.to_vec(),
        client: "attacker".to_owned(),
        scopes: scopes[..2].iter().map(|scope| (*scope).to_owned()).collect(),
        limited_client: Some("attacker-limited".to_owned()),
        required_scope: scopes[0].to_owned(),
        leeway: 30,
        max_lifetime: Some(900),
        foreign: Some(Foreign { issuer: format!("{issuer}/other"), client: "attacker-elsewhere".to_owned() }),
    }
}

/// The policy files that say so, by name.
fn trust(policy: &Policy) -> Vec<(&'static str, Table)> {
    let limited: Vec<&str> =
        policy.scopes.iter().map(String::as_str).filter(|one| *one != policy.required_scope).collect();
    let all: Vec<&str> = policy.scopes.iter().map(String::as_str).collect();
    let mut own = BTreeMap::from([(policy.client.as_str(), all)]);
    own.extend(policy.limited_client.as_deref().map(|client| (client, limited)));
    let mut files = vec![("attacker", table(policy, &policy.issuer, own))];
    if let Some(foreign) = &policy.foreign {
        let clients = BTreeMap::from([(foreign.client.as_str(), vec![policy.required_scope.as_str()])]);
        files.push(("attacker-other", table(policy, &foreign.issuer, clients)));
    }
    files
}

fn table(policy: &Policy, issuer: &str, clients: BTreeMap<&str, Vec<&str>>) -> Table {
    let list = |values: Vec<&str>| Value::Array(values.into_iter().map(Value::from).collect());
    let client = |scopes| Value::Table(Table::from_iter([("scopes".to_owned(), list(scopes))]));
    let clients = clients.into_iter().map(|(name, scopes)| (name.to_owned(), client(scopes))).collect();
    Table::from_iter([
        ("issuer".to_owned(), issuer.into()),
        ("audience".to_owned(), policy.audience.as_str().into()),
        ("algorithms".to_owned(), list(policy.algorithms.iter().map(|algorithm| algorithm.as_str()).collect())),
        ("max_token_lifetime".to_owned(), "15m".into()),
        ("clients".to_owned(), Value::Table(clients)),
    ])
}

#[cfg(test)]
mod tests {
    use super::leaks;
    use bridge_types::Fingerprint;

    #[test]
    fn finds_a_token_and_its_segments_in_a_log() {
        let token = "eyJhbGciOiJFUzI1NiIsImsi.eyJpc3MiOiJodHRwczovL2Ei.c2lnbmF0dXJlc2lnbmF0dXJl";
        let secrets =
            std::iter::once(token).chain(token.split('.')).map(|word| Fingerprint::of(word.as_bytes())).collect();
        for (text, count) in [
            (format!(r#"{{"detail":"bad token {token}"}}"#), 4),
            (format!("sig={}", &token[50..]), 1),
            (format!("sig={}", &token[51..]), 0),
            (r#"{"event":"decision","reason":"signature_invalid"}"#.to_owned(), 0),
        ] {
            assert_eq!(leaks(&text, &secrets), count, "{text}");
        }
    }
}
