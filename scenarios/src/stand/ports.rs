use super::{DIRECT, PARTNER_FACING};
use crate::error::CannotRun;
use std::net::{IpAddr, TcpListener};
use std::ops::Range;

/// Below the range from which systems pick ports for outgoing connections, so that nobody takes one of ours while a
/// company is down for a moment.
const RANGE: Range<u16> = 20_000..31_000;

/// Finds ports that nobody listens on, on either address. They are free now and most likely stay so; a company that
/// finds its port taken says so.
pub(crate) fn free(count: usize) -> Result<Vec<u16>, CannotRun> {
    let start = u16::try_from(std::process::id() % u32::from(RANGE.end - RANGE.start)).unwrap_or(0);
    let candidates = (RANGE.start + start..RANGE.end).chain(RANGE.start..RANGE.start + start);
    let found: Vec<u16> = candidates.filter(|port| is_free(*port)).take(count).collect();
    if found.len() < count {
        return Err(CannotRun::Request(format!(
            "no free ports: expected {count} between {} and {} on {DIRECT} and {PARTNER_FACING}, found {}; outside of \
             Linux the second address may have to be added to the loopback interface first",
            RANGE.start,
            RANGE.end,
            found.len()
        )));
    }
    Ok(found)
}

fn is_free(port: u16) -> bool {
    [DIRECT, PARTNER_FACING].into_iter().all(|address: IpAddr| TcpListener::bind((address, port)).is_ok())
}

#[cfg(test)]
mod tests {
    #[test]
    fn finds_different_ports_outside_the_ephemeral_range() {
        let mut ports = super::free(8).unwrap();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 8);
        assert!(ports.iter().all(|port| super::RANGE.contains(port)), "{ports:?}");
    }
}
