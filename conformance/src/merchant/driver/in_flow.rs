//! `[checkout]` and `[order]` of a driver file with the overrides of one flow applied.

use super::{Checkout, Driver, Order};

/// Overwrites a value if an override is given.
fn replace<T: Clone>(there: &mut T, given: Option<&T>) {
    if let Some(given) = given {
        *there = given.clone();
    }
}

impl Driver {
    /// Whether the file has overrides for `flow`.
    pub fn differs_in(&self, flow: &str) -> bool {
        let mut order = self.order.iter();
        self.checkout.by_flow.of(flow).is_some()
            || order.any(|order| order.by_flow.of(flow).is_some())
    }

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

    /// How the shop reports its belief about an order of `flow`.
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
            // This flow must also extract what `[order]` refers to.
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
