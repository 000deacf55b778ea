//! Environment variables. Empty ones count as unset, because CI and compose files leave them so;
//! errors name the variable; and misspelt names are detected.

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command, Error};
use std::ffi::OsString;

/// The minimum similarity of two names for one to count as a misspelling of the other.
const ALIKE: f64 = 0.8;

/// Makes a command ignore empty variables.
pub fn without_empty_variables(command: Command) -> Command {
    let sighted = |arg: Arg| {
        let value = arg.get_env().and_then(std::env::var_os);
        match value {
            Some(value) if value.is_empty() => arg.env(None::<&str>),
            _ => arg,
        }
    };
    command
        .mut_args(sighted)
        .mut_subcommands(without_empty_variables)
}

/// Names the variable in an error about a flag's value, if the value comes from it.
pub fn named_by_variable(mut error: Error, command: &Command, arguments: &[OsString]) -> Error {
    let (Some(ContextValue::String(flag)), Some(ContextValue::String(value))) = (
        error.get(ContextKind::InvalidArg),
        error.get(ContextKind::InvalidValue),
    ) else {
        return error;
    };
    // Arguments can only be displayed once the command is built.
    let mut built = command.clone();
    built.build();
    let mut all = Vec::new();
    walk(&built, &mut |arg| {
        if arg.to_string() == *flag
            && let (Some(name), Some(long)) = (arg.get_env(), arg.get_long())
        {
            all.push((name.to_os_string(), format!("--{long}")));
        }
    });
    let is_typed = |long: &str| {
        let mut typed = arguments.iter().filter_map(|it| it.to_str());
        typed.any(|it| {
            it.strip_prefix(long)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
        })
    };
    let holds = |name: &OsString| std::env::var_os(name).is_some_and(|it| it == value.as_str());
    let found = all
        .iter()
        .find(|(name, long)| holds(name) && !is_typed(long));
    if let Some((name, long)) = found {
        let text = format!(
            "{} (the environment variable of {long})",
            name.to_string_lossy()
        );
        error.insert(ContextKind::InvalidArg, ContextValue::String(text));
    }
    error
}

/// Warnings about variables that begin with `prefix` and that nothing reads, each with the most
/// similar known name.
pub fn misspelt(prefix: &str, command: &Command) -> Vec<String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let names = names.filter(|name| name.starts_with(prefix)).collect();
    misspelt_of(names, prefix, &known(command))
}

/// Warnings about misspelt variables, for a prefix that other programs share: only names similar to
/// a known one that begin with none of `others`.
pub fn slips(prefix: &str, command: &Command, others: &[&str]) -> Vec<String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let is_other = |name: &String| others.iter().any(|other| name.starts_with(other));
    let names = names.filter(|name| name.starts_with(prefix) && !is_other(name));
    let said = misspelt_of(names.collect(), prefix, &known(command)).into_iter();
    said.filter(|warning| warning.contains("did you mean"))
        .collect()
}

fn misspelt_of(mut names: Vec<String>, prefix: &str, known: &[String]) -> Vec<String> {
    names.sort();
    // Kubernetes sets these for a service of that name.
    let is_service = |name: &str| {
        let rest = &name[prefix.len()..];
        rest.starts_with("SERVICE_") || rest == "PORT" || rest.starts_with("PORT_")
    };
    names.retain(|name| !known.contains(name) && !is_service(name));
    let said = names.iter().map(|name| {
        let nearness = |other: &&String| {
            strsim::jaro_winkler(&name[prefix.len()..], &other[prefix.len()..])
        };
        let near = known.iter().filter(|other| other.starts_with(prefix));
        let nearest = near.max_by(|a, b| nearness(a).total_cmp(&nearness(b)));
        match nearest.filter(|other| nearness(other) >= ALIKE) {
            Some(other) => format!("warning: the environment variable {name} is unknown, and ignored; did you mean {other}?"),
            None => format!("warning: the environment variable {name} is unknown, and ignored; --help lists those that are read"),
        }
    });
    said.collect()
}

/// The variables that a program and its subcommands read.
fn known(command: &Command) -> Vec<String> {
    let mut all = Vec::new();
    walk(command, &mut |arg| {
        all.extend(arg.get_env().and_then(|it| it.to_str()).map(str::to_owned));
    });
    all.sort();
    all.dedup();
    all
}

fn walk(command: &Command, see: &mut impl FnMut(&Arg)) {
    command.get_arguments().for_each(&mut *see);
    for command in command.get_subcommands() {
        walk(command, see);
    }
}

#[cfg(test)]
mod tests {
    use super::misspelt_of;

    #[test]
    fn a_slip_is_told_from_what_others_set() {
        let known = ["MOCK_DIALECT", "MOCK_SEED", "OTHER"].map(str::to_owned);
        let said = |name: &str| misspelt_of(vec![name.to_owned()], "MOCK_", &known).join("");
        assert!(said("MOCK_DIALETC").contains("did you mean MOCK_DIALECT?"));
        assert!(said("MOCK_SEDE").contains("did you mean MOCK_SEED?"));
        assert!(said("MOCK_WEATHER").contains("--help"));
        for name in [
            "MOCK_SEED",
            "MOCK_SERVICE_HOST",
            "MOCK_PORT",
            "MOCK_PORT_4359_TCP",
        ] {
            assert_eq!(said(name), "");
        }
    }
}
