//! The state folder: keys, certificate, ports and messages of a local network
//! that goes on after a restart.
//!
//! ```text
//! lock               held while the network runs
//! network.json       shape, seed of the keys, ports; who is in which swarm,
//!                    which nodes are stopped, names
//! certificate.pem    shown by all nodes
//! key.pem
//! node-0.bin …         what each node holds
//! files.bin          what the file server holds
//! ```
//!
//! What is done by hand (moves, stops, names) is on disk before it is said to
//! be done. Messages and files go to disk every [`SAVE_EVERY`] and at a clean
//! end, so that a process that is killed loses at most what came in since.
//! Every file is replaced as a whole: half of one is never there.
//!
//! The folder and all files are for their owner alone: whoever has the keys
//! is the network.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::LocalnetConfig;
use crate::certificate::Certificate;
use crate::error::LocalnetError;
use crate::file_host::FileHost;
use crate::files::{self, Access};
use crate::hosts::Hosts;
use crate::layout::Layout;

/// Version of the folder's layout.
const VERSION: u32 = 1;

/// How often messages and files go to disk, if there are new ones.
pub(crate) const SAVE_EVERY: Duration = Duration::from_secs(3);

/// A state folder that this process has locked.
pub(crate) struct State {
    folder: PathBuf,
    shape: Mutex<Shape>,
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
    #[serde(default)]
    ports: Ports,
    #[serde(flatten)]
    kept: Kept,
}

/// The ports of the last time; 0 where there was none.
#[derive(Serialize, Deserialize, PartialEq, Eq, Clone, Debug, Default)]
#[serde(from = "AnyPorts")]
pub(crate) struct Ports {
    pub(crate) seed: u16,
    pub(crate) nodes: Vec<u16>,
    pub(crate) file_server: u16,
    pub(crate) page: u16,
}

/// Ports as they were written once: the seed's, then each node's.
#[derive(Deserialize)]
#[serde(untagged)]
enum AnyPorts {
    List(Vec<u16>),
    Named { seed: u16, nodes: Vec<u16>, file_server: u16, page: u16 },
}

impl From<AnyPorts> for Ports {
    fn from(ports: AnyPorts) -> Self {
        match ports {
            AnyPorts::Named { seed, nodes, file_server, page } => {
                Self { seed, nodes, file_server, page }
            }
            AnyPorts::List(list) => match list.split_first() {
                Some((seed, nodes)) => {
                    Self { seed: *seed, nodes: nodes.to_vec(), ..Self::default() }
                }
                None => Self::default(),
            },
        }
    }
}

/// What is done by hand, and stays.
#[derive(Serialize, Deserialize, PartialEq, Eq, Clone, Debug, Default)]
pub(crate) struct Kept {
    /// Who is in which swarm, if anybody ever moved.
    pub(crate) layout: Option<Layout>,
    /// Who was where before, oldest first, as long as messages may still have
    /// to move, or are not on disk where they moved to.
    #[serde(default)]
    pub(crate) unsettled: Vec<Layout>,
    /// Nodes that were stopped.
    #[serde(default)]
    pub(crate) stopped: BTreeSet<usize>,
    /// Names of accounts, in lower case, with the Account IDs.
    #[serde(default)]
    pub(crate) names: BTreeMap<String, String>,
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
                ports: Ports::default(),
                kept: Kept::default(),
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
        let mut layouts = shape.kept.layout.iter().chain(&shape.kept.unsettled);
        if layouts.any(|layout| !layout.is_for(shape.nodes)) {
            return Err(damaged(&path, "its swarms are not those of its nodes"));
        }
        let (folder, shape) = (folder.to_owned(), Mutex::new(shape));
        Ok((Self { folder, shape, saving: Mutex::new(()) }, lock))
    }

    fn shape(&self) -> MutexGuard<'_, Shape> {
        self.shape.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From which the nodes' keys are derived.
    pub(crate) fn seed(&self) -> [u8; 32] {
        self.shape().seed
    }

    /// The ports of the last time.
    pub(crate) fn ports(&self) -> Ports {
        self.shape().ports.clone()
    }

    /// What was done by hand.
    pub(crate) fn kept(&self) -> Kept {
        self.shape().kept.clone()
    }

    pub(crate) fn remember_ports(&self, ports: Ports) -> Result<(), LocalnetError> {
        self.remember(|shape| shape.ports = ports)
    }

    pub(crate) fn keep(&self, kept: Kept) -> Result<(), LocalnetError> {
        self.remember(|shape| shape.kept = kept)
    }

    fn remember(&self, change: impl FnOnce(&mut Shape)) -> Result<(), LocalnetError> {
        let path = self.folder.join("network.json");
        let mut shape = self.shape();
        change(&mut shape);
        let text = serde_json::to_vec_pretty(&*shape).map_err(|error| damaged(&path, error))?;
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
        let made = Certificate::generate()?;
        write(&key_path, &made.key)?;
        write(&certificate_path, &made.certificate)?;
        Ok(made)
    }

    fn node(&self, index: usize) -> PathBuf {
        self.folder.join(format!("node-{index}.bin"))
    }

    fn files(&self) -> PathBuf {
        self.folder.join("files.bin")
    }

    /// Gives nodes and file server what they held.
    pub(crate) fn load(&self, hosts: &Hosts, files: &FileHost) -> Result<(), LocalnetError> {
        for index in 0..hosts.len() {
            let path = self.node(index);
            if let Some(bytes) = read(&path)? {
                hosts.restore(index, &bytes).map_err(|reason| damaged(&path, reason))?;
            }
        }
        if let Some(bytes) = read(&self.files())? {
            files.restore(&bytes).map_err(|reason| damaged(&self.files(), reason))?;
        }
        Ok(())
    }

    /// Writes what nodes and file server hold, where it changed since the last
    /// time. What could not be written is tried again the next time.
    pub(crate) fn save(&self, hosts: &Hosts, files: &FileHost) -> Result<(), LocalnetError> {
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
        if let Some(bytes) = files.changed()
            && let Err(error) = write(&self.files(), &bytes)
        {
            files.not_saved();
            result = Err(error);
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
