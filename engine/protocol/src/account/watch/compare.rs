//! What two answers say about each other.

use std::collections::{BTreeMap, BTreeSet};

use ramson_types::ledger::LedgerStep;
use ramson_types::{Ed25519PublicKey, Timestamp};
use rand::RngExt;
use rand_core::CryptoRng;

use super::{
    BETWEEN_COMPARISONS, COMPARISONS_A_PAIR, CopyName, DOUBTED_MISSES, MAX_COPIES, MAX_NODES,
    NEARLY_EXPIRED, Role, Suspicion, Verdict,
};
use crate::account::Account;

impl Account {
    /// The answer to a poll was read and all of it taken in: compares it with
    /// what others gave.
    pub fn polled(
        &mut self,
        node: Ed25519PublicKey,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Verdict {
        let woken = self.network_works(now);
        let mut verdict = Verdict { woken, ..Verdict::default() };
        let answer = self.watch.round.answer.take_if(|answer| answer.node == node);
        let Some(answer) = answer else { return verdict };
        if answer.complete {
            self.watch.round.complete.push(node);
        }
        if answer.complete && answer.role == Role::Main {
            self.synced(now, &mut verdict.decision);
        }
        self.settings.schedule(now);
        if let Some(suspicion) = &mut self.watch.suspicion
            && suspicion.accused == node
        {
            suspicion.copies.retain(|copy, _| !answer.given.contains(copy));
            if suspicion.copies.is_empty() {
                self.watch.suspicion = None;
            }
        }
        match answer.role {
            Role::Main => {
                self.watch.fresh.extend(answer.news);
                let surplus = self.watch.fresh.len().saturating_sub(MAX_COPIES);
                self.watch.fresh.drain(..surplus);
            }
            Role::Witness => {
                let fresh = self.watch.fresh.iter().map(|(copy, _)| *copy);
                self.watch.witnessed.extend(fresh.filter(|copy| answer.given.contains(copy)));
                let room = MAX_COPIES.saturating_sub(self.watch.news.len());
                self.watch.news.extend(answer.news.into_iter().take(room));
                // Without the rest nothing is missing yet; it follows with the
                // next poll.
                if answer.complete {
                    self.compare(node, now);
                    self.watch.polls_left = rng.random_range(BETWEEN_COMPARISONS);
                }
            }
            Role::Third => self.judge_suspicion(&answer.given, now, &mut verdict),
        }
        verdict
    }

    fn compare(&mut self, witness: Ed25519PublicKey, now: Timestamp) {
        let watch = &mut self.watch;
        let Some(main) = watch.main else { return };
        let main_lacks: BTreeMap<_, _> = watch.news.drain(..).collect();
        let fresh = watch.fresh.drain(..);
        let witness_lacks: BTreeMap<_, _> =
            fresh.filter(|(copy, _)| !watch.witnessed.contains(copy)).collect();
        watch.witnessed.clear();
        watch.compared = watch.compared.saturating_add(1);
        if watch.suspicion.is_none() {
            let (accused, holder, copies) = match main_lacks.is_empty() {
                true => (witness, main, witness_lacks),
                false => (main, witness, main_lacks),
            };
            let suspicion = Suspicion { accused, holder, copies, since: now };
            watch.suspicion = Some(suspicion).filter(|found| !found.copies.is_empty());
        }
        if watch.compared >= COMPARISONS_A_PAIR && watch.suspicion.is_none() {
            (watch.main, watch.witness, watch.former) = (Some(witness), None, Some(main));
            watch.part();
        }
    }

    /// What a third member has of the copies that one did not give.
    fn judge_suspicion(
        &mut self,
        given: &BTreeSet<CopyName>,
        now: Timestamp,
        verdict: &mut Verdict,
    ) {
        let Some(Suspicion { accused, holder, copies, since }) = self.watch.suspicion.take() else {
            return;
        };
        let soon = now.max(self.clock.at(now)).plus(NEARLY_EXPIRED);
        let missed: Vec<CopyName> = copies
            .iter()
            .filter(|(copy, expires)| given.contains(copy) && **expires > soon)
            .map(|(copy, _)| *copy)
            .collect();
        if missed.is_empty() {
            return;
        }
        let misses = &mut self.watch.misses;
        while misses.len() >= MAX_NODES && misses.pop_first().is_some() {}
        let times = misses.entry(accused).or_default();
        *times = times.saturating_add(1);
        let times = *times;
        for (_, hash) in missed {
            let step = LedgerStep::Missed { node: accused, had: holder, noticed: since, times };
            verdict.decision.ledger(now, None, Some(hash), step);
        }
        verdict.doubt = (times >= DOUBTED_MISSES).then_some(accused);
        // The one that had it is the better one to ask.
        if self.watch.main == Some(accused) {
            (self.watch.main, self.watch.witness) = (Some(holder), Some(accused));
            self.watch.part();
        }
        if verdict.doubt.is_some() && self.watch.witness == Some(accused) {
            self.watch.witness = None;
        }
    }
}
