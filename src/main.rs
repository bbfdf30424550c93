fn main() -> std::process::ExitCode {
    tasklab::cli::main()
}
