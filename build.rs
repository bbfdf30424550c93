//! Stops a build that lacks tokio's unstable hooks with one clear error, before it fails in a
//! hundred places.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_CFG_TOKIO_UNSTABLE").is_none() {
        println!(
            "cargo::error=tasklab needs tokio's unstable hooks: build inside the checkout, whose .cargo/config.toml \
             enables them, or set RUSTFLAGS=\"--cfg tokio_unstable\""
        );
    }
}
