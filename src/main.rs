//! The `tasklab` program. All of its code is in the library.

#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    tasklab::cli::main()
}
