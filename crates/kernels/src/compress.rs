//! Compression (deflate): tables, and branches that a core cannot predict.

use crate::{StopFlag, Stopped};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::io::{self, Write};

/// Compresses `kib` KiB of text. The checksum is the last four bytes of the result: zlib's own
/// checksum of the text.
pub(crate) fn run(kib: u32, stop: &StopFlag) -> Result<u64, Stopped> {
    compress(kib, stop, Last::default()).map(|last| u64::from(u32::from_be_bytes(last.0)))
}

fn compress<W: Write>(kib: u32, stop: &StopFlag, into: W) -> Result<W, Stopped> {
    let mut encoder = ZlibEncoder::new(into, Compression::default());
    stop.check()?;
    for number in 0..kib {
        if number % 16 == 0 {
            stop.check()?;
        }
        encoder.write_all(&text(number)).expect("the writers here cannot fail");
    }
    Ok(encoder.finish().expect("the writers here cannot fail"))
}

/// One KiB of text that looks like a log. The order of the words depends on `number`.
fn text(number: u32) -> [u8; 1024] {
    const WORDS: [&[u8]; 8] = [
        b"GET ",
        b"/weather ",
        b"200 ",
        b"500 ",
        b"12 ms\n",
        b"POST ",
        b"retry ",
        b"timeout\n",
    ];
    let mut text = [b' '; 1024];
    let mut rest = &mut text[..];
    let mut state = number.wrapping_mul(2_654_435_769);
    while !rest.is_empty() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let word = WORDS[(state >> 29) as usize];
        let n = word.len().min(rest.len());
        rest[..n].copy_from_slice(&word[..n]);
        rest = &mut rest[n..];
    }
    text
}

/// A writer that keeps only the last four bytes.
#[derive(Default)]
struct Last([u8; 4]);

impl Write for Last {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for &byte in &bytes[bytes.len().saturating_sub(4)..] {
            self.0.rotate_left(1);
            self.0[3] = byte;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn all(kib: u32) -> Vec<u8> {
        (0..kib).flat_map(text).collect()
    }

    #[test]
    fn decompressing_restores_the_text() {
        let packed = compress(40, &StopFlag::new(), Vec::new()).unwrap();
        assert!(packed.len() < 40 * 1024 / 2, "{} bytes", packed.len());
        let mut back = Vec::new();
        flate2::read::ZlibDecoder::new(&packed[..])
            .read_to_end(&mut back)
            .unwrap();
        assert!(back == all(40));
    }

    /// A zlib stream ends with an Adler-32 checksum (RFC 1950).
    #[test]
    fn the_checksum_is_adler_32_of_the_text() {
        let (a, b) = all(40).iter().fold((1u64, 0u64), |(a, b), &byte| {
            let a = (a + u64::from(byte)) % 65_521;
            (a, (b + a) % 65_521)
        });
        assert_eq!(run(40, &StopFlag::new()), Ok(b << 16 | a));
        assert_eq!(run(0, &StopFlag::new()), Ok(1));
    }
}
