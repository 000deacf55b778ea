//! The driver file: how to start a merchant's shop, check out, and read an order's status.

mod cart;

use anyhow::{Context as _, anyhow, bail, ensure};
use cart::Cart;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What `merchant init` writes: every key, explained.
pub const EXAMPLE: &str = include_str!("example.toml");

/// The placeholders of `[checkout]` and `[order]`.
pub const PLACEHOLDERS: &[(&str, &str)] = &[
    ("flow", "`apply`, `buy` or `apply/buy`"),
    ("lang", "`en` or `fr`"),
    ("amount", "the amount in dollars, with two decimals"),
    ("merchant_orderid", "the shop's own number of the order"),
    ("mname", "the middle name, which decides an application"),
    ("customer_id", "a customer whom Flexiti knows, for `buy`"),
];
/// Replaced with a free port in every address of the shop.
const PORT: &str = "{port}";

/// A driver file.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Driver {
    /// How to start the shop; omit it if the shop is already running.
    #[serde(default)]
    pub shop: Shop,
    /// Where the customer's browser comes back.
    pub callbacks: Callbacks,
    /// How a customer starts to pay with Flexiti.
    pub checkout: Checkout,
    /// Where the shop reports what it believes of an order; without it, its beliefs cannot be
    /// tested.
    pub order: Option<Order>,
    /// What is in the customer's cart; without it, the addresses cannot be tested.
    #[serde(default)]
    pub cart: Cart,
    /// Pages that must not contain credentials.
    #[serde(default)]
    pub pages: Pages,
    /// Where the file is: the shop is started there.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// How to start the shop.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shop {
    /// The program and its arguments.
    #[serde(default)]
    pub command: Vec<String>,
    /// A URL that answers once the shop is up.
    pub ready_url: Option<String>,
    /// Further environment variables, besides `FLEXITI_BASE_URL`, `FLEXITI_CLIENT_ID` and
    /// `FLEXITI_CLIENT_SECRET`.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
}

/// What the account at Flexiti would hold (GS).
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Callbacks {
    /// The success URL; `{lang}` becomes `en` or `fr`.
    pub success: String,
    /// The error URL; `{lang}` becomes `en` or `fr`.
    pub error: String,
}

/// The request that starts a payment.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Checkout {
    /// `GET` or `POST`.
    #[serde(default = "post")]
    pub method: String,
    /// Where to send it; may hold placeholders such as `{flow}`.
    pub url: String,
    /// The form's fields; with `GET` they become the query string.
    #[serde(default)]
    pub form: BTreeMap<String, String>,
    /// How many seconds a page of the shop may take, including its own calls to Flexiti and
    /// their retries.
    #[serde(default = "half_a_minute")]
    pub patience_s: u16,
}

fn post() -> String {
    "POST".to_owned()
}

fn half_a_minute() -> u16 {
    30
}

/// Where the shop reports what it believes of an order.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// A URL that answers JSON.
    pub url: String,
    /// Where the status is in the answer, as a JSON Pointer (RFC 6901).
    pub pointer: String,
    /// The words for an order that is paid, or a customer who was approved.
    pub paid: Vec<String>,
    /// The words for an order that is pending.
    pub pending: Vec<String>,
    /// The words for an order that failed.
    pub failed: Vec<String>,
}

/// Pages to search.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pages {
    /// Their URLs.
    #[serde(default)]
    pub scan: Vec<String>,
}

/// The JSON Schema of driver files, for editors; `schemas/merchant.schema.json` is the same.
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(Driver).to_value();
    schema["title"] = "A driver file of `flexiti-conformance merchant`".into();
    schema
}

/// Whether a driver file leaves the port to the runner, so that several shops can run at once.
pub fn is_portable(path: &Path) -> bool {
    std::fs::read_to_string(path).is_ok_and(|text| text.contains(PORT))
}

