//! SHA-256: integer arithmetic without branches.

use crate::{StopFlag, Stopped};
use sha2::{Digest, Sha256};

/// Hashes `kib` KiB of zeros. The checksum is the first eight bytes of the digest, as a number.
pub(crate) fn run(kib: u32, stop: &StopFlag) -> Result<u64, Stopped> {
    let mut hash = Sha256::new();
    let block = [0; 1024];
    stop.check()?;
    for done in 0..kib {
        if done % 128 == 0 {
            stop.check()?;
        }
        hash.update(block);
    }
    let digest: [u8; 32] = hash.finalize().into();
    let [a, b, c, d, e, f, g, h, ..] = digest;
    Ok(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected digests are from coreutils: `head -c SIZE /dev/zero | sha256sum`.
    #[test]
    fn the_digest_equals_the_digest_of_coreutils() {
        assert_eq!(run(0, &StopFlag::new()), Ok(0xe3b0_c442_98fc_1c14));
        assert_eq!(run(1, &StopFlag::new()), Ok(0x5f70_bf18_a086_0070));
        assert_eq!(run(1024, &StopFlag::new()), Ok(0x30e1_4955_ebf1_3522));
    }
}
