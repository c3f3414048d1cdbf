//! Writes, one at a time or as a group in one transaction.

use std::sync::atomic::Ordering;

use ramson_messages::storage::{Commit, Committed, SaveGuards, SaveNodePool, StoreError};

use super::{Failure, Store};
use crate::records;
use crate::tables::{Tables, meta};

/// A message that writes. It may be carried out more than once before it is
/// committed, when a neighbour in its group fails.
pub trait Write: Send + 'static {
    /// What is answered once it is durable.
    type Answer: Send + 'static;

    /// Writes into an open transaction.
    fn carry_out(&self, tables: &mut Tables<'_>) -> Result<Self::Answer, Failure>;
}

/// A write of any kind in a group.
pub(crate) trait Job {
    /// Writes into an open transaction and keeps the answer.
    fn carry_out(&mut self, tables: &mut Tables<'_>) -> Result<(), Failure>;
}

/// One write and its answer so far.
pub(crate) struct Single<'w, W: Write> {
    write: &'w W,
    answer: Option<W::Answer>,
}

impl<'w, W: Write> Single<'w, W> {
    pub(crate) const fn new(write: &'w W) -> Self {
        Self { write, answer: None }
    }

    /// The answer, once the group came out like this.
    pub(crate) fn answer(self, outcome: Result<(), StoreError>) -> Result<W::Answer, StoreError> {
        outcome.and_then(|()| self.answer.ok_or(StoreError::Closed))
    }
}

impl<W: Write> Job for Single<'_, W> {
    fn carry_out(&mut self, tables: &mut Tables<'_>) -> Result<(), Failure> {
        self.answer = Some(self.write.carry_out(tables)?);
        Ok(())
    }
}

/// How a try to commit a group ended.
enum Tried {
    Committed,
    /// This one failed halfway, so the transaction was given up.
    Failed(usize, StoreError),
}

impl Store {
    /// Carries out a group in one transaction, in its order; one outcome for
    /// each. Whoever fails halfway is left out, and the others start again.
    pub(crate) fn run_group(&self, jobs: &mut [&mut dyn Job]) -> Vec<Result<(), StoreError>> {
        let mut left_out: Vec<Option<StoreError>> = vec![None; jobs.len()];
        let mut reopened = false;
        loop {
            let mut refused = left_out.clone();
            match self.try_group(jobs, &mut refused) {
                Ok(Tried::Committed) => return refused.into_iter().map(ok_unless).collect(),
                Ok(Tried::Failed(job, error)) => {
                    if let Some(slot) = left_out.get_mut(job) {
                        *slot = Some(error);
                    }
                    // Reading a damaged block latches the database.
                    reopened = false;
                }
                Err(Failure::Latched) if !reopened => {
                    reopened = true;
                    if let Err(failure) = self.reopen() {
                        return all_fail(&left_out, &failure.on_write());
                    }
                }
                Err(failure) => return all_fail(&left_out, &failure.on_write()),
            }
        }
    }

    fn try_group(
        &self,
        jobs: &mut [&mut dyn Job],
        refused: &mut [Option<StoreError>],
    ) -> Result<Tried, Failure> {
        self.try_with_database(|database| {
            let transaction = database.begin_write()?;
            let mut tables = Tables::open(&transaction)?;
            for (index, (job, refused)) in jobs.iter_mut().zip(refused).enumerate() {
                if refused.is_some() {
                    continue;
                }
                match job.carry_out(&mut tables) {
                    Ok(()) => {}
                    Err(Failure::Refused(error)) => *refused = Some(error),
                    Err(Failure::Failed(error)) => return Ok(Tried::Failed(index, error)),
                    Err(other) => return Err(other),
                }
            }
            drop(tables);
            transaction.commit()?;
            self.unsettled.store(true, Ordering::SeqCst);
            Ok(Tried::Committed)
        })
    }
}

fn ok_unless(error: Option<StoreError>) -> Result<(), StoreError> {
    error.map_or(Ok(()), Err)
}

fn all_fail(left_out: &[Option<StoreError>], error: &StoreError) -> Vec<Result<(), StoreError>> {
    left_out.iter().map(|own| Err(own.clone().unwrap_or_else(|| error.clone()))).collect()
}

impl Write for Commit {
    type Answer = Committed;

    fn carry_out(&self, tables: &mut Tables<'_>) -> Result<Committed, Failure> {
        super::changes::check(self, tables)?;
        for change in &self.changes {
            super::changes::write(self.account, change, tables)?;
        }
        let next = super::accounts::next_number(tables, meta::NEXT_EVENT)?;
        let mut after = next;
        for event in &self.events {
            let record = records::event(self.account, event, self.at)
                .map_err(|error| Failure::not_kept("an event", &error))?;
            tables.events.insert(after, record.as_slice())?;
            after = after.saturating_add(1);
        }
        if after > next {
            super::accounts::set_number(tables, meta::NEXT_EVENT, after)?;
        }
        Ok(Committed { first_event: next })
    }
}

impl Write for SaveNodePool {
    type Answer = ();

    fn carry_out(&self, tables: &mut Tables<'_>) -> Result<(), Failure> {
        let record = records::node_pool(&self.pool, self.at);
        tables.meta.insert(meta::NODE_POOL, record.as_slice())?;
        Ok(())
    }
}

impl Write for SaveGuards {
    type Answer = ();

    fn carry_out(&self, tables: &mut Tables<'_>) -> Result<(), Failure> {
        if self.guards.is_empty() {
            tables.guards.remove(self.class.0)?;
        } else {
            tables.guards.insert(self.class.0, records::guards(&self.guards).as_slice())?;
        }
        Ok(())
    }
}
