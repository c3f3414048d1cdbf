//! Decisions on their way to the store, in order, as the actor of an account
//! has it: while a commit is under way later decisions gather.

use std::rc::Rc;
use std::time::Duration;

use ramson_protocol::account::Decision;
use ramson_protocol::event::AccountEvent;
use ramson_protocol::store::Change;
use rand::RngExt as _;
use tokio::sync::oneshot;

use super::engine::Engine;

/// How long a commit takes, in ms.
const COMMIT_TIME: std::ops::Range<u64> = 1..12;

/// What waits for the commit under way to end.
#[derive(Default)]
pub(crate) struct Commits {
    changes: Vec<Change>,
    events: Vec<AccountEvent>,
    waiting: Vec<oneshot::Sender<()>>,
    under_way: bool,
}

impl Engine {
    /// Commits a decision after all those before it; ends when it is kept.
    pub(super) async fn commit(self: &Rc<Self>, decision: Decision) {
        let (tell, told) = oneshot::channel();
        {
            let mut commits = self.commits.borrow_mut();
            // An empty one waits for those before it.
            if decision.is_empty() && !commits.under_way {
                return;
            }
            commits.changes.extend(decision.changes);
            commits.events.extend(decision.events);
            commits.waiting.push(tell);
        }
        self.start_commit();
        // Nobody drops a waiting commit but a crash, which drops this, too.
        drop(told.await);
    }

    fn start_commit(self: &Rc<Self>) {
        let (changes, events, waiting) = {
            let mut commits = self.commits.borrow_mut();
            if commits.under_way || (commits.changes.is_empty() && commits.waiting.is_empty()) {
                return;
            }
            commits.under_way = true;
            (
                std::mem::take(&mut commits.changes),
                std::mem::take(&mut commits.events),
                std::mem::take(&mut commits.waiting),
            )
        };
        let own = self.clone();
        self.spawn(async move {
            let wait = own.rng.borrow_mut().random_range(COMMIT_TIME);
            own.world.queue.sleep(own.host, Duration::from_millis(wait)).await;
            let crash = own.world.crash_at_commit();
            if crash.before {
                return own.world.crash_client(own.number, "before a commit");
            }
            own.write(changes, &events);
            if crash.after {
                return own.world.crash_client(own.number, "after a commit");
            }
            own.commits.borrow_mut().under_way = false;
            for waiting in waiting {
                // Who asked may have gone; the commit stands all the same.
                let _ = waiting.send(());
            }
            own.start_commit();
            own.look();
        });
    }

    fn write(&self, changes: Vec<Change>, events: &[AccountEvent]) {
        for event in events {
            self.log(format_args!("{}", Told(event)));
        }
        let Some(client) = self.client() else { return };
        let written = client.home.borrow_mut().commit(changes, events);
        if let Err(why) = written {
            self.world.complain(self.host, format_args!("a commit must not do this: {why}"));
        }
        for event in events {
            self.world.hear(self.number, event);
        }
    }
}

/// An event as the log tells it.
struct Told<'a>(&'a AccountEvent);

impl std::fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            AccountEvent::MessageReceived(message) => {
                let text = message.text.as_deref().unwrap_or_default();
                write!(f, "received {} ({text})", message.id)
            }
            AccountEvent::MessageQueued(message) => {
                let text = message.text.as_deref().unwrap_or_default();
                write!(f, "queued {} ({text})", message.id)
            }
            AccountEvent::MessageStored { id, nodes, .. } => {
                write!(f, "stored {id}, {} signed", nodes.len())
            }
            AccountEvent::SendDelayed { id, reason, .. } => write!(f, "delayed {id}: {reason}"),
            AccountEvent::MessageFailed { id, reason, .. } => write!(f, "failed {id}: {reason}"),
            other => write!(f, "{other:?}"),
        }
    }
}
