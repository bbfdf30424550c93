//! A thumbnail of a picture in memory: many bytes, little arithmetic.

use crate::{StopFlag, Stopped};

/// The thumbnail's side, in pixels.
const SIDE: usize = 96;

/// Red, green and blue, one byte each.
type Pixel = [u8; 3];

/// Draws a picture of `size` × `size` pixels, shrinks it to a thumbnail, and returns the sum of the
/// thumbnail's bytes.
///
/// # Errors
/// Returns [`Stopped`] if the stop flag is raised before the result is complete. The flag is
/// checked before each row of the picture and of the thumbnail.
pub(crate) fn run(size: u32, stop: &StopFlag) -> Result<u64, Stopped> {
    let size = size as usize;
    let picture = draw(size, stop)?;
    let side = SIDE.min(size);
    let mut sum = 0;
    for row in 0..side {
        stop.check()?;
        let strip = &picture[edge(row, size, side) * size..edge(row + 1, size, side) * size];
        for pixel in shrink(strip, size, side) {
            sum += pixel.into_iter().map(u64::from).sum::<u64>();
        }
    }
    Ok(sum)
}

/// Divides `size` pixels into `side` cells, and returns the index of the first pixel of the cell
/// `cell`.
fn edge(cell: usize, size: usize, side: usize) -> usize {
    cell * size / side
}

/// Shrinks a strip of whole rows, each `width` pixels wide, to one row of `side` pixels: a box
/// filter.
///
/// Each pixel of the result covers a box of pixels. Its value is the mean of this box, rounded to
/// the nearest whole number.
fn shrink(strip: &[Pixel], width: usize, side: usize) -> Vec<Pixel> {
    let mut sums = vec![[0_u32; 3]; side];
    for row in strip.chunks_exact(width) {
        for (cell, sum) in sums.iter_mut().enumerate() {
            for pixel in &row[edge(cell, width, side)..edge(cell + 1, width, side)] {
                for (sum, &value) in sum.iter_mut().zip(pixel) {
                    *sum += u32::from(value);
                }
            }
        }
    }
    let rows = strip.len() / width;
    let mean = |(cell, sum): (usize, [u32; 3])| {
        let count = (rows * (edge(cell + 1, width, side) - edge(cell, width, side))) as u32;
        sum.map(|sum| ((sum + count / 2) / count) as u8)
    };
    sums.into_iter().enumerate().map(mean).collect()
}

/// Draws a picture that the compiler cannot replace with a constant.
fn draw(size: usize, stop: &StopFlag) -> Result<Vec<Pixel>, Stopped> {
    let mut picture = vec![Pixel::default(); size * size];
    stop.check()?;
    for (y, row) in picture.chunks_exact_mut(size.max(1)).enumerate() {
        stop.check()?;
        for (x, pixel) in row.iter_mut().enumerate() {
            *pixel = colour(x, y);
        }
    }
    Ok(picture)
}

fn colour(x: usize, y: usize) -> Pixel {
    [(x % 256) as u8, (y % 256) as u8, ((x ^ y) % 256) as u8]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pixel_is_the_rounded_mean_of_its_box() {
        let strip = [
            [0, 10, 255],
            [1, 20, 255],
            [2, 9, 0],
            [1, 30, 255],
            [1, 40, 255],
            [3, 9, 0],
        ];
        // Three columns in two cells: the first has one column, the second has two.
        assert_eq!(shrink(&strip, 3, 2), [[1, 20, 255], [2, 20, 128]]);
        assert_eq!(shrink(&strip, 3, 1), [[1, 20, 170]]);
    }

    #[test]
    fn a_picture_of_twice_the_side_is_shrunk_by_squares_of_four_pixels() {
        let mut expected = 0;
        for (x, y) in (0..SIDE).flat_map(|x| (0..SIDE).map(move |y| (2 * x, 2 * y))) {
            let square = [colour(x, y), colour(x + 1, y), colour(x, y + 1), colour(x + 1, y + 1)];
            for channel in 0..3 {
                expected += (square.iter().map(|p| u64::from(p[channel])).sum::<u64>() + 2) / 4;
            }
        }
        assert_eq!(run(2 * SIDE as u32, &StopFlag::new()), Ok(expected));
    }

    #[test]
    fn a_small_picture_is_its_own_thumbnail() {
        let expected = (0..5)
            .flat_map(|x| (0..5).map(move |y| colour(x, y)))
            .flatten()
            .map(u64::from)
            .sum();
        assert_eq!(run(5, &StopFlag::new()), Ok(expected));
    }
}
