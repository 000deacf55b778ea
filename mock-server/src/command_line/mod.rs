//! What the command lines of the two programs share: environment variables, parsing of values,
//! colours, completions and manual pages. Not part of the library's public interface.

mod environment;
mod generated;
mod values;

pub use environment::{misspelt, named_by_variable, slips, without_empty_variables};
pub use generated::{Generated, completions, manual, with_generated_help};
pub use values::{address, network, seconds, switch, whole, with_negative_numbers};

use std::ffi::OsStr;

/// Whether output may have colours, according to `NO_COLOR`, `CLICOLOR_FORCE` and `TERM`, or else
/// to whether it goes to a terminal.
pub fn wants_colour(is_terminal: bool) -> bool {
    colour(|name| std::env::var_os(name), is_terminal)
}

/// See <https://no-color.org> and <https://bixense.com/clicolors>.
fn colour(get: impl Fn(&str) -> Option<std::ffi::OsString>, is_terminal: bool) -> bool {
    let get = |name| get(name).filter(|value| !value.is_empty());
    let is = |name, text: &str| get(name).is_some_and(|value| value == OsStr::new(text));
    if get("NO_COLOR").is_some() {
        return false;
    }
    if get("CLICOLOR_FORCE").is_some() && !is("CLICOLOR_FORCE", "0") {
        return true;
    }
    is_terminal && !is("TERM", "dumb") && !is("CLICOLOR", "0")
}

#[cfg(test)]
mod tests {
    use super::colour;

    #[test]
    fn colour_is_what_the_environment_says() {
        let given = |set: &'static [(&'static str, &'static str)]| {
            move |name: &str| {
                let found = set.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).into())
            }
        };
        for (set, terminal, expected) in [
            (&[][..], true, true),
            (&[], false, false),
            (&[("NO_COLOR", "1")], true, false),
            (&[("NO_COLOR", "")], true, true),
            (&[("CLICOLOR_FORCE", "1")], false, true),
            (&[("CLICOLOR_FORCE", "0")], false, false),
            (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], true, false),
            (&[("CLICOLOR", "0")], true, false),
            (&[("TERM", "dumb")], true, false),
            (&[("TERM", "xterm")], true, true),
        ] {
            assert_eq!(colour(given(set), terminal), expected, "{set:?}");
        }
    }
}
