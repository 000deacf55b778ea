//! Completions and manual pages, made from the command line itself.

use clap::Command;
use std::io::{self, Write};
use std::path::Path;

/// Writes the completions of a program for a shell.
pub fn completions(
    mut command: Command,
    shell: clap_complete::Shell,
    out: &mut impl Write,
) -> io::Result<()> {
    let name = command.get_name().to_owned();
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut text);
    out.write_all(&text)
}

/// Writes the manual page of a program; with a folder, those of its sub-commands as well, there.
pub fn manual(command: Command, folder: Option<&Path>, out: &mut impl Write) -> io::Result<()> {
    match folder {
        None => clap_mangen::Man::new(command).render(out),
        Some(folder) => {
            std::fs::create_dir_all(folder)?;
            clap_mangen::generate_to(command, folder)
        }
    }
}
