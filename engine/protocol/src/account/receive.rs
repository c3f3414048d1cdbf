//! What a received message means (01 sections 2.7 to 2.9, 3 and 8). What it
//! leads to does not depend on the order in which messages arrive: news of a
//! message that is not there is kept until it comes.
//!
//! | file | stands for |
//! |---|---|
//! | `questions` | what of the history is to be known |
//! | `judge` | what is checked of every message |
//! | `batch` | the decision while it is taken |
//! | `entry`, `contact` | what becomes a message of the history, and what that says of its author |
//! | `visible`, `notice`, `call`, `group` | what stands in the history |
//! | `reaction`, `receipt`, `unsend` | what changes it |
//! | `drop` | why a message is not kept |
//! | `vanished` | whose conversations were removed |

mod batch;
mod call;
mod contact;
mod drop;
mod entry;
mod group;
mod judge;
mod notice;
mod questions;
mod reaction;
mod receipt;
mod unsend;
mod vanished;
pub(crate) mod visible;

use ramson_codec::proto::ContentKind;
use ramson_types::ledger::{Hops, LedgerStep};
use ramson_types::{Ed25519PublicKey, MessageHash, MessageId, Namespace, Timestamp};

use super::{Account, Decision, History};
use crate::config::ConfigKind;
use crate::inbox::{OpenError, Opened};
use crate::store::{Change, Cursor, Errand, TOMBSTONE_LIFE};
use batch::Batch;
use judge::{Incoming, Judged};

pub(super) use call::Calls;
pub use drop::DropReason;
pub(super) use vanished::Vanished;

/// One stored copy as it came from a swarm member.
#[derive(Debug, PartialEq)]
pub struct Arrival {
    /// Its hash.
    pub hash: MessageHash,
    /// When the swarm lets go of it.
    pub expires: Timestamp,
    /// What was in it.
    pub body: ArrivalBody,
}

/// What was in a stored copy.
#[derive(Debug, PartialEq)]
pub enum ArrivalBody {
    /// It was seen before, and not opened again.
    Seen,
    /// Its hash is not that of its bytes in this account: the node changed
    /// one of them, so the copy that other members have is still to come.
    WrongHash,
    /// A stored config message, as it lay in its namespace.
    Config(Vec<u8>),
    /// It was opened, or does not open.
    Opened(Box<Result<Opened, OpenError>>),
}

