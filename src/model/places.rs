//! Where the task, lane or group with a number is in its list.
//!
//! Looked up several times per record. The numbers are small, mostly consecutive, and nobody's to choose: they need no hash that
//! withstands an attacker.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// From an identity to a place.
pub(super) type Places<K> = HashMap<K, usize, BuildHasherDefault<Spread>>;

/// Spreads consecutive numbers over all bits, by Knuth's multiplicative method.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spread(u64);

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    #[inline]
    fn write_u16(&mut self, n: u16) {
        self.write_u64(u64::from(n));
    }

    #[inline]
    fn write_u32(&mut self, n: u32) {
        self.write_u64(u64::from(n));
    }

    #[inline]
    fn write_u64(&mut self, n: u64) {
        self.0 = (self.0 ^ n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}
