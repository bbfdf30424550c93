//! A thumbnail of a picture in memory: many bytes, little arithmetic.

use crate::workload::stop::{Stop, Stopped};
use image::imageops::{crop_imm, thumbnail};
use image::{Rgb, RgbImage};

/// The thumbnail's side, in pixels.
const SIDE: u32 = 96;

/// Draws a picture of `size` × `size` pixels and makes its thumbnail; the sum of the thumbnail's bytes.
///
/// The thumbnail is made row by row, each from its own strip of the picture, to leave room for a look at the flag.
pub(super) fn run(size: u32, stop: &Stop) -> Result<u64, Stopped> {
    let picture = draw(size, stop)?;
    let side = SIDE.min(size);
    let mut sum = 0;
    for row in 0..side {
        stop.check()?;
        let edge = |row: u32| (u64::from(row) * u64::from(size) / u64::from(side)) as u32;
        let strip = crop_imm(&picture, 0, edge(row), size, edge(row + 1) - edge(row));
        sum += thumbnail(&*strip, side, 1)
            .iter()
            .map(|&byte| u64::from(byte))
            .sum::<u64>();
    }
    Ok(sum)
}

/// A picture with something in it.
fn draw(size: u32, stop: &Stop) -> Result<RgbImage, Stopped> {
    let mut picture = RgbImage::new(size, size);
    stop.check()?;
    for (y, row) in picture.rows_mut().enumerate() {
        stop.check()?;
        for (x, pixel) in row.enumerate() {
            *pixel = colour(x, y);
        }
    }
    Ok(picture)
}

fn colour(x: usize, y: usize) -> Rgb<u8> {
    Rgb([(x % 256) as u8, (y % 256) as u8, ((x ^ y) % 256) as u8])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Half the side: each thumbnail's pixel is the rounded mean of a square of four.
    #[test]
    fn a_thumbnail_is_made_of_means() {
        let mut expected = 0;
        for (x, y) in (0..SIDE as usize).flat_map(|x| (0..SIDE as usize).map(move |y| (2 * x, 2 * y))) {
            let square = [colour(x, y), colour(x + 1, y), colour(x, y + 1), colour(x + 1, y + 1)];
            for channel in 0..3 {
                expected += (square.iter().map(|p| u64::from(p[channel])).sum::<u64>() + 2) / 4;
            }
        }
        assert_eq!(run(2 * SIDE, &Stop::new()), Ok(expected));
    }

    #[test]
    fn a_small_picture_is_its_own_thumbnail() {
        let expected = (0..5)
            .flat_map(|x| (0..5).map(move |y| colour(x, y)))
            .flat_map(|p| p.0)
            .map(u64::from)
            .sum();
        assert_eq!(run(5, &Stop::new()), Ok(expected));
    }
}