impl Driver {
    /// Reads a driver file, with `port` in place of `{port}`. An error names the file, the key and
    /// what is allowed.
    pub fn read(path: &Path, port: u16) -> anyhow::Result<Self> {
        let name = path.display();
        let text = std::fs::read_to_string(path).with_context(|| format!("{name}"))?;
        let text = text.replace(PORT, &port.to_string());
        let mut driver: Self = toml::from_str(&text)
            .map_err(|error| anyhow!("{name}: {}", one_line(&error, &text)))?;
        driver.check().with_context(|| format!("{name}"))?;
        let parent = path
            .parent()
            .filter(|parent| parent.components().count() > 0);
        parent
            .unwrap_or(Path::new("."))
            .clone_into(&mut driver.folder);
        Ok(driver)
    }

    fn check(&self) -> anyhow::Result<()> {
        ensure!(
            self.shop.command.is_empty() || self.shop.ready_url.is_some(),
            "shop.ready_url: required when `shop.command` starts the shop"
        );
        let ready = self.shop.ready_url.iter();
        let ready = ready.map(|url| ("shop.ready_url".to_owned(), url));
        let scanned = self.pages.scan.iter().enumerate();
        let scanned = scanned.map(|(at, url)| (format!("pages.scan[{at}]"), url));
        let own = [
            ("callbacks.success".to_owned(), &self.callbacks.success),
            ("callbacks.error".to_owned(), &self.callbacks.error),
            ("checkout.url".to_owned(), &self.checkout.url),
        ];
        let order = self.order.iter();
        let order = order.map(|order| ("order.url".to_owned(), &order.url));
        for (key, url) in ready.chain(own).chain(order).chain(scanned) {
            check_url(url).with_context(|| format!("{key}: `{url}`"))?;
        }
        if !matches!(self.checkout.method.as_str(), "GET" | "POST") {
            bail!(
                "checkout.method: `{}` is not allowed; GET or POST",
                self.checkout.method
            );
        }
        ensure!(
            (1..=300).contains(&self.checkout.patience_s),
            "checkout.patience_s: {} is not allowed; 1 to 300 seconds",
            self.checkout.patience_s
        );
        self.cart.check()?;
        self.check_placeholders("checkout.url", &self.checkout.url)?;
        for (field, value) in &self.checkout.form {
            self.check_placeholders(&format!("checkout.form.{field}"), value)?;
        }
        let Some(order) = &self.order else {
            return Ok(());
        };
        self.check_placeholders("order.url", &order.url)?;
        ensure!(
            order.pointer.is_empty() || order.pointer.starts_with('/'),
            "order.pointer: `{}` is not a JSON pointer (RFC 6901); it must start with `/`",
            order.pointer
        );
        for (key, words) in [
            ("paid", &order.paid),
            ("pending", &order.pending),
            ("failed", &order.failed),
        ] {
            ensure!(!words.is_empty(), "order.{key}: name at least one word");
        }
        let words = order.paid.iter().chain(&order.pending).chain(&order.failed);
        let words: Vec<&String> = words.collect();
        for (at, word) in words.iter().enumerate() {
            ensure!(
                !words[..at].contains(word),
                "order: `{word}` is listed under two of paid, pending, failed"
            );
        }
        Ok(())
    }

    /// Refuses a placeholder that does not exist.
    fn check_placeholders(&self, key: &str, text: &str) -> anyhow::Result<()> {
        let own = PLACEHOLDERS.iter().map(|(name, _)| (*name).to_owned());
        let known: Vec<String> = own
            .chain(self.cart.placeholders().map(|(name, _)| name))
            .collect();
        for part in text.split('{').skip(1) {
            let Some((name, _)) = part.split_once('}') else {
                continue;
            };
            if !known.iter().any(|known| known == name) {
                let known: Vec<String> = known.iter().map(|name| format!("{{{name}}}")).collect();
                let hint = if name.contains('.') {
                    "; addresses stand in [cart.billing] and [cart.shipping]"
                } else {
                    ""
                };
                bail!(
                    "{key}: unknown placeholder `{{{name}}}`; expected one of {}{hint}",
                    known.join(", ")
                );
            }
        }
        Ok(())
    }
}

