//! The `tasklab` program; all of it lives in the library.

#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    tasklab::cli::main()
}
