//! Intents on their way to a decision: commands of the user, and what is due
//! by itself. Whoever decides about the history has the floor from the question
//! to the commit; the others wait in order.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use ramson_protocol::account::{Decision, History, Intent, Question};
use ramson_protocol::command::{Command, CommandError, Outcome};
use ramson_protocol::inbox;
use ramson_types::MessageId;
use rand::RngExt as _;
use tokio::sync::oneshot;

use super::engine::Engine;

/// The shortest wait until the next look.
const SHORTEST: Duration = Duration::from_millis(20);

/// The longest wait while something is to come.
const LONGEST: Duration = Duration::from_secs(30);

/// Who waits for the floor.
#[derive(Default)]
pub(crate) struct Floor {
    taken: bool,
    waiting: VecDeque<oneshot::Sender<()>>,
}

/// Holds the floor as long as it lives.
pub(super) struct HasFloor(Rc<Engine>);

impl Drop for HasFloor {
    fn drop(&mut self) {
        let mut floor = self.0.floor.borrow_mut();
        // Who waited may have gone.
        while let Some(next) = floor.waiting.pop_front() {
            if next.send(()).is_ok() {
                return;
            }
        }
        floor.taken = false;
    }
}

impl Engine {
    /// Waits for the floor.
    pub(super) async fn floor(self: &Rc<Self>) -> HasFloor {
        let come = {
            let mut floor = self.floor.borrow_mut();
            if std::mem::replace(&mut floor.taken, true) {
                let (give, come) = oneshot::channel();
                floor.waiting.push_back(give);
                Some(come)
            } else {
                None
            }
        };
        if let Some(come) = come {
            let _come = come.await;
        }
        HasFloor(self.clone())
    }

    /// Carries out a command; ends when it is on disk.
    pub(crate) async fn command(
        self: &Rc<Self>,
        command: Command,
    ) -> Result<Outcome, CommandError> {
        let floor = self.floor().await;
        self.notice_clock();
        let outcome = self.decide(Intent::Command(command)).await;
        drop(floor);
        self.look();
        outcome
    }

    /// Carries out an intent; who calls has the floor.
    async fn decide(self: &Rc<Self>, intent: Intent) -> Result<Outcome, CommandError> {
        let questions = self.account.borrow().questions(&intent);
        // What was decided before is on disk when the store is asked.
        self.commit(Decision::default()).await;
        let history = self.recall(questions).await;
        let plan = {
            let (now, mut rng) = (self.now(), self.rng.borrow_mut());
            self.account.borrow_mut().carry_out(intent, &history, now, &mut *rng)?
        };
        let keys = self.account.borrow().keys().clone();
        let sealed: Vec<Vec<u8>> = plan
            .outgoing
            .iter()
            .filter_map(|copy| {
                let mut rng = self.rng.borrow_mut();
                inbox::seal(&keys, &copy.to, &copy.content, copy.sent, &mut *rng).ok()
            })
            .collect();
        if !sealed.is_empty() {
            self.take_a_moment().await;
        }
        let messages: Vec<MessageId> = plan.outgoing.iter().map(|copy| copy.message).collect();
        let (decision, outcome) = self.account.borrow_mut().queue(plan, sealed, self.now());
        self.commit(decision).await;
        for message in messages {
            self.account.borrow_mut().kept(message);
        }
        Ok(outcome)
    }

    /// What the store answers.
    pub(super) async fn recall(&self, questions: Vec<Question>) -> History {
        if questions.is_empty() {
            return History::default();
        }
        self.take_a_moment().await;
        let (Some(client), me) = (self.client(), self.id()) else { return History::default() };
        let answers: Vec<_> = {
            let home = client.home.borrow();
            let answer = |question: Question| {
                let answer = home.recall(me, &question);
                (question, answer)
            };
            questions.into_iter().map(answer).collect()
        };
        // What is decided meanwhile, the answer does not know.
        self.take_a_moment().await;
        History::new(answers)
    }

    /// As long as another thread takes for its answer.
    async fn take_a_moment(&self) {
        let wait = Duration::from_millis(self.rng.borrow_mut().random_range(0..5));
        self.world.queue.sleep(self.host, wait).await;
    }

    /// Begins whatever is due, and sets the time of the next look.
    pub(super) fn look(self: &Rc<Self>) {
        self.send_due();
        self.start_errand();
        self.start_work();
        if let Some(wake) = self.wake.take() {
            self.world.queue.cancel(wake);
        }
        let next = {
            // What is under way looks again at its end.
            let account = self.account.borrow();
            let errand = if self.on_errand.get() { None } else { account.next_errand() };
            let work = if self.working.get() { None } else { account.next_work() };
            [account.next_delivery(), errand, work].into_iter().flatten().min()
        };
        if let Some(at) = next {
            let wait = at.since(self.now()).clamp(SHORTEST, LONGEST);
            self.wake.set(Some(self.later(wait, |own| {
                own.wake.set(None);
                own.look();
            })));
        }
    }

    fn start_work(self: &Rc<Self>) {
        if self.working.get() || self.account.borrow().due_work(self.now()).is_none() {
            return;
        }
        self.working.set(true);
        let own = self.clone();
        self.spawn(async move {
            let floor = own.floor().await;
            // A turn before this one may have done it.
            let work = own.account.borrow().due_work(own.now());
            if let Some(work) = work {
                own.log(format_args!("{work:?}"));
                if let Err(error) = own.decide(Intent::Work(work)).await {
                    own.world.complain(own.host, format_args!("work is refused: {error}"));
                }
            }
            drop(floor);
            own.working.set(false);
            own.look();
        });
    }
}
