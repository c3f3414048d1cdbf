//! TLS settings, one for each isolation class and kind of proof. They share
//! provider and verifiers, but never the store of resumption tickets: a ticket
//! shown by two classes would link them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ramson_messages::Clock;
use ramson_messages::transport::{IsolationClass, Security};
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::UnixTime;
use rustls::time_provider::{DefaultTimeProvider, TimeProvider};
use rustls::{ClientConfig, RootCertStore};

use crate::verify;

/// Settings that are kept; the ones used longest ago go first.
const MAX_KEPT: usize = 256;

/// Resumption tickets of one setting: a class talks to a few guards only.
const TICKETS: usize = 32;

pub(crate) struct Tls {
    provider: Arc<CryptoProvider>,
    time: Arc<dyn TimeProvider>,
    kept: BTreeMap<(IsolationClass, Security), Kept>,
    verifiers: BTreeMap<Security, Arc<dyn ServerCertVerifier>>,
    uses: u64,
}

struct Kept {
    config: Arc<ClientConfig>,
    last_use: u64,
}

impl Tls {
    pub(crate) fn new(clock: Option<Arc<dyn Clock>>) -> Self {
        let time: Arc<dyn TimeProvider> = match clock {
            Some(clock) => Arc::new(EngineTime(clock)),
            None => Arc::new(DefaultTimeProvider),
        };
        Self {
            provider: Arc::new(aws_lc_rs::default_provider()),
            time,
            kept: BTreeMap::new(),
            verifiers: BTreeMap::new(),
            uses: 0,
        }
    }

    /// The settings of one class for one kind of proof.
    pub(crate) fn config(
        &mut self,
        class: IsolationClass,
        security: &Security,
    ) -> Result<Arc<ClientConfig>, rustls::Error> {
        self.uses = self.uses.saturating_add(1);
        let last_use = self.uses;
        let key = (class, security.clone());
        if let Some(kept) = self.kept.get_mut(&key) {
            kept.last_use = last_use;
            return Ok(kept.config.clone());
        }
        let config = Arc::new(self.make(security)?);
        if self.kept.len() >= MAX_KEPT {
            let oldest = self.kept.iter().min_by_key(|(_, kept)| kept.last_use);
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                self.kept.remove(&key);
            }
        }
        self.kept.insert(key, Kept { config: config.clone(), last_use });
        Ok(config)
    }

    fn make(&mut self, security: &Security) -> Result<ClientConfig, rustls::Error> {
        let verifier = self.verifier(security)?;
        let mut config =
            ClientConfig::builder_with_details(self.provider.clone(), self.time.clone())
                .with_safe_default_protocol_versions()?
                .dangerous()
                .with_custom_certificate_verifier(verifier)
                .with_no_client_auth();
        config.resumption = Resumption::in_memory_sessions(TICKETS);
        Ok(config)
    }

    fn verifier(
        &mut self,
        security: &Security,
    ) -> Result<Arc<dyn ServerCertVerifier>, rustls::Error> {
        if let Some(verifier) = self.verifiers.get(security) {
            return Ok(verifier.clone());
        }
        let provider = self.provider.clone();
        let verifier: Arc<dyn ServerCertVerifier> = match security {
            Security::Plain | Security::AnyCertificate => verify::any_certificate(provider),
            Security::Pinned(pins) => verify::pinned(pins.clone(), provider),
            Security::WebPki => {
                let roots =
                    RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
                WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
                    .build()
                    .map_err(|error| rustls::Error::General(error.to_string()))?
            }
        };
        // One for each set of pins of the network file: a handful.
        self.verifiers.insert(security.clone(), verifier.clone());
        Ok(verifier)
    }
}

/// The engine's clock, by which certificates are judged.
struct EngineTime(Arc<dyn Clock>);

impl fmt::Debug for EngineTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EngineTime")
    }
}

impl TimeProvider for EngineTime {
    fn current_time(&self) -> Option<UnixTime> {
        let now = Duration::from_millis(self.0.now().millis());
        Some(UnixTime::since_unix_epoch(now))
    }
}
