//! Completions and manual pages, generated from the command line by subcommands that both programs
//! have.

use anyhow::Context as _;
use clap::{Command, Subcommand};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The subcommands that generate files from the command line.
#[derive(Debug, Subcommand)]
pub enum Generated {
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man {
        /// Write it, and those of the subcommands, to this folder instead
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
}

impl Generated {
    /// Generates the output for this command line.
    pub fn run(&self, command: Command) -> anyhow::Result<()> {
        let mut out = io::stdout();
        // The reader may stop early (`| head`).
        match self {
            Self::Completions { shell } => {
                let _ = completions(command, *shell, &mut out);
            }
            Self::Man { out: None } => {
                let _ = manual(command, None, &mut out);
            }
            Self::Man { out: Some(folder) } => manual(command, Some(folder), &mut out)
                .with_context(|| format!("--out: {}", folder.display()))?,
        }
        Ok(())
    }
}

/// Adds examples and exit codes to the help of both subcommands.
pub fn with_generated_help(command: Command) -> Command {
    let name = command.get_name().to_owned();
    let completions = format!(
        "Examples:
  {name} completions bash > ~/.local/share/bash-completion/completions/{name}
  {name} completions zsh > ~/.zfunc/_{name}
  {name} completions fish > ~/.config/fish/completions/{name}.fish
  {name} completions powershell >> $PROFILE

Exit codes:
  0  printed
  2  no such shell"
    );
    let man = format!(
        "Examples:
  {name} man | man -l -
  {name} man --out ~/.local/share/man/man1

Exit codes:
  0  written
  2  the folder cannot be written"
    );
    command
        .mut_subcommand("completions", |it| it.after_long_help(completions))
        .mut_subcommand("man", |it| it.after_long_help(man))
}

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

/// Writes the manual page of a program; with a folder, writes it there with those of its
/// subcommands.
pub fn manual(command: Command, folder: Option<&Path>, out: &mut impl Write) -> io::Result<()> {
    match folder {
        None => clap_mangen::Man::new(command).render(out),
        Some(folder) => {
            std::fs::create_dir_all(folder)?;
            clap_mangen::generate_to(command, folder)
        }
    }
}
