//! The named computations of the `cpu` step.
//!
//! A kernel's line here and its file in `workload/kernels`, registered there in one line, are all
//! there is to it: the reader, the JSON Schema and the messages ask the kernel.

#![allow(missing_docs, reason = "strum gives `into_str` no doc comment")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use strum::{IntoStaticStr, VariantArray};

/// One line for each kernel: its name, the unit of its size, and the largest size. The largest size
/// takes seconds and at most some 100 MB.
macro_rules! kernels {
    ($( $(#[$doc:meta])* $kernel:ident: $unit:literal, to $largest:literal; )*) => {
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
            /// What its size counts.
            pub fn unit(self) -> &'static str {
                match self {
                    $( Kernel::$kernel => $unit, )*
                }
            }

            /// The largest size of its problem.
            pub fn largest_size(self) -> u32 {
                match self {
                    $( Kernel::$kernel => $largest, )*
                }
            }
        }
    };
}

kernels! {
    /// Multiply two square matrices of `size` rows.
    Matmul: "rows", to 2_048;
    /// Draw the Mandelbrot set at `size` × `size` points.
    Mandelbrot: "points a side", to 4_096;
    /// Find all primes below `size`.
    Primes: "the largest candidate", to 100_000_000;
    /// Hash (SHA-256) `size` KiB.
    Hash: "KiB", to 65_536;
    /// Make a thumbnail of a `size` × `size` picture.
    Image: "points a side", to 4_096;
    /// Compress (deflate) `size` KiB.
    Compress: "KiB", to 65_536;
    /// Hash a password as it should be stored (PBKDF2 with HMAC-SHA-256), in `size` thousand
    /// rounds.
    Password: "thousand rounds", to 100_000;
}

impl Kernel {
    /// What `size` means for each kernel, for the JSON Schema.
    pub(in crate::scenario) fn sizes() -> String {
        let mut text = "The size of the problem, from 1:".to_owned();
        for (index, kernel) in Kernel::VARIANTS.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let (name, unit, largest) = (kernel.into_str(), kernel.unit(), kernel.largest_size());
            write!(text, "{comma} {unit} ({name}, to {largest})").expect("a string takes all that is written");
        }
        text.push('.');
        text
    }

    /// The largest size of any kernel, for the JSON Schema.
    pub(in crate::scenario) fn largest_of_all() -> u32 {
        Kernel::VARIANTS
            .iter()
            .map(|kernel| kernel.largest_size())
            .max()
            .unwrap_or(0)
    }
}
