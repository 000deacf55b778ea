//! Changing the configuration, and applying it to the merchants.

use crate::app::{App, Configured, discard};
use crate::model::account::MerchantConfig;
use std::sync::{Arc, PoisonError};

impl App {
    /// The current configuration.
    pub fn configured(&self) -> Arc<Configured> {
        let configured = self.configured.read();
        Arc::clone(&configured.unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the configuration and applies the changes.
    pub fn configure(&self, new: Configured) {
        let configured = self.configured.write();
        let mut configured = configured.unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *configured, Arc::new(new));
        drop(configured);
        self.reconcile(&old.merchants);
        // Last, so that a server killed in between applies all of it again.
        self.keep_configured();
    }

    /// Adds, changes and removes merchants after the configuration changed from one with the
    /// merchants `before`. Changes made by the admin API stay, unless the configuration changes the
    /// same merchant.
    pub(super) fn reconcile(&self, before: &[MerchantConfig]) {
        let configured = self.configured();
        for merchant in before {
            let id = &merchant.client_id;
            if find(&configured.merchants, id).is_none() {
                let gone = self.state().remove(id);
                discard((gone, self.journal().forget(id)));
            }
        }
        for merchant in &configured.merchants {
            let before = find(before, &merchant.client_id);
            if before == Some(merchant) || self.state().change_account(merchant) {
                continue;
            }
            if before.is_none()
                && let Ok(made) = self.merchant(merchant.clone())
            {
                self.state().add(made);
            }
        }
    }
}

/// The account with this client id.
pub(super) fn find<'a>(all: &'a [MerchantConfig], client_id: &str) -> Option<&'a MerchantConfig> {
    all.iter().find(|merchant| merchant.client_id == client_id)
}
