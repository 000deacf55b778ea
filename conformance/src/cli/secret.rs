//! The client secret: from a file, a flag, the environment, or a prompt.

use super::args::TargetArgs;
use anyhow::{Context as _, bail};
use std::io::{IsTerminal as _, Read as _};
use std::path::Path;

/// The client secret, or `default`; prompts at a terminal if there is neither.
pub fn client_secret(
    args: &TargetArgs,
    client_id: &str,
    host: &str,
    default: Option<String>,
) -> anyhow::Result<String> {
    if let Some(file) = &args.client_secret_file {
        return from_file("--client-secret-file", file);
    }
    if let Some(secret) = args.client_secret.clone().or(default) {
        return Ok(secret);
    }
    if !std::io::stdin().is_terminal() {
        bail!(
            "the client secret of {client_id} at {host} is not known: set FLEXITI_CLIENT_SECRET, \
             or give --client-secret-file FILE (`-` for standard input)"
        );
    }
    let prompt = format!("Client secret of {client_id} at {host}: ");
    let typed = rpassword::prompt_password(prompt).context("the client secret cannot be read")?;
    checked(&typed, "the client secret that was typed")
}

/// The client secret of the second account; clap guarantees that one was given.
pub fn other_client_secret(args: &TargetArgs) -> anyhow::Result<String> {
    if let Some(file) = &args.other_client_secret_file {
        return from_file("--other-client-secret-file", file);
    }
    let secret = args.other_client_secret.as_deref().unwrap_or_default();
    checked(secret, "--other-client-secret")
}

fn from_file(flag: &str, file: &Path) -> anyhow::Result<String> {
    let is_standard_input = file == Path::new("-");
    let name = format!("{flag} {}", file.display());
    let text = if is_standard_input {
        let mut text = String::new();
        let read = std::io::stdin().read_to_string(&mut text);
        read.map(|_| text)
    } else {
        std::fs::read_to_string(file)
    };
    checked(&text.with_context(|| name.clone())?, &name)
}

/// A secret without its line ending. Errors do not repeat the secret.
fn checked(text: &str, name: &str) -> anyhow::Result<String> {
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        bail!("{name}: is empty; expected the client secret");
    }
    if secret.contains(['\r', '\n']) {
        bail!("{name}: more than one line; expected the client secret alone");
    }
    Ok(secret.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_line_is_no_part_of_a_secret() {
        for text in ["s p", "s p\n", "s p\r\n"] {
            assert_eq!(checked(text, "x").unwrap(), "s p");
        }
        for (text, why) in [
            ("\n", "is empty"),
            ("hunter2\nhunter3\n", "more than one line"),
        ] {
            let error = checked(text, "--x").unwrap_err().to_string();
            assert!(error.starts_with("--x: ") && error.contains(why), "{error}");
            assert!(!error.contains("hunter"), "{error}");
        }
    }
}
