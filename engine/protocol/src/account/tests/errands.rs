//! Errands in a swarm of members that do as 02 sections 4.6 to 4.13 say, and of
//! some that do not.

mod expiries;
mod pushes;
mod random;
mod stored;
mod swarm;

use std::collections::BTreeSet;

use swarm::*;

use super::*;
use crate::store::{Errand, ErrandCopy, StoredErrand};
use ramson_types::ledger::LedgerStep;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// An account with its home and its swarm.
struct Bench {
    account: Account,
    home: Home,
    swarm: Swarm,
    now: Timestamp,
}

impl Bench {
    /// One that has nothing to push.
    fn new(members: u8) -> Self {
        let account = Account::load(stored_account(1, None));
        let swarm = Swarm::new(account.keys(), members);
        Self { account, home: Home::default(), swarm, now: NOW }
    }

    /// What the home knows of it is all that is left.
    fn restart(&mut self) {
        let stored = stored_account(1, None);
        self.account = Account::load(self.home.load(stored));
        let started = self.account.started(self.now);
        self.home.keep(started);
    }

    fn name(&mut self, name: &str) {
        let stamp = Some(self.now);
        self.account.settings.profile.set_name(name, stamp).unwrap();
        let mut decision = Decision::default();
        self.account.keep(&mut decision, self.now);
        self.home.keep(decision);
    }

    fn add(&mut self, errand: Errand) {
        let mut decision = Decision::default();
        self.account.add_errand(errand, &mut decision);
        self.home.keep(decision);
    }

    /// The errand that is due, with all that it carries on disk.
    fn due(&mut self) -> Option<DueErrand> {
        let (errand, decision) = self.account.due_errand(self.now);
        self.home.keep(decision);
        let errand = errand?;
        assert_eq!(self.account.due_errand(self.now).0, None, "one at a time");
        assert_eq!(self.account.next_errand(), None);
        Some(errand)
    }

    /// Waits for the next errand.
    fn wait(&mut self) -> DueErrand {
        let at = self.account.next_errand().expect("something waits");
        self.now = self.now.max(at);
        self.due().expect("it is due")
    }

    fn ends(
        &mut self,
        errand: &DueErrand,
        node: Option<Ed25519PublicKey>,
        answer: Result<(u16, &[u8]), String>,
    ) -> ErrandAnswer {
        let members = self.swarm.keys();
        let done = self.account.errand_done(errand, node, &members, answer, self.now);
        self.home.keep(Decision {
            changes: done.decision.changes.clone(),
            events: done.decision.events.clone(),
            signals: Vec::new(),
        });
        done
    }

    /// A member answers.
    fn answers(&mut self, errand: &DueErrand, at: usize) -> ErrandAnswer {
        let body = self.swarm.answer(at, &errand.request, self.now);
        let node = self.swarm.keys()[at];
        self.ends(errand, Some(node), Ok((200, body.as_bytes())))
    }

    fn fails(&mut self, errand: &DueErrand, node: u8, reason: &str) -> ErrandAnswer {
        let node = Some(super::node(node).ed25519);
        self.ends(errand, node, Err(reason.to_owned()))
    }

    /// Carries out everything that waits.
    fn finish(&mut self) {
        for _ in 0..100 {
            if self.account.next_errand().is_none() {
                return;
            }
            let errand = self.wait();
            self.answers(&errand, 0);
        }
        panic!("it does not end");
    }
}

fn failures(decision: &Decision) -> Vec<String> {
    let reason = |change: &Change| match change {
        Change::Ledger(LedgerLine {
            step: LedgerStep::AttemptFailed { reason, .. },
            message: None,
            ..
        }) => Some(reason.clone()),
        _ => None,
    };
    decision.changes.iter().filter_map(reason).collect()
}

fn removed(decision: &Decision) -> Vec<u64> {
    let removed = |change: &Change| match change {
        Change::RemoveErrand(number) => Some(*number),
        _ => None,
    };
    decision.changes.iter().filter_map(removed).collect()
}

fn hash(n: u8) -> MessageHash {
    MessageHash([n; 32])
}

fn hashes(range: std::ops::Range<u16>) -> Vec<MessageHash> {
    let hash = |n: u16| {
        let mut bytes = [7; 32];
        bytes[..2].copy_from_slice(&n.to_be_bytes());
        MessageHash(bytes)
    };
    range.map(hash).collect()
}

fn parts(errand: &DueErrand) -> &[Request] {
    match &errand.request {
        Request::Batch(parts) | Request::Sequence(parts) => parts,
        other => panic!("{other:?}"),
    }
}