impl Account {
    /// Takes in what one swarm member returned, in its order. `history` has the
    /// answers to [`Account::arrival_questions`].
    /// The cursor moves past everything, kept or not, in the same decision.
    pub fn receive(
        &mut self,
        node: Ed25519PublicKey,
        path: &Hops,
        namespace: Namespace,
        arrivals: Vec<Arrival>,
        history: History,
        now: Timestamp,
    ) -> Decision {
        let mut decision = Decision::default();
        if ConfigKind::of_account(namespace).is_some() {
            self.receive_config(node, namespace, &arrivals, now, &mut decision);
            self.keep(&mut decision, now);
            return decision;
        }
        let counters = self.counters;
        // All of them by what is known now, as they were when it was asked for.
        let judged: Vec<_> = arrivals.iter().map(|arrival| self.judge_arrival(arrival)).collect();
        let heeded = self.heeded(judged.iter().filter_map(|judged| judged.as_ref().ok()));
        let mut batch = Batch::new(history, heeded, now, self.clock.at(now));
        let mut changed = Vec::new();
        let last = arrivals.last().map(|last| (last.hash, last.expires));
        let known = arrivals.iter().filter(|arrival| arrival.body == ArrivalBody::Seen).count();
        let cursor_before = self.cursors.get(&(node, namespace)).map(|cursor| cursor.hash);
        let hashes: Vec<MessageHash> = arrivals.iter().map(|arrival| arrival.hash).collect();
        for Arrival { hash, expires, body } in &arrivals {
            let new = matches!(body, ArrivalBody::Opened(_));
            if *body != ArrivalBody::WrongHash {
                self.watch.given(node, (namespace, *hash), *expires, new);
            }
        }
        // Nothing that stands before a cursor comes again, unless the node
        // does not know the cursor any more.
        let replays = self.watch.replays(node, &hashes, cursor_before);
        for (Arrival { hash, expires, body }, judged) in arrivals.into_iter().zip(judged) {
            let opened = match body {
                ArrivalBody::Seen | ArrivalBody::Config(_) => continue,
                ArrivalBody::WrongHash => {
                    changed.push(hash);
                    continue;
                }
                ArrivalBody::Opened(opened) => *opened,
            };
            let until = expires.max(now).plus(TOMBSTONE_LIFE);
            let judged = judged.and_then(|judged| match judged.forgotten {
                true => Err(DropReason::Forgotten),
                false => Ok(judged),
            });
            // When contacts were stored one node says, and nothing is lost for
            // good on its word.
            let seen = !matches!(judged, Err(DropReason::Forgotten));
            if seen {
                batch.decision.changes.push(Change::MarkSeen { namespace, hash, until });
            }
            let taken = opened.map_err(DropReason::NotOpened).and_then(|opened| {
                self.take(&Incoming { opened, judged: judged?, hash, expires }, &mut batch)
            });
            let (message, step) = match taken {
                Ok(message) => {
                    (message, LedgerStep::Received { node, path: path.clone(), namespace })
                }
                Err(reason) => {
                    let (reason, remembered_until) = (reason.to_string(), seen.then_some(until));
                    (None, LedgerStep::Dropped { node, reason, remembered_until })
                }
            };
            batch.decision.ledger(now, message, Some(hash), step);
        }
        batch.keep_early();
        self.add_errands(&mut batch);
        decision.and(batch.decision);
        // One line, however many: a node may do it on purpose.
        if let Some(first) = changed.first() {
            let reason = format!("{} ({} copies)", DropReason::WrongHash, changed.len());
            let step = LedgerStep::Dropped { node, reason, remembered_until: None };
            decision.ledger(now, None, Some(*first), step);
        }
        if replays {
            let messages = u32::try_from(known).unwrap_or(u32::MAX);
            let step = LedgerStep::Replayed { node, namespace, messages };
            decision.ledger(now, None, None, step);
        }
        if let Some((hash, expires)) = last {
            let cursor = Cursor { hash, expires };
            if self.cursors.insert((node, namespace), cursor) != Some(cursor) {
                decision.changes.push(Change::MoveCursor { node, namespace, cursor: Some(cursor) });
                let step = LedgerStep::CursorMoved { node, namespace };
                decision.ledger(now, None, Some(hash), step);
            }
        }
        if self.counters != counters {
            decision.changes.push(Change::SetCounters(self.counters));
        }
        self.keep(&mut decision, now);
        decision
    }

    fn judge_arrival(&self, arrival: &Arrival) -> Result<Judged, DropReason> {
        match &arrival.body {
            ArrivalBody::Opened(opened) => match opened.as_ref() {
                Ok(opened) => self.judge(opened),
                Err(error) => Err(DropReason::NotOpened(*error)),
            },
            ArrivalBody::WrongHash => Err(DropReason::WrongHash),
            ArrivalBody::Seen | ArrivalBody::Config(_) => Err(DropReason::NotHistory),
        }
    }

    fn take(
        &mut self,
        incoming: &Incoming,
        batch: &mut Batch,
    ) -> Result<Option<MessageId>, DropReason> {
        match incoming.judged.kind {
            ContentKind::Visible => self.take_visible(incoming, batch),
            ContentKind::Reaction => self.take_reaction(incoming, batch),
            ContentKind::ExpirationTimerUpdate => self.take_timer(incoming, batch),
            ContentKind::GroupUpdate => self.take_group_update(incoming, batch),
            ContentKind::ProfileOnly => {
                self.note_profile(incoming);
                Err(DropReason::NotHistory)
            }
            ContentKind::Receipt => self.take_receipt(incoming, batch),
            ContentKind::Typing => self.take_typing(incoming, batch),
            ContentKind::DataExtraction => self.take_extraction(incoming, batch),
            ContentKind::Unsend => self.take_unsend(incoming, batch),
            ContentKind::Call => self.take_call(incoming, batch),
            ContentKind::MessageRequestResponse => self.take_response(incoming, batch),
            ContentKind::SharedConfig => Err(DropReason::NotHistory),
            _ => Err(DropReason::UnknownKind),
        }
    }

    /// What is to be done in the own swarm after a batch.
    fn add_errands(&mut self, batch: &mut Batch) {
        let mut delete = std::mem::take(&mut batch.delete);
        delete.sort_unstable();
        delete.dedup();
        if !delete.is_empty() {
            self.add_errand(Errand::Delete(delete), &mut batch.decision);
        }
        for (expiry, copies) in std::mem::take(&mut batch.shorten) {
            self.add_errand(Errand::Shorten { copies, expiry }, &mut batch.decision);
        }
    }
}
