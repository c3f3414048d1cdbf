//! `batch`, `sequence` and `ifelse` (02 section 4.13).

use std::collections::VecDeque;

use ramson_codec::storage::{Condition, HardFork, IfElse, Request};
use ramson_types::Timestamp;
use serde_json::{Map, Value, json};

use crate::Node;
use crate::rpc::{Progress, RpcAnswer, Work, if_else_result};
use crate::step::{Call, Reply};

/// Requests under way together.
pub(crate) enum Batch {
    /// All at once: the waits overlap.
    Parallel(Vec<Slot>),
    /// One after another: the waits add up.
    Sequence { done: Vec<RpcAnswer>, current: Box<Work>, rest: VecDeque<Request> },
}

/// One request of a batch.
pub(crate) enum Slot {
    Done(RpcAnswer),
    Waiting { work: Work, calls: usize },
}

impl Node {
    pub(crate) fn batch(&mut self, requests: Vec<Request>, now: Timestamp) -> Progress {
        let mut all_calls = Vec::new();
        let mut slots = Vec::new();
        for request in requests {
            slots.push(slot(self.run(request, now), &mut all_calls));
        }
        parallel(slots, all_calls)
    }

    pub(crate) fn sequence(&mut self, requests: Vec<Request>, now: Timestamp) -> Progress {
        self.next_of_sequence(Vec::new(), requests.into(), now)
    }

    fn next_of_sequence(
        &mut self,
        mut done: Vec<RpcAnswer>,
        mut rest: VecDeque<Request>,
        now: Timestamp,
    ) -> Progress {
        while done.last().is_none_or(RpcAnswer::is_success)
            && let Some(request) = rest.pop_front()
        {
            match self.run(request, now) {
                Progress::Done(answer) => done.push(answer),
                Progress::Ask(calls, current) => {
                    let current = Box::new(current);
                    let sequence = Batch::Sequence { done, current, rest };
                    return Progress::Ask(calls, Work::Batch(sequence));
                }
            }
        }
        Progress::Done(results(done))
    }

    pub(crate) fn resume_batch(
        &mut self,
        batch: Batch,
        replies: Vec<Reply>,
        now: Timestamp,
    ) -> Progress {
        match batch {
            Batch::Sequence { mut done, current, rest } => {
                match self.resume_rpc(*current, replies, now) {
                    Progress::Done(answer) => {
                        done.push(answer);
                        self.next_of_sequence(done, rest, now)
                    }
                    Progress::Ask(calls, current) => {
                        let current = Box::new(current);
                        let sequence = Batch::Sequence { done, current, rest };
                        Progress::Ask(calls, Work::Batch(sequence))
                    }
                }
            }
            Batch::Parallel(slots) => {
                let mut replies = replies.into_iter();
                let mut all_calls = Vec::new();
                let mut next = Vec::new();
                for waiting in slots {
                    next.push(match waiting {
                        Slot::Done(answer) => Slot::Done(answer),
                        Slot::Waiting { work, calls } => {
                            let own = replies.by_ref().take(calls).collect();
                            slot(self.resume_rpc(work, own, now), &mut all_calls)
                        }
                    });
                }
                parallel(next, all_calls)
            }
        }
    }

    pub(crate) fn if_else(&mut self, choice: IfElse, now: Timestamp) -> Progress {
        let holds = choice.conditions.iter().all(|condition| self.holds(condition));
        let HardFork(major, revision) = self.network.hard_fork;
        let mut answer = Map::new();
        answer.insert("condition".to_owned(), holds.into());
        answer.insert("height".to_owned(), self.network.height.into());
        answer.insert("hf".to_owned(), json!([major, revision]));
        answer.insert("v".to_owned(), json!(self.version()));
        match if holds { choice.then } else { choice.otherwise } {
            Some(request) => if_else_result(answer, self.run(request, now)),
            None => Progress::Done(RpcAnswer::json(200, answer)),
        }
    }

    fn holds(&self, condition: &Condition) -> bool {
        let HardFork(major, revision) = self.network.hard_fork;
        let fork = [major.into(), revision.into()];
        let version = self.version().map(i64::from);
        let height = i64::try_from(self.network.height).unwrap_or(i64::MAX);
        match condition {
            Condition::HfAtLeast(least) => fork >= *least,
            Condition::HfBefore(bound) => fork < *bound,
            Condition::VersionAtLeast(least) => version >= *least,
            Condition::VersionBefore(bound) => version < *bound,
            Condition::HeightAtLeast(least) => height >= *least,
            Condition::HeightBefore(bound) => height < *bound,
        }
    }
}

fn slot(progress: Progress, all_calls: &mut Vec<Call>) -> Slot {
    match progress {
        Progress::Done(answer) => Slot::Done(answer),
        Progress::Ask(calls, work) => {
            let count = calls.len();
            all_calls.extend(calls);
            Slot::Waiting { work, calls: count }
        }
    }
}

fn parallel(slots: Vec<Slot>, calls: Vec<Call>) -> Progress {
    let waits = slots.iter().any(|slot| matches!(slot, Slot::Waiting { .. }));
    if waits {
        return Progress::Ask(calls, Work::Batch(Batch::Parallel(slots)));
    }
    let done = slots.into_iter().filter_map(|slot| match slot {
        Slot::Done(answer) => Some(answer),
        Slot::Waiting { .. } => None,
    });
    Progress::Done(results(done.collect()))
}

fn results(done: Vec<RpcAnswer>) -> RpcAnswer {
    let elements: Vec<Value> = done.into_iter().map(RpcAnswer::into_element).collect();
    RpcAnswer::json(200, json!({ "results": elements }))
}
