//! Maps paths to endpoints.

use crate::http::form::decode_segment;
use flexiti_contract::{Contract, Endpoint};

/// The prefix of every endpoint (R-cur).
pub const BASE: &str = "/flexiti/online-api";
/// The prefix of the admin API.
pub const ADMIN: &str = "/__admin";
/// The prefix of the hosted pages.
pub const CHECKOUT: &str = "/checkout";

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// An endpoint of the API, with the client id and the order id in the path.
    Api(Endpoint, Option<String>, Option<String>),
    /// A page of the hosted checkout: the session and the rest of the path.
    Checkout(String),
    /// The admin API, with the rest of the path.
    Admin(String),
    /// The first page, `/`.
    Root,
    /// There is nothing at this path.
    Unknown,
}

/// The contract's paths, compiled for matching.
#[derive(Debug)]
pub struct Router {
    endpoints: matchit::Router<Endpoint>,
}

impl Router {
    /// A router for the contract's endpoints.
    pub fn new(contract: &Contract) -> anyhow::Result<Self> {
        let mut endpoints = matchit::Router::new();
        for row in &contract.endpoints {
            endpoints.insert(format!("{BASE}{}", row.path), row.id)?;
        }
        Ok(Self { endpoints })
    }

    /// The endpoint's path that an unknown one resembles, and how it differs.
    pub fn near(&self, path: &str) -> Option<(String, &'static str)> {
        let listed = |path: &str| self.endpoints.at(path).is_ok();
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let plain = format!("/{}", parts.join("/"));
        if listed(&plain) {
            let what = if path.strip_suffix('/').is_some_and(|rest| rest == plain) {
                "without the trailing slash"
            } else {
                "without the empty parts between slashes"
            };
            return Some((plain, what));
        }
        let lower: Vec<String> = parts.iter().map(|part| part.to_ascii_lowercase()).collect();
        let id = lower.iter().position(|part| part == "client-id");
        // A client id is case-sensitive.
        let part = |at: usize| match id {
            Some(id) if at == id + 1 => parts[at],
            _ => lower[at].as_str(),
        };
        let lower: Vec<&str> = (0..parts.len()).map(part).collect();
        let lower = format!("/{}", lower.join("/"));
        if listed(&lower) {
            return Some((lower, "in lower case"));
        }
        let whole = format!("{BASE}{plain}");
        listed(&whole).then_some((whole, "with the base path before it"))
    }

    /// The client id in any path that has `client-id`.
    pub fn client_id(path: &str) -> Option<String> {
        let mut parts = path.split('/').filter(|part| !part.is_empty());
        parts.find(|part| part.eq_ignore_ascii_case("client-id"))?;
        parts.next().map(decode_segment)
    }

    /// The route for `path`.
    pub fn route(&self, path: &str) -> Route {
        if let Ok(found) = self.endpoints.at(path) {
            let client_id = found.params.get("clientId").map(decode_segment);
            let order_id = found
                .params
                .get("orderId")
                .or_else(|| found.params.get("merchantOrderId"))
                .map(decode_segment);
            return Route::Api(*found.value, client_id, order_id);
        }
        let below = |prefix| {
            path.strip_prefix(prefix)
                .filter(|rest: &&str| rest.is_empty() || rest.starts_with('/'))
        };
        if let Some(rest) = below(ADMIN) {
            return Route::Admin(rest.to_owned());
        }
        if path == "/" {
            return Route::Root;
        }
        match below(CHECKOUT).and_then(|rest| rest.strip_prefix('/')) {
            Some(session) if !session.is_empty() => Route::Checkout(session.to_owned()),
            _ => Route::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_where_the_contract_says() {
        let router = Router::new(Contract::shipped()).unwrap();
        let api = |endpoint, id: &str| Route::Api(endpoint, Some(id.to_owned()), None);
        for (path, route) in [
            (
                "/flexiti/online-api/oauth/token",
                Route::Api(Endpoint::Token, None, None),
            ),
            (
                "/flexiti/online-api/online/v2/client-id/a%20b/systems/init",
                api(Endpoint::InitV2, "a b"),
            ),
            (
                "/flexiti/online-api/online/client-id/%22x%22/systems/init",
                api(Endpoint::InitPlain, "\"x\""),
            ),
            ("/flexiti/online-api/oauth/token/", Route::Unknown),
            ("/oauth/token", Route::Unknown),
            ("/", Route::Root),
            ("//", Route::Unknown),
            (
                "/flexiti/online-api/online/client-id//systems/init",
                Route::Unknown,
            ),
            ("/checkout/abc", Route::Checkout("abc".into())),
            ("/checkout/", Route::Unknown),
            ("/checkouts/abc", Route::Unknown),
            ("/__admin/health", Route::Admin("/health".into())),
            ("/__admins", Route::Unknown),
        ] {
            assert_eq!(router.route(path), route, "{path}");
        }
        let token = "/flexiti/online-api/oauth/token";
        for (path, near) in [
            (
                "/flexiti/online-api/oauth/token/",
                Some("without the trailing slash"),
            ),
            (
                "//flexiti/online-api//oauth/token",
                Some("without the empty parts between slashes"),
            ),
            ("/Flexiti/online-api/OAuth/token", Some("in lower case")),
            ("/oauth/token", Some("with the base path before it")),
            ("/oauth", None),
        ] {
            let near = near.map(|what| (token.to_owned(), what));
            assert_eq!(router.near(path), near, "{path}");
        }
        let init = "/flexiti/online-api/ONLINE/client-id/A%20b/systems/init/";
        let near = "/flexiti/online-api/online/client-id/A%20b/systems/init";
        assert_eq!(router.near(init), Some((near.to_owned(), "in lower case")));
        assert_eq!(Router::client_id(init).as_deref(), Some("A b"));
    }
}
