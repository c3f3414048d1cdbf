//! Carries out what a plugin asks for. Commands of one plugin are carried out
//! one after the other, questions beside them. Each request gets one reply,
//! whatever happens.
//!
//! What is done to the program itself goes on when the plugin that asked is
//! gone: it may have asked to be stopped or swapped.

mod alarm;
mod control;
mod done;
mod query;
mod records;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use ramson_abi::MAX_IN_FLIGHT;
use ramson_system::{Engine, EngineError, Snapshot};
use ramson_types as types;
use ramson_wire::{AccountCommand, Answer, Command, Done, MessageId, Query, Reply, Request};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use crate::convert::command::{answer, command};
use crate::convert::ids::{account_of, conversation_id, message_of};
use crate::convert::refusal::{Refused, not_granted, of_engine, refusal};
use crate::gate::Gate;
use crate::host::Host;
use crate::seat::{Admitted, Seat};
use crate::shared::{Attached, Shared};

/// So many questions of one plugin are answered at once: each answer may be
/// large.
const QUESTIONS: usize = 8;

/// Carries out the requests of one plugin until it is gone. What it was told
/// to do to accounts before that is done.
pub(crate) async fn serve(
    host: Host,
    shared: Arc<Shared>,
    seat: Arc<Seat>,
    mut inbox: mpsc::Receiver<Admitted>,
) {
    let (orders, mut in_order) = mpsc::channel::<(Owed, Order)>(MAX_IN_FLIGHT);
    let commands = async {
        while let Some((owed, order)) = in_order.recv().await {
            let reply = match order {
                Order::Command(command) if command.key.is_some() => {
                    done::carry_keyed(&shared, &owed.seat, command).await
                }
                Order::Command(command) => carry(&shared, &owed.seat.gate, command).await,
                Order::Done(done) => done::carry(&shared, &owed.seat, done).await,
            };
            owed.pay(reply);
        }
    };
    let others = async {
        let orders = orders;
        let turns = Arc::new(Semaphore::new(QUESTIONS));
        let mut questions = JoinSet::new();
        let mut alarm = alarm::Alarm::new(shared.clone());
        loop {
            let Admitted { id, request } = tokio::select! {
                biased;
                Some(_) = questions.join_next() => continue,
                () = alarm.rings() => {
                    alarm.answer();
                    continue;
                }
                next = inbox.recv() => match next {
                    Some(next) => next,
                    None => break,
                },
            };
            let owed = Owed { seat: seat.clone(), id, paid: false };
            match request {
                // There is room for as many as may be without a reply.
                Request::Command(command) => {
                    drop(orders.send((owed, Order::Command(command))).await);
                }
                Request::Done(done) => drop(orders.send((owed, Order::Done(done))).await),
                Request::Query(Query::Alarm { at }) => alarm.set(owed, at),
                Request::Query(query) => {
                    let (host, shared, turns) = (host.clone(), shared.clone(), turns.clone());
                    questions.spawn(async move {
                        // It is never closed.
                        let _turn = turns.acquire().await;
                        owed.seat.room().await;
                        let reply = query::answer(&host, &shared, &owed.seat, query).await;
                        owed.pay(reply);
                    });
                }
                Request::Control(control) => {
                    let (host, shared) = (host.clone(), shared.clone());
                    // The runtime has it: it outlives this plugin.
                    drop(tokio::spawn(control::carry(host, shared, owed, control)));
                }
            }
        }
    };
    tokio::join!(commands, others);
}

/// What is carried out in the order in which it was asked for.
enum Order {
    Command(AccountCommand),
    Done(Done),
}

/// A reply that is owed. One that is forgotten, because its task ended or
/// failed, is paid with a refusal.
struct Owed {
    seat: Arc<Seat>,
    id: u64,
    paid: bool,
}

impl Owed {
    fn pay(mut self, reply: Refused<Answer>) {
        self.settle(reply);
    }

    fn settle(&mut self, reply: Refused<Answer>) {
        if !std::mem::replace(&mut self.paid, true) {
            let reply = match reply {
                Ok(answer) => Reply::Ok(answer),
                Err(refusal) => Reply::Refused(refusal),
            };
            self.seat.reply(self.id, reply);
        }
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        self.settle(Err(refusal("Ended", "it was not carried out to its end; ask again")));
    }
}

/// The engine, if one runs.
fn engine(shared: &Shared) -> Refused<Attached> {
    let text = "no engine runs; begin on the welcome screen, or wait until it has started";
    shared.attached().ok_or_else(|| refusal("NoEngine", text))
}

async fn carry(shared: &Shared, gate: &Gate, asked: AccountCommand) -> Refused<Answer> {
    let engine = engine(shared)?.engine;
    let account = account_of(&asked.account)?;
    if let Command::React { message, .. } | Command::Delete { message, .. } = &asked.command {
        may_see(&engine, gate, &account, *message).await?;
    }
    let outcome = engine.command(&account, command(asked.command)?).await;
    Ok(answer(&account, outcome.map_err(|error| of_engine(&error))?))
}

/// Refuses what is about a message of a conversation that the plugin does not
/// see.
async fn may_see(
    engine: &Engine,
    gate: &Gate,
    account: &types::AccountId,
    message: MessageId,
) -> Refused<()> {
    if gate.sees_all_conversations() {
        return Ok(());
    }
    match find(engine, account, message).await.map_err(|error| of_engine(&error))? {
        Some(found) => is_in_scope(gate, &found),
        // The engine refuses it with the right words.
        None => Ok(()),
    }
}

fn is_in_scope(gate: &Gate, message: &types::message::Message) -> Refused<()> {
    match gate.sees(&conversation_id(&message.conversation)) {
        true => Ok(()),
        false => Err(not_granted("the message is in a conversation that this plugin does not see")),
    }
}

/// A message of an account; those of others are not found.
async fn find(
    engine: &Engine,
    account: &types::AccountId,
    message: MessageId,
) -> Result<Option<types::message::Message>, EngineError> {
    let query = ramson_system::Query::Message(message_of(message));
    Ok(match engine.snapshot(account, query).await? {
        (_, Snapshot::Message(found)) => found.map(|found| *found),
        _ => None,
    })
}
