use super::{DIRECT, PARTNER_FACING};
use crate::error::CannotRun;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::ops::Range;

/// Below the range from which systems pick ports for outgoing connections, so that nobody takes one of ours while a
/// company is down for a moment.
const RANGE: Range<u16> = 20_000..31_000;

/// Where a run holds its ports, so that another run on this machine takes other ones.
const HELD_AT: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3));

/// Ports that belong to one run for as long as this value lives.
#[derive(Debug)]
pub(crate) struct Ports(Vec<(u16, TcpListener)>);

impl Ports {
    /// Finds and holds ports on which nobody listens. Whoever is no runner of ours may still take one; a company that
    /// finds its port taken says so.
    pub(crate) fn hold(count: usize) -> Result<Self, CannotRun> {
        let start = u16::try_from(std::process::id() % u32::from(RANGE.end - RANGE.start)).unwrap_or(0);
        let candidates = (RANGE.start + start..RANGE.end).chain(RANGE.start..RANGE.start + start);
        let found: Vec<_> = candidates.filter_map(|port| Some((port, hold(port)?))).take(count).collect();
        if found.len() == count {
            return Ok(Self(found));
        }
        Err(CannotRun::Request(format!(
            "no free ports: expected {count} between {} and {} on {DIRECT}, {PARTNER_FACING} and {HELD_AT}, found {}; \
             outside of Linux these addresses may have to be added to the loopback interface first",
            RANGE.start,
            RANGE.end,
            found.len()
        )))
    }

    /// Their numbers.
    pub(crate) fn numbers(&self) -> Vec<u16> {
        self.0.iter().map(|(port, _)| *port).collect()
    }
}

fn hold(port: u16) -> Option<TcpListener> {
    let held = TcpListener::bind((HELD_AT, port)).ok()?;
    let free = |address: IpAddr| TcpListener::bind((address, port)).is_ok();
    (free(DIRECT) && free(PARTNER_FACING)).then_some(held)
}

#[cfg(test)]
mod tests {
    use super::{Ports, RANGE};

    #[test]
    fn two_runs_hold_different_ports_outside_the_ephemeral_range() {
        let (one, other) = (Ports::hold(8).unwrap(), Ports::hold(8).unwrap());
        let mut ports = [one.numbers(), other.numbers()].concat();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 16);
        assert!(ports.iter().all(|port| RANGE.contains(port)), "{ports:?}");
    }
}
