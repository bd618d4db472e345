use super::notice::{Notice, NoticeSubject};
use bridge_jose::profile::{AccessTokenClaims, NumericDate};
use bridge_jose::{StatusList, StatusReference};
use bridge_types::{ClientId, KeyId, StatusListUri, TokenId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// How many of each kind are held for one issuer. Together they take about 3 MiB.
const MAX_TOKENS: usize = 10_000;
const MAX_CLIENTS: usize = 1_000;
const MAX_KEYS: usize = 64;

/// After this many seconds no token can be alive that a notice was about: the longest life that a policy can allow, and
/// the leeway for clocks at both ends.
const LONGEST_LIFE: i64 = 3600 + 2 * 30;

/// For this long after the event a revoked key is refused even if the published set has it again, such as from an old
/// copy somewhere on the way.
const KEY_MEMORY: i64 = 24 * 3600;

/// The notices of one issuer, with an epoch that moves on with each new one: who has looked under an epoch need not look
/// again under the same.
#[derive(Debug, Default)]
pub(super) struct Notices {
    epoch: AtomicU64,
    set: RwLock<Set>,
}

/// A revoked token: since when, and where a list says so.
type RevokedToken = (NumericDate, Option<StatusReference>);

#[derive(Debug, Default)]
struct Set {
    tokens: HashMap<TokenId, RevokedToken>,
    clients: HashMap<ClientId, NumericDate>,
    keys: HashMap<KeyId, NumericDate>,
    issuer: Option<NumericDate>,
}

/// How many notices are held, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct NoticeCounts {
    /// Single tokens.
    pub tokens: usize,
    /// Clients.
    pub clients: usize,
    /// Signing keys.
    pub keys: usize,
    /// 1 when all tokens up to a moment are refused.
    pub issuer: usize,
}

