use crate::PeerAddress;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many connections each address has, so that one cannot take all there are.
///
/// Holds one entry for each address that is connected: the number of connections bounds it.
#[derive(Debug)]
pub struct Places {
    most: usize,
    taken: Mutex<HashMap<PeerAddress, usize>>,
}

/// The place of one connection, free again when this is dropped.
#[derive(Debug)]
pub struct Place {
    places: Arc<Places>,
    address: PeerAddress,
}

impl Places {
    /// Room for this many connections of each address.
    pub fn for_each_address(most: usize) -> Arc<Self> {
        Arc::new(Self { most, taken: Mutex::default() })
    }

    /// A place for one more connection, or `None` when this address has as many as it may.
    pub fn take(self: &Arc<Self>, address: PeerAddress) -> Option<Place> {
        let mut taken = self.taken();
        let count = taken.entry(address).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Place { places: Arc::clone(self), address })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<PeerAddress, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        if let Some(count) = taken.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Places;
    use crate::PeerAddress;
    use std::net::{IpAddr, Ipv4Addr};

    #[test]
    fn each_address_has_its_own_places_and_gets_them_back() {
        let places = Places::for_each_address(2);
        let (one, other) = (PeerAddress::from(IpAddr::V4(Ipv4Addr::LOCALHOST)), PeerAddress::UNKNOWN);
        let held = [places.take(one).unwrap(), places.take(one).unwrap()];
        assert!(places.take(one).is_none());
        assert!(places.take(other).is_some());
        drop(held);
        assert!(places.take(one).is_some());
        assert!(places.taken().is_empty(), "an address without connections is remembered");
    }
}
