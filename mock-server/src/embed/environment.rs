//! What a program that is to talk to a mock finds in its environment.

use crate::embed::Mock;
use crate::embed::admin::MerchantView;
use std::ffi::{OsStr, OsString};

/// The names of loopback, as all readers of `NO_PROXY` take them: with brackets around an address,
/// Python's httpx refuses to start.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "::1"];

/// The variables for a program that plays `merchant`: where the mock is, with which account, and
/// no proxy on the way. `given` looks a variable up in what the program would have had anyway.
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
        // What others read takes the place of the system's authorities, this one adds to them.
        if given("NODE_EXTRA_CA_CERTS").is_none() {
            all.push(("NODE_EXTRA_CA_CERTS", ca_file.into()));
        }
    }
    all.extend(no_proxy(given));
    all
}

/// `NO_PROXY` and `no_proxy` with loopback added to what a program would have had. `given` looks a
/// variable up.
pub fn no_proxy(given: impl Fn(&str) -> Option<OsString>) -> [(&'static str, OsString); 2] {
    let (upper, lower) = ("NO_PROXY", "no_proxy");
    let with_loopback = |name: &str, other: &str| {
        let present = |name: &str| given(name).filter(|value| !value.is_empty());
        let mut list = present(name).or_else(|| present(other)).unwrap_or_default();
        // Curl reads an asterisk only where it stands alone; it includes loopback.
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
