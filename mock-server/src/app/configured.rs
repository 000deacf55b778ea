//! What a configuration file says.

use crate::config::Settings;
use crate::model::account::MerchantConfig;
use crate::model::customer::Customer;
use crate::model::payment_plan::PaymentPlan;

/// What a configuration file says.
#[derive(Debug)]
pub struct Configured {
    /// The merchants.
    pub merchants: Vec<MerchantConfig>,
    /// The payment plans, the first to be offered first.
    pub plans: Vec<PaymentPlan>,
    /// The customers that every merchant begins with.
    pub customers: Vec<Customer>,
}

impl Configured {
    /// What these settings have of it.
    pub fn of(settings: &Settings) -> Self {
        Self {
            merchants: settings.merchants.clone(),
            plans: settings.plans.clone(),
            customers: settings.customers.clone(),
        }
    }
}
