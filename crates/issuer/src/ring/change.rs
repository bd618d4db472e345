use super::record::{KeyPurpose, KeyRecord, KeyState, KeyTimes, NewKey, RotationRequest, StoredKey};
use bridge_jose::Algorithm;
use bridge_types::KeyId;
use jiff::Timestamp;

/// Steps in the life of the keys of one purpose that are taken together, or not at all.
///
/// A store applies it to the keys as they are at that moment, inside one durable transaction. So of several processes
/// that want the same step one takes it, and the others are [`Overtaken`].
#[derive(Debug)]
pub struct Change {
    /// Whose keys.
    pub purpose: KeyPurpose,
    /// When.
    pub at: Timestamp,
    /// What, in this order.
    pub steps: Vec<Step>,
}

/// One step in the life of a key. Each says what it expects to find; anything else is [`Overtaken`].
#[derive(Debug)]
pub enum Step {
    /// The first key of a purpose. Nobody has to get to know it before it signs: nothing was signed before.
    Found(NewKey),
    /// Asks for a successor of the active key. The rest of a rotation follows by itself.
    Request {
        /// The active key.
        of: KeyId,
        /// What the successor is made for.
        algorithm: Algorithm,
    },
    /// Takes a request back, and a key that was prepared for it.
    Cancel {
        /// The active key.
        of: KeyId,
    },
    /// Publishes the successor that was asked for. One of another algorithm, prepared for an earlier request, is
    /// destroyed: it never signed.
    Prepare {
        /// The active key.
        of: KeyId,
        /// Its successor.
        key: NewKey,
    },
    /// The prepared key signs from now on; the active one retires, and its private half is erased.
    Activate(KeyId),
    /// Withdraws a retired key.
    Destroy(KeyId),
    /// A key is in somebody else's hands. It signs no more and its private half is erased; when it was the active one,
    /// a new key takes its place at once.
    Taint {
        /// The key.
        kid: KeyId,
        /// Why, in the operator's words.
        reason: String,
        /// For the active key: what happens around it.
        instead: Option<Replacement>,
    },
    /// Withdraws a tainted key, and with it everything that it signed.
    Revoke(KeyId),
}

/// What happens around an active key that is tainted.
#[derive(Debug)]
pub struct Replacement {
    /// The key that takes its place.
    pub key: NewKey,
    /// The prepared key, if there is one. It lay beside the stolen one, so it is tainted with it.
    pub beside: Option<KeyId>,
}

/// The keys are not as the change expects, or not any more: somebody else was faster. Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the keys have changed in the meantime")]
pub struct Overtaken;

impl Change {
    /// Takes the steps on the keys of the purpose, whatever their state. On an error the keys are useless: throw them
    /// away.
    ///
    /// This is the one definition of what a step does; stores read, call it and write.
    ///
    /// # Errors
    /// [`Overtaken`].
    pub fn apply(self, keys: &mut Vec<StoredKey>) -> Result<(), Overtaken> {
        let Self { purpose, at, steps } = self;
        let mut hand = Hand { keys, purpose, at };
        steps.into_iter().try_for_each(|step| hand.take(step))
    }
}

/// The keys of one purpose in the hands of a change.
struct Hand<'k> {
    keys: &'k mut Vec<StoredKey>,
    purpose: KeyPurpose,
    at: Timestamp,
}

