//! An attacker at the stand: an issuer that a company trusts, or clients that it has registered, in the attacker's hand.

use super::campaign::{Campaign, Pace, Shot};
use super::publisher::Publisher;
use super::round::SHORTEST_SECRET;
use super::settings::Route;
use super::target::Target;
use super::{MARGIN, choose, trust};
use crate::error::CannotRun;
use crate::record::log::LogLine;
use crate::side::Side;
use crate::stand::{NOTICE, Stand, toml_file};
use bridge_jose::Algorithm;
use bridge_testkit::Pen;
use bridge_testkit::attacks::{Face, Policy, Ring, Strictness, World, vectors};
use bridge_types::{Fingerprint, TokenId};
use std::collections::{BTreeMap, HashSet};
use std::net::TcpListener;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use toml::Table;

/// How many cases are under way at once: the stand is this machine, and nobody else uses it. A token request waits for the
/// disk, so one after the other they would take a quarter of a minute.
const AT_ONCE: usize = 16;

/// The attacker, its keys, and what it has fired. When it is dropped the company trusts it no more.
#[derive(Debug)]
pub(crate) struct Battle {
    world: World,
    publisher: Option<Publisher>,
    trusted: Vec<PathBuf>,
    /// What was fired.
    pub(super) shots: Vec<Shot>,
    /// What the company wrote into its log meanwhile.
    pub(super) log: String,
}

impl Battle {
    /// Publishes the attacker's keys and lets the company trust them: in one policy with two clients, and in another
    /// with a third.
    pub(super) async fn at_route(stand: &Stand, side: Side) -> Result<Self, CannotRun> {
        let listener = TcpListener::bind((crate::stand::DIRECT, 0)).map_err(CannotRun::system("bind a port"))?;
        let port = listener.local_addr().map_err(CannotRun::system("read the address of a port"))?.port();
        let issuer = format!("http://{}:{port}", crate::stand::DIRECT);
        let mut battle = Self::with(Face::ResourceServer, trust::policy(stand, side, &issuer))?;
        battle.publisher = Some(Publisher::serve(&battle.world, listener, None)?);
        for (name, table) in trust::policies(&battle.world.policy) {
            let (policy, place) = (stand.policy(side, name), stand.log(side).end());
            battle.write(&policy.path, &table)?;
            stand.policy_event(&policy, place, "policy_loaded").await?;
        }
        Ok(battle)
    }

    /// Registers two clients of the attacker at the company's own issuer.
    pub(super) async fn at_desk(stand: &Stand, side: Side) -> Result<Self, CannotRun> {
        let mut battle = Self::with(Face::TokenEndpoint, trust::desk(stand, side))?;
        let world = &battle.world;
        let place = stand.log(side).end();
        let files = trust::clients(&world.policy, [world.jwks(), world.foreign_jwks()]);
        for client in files {
            let path = stand.client_file(side, &client.keys_file);
            toml_file::replace(&path, &client.jwks)?;
            battle.trusted.push(path);
            battle.write(&stand.client_file(side, &format!("{}.toml", client.id)), &client.table)?;
        }
        stand.client_event(side, place).await?;
        Ok(battle)
    }

    fn with(face: Face, policy: Policy) -> Result<Self, CannotRun> {
        let (rings, run) = (rings(&policy)?, format!(".{}", TokenId::random()));
        let world = World { face, rings, policy, pen: Pen::default(), run, margin: MARGIN };
        Ok(Self { world, publisher: None, trusted: Vec::new(), shots: Vec::new(), log: String::new() })
    }

    fn write(&mut self, path: &Path, table: &Table) -> Result<(), CannotRun> {
        toml_file::write(path, table)?;
        self.trusted.push(path.to_owned());
        Ok(())
    }

    /// Fires every case at a route of the API, or at the token endpoint.
    pub(super) async fn fire(&mut self, stand: &Stand, side: Side, route: Route) -> Result<(), CannotRun> {
        let party = &stand.plan.parties[side];
        let url = if self.world.face == Face::ResourceServer { &party.api.url } else { &party.issuer.url };
        let base = url.parse().map_err(|error| CannotRun::Tester(format!("{url}: {error}")))?;
        let target = Target::with(stand.http.builder(), base, route)?;
        let campaign = Campaign::prepare(&self.world, &target, Strictness::Bridge, NOTICE).await?;
        let rounds = choose(&self.world, Strictness::Bridge, None, NonZeroU32::MAX);
        self.shots = campaign.fire(&rounds, Pace::AtOnce(AT_ONCE), |_| ()).await?;
        target.into_granted().iter().for_each(|token| stand.journal.saw(token));
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
        if self.world.face == Face::TokenEndpoint {
            let refused = lines.iter().filter(|line| line.event() == "token_refused").count();
            return self.refused().count().saturating_sub(refused);
        }
        let decisions = lines.iter().filter(|line| line.event() == "decision");
        let logged: HashSet<&str> = decisions.map(|line| line.text("correlation_id")).collect();
        let known =
            |shot: &&Shot| !shot.was_decided() || shot.correlation_id.as_deref().is_some_and(|id| logged.contains(id));
        self.shots.len() - self.shots.iter().filter(known).count()
    }

    /// The shots that the token endpoint turned down. Where HTTP alone did, nobody decided anything.
    pub(super) fn refused(&self) -> impl Iterator<Item = &Shot> {
        self.shots.iter().filter(|shot| !matches!(shot.expected, "allow" | "refused"))
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
        drop(self.publisher.take());
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
