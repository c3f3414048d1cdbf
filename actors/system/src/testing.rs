//! A home in memory for tests: its store outlives engines, can be written
//! without one, and its disk can fail. No network answers.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use ramson_codec::network_file::NetworkFile;
use ramson_crypto::{AccountKeys, Seed};
use ramson_messages::storage::{AddAccount, Commit};
use ramson_messages::transport::IsolationClass;
use ramson_protocol::event::{EventKind, EventRef};
use ramson_protocol::store::{Change, Counters};
use ramson_storage_actor::sealed::raw::{MemoryFile, RawFile};
use ramson_storage_actor::{Store, StoreKey};
use ramson_transport_actor::{Address, Dial, Dialing};
use ramson_types::message::{Message, MessageKind, MessageState};
use ramson_types::{AccountId, ConversationId, MessageId, Timestamp};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use crate::{Activity, Engine, EngineConfig, Environment, NetworkConfig, Stage};

/// When everything here was sent.
pub(crate) const SENT: Timestamp = Timestamp(1_764_000_000_000);

/// A file in memory.
#[derive(Default)]
struct Disk {
    file: MemoryFile,
    full: AtomicBool,
    /// What a power cut after each sync leaves, while that is noted.
    synced: Mutex<Option<Vec<Vec<u8>>>>,
}

impl Disk {
    fn may_write(&self) -> io::Result<()> {
        match self.full.load(Ordering::SeqCst) {
            true => Err(io::ErrorKind::StorageFull.into()),
            false => Ok(()),
        }
    }
}

impl RawFile for Disk {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(offset, out)
    }

    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.may_write()?;
        self.file.write_at(offset, data)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.may_write()?;
        self.file.set_len(length)
    }

    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn sync(&self) -> io::Result<()> {
        self.may_write()?;
        if let Some(synced) = &mut *self.synced.lock().unwrap() {
            synced.push(self.file.bytes());
        }
        Ok(())
    }
}

/// Opens no connection.
struct NoNetwork;

impl Dial for NoNetwork {
    fn dial(&self, _: &Address, _: IsolationClass) -> Dialing {
        Box::pin(std::future::ready(Err(io::ErrorKind::ConnectionRefused.into())))
    }
}

/// A home.
pub(crate) struct Home {
    disk: Arc<Disk>,
}

impl Home {
    pub(crate) fn new() -> Self {
        let disk = Arc::new(Disk::default());
        let random = StdRng::seed_from_u64(1);
        Store::create_on(disk.clone(), Path::new("home"), key(), random).unwrap().close().unwrap();
        Self { disk }
    }

    /// Its store, while no engine runs.
    pub(crate) fn store(&self) -> Store {
        open(self.disk.clone())
    }

    /// An engine on it. It has to be shut down before the next one.
    pub(crate) async fn engine(&self, activity: Activity) -> Engine {
        let environment = Environment::real().unwrap();
        let stage = Stage::Current { store: Box::new(self.store()) };
        let environment = Environment { dial: Arc::new(NoNetwork), stage, ..environment };
        let file = NetworkFile {
            allow_http: true,
            ..NetworkFile::with_seeds("test", vec!["http://127.0.0.1:1/json_rpc".parse().unwrap()])
        };
        let config = EngineConfig::new(PathBuf::new(), NetworkConfig::of_file(&file));
        Engine::start_in(EngineConfig { activity, ..config }, environment).await.unwrap()
    }

    /// Whether the disk takes nothing.
    pub(crate) fn fill_disk(&self, full: bool) {
        self.disk.full.store(full, Ordering::SeqCst);
    }

    /// From now on it is noted what a power cut would leave.
    pub(crate) fn note_syncs(&self) {
        *self.disk.synced.lock().unwrap() = Some(Vec::new());
    }

    /// The stores that power cuts would have left since then.
    pub(crate) fn noted(&self) -> impl Iterator<Item = Store> + use<> {
        let synced = self.disk.synced.lock().unwrap().take().unwrap_or_default();
        synced.into_iter().map(|bytes| open(Arc::new(MemoryFile::with_bytes(bytes))))
    }
}

fn open(file: Arc<dyn RawFile>) -> Store {
    Store::open_on(file, Path::new("home"), key(), StdRng::seed_from_u64(2)).unwrap()
}

fn key() -> StoreKey {
    StoreKey::from_bytes([9; 32])
}

/// Somebody's id.
pub(crate) fn id(number: u8) -> AccountId {
    AccountKeys::new(&Seed::from_bytes32([number; 32])).account_id()
}

/// Adds an account of this number, the first one being 1.
pub(crate) fn add_account(store: &Store, number: u8) {
    let seed = Seed::from_bytes32([number; 32]);
    let added = AddAccount { id: id(number), seed, name: None, restored: false, at: SENT };
    assert_eq!(store.write(&added), Ok(u32::from(number)));
}

/// A message of account 200 to an account.
pub(crate) fn message(account: u32, number: u64) -> Message {
    Message {
        id: MessageId { account, number },
        conversation: ConversationId::Account(id(200)),
        author: id(200),
        sent: Timestamp(SENT.0.saturating_add(number)),
        received: SENT,
        kind: MessageKind::Visible,
        state: MessageState::Received,
        text: Some(format!("message {number}")),
        content: vec![1],
        hash: None,
        own_hash: None,
        expiry: None,
        reactions: Vec::new(),
        mentions_me: false,
        deleted: false,
    }
}

/// What the log has of an event about a message.
pub(crate) fn event(kind: EventKind, id: MessageId) -> EventRef {
    EventRef { kind, message: Some(id), conversation: ConversationId::Account(self::id(200)) }
}

/// Messages with these numbers come in, each with its event.
pub(crate) fn receive(store: &Store, account: u32, numbers: std::ops::Range<u64>) {
    let end = numbers.end;
    let messages: Vec<Message> = numbers.map(|number| message(account, number)).collect();
    let received = |message: &Message| event(EventKind::MessageReceived, message.id);
    let events = messages.iter().map(received).collect();
    let counters = Counters { next_message: end, ..Counters::default() };
    let changes = messages.into_iter().map(Change::PutMessage);
    let changes = changes.chain([Change::SetCounters(counters)]).collect();
    commit(store, account, changes, events);
}

/// One commit.
pub(crate) fn commit(store: &Store, account: u32, changes: Vec<Change>, events: Vec<EventRef>) {
    store.write(&Commit { account, changes, events, at: now() }).unwrap();
}

/// The log forgets what is older than 14 days.
#[allow(clippy::disallowed_methods, reason = "engines here go by this clock")]
fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp(u64::try_from(since.as_millis()).unwrap())
}
