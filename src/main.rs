//! The command line. No logic of its own: it reads the settings and calls the library.

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
