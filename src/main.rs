//! The `tasklab` program; all of it lives in the library.

fn main() -> std::process::ExitCode {
    tasklab::cli::main()
}
