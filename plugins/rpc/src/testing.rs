//! A host that answers as a test wants it, and clients over streams in memory.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use ramson_abi::{OK, Status};
use ramson_host::{GuestPlan, Told};
use ramson_wire::{
    Account, AccountCommand, AccountId, Answer, Change, Command, Event, GrantSet, Message,
    MessageId, MessageState, Outcome, Query, Refusal, Reply, Request, Snapshot, Stage,
};
use serde_json::Value;
use tokio::io::{
    AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, ReadHalf, WriteHalf, duplex,
    split,
};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::seat::{Boxed, Seat, Seats};
use crate::serve::serve_lines;
use crate::server::Server;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(600);

/// Events that wait in the host for one guest.
pub(crate) const WAITING: usize = 10_000;

pub(crate) const ME: AccountId = AccountId([5; 33]);

type Answers = dyn Fn(&Request) -> Option<Reply> + Send + Sync;

/// The host.
#[derive(Clone)]
pub(crate) struct Fake {
    state: Arc<Mutex<State>>,
    answers: Arc<Answers>,
}

#[derive(Default)]
struct State {
    guests: Vec<(GuestPlan, mpsc::Sender<Told>)>,
    asked: Vec<(String, Request)>,
}

struct Chair {
    fake: Fake,
    name: String,
    to_me: mpsc::WeakSender<Told>,
    told: mpsc::Receiver<Told>,
}

impl Fake {
    /// Answers everything as an engine with one account would.
    pub(crate) fn new() -> Self {
        Self::answering(|request| Some(usual(request)))
    }

    pub(crate) fn answering(
        answers: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        Self { state: Arc::default(), answers: Arc::new(answers) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn server(&self) -> Server {
        Server::new(self.clone(), "1.2.3")
    }

    /// The guests that came so far.
    pub(crate) fn plans(&self) -> Vec<GuestPlan> {
        self.state().guests.iter().map(|(plan, _)| plan.clone()).collect()
    }

    /// What the guests of a name asked for so far.
    pub(crate) fn asked(&self, name: &str) -> Vec<Request> {
        let state = self.state();
        state.asked.iter().filter(|(by, _)| by == name).map(|(_, it)| it.clone()).collect()
    }

    /// Tells all guests of a name something.
    pub(crate) fn tell(&self, name: &str, seq: u64, event: &Event) {
        let state = self.state();
        for (_, guest) in state.guests.iter().filter(|(plan, _)| plan.name == name) {
            let _gone = guest.try_send(Told::new(seq, None, event.clone()));
        }
    }

    /// How many events wait for the last guest of a name.
    pub(crate) fn waiting(&self, name: &str) -> usize {
        let state = self.state();
        let guest = state.guests.iter().rev().find(|(plan, _)| plan.name == name);
        guest.map_or(0, |(_, guest)| WAITING - guest.capacity())
    }
}

impl Seats for Fake {
    fn guest(&self, plan: GuestPlan) -> Result<Box<dyn Seat>, Refusal> {
        let (sender, told) = mpsc::channel(WAITING);
        let (name, to_me) = (plan.name.clone(), sender.downgrade());
        sender.try_send(Told::new(0, None, snapshot())).unwrap();
        let mut state = self.state();
        if plan.durable {
            state.guests.retain(|(other, _)| !(other.durable && other.name == plan.name));
        }
        state.guests.push((plan, sender));
        drop(state);
        Ok(Box::new(Chair { fake: self.clone(), name, to_me, told }))
    }
}

impl Seat for Chair {
    fn submit(&self, id: u64, request: &Request) -> Status {
        self.fake.state().asked.push((self.name.clone(), request.clone()));
        if let (Some(reply), Some(to_me)) = ((self.fake.answers)(request), self.to_me.upgrade()) {
            to_me.try_send(Told::new(0, Some(id), Event::Reply(reply))).unwrap();
        }
        OK
    }

    fn next(&mut self) -> Boxed<'_, Option<Told>> {
        Box::pin(self.told.recv())
    }

    fn now(&self) -> u64 {
        1_000_000
    }
}

/// What an engine with one account answers.
pub(crate) fn usual(request: &Request) -> Reply {
    let me = Account { id: ME, name: None, read_receipts: false, typing: false };
    Reply::Ok(match request {
        Request::Query(Query::Accounts) => Answer::Accounts { accounts: vec![me] },
        Request::Query(Query::Message { message, .. }) => {
            Answer::Message { message: Some(Message::new(*message, ME.into(), ME)) }
        }
        Request::Query(Query::Conversations { .. }) => {
            Answer::Conversations { conversations: Vec::new() }
        }
        Request::Query(Query::Messages { .. }) => {
            Answer::Messages { messages: Vec::new(), complete: true }
        }
        Request::Query(Query::Record { .. }) => Answer::Record { value: None },
        Request::Query(Query::Records { .. }) => {
            Answer::Records { records: Vec::new(), complete: true }
        }
        Request::Query(Query::Plugins) => Answer::Plugins { plugins: Vec::new() },
        Request::Query(Query::Resolve { .. }) => Answer::Name { id: ME },
        Request::Control(_) => Answer::Account { account: me },
        Request::Command(AccountCommand { command: Command::Send { .. }, .. }) => {
            Answer::Queued { message: queued() }
        }
        Request::Done(done) => Answer::Kept { outcomes: vec![Outcome::Done; done.commands.len()] },
        _ => Answer::Done,
    })
}

pub(crate) const SENT: MessageId = MessageId { account: 1, number: 7 };

fn queued() -> Message {
    Message { state: MessageState::Queued, ..Message::new(SENT, ME.into(), ME) }
}

pub(crate) fn changed(change: Change) -> Event {
    Event::MessageChanged { account: ME, conversation: ME.into(), message: SENT, change }
}

pub(crate) fn snapshot() -> Event {
    Event::Snapshot(Snapshot {
        seq: 0,
        version: String::new(),
        stage: Stage::Running,
        network: String::new(),
        home: String::new(),
        granted: GrantSet::ALL,
        accounts: Vec::new(),
        conversations: Vec::new(),
        plugins: Vec::new(),
        window: None,
    })
}

/// A client on a line.
pub(crate) struct OnLine {
    read: BufReader<ReadHalf<DuplexStream>>,
    write: Option<WriteHalf<DuplexStream>>,
    pub(crate) served: JoinHandle<std::io::Result<()>>,
}

impl OnLine {
    pub(crate) fn connect(server: &Server) -> Self {
        Self::connect_for(server, None)
    }