/// A text with its placeholders filled in.
pub fn filled(text: &str, values: &[(String, String)]) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), value)
    })
}

fn check_url(url: &str) -> anyhow::Result<()> {
    let plain = url.replace(['{', '}'], "");
    let parsed = reqwest::Url::parse(&plain).context("not a URL")?;
    ensure!(
        matches!(parsed.scheme(), "http" | "https") && parsed.has_host(),
        "must start with http:// or https:// and name a host"
    );
    Ok(())
}

/// An error in a TOML file, with its line.
fn one_line(error: &toml::de::Error, text: &str) -> String {
    let at = error.span().map_or(0, |span| span.start);
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let message: Vec<&str> = error.message().lines().collect();
    format!("line {line}: {}", message.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Driver, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("merchant.toml");
        std::fs::write(&path, text).unwrap();
        Driver::read(&path, 9_123).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn the_shipped_schema_is_that_of_driver_files() {
        let shipped = include_str!("../../../../schemas/merchant.schema.json");
        let current = format!("{:#}\n", schema());
        assert_eq!(
            shipped, current,
            "write it: flexiti-conformance merchant schema"
        );
        let example: toml::Value = toml::from_str(EXAMPLE).unwrap();
        let example = serde_json::to_value(example).unwrap();
        let validator = jsonschema::validator_for(&schema()).unwrap();
        assert!(validator.is_valid(&example));
        // The example explains every key.
        for table in schema()["$defs"].as_object().unwrap().values() {
            for key in table["properties"].as_object().unwrap().keys() {
                assert!(EXAMPLE.contains(&format!("{key} =")), "{key}");
            }
        }
        for (table, key) in [("shop", "ready"), ("order", "payed"), ("cart", "gift")] {
            let mut wrong = example.clone();
            wrong[table][key] = "x".into();
            assert!(!validator.is_valid(&wrong), "{table}.{key}");
        }
    }

    #[test]
    fn the_example_is_a_driver_file() {
        let driver = read(EXAMPLE).unwrap();
        assert_eq!(
            driver.callbacks.success,
            "http://127.0.0.1:9123/flexiti/return"
        );
        assert_eq!(driver.shop.env["SHOP_LISTEN"], "127.0.0.1:9123");
    }

    #[test]
    fn a_mistake_is_named_with_its_file_its_key_and_what_is_allowed() {
        for (old, new, names) in [
            (
                "method = \"POST\"",
                "method = \"PUT\"",
                vec!["checkout.method", "PUT", "GET or POST"],
            ),
            (
                "{mname}",
                "{middle}",
                vec!["checkout.form.mname", "{middle}", "{mname}"],
            ),
            (
                "patience_s = 30",
                "patience_s = 0",
                vec!["checkout.patience_s", "0", "1 to 300"],
            ),
            (
                "{mname}",
                "{billing.street}",
                vec!["checkout.form.mname", "{billing.street}", "[cart.billing]"],
            ),
            (
                "city = \"Montreal\"",
                "town = \"Montreal\"",
                vec!["cart.billing.town", "city", "postal_code"],
            ),
            (
                "pointer = \"/status\"",
                "pointer = \"status\"",
                vec!["order.pointer", "status", "/"],
            ),
            (
                "pending = [\"pending\"]",
                "pending = []",
                vec!["order.pending", "one word"],
            ),
            (
                "pending = [\"pending\"]",
                "pending = [\"paid\"]",
                vec!["order", "`paid`", "two"],
            ),
            (
                "success = \"http",
                "success = \"ftp",
                vec!["callbacks.success", "ftp", "http://"],
            ),
            ("[pages]", "[page]", vec!["line", "page", "pages"]),
            (
                "ready_url = ",
                "ready = ",
                vec!["line", "ready", "ready_url"],
            ),
        ] {
            assert!(EXAMPLE.contains(old), "{old}");
            let error = read(&EXAMPLE.replace(old, new)).unwrap_err();
            assert!(error.contains("merchant.toml"), "{error}");
            for name in names {
                assert!(error.contains(name), "{name}: {error}");
            }
        }
    }
}
