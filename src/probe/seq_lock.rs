//! A sequence lock: a thread publishes several words at once, and the monitor reads all of them as
//! they were at one instant.
//!
//! The measured thread must never wait, so only the reader tries again. The writer makes the
//! version odd, writes the words, and makes the version even again. If a reader finds an odd or a
//! changed version, it tries again.

use super::sync::{Acquire, AtomicU32, Relaxed, Release, fence, spin_loop};

/// The maximum number of times that a reader tries to read the words.
const ATTEMPTS: usize = 16;

/// The version of some words, which is odd while a thread writes. All accesses to the words are
/// relaxed.
#[derive(Default)]
pub(super) struct SeqLock(AtomicU32);

impl SeqLock {
    /// Writes several words so that a reader sees all of the changes or none. Only one thread may
    /// write at a time.
    #[inline]
    pub(super) fn write(&self, write: impl FnOnce()) {
        let version = self.0.load(Relaxed);
        self.0.store(version.wrapping_add(1), Relaxed);
        fence(Release);
        write();
        self.0.store(version.wrapping_add(2), Release);
    }

    /// Reads the words. Returns `None` if they are written faster than they can be read.
    pub(super) fn read<T>(&self, read: impl Fn() -> T) -> Option<T> {
        for _ in 0..ATTEMPTS {
            let before = self.0.load(Acquire);
            let words = read();
            fence(Acquire);
            if before.is_multiple_of(2) && self.0.load(Relaxed) == before {
                return Some(words);
            }
            spin_loop();
        }
        None
    }
}