    pub(crate) fn connect_for(server: &Server, first: Option<Duration>) -> Self {
        let (ours, theirs) = duplex(64 << 10);
        let (read, write) = split(theirs);
        let served = tokio::spawn(serve_lines(server.clone(), read, write, first));
        let (read, write) = split(ours);
        Self { read: BufReader::new(read), write: Some(write), served }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        let write = self.write.as_mut().unwrap();
        // A server that has had enough takes no more.
        let _closed = write.write_all(bytes).await;
    }

    pub(crate) async fn say(&mut self, line: &Value) {
        self.send(format!("{line}\n").as_bytes()).await;
    }

    /// Says that nothing more comes.
    pub(crate) async fn finish(&mut self) {
        self.write.take().unwrap().shutdown().await.unwrap();
    }

    /// The next line; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        let mut line = String::new();
        let read = timeout(PATIENCE, self.read.read_line(&mut line)).await;
        let read = read.expect("a line comes").unwrap();
        (read > 0).then(|| serde_json::from_str(&line).unwrap())
    }

    /// The next line with an id.
    pub(crate) async fn response(&mut self) -> Value {
        loop {
            let line = self.next().await.expect("a response comes");
            if line.get("method").is_none() {
                return line;
            }
        }
    }

    /// The next notification.
    pub(crate) async fn notice(&mut self) -> Value {
        loop {
            let line = self.next().await.expect("a notification comes");
            if line.get("method").is_some() {
                return line;
            }
        }
    }

    /// Asks, and waits for the response.
    pub(crate) async fn ask(&mut self, method: &str, params: Value) -> Value {
        self.say(&request(1, method, params)).await;
        self.response().await
    }
}

pub(crate) fn request(id: u64, method: &str, params: Value) -> Value {
    serde_json::json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

/// Until something is so.
pub(crate) async fn until(what: &str, mut so: impl FnMut() -> bool) {
    let waiting = async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("it does not come: {what}"));
}
