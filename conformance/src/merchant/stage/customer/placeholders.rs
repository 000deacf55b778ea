//! The values of the driver file's placeholders for one customer.

use crate::merchant::stage::customer::Customer;

impl Customer<'_, '_> {
    /// The values of the driver file's placeholders.
    pub fn values(&self) -> Vec<(String, String)> {
        let extracted = self.extracted.iter().cloned();
        self.own_values().chain(extracted).collect()
    }

    /// The values for someone to whom the shop has told nothing: extracted ones are empty.
    pub fn values_without_secrets(&self) -> Vec<(String, String)> {
        let extracted = self.extracted.iter();
        let nothing = extracted.map(|(name, _)| (name.clone(), String::new()));
        self.own_values().chain(nothing).collect()
    }

    fn own_values(&self) -> impl Iterator<Item = (String, String)> {
        let customer = if self.flow == "buy" {
            self.known_as
        } else {
            ""
        };
        let own = [
            ("flow", self.flow),
            ("lang", self.lang),
            ("amount", &self.amount),
            ("merchant_orderid", &self.merchant_orderid),
            ("customer", &self.name),
            ("mname", "A-RR_L"),
            ("customer_id", customer),
        ];
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let cart = self.stage.driver.cart.placeholders(self.lang);
        let order = self
            .order
            .map(|id| ("online_order_id".to_owned(), id.to_string()));
        own.into_iter().chain(cart).chain(order)
    }
}
