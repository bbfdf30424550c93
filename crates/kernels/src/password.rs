//! Hashing a password for storage (PBKDF2, HMAC-SHA-256): slow on purpose, so that guessing
//! passwords is slow.

use crate::{StopFlag, Stopped};
use pbkdf2::pbkdf2_hmac;
use sha2::Sha256;

/// Derives a key in `thousands` steps of a thousand rounds each. The key of a step is the salt of
/// the next step. The flag is checked between steps, about every half millisecond.
pub(crate) fn run(thousands: u32, stop: &StopFlag) -> Result<u64, Stopped> {
    let mut salt = [0x5a; 32];
    for _ in 0..thousands {
        stop.check()?;
        let mut key = [0; 32];
        pbkdf2_hmac::<Sha256>(b"correct horse battery staple", &salt, 1000, &mut key);
        salt = key;
    }
    Ok(u64::from_le_bytes([
        salt[0], salt[1], salt[2], salt[3], salt[4], salt[5], salt[6], salt[7],
    ]))
}
