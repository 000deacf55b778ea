//! Reloads configuration and dialects while the server runs. An error leaves everything unchanged;
//! tokens, orders, clocks, faults and journal stay in any case.

use crate::app::{App, Configured};
use crate::config::Settings;
use crate::dialects::{Compiled, compile};
use crate::events::What;
use crate::pipeline::Service;
use crate::telemetry::metrics::Reloaded;
use anyhow::Context as _;
use flexiti_contract::Rulebook;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The sources of configuration and dialects.
#[derive(Debug, Clone)]
pub struct Sources {
    config: Option<PathBuf>,
    /// Name or path of the dialect.
    dialect: String,
}

/// The result of reloading.
struct New {
    configured: Configured,
    own: Arc<Rulebook>,
    compiled: Compiled,
}

impl Sources {
    /// The sources given by `--config` and `--dialect`.
    pub fn new(config: Option<&Path>, dialect: &str) -> Self {
        Self {
            config: config.map(Path::to_owned),
            dialect: dialect.to_owned(),
        }
    }

    /// The files to watch, including those that the configuration names.
    pub fn files(&self, app: &App) -> Vec<PathBuf> {
        let shipped = app.contract().dialect_names();
        let configured = app.configured();
        let named = configured.merchants.iter();
        let named = named.filter_map(|merchant| merchant.dialect.as_ref());
        let dialects = [&self.dialect].into_iter().chain(named);
        let dialects = dialects.filter(|name| !shipped.contains(&name.as_str()));
        let mut files: Vec<PathBuf> = dialects.map(PathBuf::from).collect();
        files.extend(self.config.clone());
        files
    }

    /// Reloads the files. An error is logged and counted.
    pub fn reload(&self, service: &Service) {
        let app = &service.app;
        match self.read(app) {
            Ok(new) => {
                apply(app, new);
                service.metrics.reloaded(Reloaded::Configuration, true);
                tracing::info!("configuration and dialects reloaded");
            }
            Err(error) => {
                service.metrics.reloaded(Reloaded::Configuration, false);
                tracing::error!(
                    "reload failed, and the previous configuration stays in use: {error:#}"
                );
            }
        }
    }

    fn read(&self, app: &App) -> anyhow::Result<New> {
        let settings = match &self.config {
            Some(file) => Settings::read(file)?,
            None => Settings::default(),
        };
        let contract = app.contract();
        let own = compile(contract, &self.dialect).context("--dialect")?;
        let mut compiled = Compiled::new();
        for merchant in &settings.merchants {
            let Some(name) = &merchant.dialect else {
                continue;
            };
            if *name != own.dialect().name && !compiled.contains_key(name) {
                let rulebook = compile(contract, name);
                let rulebook = rulebook.with_context(|| format!("merchant {}", merchant.client_id));
                compiled.insert(name.clone(), rulebook?);
            }
        }
        Ok(New {
            configured: Configured::of(&settings),
            own,
            compiled,
        })
    }
}

fn apply(app: &App, new: New) {
    app.dialects
        .replace(Arc::clone(&new.own), new.compiled.clone());
    app.configure(new.configured);
    for merchant in app.state().merchants.values_mut() {
        let rulebook = match &merchant.account.dialect {
            None => &new.own,
            Some(name) if *name == new.own.dialect().name => &new.own,
            // A shipped dialect, which does not change.
            Some(name) => new.compiled.get(name).unwrap_or(&merchant.own_rulebook),
        };
        let rulebook = Arc::clone(rulebook);
        // Keep a dialect that was set by the admin API.
        if Arc::ptr_eq(&merchant.rulebook, &merchant.own_rulebook) {
            merchant.rulebook = Arc::clone(&rulebook);
        }
        merchant.own_rulebook = rulebook;
    }
    app.changed(What::Merchants, None);
    app.changed(What::Dialect, None);
}
