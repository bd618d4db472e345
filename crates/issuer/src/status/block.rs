use super::BlockId;
use aws_lc_rs::rand;
use bridge_jose::StatusReference;
use bridge_types::StatusListUri;
use jiff::Timestamp;

/// A reserved block whose indices wait in random order.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) id: BlockId,
    pub(super) used_until: Timestamp,
    uri: StatusListUri,
    /// What is left, as distances from the first index.
    left: Vec<u16>,
}

impl Block {
    /// The largest block: distances are kept in two bytes.
    pub(super) const MAX_SIZE: u32 = 1 << 16;

    /// Shuffles the indices of a block; `None` when the system has no randomness.
    pub(super) fn shuffled(id: BlockId, size: u32, uri: StatusListUri, used_until: Timestamp) -> Option<Self> {
        let mut left: Vec<u16> = (0..size).map_while(|distance| u16::try_from(distance).ok()).collect();
        let mut random = vec![0; left.len() * 4];
        rand::fill(&mut random).ok()?;
        for (place, word) in (1..left.len()).rev().zip(random.chunks_exact(4)) {
            left.swap(place, below(place + 1, word));
        }
        Some(Self { id, used_until, uri, left })
    }

    /// How many indices are left.
    pub(super) fn left(&self) -> usize {
        self.left.len()
    }

    /// The next index.
    pub(super) fn take(&mut self) -> Option<StatusReference> {
        let distance = self.left.pop()?;
        Some(StatusReference { idx: u64::from(self.id.first) + u64::from(distance), uri: self.uri.clone() })
    }
}

/// A number below `end` from four random bytes. With at most 2^16 places the bias is below 2^-16.
fn below(end: usize, word: &[u8]) -> usize {
    let word = word.iter().fold(0, |word: u64, byte| (word << 8) | u64::from(*byte));
    usize::try_from((word * end as u64) >> 32).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::Block;
    use crate::BlockId;
    use jiff::Timestamp;
    use std::collections::BTreeSet;

    fn indices(first: u32, size: u32) -> Vec<u64> {
        let uri = "https://a.example/status-lists/1".parse().unwrap();
        let mut block = Block::shuffled(BlockId { list: 1, first }, size, uri, Timestamp::MAX).unwrap();
        std::iter::from_fn(|| block.take()).map(|reference| reference.idx).collect()
    }

    #[test]
    fn every_index_is_handed_out_once() {
        for (first, size) in [(0, 1), (1024, 1024), (983_040, 1 << 16)] {
            let handed: BTreeSet<u64> = indices(first, size).into_iter().collect();
            assert!(handed.into_iter().eq((first..first + size).map(u64::from)), "{first} {size}");
        }
    }

    #[test]
    fn the_order_tells_nothing() {
        let (one, other) = (indices(0, 1024), indices(0, 1024));
        assert_ne!(one, other);
        // Of 1,023 steps about half go up; sorted or nearly sorted indices would be far off.
        let up = one.windows(2).filter(|pair| pair[0] < pair[1]).count();
        assert!((400..624).contains(&up), "{up} steps up");
        // Every place of the block gets every quarter of the indices equally often, over 400 blocks.
        let firsts: Vec<u64> = (0..400).map(|_| indices(0, 1024)[0]).collect();
        let low = firsts.iter().filter(|idx| **idx < 512).count();
        assert!((140..260).contains(&low), "{low} of 400 in the lower half");
    }
}
