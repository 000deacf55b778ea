//! Value parsers for flags, with error messages for users.

use clap::{Arg, Command};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::time::Duration;

/// Parses an integer from `least` to `most`.
pub fn whole<T: TryFrom<u64>>(
    least: u64,
    most: u64,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static {
    move |text| {
        let number = text.trim().parse::<u64>().ok();
        let number = number.filter(|number| (least..=most).contains(number));
        let number = number.and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| match most {
            u64::MAX => format!("expected a whole number, {least} or more"),
            most => format!("expected a whole number from {least} to {most}"),
        })
    }
}

/// Parses a number of seconds.
pub fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds: &f64| *seconds > 0.0);
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "expected a positive number of seconds, such as 60".to_owned())
}

/// Parses a boolean, as environment variables spell it.
pub fn switch(text: &str) -> Result<bool, String> {
    match &*text.trim().to_ascii_lowercase() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" => Ok(false),
        _ => Err("expected 1, true, yes or on, or 0, false, no or off".to_owned()),
    }
}

/// Parses an address and a port. A host name is resolved; if it has several addresses, the first
/// IPv4 address is taken, because every machine has IPv4.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let wanted = "expected an address and a port, such as 127.0.0.1:4359 or localhost:0";
    let is_whole = text
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    if let Some((_, rest)) = text.split_once("://") {
        let rest = rest.split('/').next().unwrap_or_default();
        return Err(format!("expected an address and a port, not a URL: {rest}"));
    }
    if !is_whole {
        return Err(wanted.to_owned());
    }
    let found = text.to_socket_addrs();
    let found: Vec<SocketAddr> = found
        .map_err(|error| format!("{wanted}; the name is not known here: {error}"))?
        .collect();
    let first = found.iter().find(|it| it.is_ipv4()).or(found.first());
    first.copied().ok_or_else(|| wanted.to_owned())
}

/// Parses an address or a network.
pub fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let network = text.parse::<IpNet>();
    let address = || text.parse::<IpAddr>().map(|it| it.to_canonical().into());
    network.or_else(|_| address()).map_err(|_| {
        "expected an address or a network, such as 127.0.0.1, 10.0.0.0/8 or fd00::/8".to_owned()
    })
}

/// Makes `-1` be reported as an invalid value, not as an unknown flag.
pub fn with_negative_numbers(command: Command) -> Command {
    let number = |arg: Arg| {
        let takes_value = arg.get_long().is_some() && arg.get_action().takes_values();
        arg.allow_negative_numbers(takes_value)
    };
    command
        .mut_args(number)
        .mut_subcommands(with_negative_numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_and_refused_in_words() {
        assert_eq!(whole::<u32>(1, 9)("9"), Ok(9));
        for text in ["0", "10", "-1", "x", "1.5", ""] {
            let why = whole::<u32>(1, 9)(text).unwrap_err();
            assert_eq!(why, "expected a whole number from 1 to 9", "{text}");
        }
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for text in ["0", "-1", "nan", "inf", "1e300", "soon", ""] {
            assert!(seconds(text).is_err(), "{text}");
        }
        for (text, on) in [
            ("1", true),
            ("YES", true),
            ("On", true),
            ("0", false),
            ("off", false),
        ] {
            assert_eq!(switch(text), Ok(on));
        }
        assert!(switch("maybe").is_err());
        for (text, shown) in [
            ("127.0.0.1", "127.0.0.1/32"),
            (" ::1 ", "::1/128"),
            ("::ffff:1.2.3.4", "1.2.3.4/32"),
            ("10.0.0.0/8", "10.0.0.0/8"),
        ] {
            assert_eq!(network(text).unwrap().to_string(), shown);
        }
        for text in ["", "localhost", "10.0.0.0/33", "1.2.3", "127.0.0.1:80", "*"] {
            assert!(network(text).unwrap_err().contains("fd00::/8"), "{text}");
        }
        assert_eq!(
            address("localhost:0").map(|it| it.ip().is_loopback()),
            Ok(true)
        );
        assert_eq!(address("[::1]:1").map(|it| it.port()), Ok(1));
        let why = address("http://127.0.0.1:4359/flexiti").unwrap_err();
        assert_eq!(
            why,
            "expected an address and a port, not a URL: 127.0.0.1:4359"
        );
        for text in ["", ":0", "localhost", "localhost:x", "127.0.0.1", "::1"] {
            let why = address(text).unwrap_err();
            assert!(why.contains("127.0.0.1:4359"), "{text}: {why}");
        }
    }
}
