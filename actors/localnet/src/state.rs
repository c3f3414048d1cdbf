//! The state folder: keys, certificate, ports and messages of a local network
//! that goes on after a restart.
//!
//! ```text
//! lock               held while the network runs
//! network.json       shape, seed of the keys, ports
//! certificate.pem    shown by all nodes
//! key.pem
//! node-0.bin …         what each node holds
//! ```
//!
//! The folder and all files are for their owner alone: whoever has the keys
//! is the network.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::LocalnetConfig;
use crate::certificate::Certificate;
use crate::error::LocalnetError;
use crate::files::{self, Access};
use crate::hosts::Hosts;

/// Version of the folder's layout.
const VERSION: u32 = 1;

/// A state folder that this process has locked.
pub(crate) struct State {
    folder: PathBuf,
    shape: Shape,
    /// Only one saves at a time, or two would write the same file.
    saving: Mutex<()>,
}

/// `network.json`.
#[derive(Serialize, Deserialize, PartialEq, Eq, Clone)]
struct Shape {
    version: u32,
    nodes: usize,
    swarm_size: usize,
    #[serde(with = "hex_32")]
    seed: [u8; 32],
    /// The seed's, then each node's.
    ports: Vec<u16>,
}

impl State {
    /// Opens a folder, or makes it. The folder is this process's as long as
    /// the file that comes with it is open.
    pub(crate) fn open(
        folder: &Path,
        config: &LocalnetConfig,
    ) -> Result<(Self, File), LocalnetError> {
        let failed = |error| LocalnetError::file(folder, &error);
        files::private_folder(folder).map_err(failed)?;
        let lock = files::lock(&folder.join("lock")).map_err(failed)?;
        let lock = lock.ok_or_else(|| LocalnetError::Locked { path: folder.to_owned() })?;
        let path = folder.join("network.json");
        let shape: Shape = match read(&path)? {
            Some(text) => serde_json::from_slice(&text).map_err(|error| damaged(&path, error))?,
            None => Shape {
                version: VERSION,
                nodes: config.nodes,
                swarm_size: config.swarm_size,
                seed: config.seed,
                ports: Vec::new(),
            },
        };
        if shape.version != VERSION {
            let reason = format!("version {} is not known here, {VERSION} is", shape.version);
            return Err(damaged(&path, reason));
        }
        if (shape.nodes, shape.swarm_size) != (config.nodes, config.swarm_size) {
            return Err(LocalnetError::OtherNetwork {
                path: folder.to_owned(),
                nodes: shape.nodes,
                swarm_size: shape.swarm_size,
            });
        }
        Ok((Self { folder: folder.to_owned(), shape, saving: Mutex::new(()) }, lock))
    }

    /// From which the nodes' keys are derived.
    pub(crate) fn seed(&self) -> [u8; 32] {
        self.shape.seed
    }

    /// The ports of the last time: the seed's, then each node's.
    pub(crate) fn ports(&self) -> &[u16] {
        &self.shape.ports
    }

    pub(crate) fn remember_ports(
        &mut self,
        ports: impl Iterator<Item = u16>,
    ) -> Result<(), LocalnetError> {
        self.shape.ports = ports.collect();
        let path = self.folder.join("network.json");
        let text = serde_json::to_vec(&self.shape).map_err(|error| damaged(&path, error))?;
        write(&path, &text)
    }

    /// The nodes' certificate, made on the first time.
    pub(crate) fn certificate(&self) -> Result<Certificate, LocalnetError> {
        let (certificate_path, key_path) =
            (self.folder.join("certificate.pem"), self.folder.join("key.pem"));
        if let (Some(certificate), Some(key)) = (read(&certificate_path)?, read(&key_path)?) {
            let kept = Certificate { certificate, key };
            kept.acceptor().map_err(|reason| damaged(&certificate_path, reason))?;
            return Ok(kept);
        }
        let made = Certificate::generate().map_err(LocalnetError::certificate)?;
        write(&key_path, &made.key)?;
        write(&certificate_path, &made.certificate)?;
        Ok(made)
    }

    fn node(&self, index: usize) -> PathBuf {
        self.folder.join(format!("node-{index}.bin"))
    }

    /// Gives the nodes what they held.
    pub(crate) fn load(&self, hosts: &Hosts) -> Result<(), LocalnetError> {
        for index in 0..hosts.len() {
            let path = self.node(index);
            if let Some(bytes) = read(&path)? {
                hosts.restore(index, &bytes).map_err(|reason| damaged(&path, reason))?;
            }
        }
        Ok(())
    }

    /// Writes what the nodes hold, where it changed since the last time. A
    /// node whose file could not be written is tried again the next time.
    pub(crate) fn save(&self, hosts: &Hosts) -> Result<(), LocalnetError> {
        let _saving = self.saving.lock().unwrap_or_else(PoisonError::into_inner);
        let mut result = Ok(());
        for index in 0..hosts.len() {
            let Some(bytes) = hosts.changed(index) else {
                continue;
            };
            if let Err(error) = write(&self.node(index), &bytes) {
                hosts.not_saved(index);
                result = Err(error);
            }
        }
        result
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, LocalnetError> {
    files::read_if_there(path).map_err(|error| LocalnetError::file(path, &error))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), LocalnetError> {
    files::replace(path, bytes, Access::Private).map_err(|error| LocalnetError::file(path, &error))
}

fn damaged(path: &Path, reason: impl ToString) -> LocalnetError {
    LocalnetError::Damaged { path: path.to_owned(), reason: reason.to_string() }
}

/// 32 bytes as hex.
mod hex_32 {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8; 32], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex::encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(from)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(&text, &mut bytes).map_err(D::Error::custom)?;
        Ok(bytes)
    }
}
