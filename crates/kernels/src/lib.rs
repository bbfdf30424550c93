//! What tasks compute: the named [kernels](Kernel), and the calibrated [`work`].
//!
//! Each computation returns a checksum of its result. Tests compare the checksum. The checksum also
//! prevents the optimiser from removing the computation. Each computation checks the [`StopFlag`]
//! about every millisecond.
//!
//! The kernels are a separate package so that every profile optimises them. Without optimisation, a
//! password hash takes seconds instead of milliseconds, and the lesson about passwords would be far
//! too slow.
//!
//! To add a kernel, write its file in this folder. Then add one line to the list `kernels!` in this
//! file. The reader of scenarios, the JSON Schema and the messages take the new kernel from
//! [`Kernel`].

#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "strum gives `into_str` no doc comment")]

mod stop_flag;
pub mod work;

pub use stop_flag::{StopFlag, Stopped};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use std::hint::black_box;
use strum::{IntoStaticStr, VariantArray};

/// The registry: one line for each kernel, with its module, its name, the unit of its size, and the
/// maximum size. With the maximum size, a kernel takes a few seconds and at most about 100 MB of
/// memory. Each module has a function `run(size: u32, stop: &StopFlag) -> Result<u64, Stopped>`.
///
/// `cargo fmt` does not see modules that a macro declares: format these files with `rustfmt`.
macro_rules! kernels {
    ($( $(#[$doc:meta])* $module:ident: $kernel:ident, $unit:literal, to $largest:literal; )*) => {
        $( mod $module; )*

        /// A real computation of a known kind.
        #[derive(
            Clone, Copy, PartialEq, Eq, Hash, Debug, IntoStaticStr, VariantArray, JsonSchema, Serialize, Deserialize,
        )]
        #[schemars(rename_all = "kebab-case")]
        #[serde(rename_all = "snake_case")]
        #[strum(const_into_str, serialize_all = "kebab-case")]
        pub enum Kernel {
            $( $(#[$doc])* $kernel, )*
        }

        impl Kernel {
            /// The unit of the size.
            pub fn unit(self) -> &'static str {
                match self {
                    $( Kernel::$kernel => $unit, )*
                }
            }

            /// The maximum size in a scenario.
            pub fn largest_size(self) -> u32 {
                match self {
                    $( Kernel::$kernel => $largest, )*
                }
            }

            /// Computes and returns a checksum. `size` is the size of the problem, in the
            /// [kernel's own unit](Kernel::unit).
            ///
            /// # Errors
            /// Returns [`Stopped`] if the flag is raised before the result is complete.
            pub fn run(self, size: u32, stop: &StopFlag) -> Result<u64, Stopped> {
                let size = black_box(size);
                let checksum = match self {
                    $( Kernel::$kernel => $module::run(size, stop), )*
                };
                black_box(checksum)
            }
        }
    };
}
kernels! {
    /// Multiply two square matrices of `size` rows.
    matmul: Matmul, "rows", to 2_048;
    /// Draw the Mandelbrot set at `size` × `size` points.
    mandelbrot: Mandelbrot, "points per side", to 4_096;
    /// Find all primes below `size`.
    primes: Primes, "the largest candidate", to 100_000_000;
    /// Compute the SHA-256 hash of `size` KiB.
    hash: Hash, "KiB", to 65_536;
    /// Make a thumbnail of a `size` × `size` picture.
    image: Image, "points per side", to 4_096;
    /// Compress (deflate) `size` KiB.
    compress: Compress, "KiB", to 65_536;
    /// Hash a password with `size` thousand rounds, the way passwords should be stored (PBKDF2 with
    /// HMAC-SHA-256).
    password: Password, "thousand rounds", to 100_000;
}

impl Kernel {
    /// The meaning of `size` for each kernel, for the JSON Schema.
    pub fn sizes() -> String {
        let mut text = "The size of the problem, from 1:".to_owned();
        for (index, kernel) in Kernel::VARIANTS.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let (name, unit, largest) = (kernel.into_str(), kernel.unit(), kernel.largest_size());
            write!(text, "{comma} {unit} ({name}, to {largest})").expect("writing to a string cannot fail");
        }
        text.push('.');
        text
    }

    /// The maximum size of all kernels, for the JSON Schema.
    pub fn largest_of_all() -> u32 {
        Kernel::VARIANTS
            .iter()
            .map(|kernel| kernel.largest_size())
            .max()
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_has_the_same_result_each_time_for_any_size() {
        for &kernel in Kernel::VARIANTS {
            for size in [0, 1, 2, 95, 97] {
                let first = kernel.run(size, &StopFlag::new());
                assert_eq!(first, kernel.run(size, &StopFlag::new()), "{kernel:?} {size}");
                assert!(first.is_ok(), "{kernel:?} {size}");
            }
        }
    }

    #[test]
    fn a_stopped_kernel_has_no_result() {
        let stop = StopFlag::new();
        stop.request();
        for &kernel in Kernel::VARIANTS {
            assert_eq!(kernel.run(64, &stop), Err(Stopped), "{kernel:?}");
        }
    }
}
