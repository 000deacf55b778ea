//! `flexiti-conformance`: the library does the work.

fn main() -> std::process::ExitCode {
    flexiti_conformance::main()
}
