//! The program `ramson`.

fn main() -> std::process::ExitCode {
    std::process::ExitCode::from(ramson_shell::run(std::env::args_os().collect()))
}
