//! Completions and manual pages, made from the command line itself: two sub-commands that both
//! programs have.

use anyhow::Context as _;
use clap::{Command, Subcommand};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What is made from the command line.
#[derive(Debug, Subcommand)]
pub enum Generated {
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man {
        /// Instead, write it and those of the sub-commands to this folder
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
}

impl Generated {
    /// Writes it for the program of this command line.
    pub fn run(&self, command: Command) -> anyhow::Result<()> {
        let mut out = io::stdout();
        // Whoever reads may stop early (`| head`).
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

/// The command line, with examples and exit codes in the help of both.
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
