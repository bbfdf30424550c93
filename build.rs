//! Stops a build without tokio's unstable hooks before it fails in a hundred places.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_CFG_TOKIO_UNSTABLE").is_none() {
        println!(
            "cargo::error=tasklab needs tokio's unstable hooks: build inside the checkout, whose .cargo/config.toml sets them, \
             or set RUSTFLAGS=\"--cfg tokio_unstable\""
        );
    }
}
