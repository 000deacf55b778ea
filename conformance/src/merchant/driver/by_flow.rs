//! What of a driver file is different in one flow: in many shops, to apply is a page of its own,
//! without a cart, and the answer to an application stands elsewhere than that to an order.

use super::request::{Extract, Request};
use super::{Checkout, Driver, Order};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What is different in each flow; a flow that is not named is as the table around it says.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "{T}s")]
pub struct ByFlow<T> {
    /// Applying for credit.
    pub apply: Option<T>,
    /// Buying with credit that there is.
    pub buy: Option<T>,
    /// Applying and buying in one.
    #[serde(rename = "apply/buy")]
    pub apply_buy: Option<T>,
}

impl<T> Default for ByFlow<T> {
    fn default() -> Self {
        Self {
            apply: None,
            buy: None,
            apply_buy: None,
        }
    }
}

impl<T> ByFlow<T> {
    /// What is different in `flow`, if anything is.
    pub fn of(&self, flow: &str) -> Option<&T> {
        match flow {
            "apply" => self.apply.as_ref(),
            "buy" => self.buy.as_ref(),
            _ => self.apply_buy.as_ref(),
        }
    }
}

/// How a customer starts to pay in one flow, as far as that differs; what is not given is as in
/// `[checkout]`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckoutInFlow {
    /// What the customer does before, in place of all the steps of `[checkout]`.
    pub steps: Option<Vec<Request>>,
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: Option<String>,
    /// Where to send it.
    pub url: Option<String>,
    /// The form's fields, in place of the form or the JSON of `[checkout]`.
    pub form: Option<BTreeMap<String, String>>,
    /// A JSON body, in place of the form or the JSON of `[checkout]`.
    pub json: Option<Value>,
    /// Headers, in place of those of `[checkout]`.
    pub headers: Option<BTreeMap<String, String>>,
    /// What to read from the answer, in place of what `[checkout]` reads.
    pub extract: Option<BTreeMap<String, Extract>>,
}

/// Where the shop reports what it believes in one flow, as far as that differs; what is not given is
/// as in `[order]`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderInFlow {
    /// A URL whose answer has the status, in place of the URL or the command of `[order]`.
    pub url: Option<String>,
    /// A program and its arguments, in place of the URL or the command of `[order]`.
    pub command: Option<Vec<String>>,
    /// What to do before, in place of all the steps of `[order]`.
    pub steps: Option<Vec<Request>>,
    /// Whether the customer's own browser asks.
    pub as_customer: Option<bool>,
    /// Headers, in place of those of `[order]`.
    pub headers: Option<BTreeMap<String, String>>,
    /// A JSON Pointer (RFC 6901) to the status. This and the next four together are in place of where
    /// `[order]` finds it.
    pub pointer: Option<String>,
    /// Where the status is in a page, as a CSS selector.
    pub css: Option<String>,
    /// The attribute of that element, in place of its text.
    pub attribute: Option<String>,
    /// A regular expression; its first group is the status, or all of it.
    pub regex: Option<String>,
    /// The header of the answer that is the status.
    pub header: Option<String>,
    /// The words for a customer who was approved, or an order that is paid.
    pub paid: Option<Vec<String>>,
    /// The words for an order that is pending.
    pub pending: Option<Vec<String>>,
    /// The words for an order that failed.
    pub failed: Option<Vec<String>>,
}

impl OrderInFlow {
    fn says_where(&self) -> bool {
        let places = [
            &self.pointer,
            &self.css,
            &self.attribute,
            &self.regex,
            &self.header,
        ];
        places.into_iter().any(Option::is_some)
    }
}

/// Puts what is given in the place of what was there.
fn replace<T: Clone>(there: &mut T, given: Option<&T>) {
    if let Some(given) = given {
        *there = given.clone();
    }
}

impl Driver {
    /// How a customer starts to pay in `flow`.
    pub fn checkout_in(&self, flow: &str) -> Checkout {
        let mut checkout = self.checkout.clone();
        let Some(own) = self.checkout.by_flow.of(flow) else {
            return checkout;
        };
        replace(&mut checkout.steps, own.steps.as_ref());
        replace(&mut checkout.method, own.method.as_ref());
        replace(&mut checkout.url, own.url.as_ref());
        replace(&mut checkout.headers, own.headers.as_ref());
        replace(&mut checkout.extract, own.extract.as_ref());
        if own.form.is_some() || own.json.is_some() {
            checkout.form = own.form.clone().unwrap_or_default();
            checkout.json.clone_from(&own.json);
        }
        checkout
    }

