//! `flexiti-mock`.

use std::process::ExitCode;

fn main() -> ExitCode {
    flexiti_mock::main()
}
