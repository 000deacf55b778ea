//! Environment variables for a program that talks to a mock.

use crate::embed::Mock;
use crate::embed::admin::MerchantView;
use std::ffi::{OsStr, OsString};

/// The loopback hosts, spelled so that every reader of `NO_PROXY` accepts them: Python's httpx
/// fails to start if an address is in brackets.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "::1"];

/// The variables for a program that plays `merchant`: URLs, keys, and no proxy for loopback.
/// `given` returns the variables that the program would have had anyway.
pub fn environment(
    mock: &Mock,
    merchant: &MerchantView,
    given: impl Fn(&str) -> Option<OsString>,
) -> Vec<(&'static str, OsString)> {
    let account = &merchant.account;
    let mut all = vec![
        ("FLEXITI_BASE_URL", mock.base_url().into()),
        ("FLEXITI_CLIENT_ID", account.client_id.clone().into()),
        (
            "FLEXITI_CLIENT_SECRET",
            account.client_secret.clone().into(),
        ),
        ("FLEXITI_ADMIN_URL", mock.admin_url().into()),
    ];
    if let Some(token) = &mock.app().admin_token {
        all.push(("FLEXITI_MOCK_ADMIN_TOKEN", token.into()));
    }
    if let Some(ca_file) = mock.ca_file() {
        all.push(("FLEXITI_CA_FILE", ca_file.into()));
        // Other such variables replace the system's CAs; this one adds to them.
        if given("NODE_EXTRA_CA_CERTS").is_none() {
            all.push(("NODE_EXTRA_CA_CERTS", ca_file.into()));
        }
    }
    all.extend(no_proxy(given));
    all
}

/// `NO_PROXY` and `no_proxy`, with loopback added to what a program would have had. `given` looks
/// up a variable.
pub fn no_proxy(given: impl Fn(&str) -> Option<OsString>) -> [(&'static str, OsString); 2] {
    let (upper, lower) = ("NO_PROXY", "no_proxy");
    let with_loopback = |name: &str, other: &str| {
        let present = |name: &str| given(name).filter(|value| !value.is_empty());
        let mut list = present(name).or_else(|| present(other)).unwrap_or_default();
        // Curl recognizes an asterisk only if it stands alone; it covers loopback.
        if list == "*" {
            return list;
        }
        for host in LOOPBACK {
            if !list.is_empty() {
                list.push(OsStr::new(","));
            }
            list.push(host);
        }
        list
    };
    [
        (upper, with_loopback(upper, lower)),
        (lower, with_loopback(lower, upper)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_keep_their_no_proxy_and_get_loopback() {
        let with = |name: &'static str, value: &'static str| {
            no_proxy(move |asked| (asked == name).then(|| value.into()))
        };
        let loopback = "127.0.0.1,localhost,::1";
        let both = |value: String| {
            [
                ("NO_PROXY", value.clone().into()),
                ("no_proxy", value.into()),
            ]
        };
        assert_eq!(no_proxy(|_| None), both(loopback.to_owned()));
        let kept = both(format!("example.com,{loopback}"));
        assert_eq!(with("NO_PROXY", "example.com"), kept);
        assert_eq!(with("no_proxy", "example.com"), kept);
        assert_eq!(with("NO_PROXY", "*"), both("*".to_owned()));
    }
}