impl Hand<'_> {
    fn take(&mut self, step: Step) -> Result<(), Overtaken> {
        match step {
            Step::Found(key) => self.found(key),
            Step::Request { of, algorithm } => self.request(&of, algorithm),
            Step::Cancel { of } => self.cancel(&of),
            Step::Prepare { of, key } => self.prepare(&of, key),
            Step::Activate(kid) => self.activate(&kid),
            Step::Destroy(kid) => self.advance(&kid, KeyState::Retired, KeyState::Destroyed),
            Step::Taint { kid, reason, instead } => self.taint(&kid, reason, instead),
            Step::Revoke(kid) => self.advance(&kid, KeyState::Tainted, KeyState::Revoked),
        }
    }

    fn found(&mut self, key: NewKey) -> Result<(), Overtaken> {
        if self.in_state(KeyState::Active).is_some() {
            return Err(Overtaken);
        }
        self.add(key, KeyState::Active);
        Ok(())
    }

    fn request(&mut self, of: &KeyId, algorithm: Algorithm) -> Result<(), Overtaken> {
        let at = self.at;
        let active = self.active(of)?;
        if active.request.is_some_and(|request| request.algorithm == algorithm) {
            return Err(Overtaken);
        }
        active.request = Some(RotationRequest { at, algorithm });
        Ok(())
    }

    fn cancel(&mut self, of: &KeyId) -> Result<(), Overtaken> {
        self.active(of)?.request.take().ok_or(Overtaken)?;
        self.drop_prepared();
        Ok(())
    }

    fn prepare(&mut self, of: &KeyId, key: NewKey) -> Result<(), Overtaken> {
        let wanted = self.active(of)?.request.ok_or(Overtaken)?.algorithm;
        let prepared = self.in_state(KeyState::Prepared).map(|key| key.record.algorithm());
        if key.public.algorithm() != wanted || prepared == Some(wanted) {
            return Err(Overtaken);
        }
        self.drop_prepared();
        self.add(key, KeyState::Prepared);
        Ok(())
    }

    fn activate(&mut self, kid: &KeyId) -> Result<(), Overtaken> {
        self.find(kid, KeyState::Prepared)?;
        if let Some(active) = self.in_state(KeyState::Active).map(|key| key.record.kid().clone()) {
            self.advance(&active, KeyState::Active, KeyState::Retired)?;
        }
        self.advance(kid, KeyState::Prepared, KeyState::Active)
    }

    fn taint(&mut self, kid: &KeyId, reason: String, instead: Option<Replacement>) -> Result<(), Overtaken> {
        let state = self.keys.iter().find(|key| key.record.kid() == kid).map(|key| key.record.state);
        match state {
            Some(state @ (KeyState::Prepared | KeyState::Retired)) => self.mark(kid, state, reason),
            Some(KeyState::Active) => {
                let Replacement { key, beside } = instead.ok_or(Overtaken)?;
                let prepared = self.in_state(KeyState::Prepared).map(|key| key.record.kid().clone());
                if prepared != beside {
                    return Err(Overtaken);
                }
                if let Some(beside) = prepared {
                    self.mark(&beside, KeyState::Prepared, reason.clone())?;
                }
                self.mark(kid, KeyState::Active, reason)?;
                self.add(key, KeyState::Active);
                Ok(())
            }
            Some(KeyState::Destroyed | KeyState::Tainted | KeyState::Revoked) | None => Err(Overtaken),
        }
    }

    fn mark(&mut self, kid: &KeyId, from: KeyState, reason: String) -> Result<(), Overtaken> {
        self.advance(kid, from, KeyState::Tainted)?;
        self.find(kid, KeyState::Tainted)?.record.reason = Some(reason);
        Ok(())
    }

    /// A key that was prepared never signed, so nothing can be lost with it.
    fn drop_prepared(&mut self) {
        if let Some(prepared) = self.keys.iter_mut().find(|key| key.record.state == KeyState::Prepared) {
            enter(prepared, KeyState::Destroyed, self.at);
        }
    }

    fn advance(&mut self, kid: &KeyId, from: KeyState, to: KeyState) -> Result<(), Overtaken> {
        let at = self.at;
        enter(self.find(kid, from)?, to, at);
        Ok(())
    }

    fn add(&mut self, key: NewKey, state: KeyState) {
        let NewKey { public, private } = key;
        let mut times = KeyTimes::prepared(self.at);
        times.activated_at = (state == KeyState::Active).then_some(self.at);
        let record = KeyRecord { public, purpose: self.purpose.clone(), state, times, request: None, reason: None };
        self.keys.push(StoredKey { record, private });
    }

    fn active(&mut self, kid: &KeyId) -> Result<&mut KeyRecord, Overtaken> {
        Ok(&mut self.find(kid, KeyState::Active)?.record)
    }

    fn find(&mut self, kid: &KeyId, state: KeyState) -> Result<&mut StoredKey, Overtaken> {
        let found = self.keys.iter_mut().find(|key| key.record.kid() == kid && key.record.state == state);
        found.ok_or(Overtaken)
    }

    fn in_state(&self, state: KeyState) -> Option<&StoredKey> {
        self.keys.iter().find(|key| key.record.state == state)
    }
}

/// Puts a key into a state. What can sign no more keeps no private half.
fn enter(key: &mut StoredKey, state: KeyState, at: Timestamp) {
    let times = &mut key.record.times;
    match state {
        KeyState::Prepared => times.prepared_at = at,
        KeyState::Active => times.activated_at = Some(at),
        KeyState::Retired => times.retired_at = Some(at),
        KeyState::Destroyed => times.destroyed_at = Some(at),
        KeyState::Tainted => times.tainted_at = Some(at),
        KeyState::Revoked => times.revoked_at = Some(at),
    }
    key.record.state = state;
    key.record.request = None;
    if !matches!(state, KeyState::Prepared | KeyState::Active) {
        key.private = None;
    }
}