    /// Where the shop reports what it believes of an order of `flow`.
    pub fn order_in(&self, flow: &str) -> Option<Order> {
        let mut order = self.order.clone()?;
        let Some(own) = order.by_flow.of(flow).cloned() else {
            return Some(order);
        };
        if own.says_where() {
            order.pointer = own.pointer;
            order.css = own.css;
            order.attribute = own.attribute;
            order.regex = own.regex;
            order.header = own.header;
        }
        if own.url.is_some() || own.command.is_some() {
            order.url = own.url;
            order.command = own.command.unwrap_or_default();
        }
        replace(&mut order.steps, own.steps.as_ref());
        replace(&mut order.as_customer, own.as_customer.as_ref());
        replace(&mut order.headers, own.headers.as_ref());
        replace(&mut order.paid, own.paid.as_ref());
        replace(&mut order.pending, own.pending.as_ref());
        replace(&mut order.failed, own.failed.as_ref());
        Some(order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: &str = r#"
        [callbacks]
        success = "http://a.example/back"
        error = "http://a.example/back"
        [[checkout.steps]]
        url = "http://a.example/cart"
        extract.cart = { cookie = "cart" }
        [checkout]
        url = "http://a.example/pay/{cart}"
        form = { order = "{merchant_orderid}" }
        [order]
        url = "http://a.example/orders/{cart}"
        pointer = "/status"
        paid = ["paid"]
        pending = ["pending"]
        failed = ["failed"]
    "#;

    fn driver(more: &str) -> anyhow::Result<Driver> {
        let driver: Driver = toml::from_str(&format!("{SHOP}{more}"))?;
        driver.check()?;
        Ok(driver)
    }

    #[test]
    fn one_flow_differs_in_what_it_names_and_the_others_do_not() {
        let driver = driver(
            r#"
            [checkout.by_flow.apply]
            steps = []
            url = "http://a.example/credit"
            json = { amount = "{amount}" }
            [order.by_flow.apply]
            command = ["credit"]
            css = "b"
            paid = ["granted"]
            "#,
        )
        .unwrap();
        let (apply, buy) = (driver.checkout_in("apply"), driver.checkout_in("buy"));
        assert_eq!(apply.url, "http://a.example/credit");
        assert_eq!((apply.steps.len(), buy.steps.len()), (0, 1));
        assert!(apply.form.is_empty() && apply.json.is_some());
        assert!(!buy.form.is_empty() && buy.json.is_none());
        assert_eq!(buy.url, driver.checkout.url);
        assert_eq!(apply.method, "POST");
        assert!(driver.numbers_itself("apply") && !driver.numbers_itself("apply/buy"));
        let (apply, buy) = (driver.order_in("apply"), driver.order_in("buy"));
        let (apply, buy) = (apply.unwrap(), buy.unwrap());
        assert_eq!(
            (apply.url, apply.command),
            (None, vec!["credit".to_owned()])
        );
        assert_eq!((apply.pointer, apply.css.as_deref()), (None, Some("b")));
        assert_eq!(apply.paid, ["granted"]);
        assert_eq!(apply.failed, ["failed"]);
        assert_eq!(buy.pointer.as_deref(), Some("/status"));
        assert!(buy.command.is_empty());
    }

    #[test]
    fn a_mistake_is_named_with_its_flow() {
        for (more, names) in [
            (
                "[checkout.by_flow.aply]\nurl = \"http://a.example/\"",
                vec!["aply", "`apply`, `buy`"],
            ),
            (
                "[checkout.by_flow.buy]\nurl = \"ftp://a.example/\"",
                vec!["`buy`", "checkout.url", "ftp://"],
            ),
            (
                "[checkout.by_flow.\"apply/buy\"]\nmethod = \"FETCH\"",
                vec!["`apply/buy`", "checkout.method", "GET, POST"],
            ),
            // What `[order]` asks for has to be read in this flow, too.
            (
                "[checkout.by_flow.apply]\nsteps = []\nurl = \"http://a.example/\"",
                vec!["`apply`", "order.url", "{cart}"],
            ),
            (
                "[order.by_flow.apply]\nurl = \"http://a.example/\"\ncommand = [\"a\"]",
                vec!["`apply`", "order.url", "either"],
            ),
            (
                "[order.by_flow.buy]\npaid = [\"pending\"]",
                vec!["`buy`", "`pending`", "two"],
            ),
        ] {
            let error = format!("{:#}", driver(more).unwrap_err());
            for name in names {
                assert!(error.contains(name), "{name}: {error}");
            }
        }
    }
}
