//! An engine and plugins without libraries, for tests.

use std::sync::Arc;
use std::time::Duration;

use ramson_abi::Status;
use ramson_codec::network_file::NetworkFile;
use ramson_system::{Activity, Engine, EngineConfig, NetworkConfig};
use ramson_types as types;
use ramson_types::message::Message;
use ramson_wire::codec::{Encoding, encode_request};
use ramson_wire::{AccountId, Event, GrantSet, Reply, Request, TopicSet};
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::convert::ids::account_id;
use crate::gate::{Gate, Rules};
use crate::host::{EngineInfo, Errand};
use crate::link::Voice as _;
use crate::queue::Queued;
use crate::seat::{Admitted, Seat, SeatPlan};
use crate::shared::Shared;

/// What takes longer fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// An engine that stays off the network, and its home.
pub(crate) async fn engine() -> (Engine, TempDir) {
    let home = tempfile::tempdir().unwrap();
    let seed = "http://127.0.0.1:9/json_rpc".parse().unwrap();
    let file = NetworkFile { allow_http: true, ..NetworkFile::with_seeds("test", vec![seed]) };
    let config = EngineConfig::new(home.path().to_owned(), NetworkConfig::of_file(&file));
    let config = EngineConfig { activity: Activity::Sending, ..config };
    (Engine::start(config).await.unwrap(), home)
}

/// A new account.
pub(crate) async fn account(engine: &Engine, name: &str) -> types::AccountId {
    engine.create_account(Some(name.to_owned())).await.unwrap().id
}

/// Writes a text.
pub(crate) async fn send(
    engine: &Engine,
    from: &types::AccountId,
    to: types::AccountId,
    text: &str,
) -> Message {
    engine.send_text(from, to, text.to_owned()).await.unwrap()
}

/// What a host shares, and where its errands come out.
pub(crate) fn shared(home: &TempDir) -> (Arc<Shared>, mpsc::Receiver<Errand>) {
    let (errands, program) = mpsc::channel(16);
    (Arc::new(Shared::new("1.2.3".to_owned(), home.path(), errands)), program)
}

/// What plugins are told of the engine.
pub(crate) fn info() -> EngineInfo {
    EngineInfo { network: "test".to_owned(), home: "/home".to_owned() }
}

/// A UI that may do everything.
pub(crate) fn everything(name: &str) -> Rules {
    Rules {
        name: name.to_owned(),
        ui: true,
        encoding: Encoding::Json,
        topics: TopicSet::ALL,
        grants: GrantSet::ALL,
        accounts: None,
        conversations: None,
        rate: None,
    }
}

/// One account as a scope.
pub(crate) fn only(id: &types::AccountId) -> Option<Vec<AccountId>> {
    Some(vec![account_id(id)])
}

/// A plugin whose queue the test takes from.
pub(crate) struct Reader {
    pub(crate) seat: Arc<Seat>,
}

impl Reader {
    /// One that sits with the others, and its inbox.
    pub(crate) fn new(
        shared: &Arc<Shared>,
        rules: Rules,
        queue_limit: usize,
    ) -> (Self, mpsc::Receiver<Admitted>) {
        let (reader, inbox) = Self::apart(shared, rules, queue_limit);
        shared.add(reader.seat.clone());
        (reader, inbox)
    }

    /// One that does not sit with the others yet.
    pub(crate) fn apart(
        shared: &Arc<Shared>,
        rules: Rules,
        queue_limit: usize,
    ) -> (Self, mpsc::Receiver<Admitted>) {
        let waker = shared.clone();
        let (seat, inbox) = Seat::new(SeatPlan {
            name: rules.name.clone(),
            generation: 1,
            ui: rules.ui,
            durable: false,
            encoding: rules.encoding,
            gate: Arc::new(Gate::new(rules)),
            queue_limit,
            wake: Box::new(move || waker.wake()),
            now: Box::new(|| 0),
        });
        (Self { seat: Arc::new(seat) }, inbox)
    }

    /// All that waits; nothing is told afterwards.
    pub(crate) async fn rest(self) -> Vec<Queued> {
        self.seat.finish();
        let take = move || std::iter::from_fn(|| self.seat.take(64)).flatten().collect();
        tokio::task::spawn_blocking(take).await.unwrap()
    }

    /// The next events; there is at least one.
    pub(crate) async fn some(&self) -> Vec<Queued> {
        let seat = self.seat.clone();
        let taken = tokio::task::spawn_blocking(move || seat.take(64));
        let taken = tokio::time::timeout(PATIENCE, taken).await;
        if taken.is_err() {
            // The thread has to end, too.
            self.seat.close();
        }
        taken.expect("nothing came").unwrap().unwrap()
    }

    /// All events up to one, and what came with it.
    pub(crate) async fn until(&self, is_last: impl Fn(&Queued) -> bool) -> Vec<Queued> {
        let mut told = Vec::new();
        while !told.iter().any(&is_last) {
            told.extend(self.some().await);
        }
        told
    }

    /// Asks for something.
    pub(crate) fn ask(&self, id: u64, request: &Request) -> Status {
        let payload = encode_request(request, Encoding::Json).unwrap();
        self.seat.submit(request.kind().number(), id, &payload)
    }

    /// Asks for something and waits for the reply.
    pub(crate) async fn reply(&self, id: u64, request: Request) -> Reply {
        assert_eq!(self.ask(id, &request), ramson_abi::OK);
        let told = self.until(|queued| queued.reply_to == id).await;
        let reply = told.iter().find(|queued| queued.reply_to == id).unwrap();
        match reply.what.event() {
            Event::Reply(reply) => reply.clone(),
            other => panic!("{other:?}"),
        }
    }
}
