//! Another customer of the shop, with a cart or an order of their own, and whether the two can be
//! told apart.

use crate::merchant::driver::Request;
use crate::merchant::stage::customer::Customer;
use crate::merchant::stage::customer::numbers::is_found;
use crate::merchant::trace::Happened;
use anyhow::Context as _;
use serde_json::Value;

/// The placeholders that no two customers share.
const OWN: [&str; 2] = ["{customer}", "{merchant_orderid}"];

impl<'s, 'd> Customer<'s, 'd> {
    /// The customer fills the cart, and another customer theirs, in the shop's other language.
    pub fn browse(&mut self) -> anyhow::Result<Happened> {
        let languages = &self.stage.driver.shop.languages;
        let other = languages.iter().find(|lang| *lang != self.lang);
        let other = other.map_or(self.lang, String::as_str);
        let mut other = Customer::new(self.stage, self.flow, other, self.scenario)?;
        let browsed = self.take_steps().and_then(|_| other.take_steps());
        self.has_browsed = browsed.is_ok();
        let trouble = browsed.err();
        Ok(Happened::Browsed { trouble })
    }

    /// The other customer. The inner error says why what they are shown proves nothing.
    pub fn other(&self) -> anyhow::Result<Result<&Customer<'s, 'd>, String>> {
        let other = self.bystander.as_deref();
        let other = other.context("no other customer has started to pay")?;
        let number = &self.merchant_orderid;
        let checkout = self.stage.driver.checkout_in(self.flow);
        let last = checkout.request();
        let requests = checkout.steps.iter().chain([&last]);
        let why = if self.told_id().is_some() {
            "to Flexiti both are the same customer".to_owned()
        } else if are_one(&requests.flat_map(fields).collect::<Vec<_>>()) {
            "all customers have the same account: put {customer} into its name or e-mail address"
                .to_owned()
        } else if other.order.is_none() || other.merchant_orderid == *number {
            "the other customer has no order of their own".to_owned()
        } else if !is_found(number) || !is_found(&other.merchant_orderid) {
            format!("`{number}` is too short a number to be found on a page")
        } else {
            return Ok(Ok(other));
        };
        Ok(Err(why))
    }
}

/// Whether all customers are the same person to the shop, because logins and addresses are the same
/// for all.
fn are_one(fields: &[(String, &str)]) -> bool {
    let person = || {
        fields
            .iter()
            .filter(|(name, text)| names_person(name, text))
    };
    let is_apart = |text: &str| OWN.iter().any(|own| text.contains(own));
    let are_apart = person().any(|(_, text)| is_apart(text));
    !are_apart && person().any(|(_, text)| !text.contains('{'))
}

/// The fields and headers of a request, with their names.
fn fields(request: &Request) -> Vec<(String, &str)> {
    let pairs = request.form.iter().chain(&request.headers);
    let pairs = pairs.map(|(name, text)| (name.clone(), text.as_str()));
    let json = request.json.iter().flat_map(|json| members("", json));
    pairs.chain(json).collect()
}

fn members<'v>(name: &str, value: &'v Value) -> Vec<(String, &'v str)> {
    match value {
        Value::String(text) => vec![(name.to_owned(), text)],
        Value::Array(all) => all.iter().flat_map(|value| members(name, value)).collect(),
        Value::Object(all) => {
            let all = all.iter();
            all.flat_map(|(name, value)| members(name, value)).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether a field identifies the customer.
fn names_person(name: &str, text: &str) -> bool {
    const NAMES: [&str; 14] = [
        "pass",
        "pwd",
        "mot_de_passe",
        "pin",
        "user",
        "login",
        "account",
        "mail",
        "courriel",
        "phone",
        "authorization",
        "cookie",
        "api-key",
        "apikey",
    ];
    let name = name.to_ascii_lowercase();
    text.contains('@') || NAMES.iter().any(|own| name.contains(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_who_log_in_alike_are_one() {
        for (steps, one) in [
            (r#"form = { password = "opensesame", user = "ann" }"#, true),
            (r#"json = { login = { user = "ann", pin = "1234" } }"#, true),
            (r#"headers = { Cookie = "session=1" }"#, true),
            (r#"form = { contact = "ann@example.com" }"#, true),
            (
                r#"form = { email = "{customer}@example.com", password = "opensesame" }"#,
                false,
            ),
            (r#"form = { csrf = "{csrf}", sku = "sofa" }"#, false),
            (r#"form = { user_token = "{csrf}" }"#, false),
        ] {
            let text = format!("url = \"http://shop/checkout\"\n{steps}");
            let request: Request = toml::from_str(&text).unwrap();
            let found = are_one(&fields(&request));
            assert_eq!(found, one, "{steps}");
        }
    }
}
