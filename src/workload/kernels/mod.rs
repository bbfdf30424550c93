//! Real computations: the named kernels, and the calibrated [`work`].
//!
//! Each returns a checksum of its result, which is both what its tests check and what keeps the optimiser from removing
//! it, and each looks at the [`Stop`] flag about every millisecond.

mod compress;
mod hash;
mod image;
mod mandelbrot;
mod matmul;
mod password;
mod primes;
pub mod work;

use super::stop::{Stop, Stopped};
use crate::scenario::Kernel;
use std::hint::black_box;

/// Runs a kernel on a problem of this size, in the kernel's own unit (see [`Kernel`]), and returns its checksum.
///
/// # Errors
/// [`Stopped`] if the flag is raised before the result is there.
pub fn run(kernel: Kernel, size: u32, stop: &Stop) -> Result<u64, Stopped> {
    let size = black_box(size);
    let checksum = match kernel {
        Kernel::Matmul => matmul::run(size as usize, stop),
        Kernel::Mandelbrot => mandelbrot::run(size, stop),
        Kernel::Primes => primes::run(size, stop),
        Kernel::Hash => hash::run(size, stop),
        Kernel::Image => image::run(size, stop),
        Kernel::Compress => compress::run(size, stop),
        Kernel::Password => password::run(size, stop),
    };
    black_box(checksum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_of_any_size_ends() {
        for kernel in Kernel::ALL {
            for size in [0, 1, 2, 95, 97] {
                assert_eq!(
                    run(kernel, size, &Stop::new()),
                    run(kernel, size, &Stop::new()),
                    "{kernel:?} {size}"
                );
                assert!(run(kernel, size, &Stop::new()).is_ok(), "{kernel:?} {size}");
            }
        }
    }

    #[test]
    fn a_stopped_kernel_has_no_result() {
        let stop = Stop::new();
        stop.request();
        for kernel in Kernel::ALL {
            assert_eq!(run(kernel, 64, &stop), Err(Stopped), "{kernel:?}");
        }
    }
}
