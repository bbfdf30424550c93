//! Matrix multiplication: floating point and cache.

use crate::{StopFlag, Stopped};

/// Multiplies two square matrices of `size` rows. The checksum is the sum of the product's
/// elements, which are small integers.
pub(crate) fn run(size: u32, stop: &StopFlag) -> Result<u64, Stopped> {
    stop.check()?;
    let n = size as usize;
    let a: Vec<f64> = (0..n * n).map(|i| left(i / n, i % n)).collect();
    let b: Vec<f64> = (0..n * n).map(|i| right(i / n, i % n)).collect();
    let mut row = vec![0.0; n];
    let mut sum = 0.0;
    for i in 0..n {
        row.fill(0.0);
        for k in 0..n {
            // One row of a large matrix takes so long that the flag must be checked inside the row.
            stop.check()?;
            let factor = a[i * n + k];
            for (out, b) in row.iter_mut().zip(&b[k * n..][..n]) {
                *out += factor * b;
            }
        }
        sum += row.iter().sum::<f64>();
    }
    Ok(sum as u64)
}

/// An element of the left matrix.
fn left(row: usize, column: usize) -> f64 {
    ((row * 3 + column) % 7) as f64
}

/// An element of the right matrix.
fn right(row: usize, column: usize) -> f64 {
    ((row + column * 5) % 11) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For each k, multiplies the sum of column k of the left matrix by the sum of row k of the
    /// right matrix. The sum of these results is the sum of all elements of the product.
    #[test]
    fn the_sum_of_the_product_is_correct() {
        for n in [1, 2, 31, 64] {
            let column = |k| (0..n).map(|i| left(i, k)).sum::<f64>();
            let row = |k| (0..n).map(|j| right(k, j)).sum::<f64>();
            let expected: f64 = (0..n).map(|k| column(k) * row(k)).sum();
            assert_eq!(run(n as u32, &StopFlag::new()), Ok(expected as u64), "{n}");
        }
    }
}
