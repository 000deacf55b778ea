//! The contents of a configuration file.

use crate::config::Settings;
use crate::model::account::MerchantConfig;
use crate::model::customer::Customer;
use crate::model::payment_plan::PaymentPlan;

/// The contents of a configuration file.
#[derive(Debug)]
pub struct Configured {
    /// The merchants.
    pub merchants: Vec<MerchantConfig>,
    /// The payment plans, in the order in which they are offered.
    pub plans: Vec<PaymentPlan>,
    /// The customers that every merchant starts with.
    pub customers: Vec<Customer>,
}

impl Configured {
    /// The part of the settings that a configuration file sets.
    pub fn of(settings: &Settings) -> Self {
        Self {
            merchants: settings.merchants.clone(),
            plans: settings.plans.clone(),
            customers: settings.customers.clone(),
        }
    }
}
