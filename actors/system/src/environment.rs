//! What an engine stands on: the real machine, or a simulated one.

use std::sync::Arc;

use ramson_messages::{Clock, Entropy};
use ramson_storage_actor::Store;
use ramson_transport_actor::{Dial, RealDial};

use crate::clock::SystemClock;
use crate::engine::EngineError;
use crate::entropy::SystemEntropy;

/// Time, randomness, sockets and threads of an engine.
pub struct Environment {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gives every actor its randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Opens connections; where the engine has a proxy, to the proxy only.
    pub dial: Arc<dyn Dial>,
    /// Where actors run.
    pub stage: Stage,
}

/// Where actors run, and where the store is.
pub enum Stage {
    /// On threads of the engine's own; the store is in the home's folder.
    Threads,
    /// In the `LocalSet` in which the engine is started, on its thread: no
    /// other thread is started or waited for, so that the order of events is
    /// that of the runtime. Nothing is read from or written to the home's
    /// folder. The engine ends with the `LocalSet`.
    Current {
        /// The home's store; every commit is done where it is asked for.
        store: Box<Store>,
    },
}

impl Environment {
    /// This machine.
    pub fn real() -> Result<Self, EngineError> {
        let entropy = SystemEntropy::open()
            .map_err(|error| EngineError::NoEntropy { reason: error.to_string() })?;
        Ok(Self {
            clock: Arc::new(SystemClock::start()),
            entropy: Arc::new(entropy),
            dial: Arc::new(RealDial),
            stage: Stage::Threads,
        })
    }
}
