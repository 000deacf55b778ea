//! Another configuration, and what follows from it for the merchants.

use crate::app::{App, Configured, discard};
use crate::model::account::MerchantConfig;
use std::sync::{Arc, PoisonError};

impl App {
    /// What its configuration says now.
    pub fn configured(&self) -> Arc<Configured> {
        let configured = self.configured.read();
        Arc::clone(&configured.unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes another configuration in place of the one that it has, and does what follows from it.
    pub fn configure(&self, new: Configured) {
        let configured = self.configured.write();
        let mut configured = configured.unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *configured, Arc::new(new));
        drop(configured);
        self.reconcile(&old.merchants);
        // Last: a server that is killed in between has to find that all of it is to be done yet.
        self.keep_configured();
    }

    /// Adds, changes and removes merchants as the configuration says that was read in place of one
    /// with the merchants `before`. What the admin API has changed since stays, unless the
    /// configuration says something new.
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
