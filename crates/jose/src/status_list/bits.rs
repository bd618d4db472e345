use crate::profile::object;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use serde::de::{Deserialize, Deserializer};

/// How many bits each index has (draft-ietf-oauth-status-list §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Bits {
    /// Valid or not: what Bridge writes.
    One,
    /// Up to 4 states.
    Two,
    /// Up to 16 states.
    Four,
    /// Up to 256 states.
    Eight,
}

impl From<Bits> for u8 {
    fn from(bits: Bits) -> Self {
        match bits {
            Bits::One => 1,
            Bits::Two => 2,
            Bits::Four => 4,
            Bits::Eight => 8,
        }
    }
}

impl TryFrom<u8> for Bits {
    type Error = String;

    fn try_from(bits: u8) -> Result<Self, String> {
        match bits {
            1 => Ok(Self::One),
            2 => Ok(Self::Two),
            4 => Ok(Self::Four),
            8 => Ok(Self::Eight),
            _ => Err(format!("invalid bits: expected 1, 2, 4 or 8, found {bits}")),
        }
    }
}

/// The `status_list` of a status list token: the bits, compressed (draft-ietf-oauth-status-list §4.2).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct EncodedStatusList {
    /// How many bits each index has.
    pub bits: Bits,
    /// The bits in zlib form (RFC 1950), in unpadded base64url.
    pub lst: String,
}

impl<'de> Deserialize<'de> for EncodedStatusList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        struct Members {
            bits: Bits,
            lst: String,
        }
        let Members { bits, lst } = object(deserializer)?;
        Ok(Self { bits, lst })
    }
}

impl EncodedStatusList {
    /// Compresses one bit for each index, index 0 in the lowest bit of the first byte. Takes milliseconds for a million
    /// indices: not for the path of a request.
    pub fn of_bits(bits: &[u8]) -> Self {
        // Stored blocks cost 5 bytes for each 16 KiB and the frame 6: the whole always fits, so one call finishes.
        let mut packed = Vec::with_capacity(bits.len() + bits.len() / 1024 + 64);
        let mut zlib = Compress::new(Compression::best(), true);
        while let Ok(Status::Ok | Status::BufError) =
            zlib.compress_vec(&bits[consumed(zlib.total_in(), bits)..], &mut packed, FlushCompress::Finish)
        {
            packed.reserve(bits.len() / 8 + 64);
        }
        Self { bits: Bits::One, lst: URL_SAFE_NO_PAD.encode(packed) }
    }
}

/// An opened status list: one bit for each index, set where the token is not valid (any status but 0,
/// draft-ietf-oauth-status-list §7.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusList(Box<[u8]>);

impl StatusList {
    /// Opens a list. What it would grow to is never allocated beyond the cap (in bytes of bits as they were before
    /// compression), so that a list of a kilobyte cannot claim a gigabyte.
    ///
    /// Does NOT check signature, address or times: those are of the token around it.
    ///
    /// # Errors
    /// [`StatusListInvalid`].
    pub fn open(encoded: &EncodedStatusList, max_bytes: usize) -> Result<Self, StatusListInvalid> {
        let packed = URL_SAFE_NO_PAD.decode(&encoded.lst).map_err(|_| StatusListInvalid::Encoding)?;
        let states = inflate(&packed, max_bytes)?;
        Ok(Self(one_bit_each(encoded.bits, states).into_boxed_slice()))
    }

    /// True when the token of this index is not valid; `None` when the list has no such index.
    pub fn is_set(&self, idx: u64) -> Option<bool> {
        let byte = self.0.get(usize::try_from(idx / 8).ok()?)?;
        Some(byte >> (idx % 8) & 1 == 1)
    }

    /// What is set in either of two lists: for two of the same second, of which nobody can say which is the later.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        let (long, short) = if self.0.len() < other.0.len() { (other, self) } else { (self, other) };
        let mut bits = long.0.clone();
        bits.iter_mut().zip(&short.0).for_each(|(bit, other)| *bit |= other);
        Self(bits)
    }

    /// How many indices it has.
    pub fn len(&self) -> u64 {
        self.0.len() as u64 * 8
    }

    /// True when it has no index at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bits, for keeping them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Why a list cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatusListInvalid {
    /// `lst` is not canonical unpadded base64url.
    #[error("status list is not canonical unpadded base64url")]
    Encoding,
    /// Not one whole zlib stream, or its checksum is wrong, or something follows it.
    #[error("status list is not one whole zlib stream")]
    Compression,
    /// Larger than the cap when opened.
    #[error("status list too large: expected at most {0} bytes when opened")]
    TooLarge(usize),
}

fn inflate(packed: &[u8], max_bytes: usize) -> Result<Vec<u8>, StatusListInvalid> {
    const STEP: usize = 64 * 1024;
    let mut zlib = Decompress::new(true);
    let mut opened = Vec::new();
    loop {
        // One byte more than may be is room enough to see that it is too much.
        opened.reserve_exact(STEP.max(opened.len()).min(max_bytes + 1 - opened.len()));
        let before = (zlib.total_in(), opened.len());
        let rest = &packed[consumed(zlib.total_in(), packed)..];
        let status = zlib.decompress_vec(rest, &mut opened, FlushDecompress::None);
        if opened.len() > max_bytes {
            return Err(StatusListInvalid::TooLarge(max_bytes));
        }
        match status {
            Ok(Status::StreamEnd) if consumed(zlib.total_in(), packed) == packed.len() => return Ok(opened),
            Ok(Status::Ok | Status::BufError) if before != (zlib.total_in(), opened.len()) => {}
            _ => return Err(StatusListInvalid::Compression),
        }
    }
}

