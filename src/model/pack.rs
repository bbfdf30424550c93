//! Packs each number into as few bytes as the number needs.
//!
//! An unpacked slice of a task takes 29 bytes. A packed slice takes 10 to 14 bytes, because most
//! gaps and lengths are microseconds, not hours. Each entry begins with a header that contains the
//! width of each number. So decoding needs no conditional jump per byte.

use crate::record::Nanos;

/// The number of bytes that a number below 2⁵⁶ needs, 0–7.
#[inline]
pub(super) fn width(n: u64) -> u32 {
    (64 - n.leading_zeros()).div_ceil(8)
}

/// Maps a signed difference, as two's complement, to an unsigned number that is small if the
/// difference is small: 0, −1, 1, −2, 2 become 0, 1, 2, 3, 4.
#[inline]
pub(super) fn zigzag(difference: u32) -> u32 {
    difference << 1 ^ (difference as i32 >> 31) as u32
}

/// The inverse of [`zigzag`].
#[inline]
pub(super) fn unzigzag(n: u32) -> u32 {
    n >> 1 ^ (n & 1).wrapping_neg()
}

/// The greatest number that can be packed.
pub(super) const MAX: u64 = Nanos::BOUND.0 - 1;

/// An entry that is being packed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    bytes: [u8; 56],
    len: usize,
}

impl Entry {
    /// Creates an entry and reserves `header` bytes for its header.
    #[inline]
    pub(super) fn after_header(header: usize) -> Entry {
        Entry {
            bytes: [0; 56],
            len: header,
        }
    }

    /// Appends the lowest `width` bytes of a number.
    #[inline]
    pub(super) fn put(&mut self, n: u64, width: u32) {
        self.bytes[self.len..self.len + 8].copy_from_slice(&n.to_le_bytes());
        self.len += width as usize;
    }

    /// Writes the header.
    #[inline]
    pub(super) fn headed(mut self, header: &[u8]) -> Entry {
        self.bytes[..header.len()].copy_from_slice(header);
        self
    }

    /// All bytes of the entry.
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// Reads packed bytes from the start to the end.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0 }
    }

    pub(super) fn is_done(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// Reads the number in the next `width` bytes, 0–7.
    #[inline]
    pub(super) fn take(&mut self, width: u32) -> u64 {
        let word = match self.bytes.get(self.at..self.at + 8) {
            Some(word) => u64::from_le_bytes(word.try_into().expect("the range is eight bytes long")),
            None => word(&self.padded(), 0),
        };
        self.skip(width);
        word & MASKS[width as usize & 7]
    }

    /// The next bytes, as an argument for [`word`]. The bytes beyond the end are zeros. With a
    /// window, one bounds check is enough for all numbers of an entry.
    #[inline]
    pub(super) fn window<'b>(&'b self, padded: &'b mut EntryWindow) -> &'b EntryWindow {
        match self.bytes.get(self.at..self.at + size_of::<EntryWindow>()) {
            Some(window) => window.try_into().expect("the range is as long as the window"),
            None => {
                *padded = self.padded();
                padded
            }
        }
    }

    #[cold]
    fn padded(&self) -> EntryWindow {
        let mut window = [0; size_of::<EntryWindow>()];
        let rest = &self.bytes[self.at.min(self.bytes.len())..];
        let rest = &rest[..rest.len().min(window.len())];
        window[..rest.len()].copy_from_slice(rest);
        window
    }

    /// Skips some bytes.
    #[inline]
    pub(super) fn skip(&mut self, bytes: u32) {
        self.at += bytes as usize;
    }
}

/// A window that is long enough for the longest entry and for the bytes that [`word`] reads after
/// it.
pub(super) type EntryWindow = [u8; 40];

/// Bit masks. `MASKS[n]` selects the lowest `n` bytes of a word.
pub(super) const MASKS: [u64; 8] = {
    let mut masks = [0; 8];
    let mut width = 1;
    while width < 8 {
        masks[width] = masks[width - 1] << 8 | 0xff;
        width += 1;
    }
    masks
};

/// The eight bytes of a window that start at the offset `at`. `at` is below 32.
#[inline]
pub(super) fn word(window: &EntryWindow, at: u32) -> u64 {
    let at = (at & 31) as usize;
    u64::from_le_bytes(window[at..at + 8].try_into().expect("the range is eight bytes long"))
}

/// Appends an entry. The capacity grows by half. If the capacity doubled, up to half of the memory
/// would stay unused.
pub(super) fn append(bytes: &mut Vec<u8>, entry: &[u8]) {
    if bytes.capacity() - bytes.len() < entry.len() {
        bytes.reserve_exact(entry.len() + (bytes.len() / 2).max(32));
    }
    bytes.extend_from_slice(entry);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn unpacking_returns_what_was_packed(numbers in prop::collection::vec(0u64..=MAX, 1..5), shifts in prop::collection::vec(0u32..56, 5)) {
            let numbers: Vec<u64> = numbers.iter().zip(shifts).map(|(n, shift)| n >> shift).collect();
            let mut entry = Entry::after_header(1);
            for &n in &numbers {
                entry.put(n, width(n));
            }
            let mut bytes = Vec::new();
            append(&mut bytes, entry.headed(&[7]).bytes());
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(reader.take(1), 7);
            for n in numbers {
                prop_assert!(!reader.is_done() || n == 0);
                prop_assert_eq!(reader.take(width(n)), n);
            }
            prop_assert!(reader.is_done());
        }
    }
}
