//! Real computations: the named kernels, and the calibrated [`work`].
//!
//! Each computation returns a checksum of its result. Tests compare the checksum. The checksum also
//! prevents the optimiser from removing the computation. Each computation checks the [`Stop`] flag
//! about every millisecond.
//!
//! To add a kernel, write its file in this folder. Then add one line to the list `kernels!` in this
//! file, and one line to the list in `scenario/types/kernel.rs`.

pub(super) mod work;

use super::stop::{Stop, Stopped};
use crate::scenario::Kernel;
use std::hint::black_box;

/// The registry: one line for each kernel, with its module and its name. The module has a function
/// `run(size: u32, stop: &Stop) -> Result<u64, Stopped>`.
///
/// `cargo fmt` does not see modules that a macro declares: format these files with `rustfmt
/// src/workload/kernels/*.rs`.
macro_rules! kernels {
    ($( $module:ident: $kernel:ident, )*) => {
        $( mod $module; )*

        /// Runs a kernel and returns its checksum. `size` is the size of the problem, in the
        /// [kernel's own unit](Kernel::unit).
        ///
        /// # Errors
        /// Returns [`Stopped`] if the flag is raised before the result is complete.
        pub(super) fn run(kernel: Kernel, size: u32, stop: &Stop) -> Result<u64, Stopped> {
            let size = black_box(size);
            let checksum = match kernel {
                $( Kernel::$kernel => $module::run(size, stop), )*
            };
            black_box(checksum)
        }
    };
}

kernels! {
    matmul: Matmul,
    mandelbrot: Mandelbrot,
    primes: Primes,
    hash: Hash,
    image: Image,
    compress: Compress,
    password: Password,
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::VariantArray;

    #[test]
    fn a_kernel_has_the_same_result_each_time_for_any_size() {
        for &kernel in Kernel::VARIANTS {
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
        for &kernel in Kernel::VARIANTS {
            assert_eq!(run(kernel, 64, &stop), Err(Stopped), "{kernel:?}");
        }
    }
}