fn consumed(total: u64, input: &[u8]) -> usize {
    usize::try_from(total).map_or(input.len(), |total| total.min(input.len()))
}

/// A list of several bits each becomes one of a single bit each: what counts is whether it is 0.
fn one_bit_each(bits: Bits, states: Vec<u8>) -> Vec<u8> {
    let width = u8::from(bits);
    if width == 1 {
        return states;
    }
    let mask = u8::MAX >> (8 - width);
    let per_byte = usize::from(8 / width);
    let fold = |group: &[u8]| {
        let states =
            group.iter().flat_map(|byte| (0..per_byte).map(move |at| byte >> (at * usize::from(width)) & mask));
        states.enumerate().fold(0, |folded, (at, state)| folded | u8::from(state != 0) << at)
    };
    states.chunks(usize::from(width)).map(fold).collect()
}

#[cfg(test)]
mod tests {
    use super::{Bits, EncodedStatusList, StatusList, StatusListInvalid};
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    fn open(bits: u8, lst: &str) -> Result<StatusList, StatusListInvalid> {
        StatusList::open(&EncodedStatusList { bits: Bits::try_from(bits).unwrap(), lst: lst.to_owned() }, 1 << 17)
    }

    fn set(list: &StatusList) -> Vec<u64> {
        (0..list.len()).filter(|idx| list.is_set(*idx) == Some(true)).collect()
    }

    #[test]
    fn opens_the_examples_of_the_draft() {
        let one = open(1, "eNrbuRgAAhcBXQ").unwrap();
        assert_eq!(set(&one), [0, 3, 4, 5, 7, 8, 9, 13, 15]);
        assert_eq!((one.len(), one.is_set(15), one.is_set(16), one.is_set(u64::MAX)), (16, Some(true), None, None));
        // 1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3: two bits each.
        let two = open(2, "eNo76fITAAPfAgc").unwrap();
        assert_eq!(set(&two), [0, 1, 3, 5, 7, 8, 9, 10, 11]);
    }

    #[test]
    fn any_status_but_0_is_set_whatever_the_width() {
        for (width, bytes, expected) in [
            (2, vec![0b11_10_01_00, 0, 0b01_00_00_00], vec![1, 2, 3, 11]),
            (4, vec![0x10, 0x0f, 0x00, 0x80, 0x01], vec![1, 2, 7, 8]),
            (8, vec![0, 1, 0, 128, 0, 0, 0, 0, 255], vec![1, 3, 8]),
        ] {
            let lst = EncodedStatusList::of_bits(&bytes).lst;
            assert_eq!(set(&open(width, &lst).unwrap()), expected, "{width} bits");
        }
    }

    #[test]
    fn opens_what_it_writes() {
        let noise: Vec<u8> = (0..1_u32 << 17).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[1]).collect();
        for bits in [Vec::new(), vec![0; 1 << 17], vec![0xff; 1 << 17], vec![1], noise] {
            let encoded = EncodedStatusList::of_bits(&bits);
            assert_eq!(StatusList::open(&encoded, 1 << 17).unwrap().as_bytes(), bits);
        }
    }

    #[test]
    fn never_grows_beyond_the_cap() {
        let bomb = EncodedStatusList::of_bits(&vec![0; 32 << 20]);
        assert!(bomb.lst.len() < 64 * 1024, "{}", bomb.lst.len());
        assert_eq!(StatusList::open(&bomb, 1 << 20), Err(StatusListInvalid::TooLarge(1 << 20)));
        let exact = EncodedStatusList::of_bits(&vec![0; 1 << 20]);
        assert!(StatusList::open(&exact, 1 << 20).is_ok());
        assert!(StatusList::open(&exact, (1 << 20) - 1).is_err());
        assert_eq!(StatusList::open(&exact, 0), Err(StatusListInvalid::TooLarge(0)));
    }

    #[test]
    fn joins_lists_of_any_two_lengths() {
        let list = |bits: &[u8]| StatusList::open(&EncodedStatusList::of_bits(bits), 16).unwrap();
        let (short, long) = (list(&[1]), list(&[2, 4]));
        assert_eq!(short.or(&long).as_bytes(), [3, 4]);
        assert_eq!(long.or(&short), short.or(&long));
    }

    #[test]
    fn refuses_what_is_not_one_whole_stream() {
        let sound = URL_SAFE_NO_PAD.decode(EncodedStatusList::of_bits(&[7; 5000]).lst).unwrap();
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        for length in 0..sound.len() {
            assert_eq!(open(1, &text(&sound[..length])), Err(StatusListInvalid::Compression), "cut to {length}");
        }
        let mut checksum = sound.clone();
        *checksum.last_mut().unwrap() ^= 1;
        for bytes in [checksum, [&sound[..], &[0]].concat(), [&sound[..], &sound[..]].concat(), b"plain".to_vec()] {
            assert_eq!(open(1, &text(&bytes)), Err(StatusListInvalid::Compression), "{bytes:?}");
        }
        for lst in ["eNrbuRgAAhcBXQ==", "eNrbuRgAAhcBXR", "eNrbuRgAAhcB XQ", "ä"] {
            assert_eq!(open(1, lst), Err(StatusListInvalid::Encoding), "{lst}");
        }
    }
}
