use super::directory::{self, Found};
use super::{FileState, Files, LoadError, OwnPolicy, ReloadReport, TrustPolicies};
use crate::keys::{IssuerKeys, KeySetup};
use crate::partner::TrustedPartner;
use crate::policy::{PolicyProblem, TrustPolicy};
use arc_swap::ArcSwap;
use bridge_types::IssuerUrl;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex};

impl TrustPolicies {
    /// Reads the policies of a directory for the first time. No key is fetched yet.
    ///
    /// # Errors
    /// [`LoadError`] when the directory cannot be read or any file in it is not accepted.
    pub fn load(directory: &Path, setup: KeySetup) -> Result<Self, LoadError> {
        Self::load_for(None, directory, setup)
    }

    /// Like [`Self::load`], for a company whose own name and issuer are known: now and at every reload, a file that bears
    /// its name must name its issuer.
    ///
    /// # Errors
    /// Those of [`Self::load`].
    pub fn load_for(own: Option<OwnPolicy>, directory: &Path, setup: KeySetup) -> Result<Self, LoadError> {
        let (by_issuer, files, statuses) = (ArcSwap::default(), Mutex::default(), Mutex::default());
        let policies = Self { by_issuer, files, statuses, own, setup };
        let report = policies.reread(directory);
        if !report.rejected.is_empty() {
            return Err(LoadError { errors: report.rejected });
        }
        report.log();
        Ok(policies)
    }

    /// Reads the directory again, puts the result in use at once, and logs what changed.
    ///
    /// A file that broke keeps its last good policy; a new file that is broken is not used; a file that is gone takes
    /// its policy with it. A directory that cannot be listed changes nothing: a failing disk is no reason to trust
    /// nobody. Where two files come to name one issuer, the one that had it keeps it, and of two new ones neither is
    /// used.
    pub fn reload(&self, directory: &Path) -> ReloadReport {
        let report = self.reread(directory);
        report.log();
        report
    }

    fn reread(&self, directory: &Path) -> ReloadReport {
        let mut files = self.files();
        let found = match directory::read(directory) {
            Ok(found) => found,
            Err(error) => {
                let error = PolicyProblem::unreadable(directory, error).within(directory);
                files.values_mut().for_each(|file| file.error = Some(error.clone()));
                return ReloadReport { rejected: vec![error], ..ReloadReport::default() };
            }
        };
        let next = self.next(&files, found);
        let report = ReloadReport::between(&files, &next);
        let partners = next.values().filter_map(|file| file.partner.clone());
        let by_issuer: HashMap<_, _> = partners.map(|p| (p.policy().issuer.url().clone(), p)).collect();
        // Before anybody can be judged by them.
        for partner in by_issuer.values() {
            partner.keys().status().adopt(partner.policy());
            partner.keys().tell_status();
        }
        self.by_issuer.store(Arc::new(by_issuer));
        *files = next;
        report
    }

    fn next(&self, before: &Files, found: BTreeMap<String, Found>) -> Files {
        let mut next: Files = found
            .into_iter()
            .map(|(name, found)| {
                let last_good = before.get(&name).and_then(|file| file.partner.clone());
                let state = self.state_of(found, last_good, before);
                (name, state)
            })
            .collect();
        loop {
            let intruders = intruders(before, &next);
            if intruders.is_empty() {
                return next;
            }
            for (name, problem) in intruders {
                if let Some(state) = next.get_mut(&name) {
                    state.partner = before.get(&name).and_then(|file| file.partner.clone());
                    state.error = Some(problem.within(&state.file));
                }
            }
        }
    }

    #[expect(clippy::result_large_err, reason = "files are read seldom: the size of their defects costs nothing")]
    fn state_of(&self, found: Found, last_good: Option<Arc<TrustedPartner>>, before: &Files) -> FileState {
        let Found { file, policy } = found;
        let accepted = policy.and_then(|policy| match &last_good {
            Some(last) if last.policy().content == policy.content => Ok(Arc::clone(last)),
            _ => self.successor(policy, last_good.as_deref(), before).map_err(|problem| problem.within(&file)),
        });
        match accepted {
            Ok(partner) => FileState { file, partner: Some(partner), error: None },
            Err(error) => FileState { file, partner: last_good, error: Some(error) },
        }
    }

    /// The next version of a partner. It goes on with the keys that are held unless issuer, key file or certificates
    /// changed; a file that was only renamed loses none. What the issuer has revoked stays in any case.
    fn successor(
        &self,
        policy: TrustPolicy,
        last: Option<&TrustedPartner>,
        before: &Files,
    ) -> Result<Arc<TrustedPartner>, PolicyProblem> {
        self.own.as_ref().map_or(Ok(()), |own| own.check(&policy))?;
        let mut known = before.values().filter_map(|file| file.partner.as_ref());
        let keys = if let Some(known) = known.find(|known| known.policy().key_identity == policy.key_identity) {
            Arc::clone(known.keys())
        } else {
            let status = self.status_of(policy.issuer.url());
            Arc::new(IssuerKeys::new(&policy, status, &self.setup).map_err(PolicyProblem::Fetcher)?)
        };
        let sequence = last.map_or(0, |last| last.version().sequence) + 1;
        Ok(Arc::new(TrustedPartner::new(policy, sequence, keys)))
    }
}

/// The files that name an issuer which another file names too, and which was not theirs before.
fn intruders(before: &Files, next: &Files) -> Vec<(String, PolicyProblem)> {
    let issuer_in = |file: &FileState| file.partner.as_ref().map(|p| p.policy().issuer.url().clone());
    let mut named: HashMap<IssuerUrl, Vec<&str>> = HashMap::new();
    for (name, file) in next {
        if let Some(issuer) = issuer_in(file) {
            named.entry(issuer).or_default().push(name);
        }
    }
    let mut intruders = Vec::new();
    for (issuer, names) in named.into_iter().filter(|(_, names)| names.len() > 1) {
        for name in &names {
            let had_it = before.get(*name).and_then(issuer_in).as_ref() == Some(&issuer);
            if let Some(other) = names.iter().find(|other| *other != name).filter(|_| !had_it) {
                let problem = PolicyProblem::IssuerTwice { issuer: issuer.clone(), other: next[*other].file.clone() };
                intruders.push(((*name).to_owned(), problem));
            }
        }
    }
    intruders
}