impl Notices {
    /// The epoch. Read it BEFORE looking at the notices: what comes in between makes another look necessary, and is never
    /// overlooked.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// What was revoked of a token, if anything was.
    pub(super) fn find(&self, claims: &AccessTokenClaims, kid: &KeyId) -> Option<&'static str> {
        let set = self.read();
        let cut_off = |at: &NumericDate| claims.iat <= *at;
        if set.tokens.contains_key(&claims.jti) {
            Some("the issuer has revoked the token")
        } else if set.clients.get(&claims.client_id).is_some_and(cut_off) {
            Some("the issuer has revoked the tokens of this client up to a later moment")
        } else if set.issuer.as_ref().is_some_and(cut_off) {
            Some("the issuer has revoked all tokens up to a later moment")
        } else {
            set.keys.contains_key(kid).then_some("the issuer has revoked the key that signed the token")
        }
    }

    pub(super) fn revokes_key(&self, kid: &KeyId) -> bool {
        // Without notices, which is nearly always, nothing is locked.
        self.epoch() != 0 && self.read().keys.contains_key(kid)
    }

    /// True when the notice says nothing new.
    pub(super) fn has(&self, notice: &Notice) -> bool {
        self.read().known_since(&notice.subject).is_some_and(|at| notice.at <= at)
    }

    /// True when there is room for the notice, or it needs none.
    pub(super) fn has_room(&self, subject: &NoticeSubject) -> bool {
        let set = self.read();
        set.known_since(subject).is_some()
            || match subject {
                NoticeSubject::Token { .. } => set.tokens.len() < MAX_TOKENS,
                NoticeSubject::Client(_) => set.clients.len() < MAX_CLIENTS,
                NoticeSubject::Key(_) => set.keys.len() < MAX_KEYS,
                NoticeSubject::Issuer => true,
            }
    }

    /// Puts a notice in force. Of two about the same thing the later moment holds, in whichever order they come.
    pub(super) fn apply(&self, notice: Notice) {
        let mut set = self.write();
        set.insert(notice);
        // Within the lock: whoever sees the new epoch finds the notice.
        self.epoch.fetch_add(1, Ordering::Release);
    }

    /// The notices about single tokens that this list says as well. The list must be younger than they are: it counts
    /// whole seconds, so one of the same second may have been made before the revocation.
    pub(super) fn covered_by(&self, uri: &StatusListUri, iat: NumericDate, list: &StatusList) -> Vec<Notice> {
        let covered = |(at, status): &RevokedToken| {
            let status = status.as_ref().filter(|status| status.uri == *uri && iat > *at);
            status.is_some_and(|status| list.is_set(status.idx) == Some(true))
        };
        let set = self.read();
        set.tokens.iter().filter(|(_, token)| covered(token)).map(|(jti, token)| token_notice(jti, token)).collect()
    }

    /// The notices that no live token can be about any more.
    pub(super) fn outlived(&self, now: i64, held: impl Fn(&KeyId) -> bool) -> Vec<Notice> {
        let over = |at: &NumericDate| at.as_second().saturating_add(LONGEST_LIFE) < now;
        let set = self.read();
        let tokens = set.tokens.iter().filter(|(_, (at, _))| over(at)).map(|(jti, token)| token_notice(jti, token));
        let clients = set.clients.iter().filter(|(_, at)| over(at));
        let clients = clients.map(|(id, at)| Notice { subject: NoticeSubject::Client(id.clone()), at: *at });
        let forgotten = |at: &NumericDate| at.as_second().saturating_add(KEY_MEMORY) < now;
        let keys = set.keys.iter().filter(|(kid, at)| forgotten(at) && !held(kid));
        let keys = keys.map(|(kid, at)| Notice { subject: NoticeSubject::Key(kid.clone()), at: *at });
        let issuer = set.issuer.filter(over).map(|at| Notice { subject: NoticeSubject::Issuer, at });
        tokens.chain(clients).chain(keys).chain(issuer).collect()
    }

    /// Takes notices out of force, unless a later one about the same thing has come since.
    pub(super) fn drop_all(&self, notices: &[Notice]) {
        let mut set = self.write();
        for notice in notices {
            set.remove(notice);
        }
    }

    pub(super) fn counts(&self) -> NoticeCounts {
        let set = self.read();
        NoticeCounts {
            tokens: set.tokens.len(),
            clients: set.clients.len(),
            keys: set.keys.len(),
            issuer: usize::from(set.issuer.is_some()),
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Set> {
        self.set.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Set> {
        self.set.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Set {
    fn known_since(&self, subject: &NoticeSubject) -> Option<NumericDate> {
        match subject {
            NoticeSubject::Token { jti, .. } => self.tokens.get(jti).map(|(at, _)| *at),
            NoticeSubject::Client(client) => self.clients.get(client).copied(),
            NoticeSubject::Key(kid) => self.keys.get(kid).copied(),
            NoticeSubject::Issuer => self.issuer,
        }
    }

    fn insert(&mut self, Notice { subject, at }: Notice) {
        if self.known_since(&subject).is_some_and(|known| at <= known) {
            return;
        }
        match subject {
            NoticeSubject::Token { jti, status } => drop(self.tokens.insert(jti, (at, status))),
            NoticeSubject::Client(client) => drop(self.clients.insert(client, at)),
            NoticeSubject::Key(kid) => drop(self.keys.insert(kid, at)),
            NoticeSubject::Issuer => self.issuer = Some(at),
        }
    }

    fn remove(&mut self, notice: &Notice) {
        if self.known_since(&notice.subject) != Some(notice.at) {
            return;
        }
        match &notice.subject {
            NoticeSubject::Token { jti, .. } => drop(self.tokens.remove(jti)),
            NoticeSubject::Client(client) => drop(self.clients.remove(client)),
            NoticeSubject::Key(kid) => drop(self.keys.remove(kid)),
            NoticeSubject::Issuer => self.issuer = None,
        }
    }
}

fn token_notice(jti: &TokenId, (at, status): &RevokedToken) -> Notice {
    Notice { subject: NoticeSubject::Token { jti: jti.clone(), status: status.clone() }, at: *at }
}

#[cfg(test)]
mod tests {
    use super::{MAX_KEYS, MAX_TOKENS, Notices};
    use crate::status::notice::{Notice, NoticeSubject};
    use jiff::Timestamp;

    fn token(name: usize) -> NoticeSubject {
        NoticeSubject::Token { jti: format!("t{name}").parse().unwrap(), status: None }
    }

    fn key(name: usize) -> NoticeSubject {
        NoticeSubject::Key(format!("k{name}").parse().unwrap())
    }

    fn apply(notices: &Notices, subject: NoticeSubject, second: i64) {
        notices.apply(Notice { subject, at: Timestamp::from_second(second).unwrap().into() });
    }

    #[test]
    fn a_full_set_has_room_for_what_it_knows_and_for_other_kinds() {
        let notices = Notices::default();
        (0..MAX_TOKENS).for_each(|name| apply(&notices, token(name), 1));
        assert!(!notices.has_room(&token(MAX_TOKENS)));
        assert!(notices.has_room(&token(0)) && notices.has_room(&key(0)) && notices.has_room(&NoticeSubject::Issuer));
        (0..MAX_KEYS).for_each(|name| apply(&notices, key(name), 1));
        assert!(!notices.has_room(&key(MAX_KEYS)) && notices.has_room(&NoticeSubject::Issuer));
    }

    #[test]
    fn a_revoked_key_is_remembered_for_a_day_and_as_long_as_it_is_published() {
        let notices = Notices::default();
        apply(&notices, key(1), 1000);
        let outlived = |now, published| notices.outlived(now, |_| published).len();
        assert_eq!((outlived(1000 + 86_400, false), outlived(1001 + 86_400, true)), (0, 0));
        assert_eq!(outlived(1001 + 86_400, false), 1);
    }

    #[test]
    fn what_is_dropped_stays_when_a_later_notice_has_come() {
        let notices = Notices::default();
        apply(&notices, NoticeSubject::Issuer, 1);
        let outlived = notices.outlived(100_000, |_| false);
        apply(&notices, NoticeSubject::Issuer, 100_000);
        notices.drop_all(&outlived);
        assert_eq!(notices.counts().issuer, 1);
    }
}
