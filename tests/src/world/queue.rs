//! The one event queue of a world: what is due, ordered by time and then by
//! sequence number, and the tasks that wait for it. Time jumps to the next due
//! moment, so a silent week costs nothing.
//!
//! A task belongs to a host. A host that crashes loses its tasks; a host that
//! sleeps (a closed lid) keeps them, and its timers go on where they were when
//! it wakes: that is what a monotonic clock does.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use ramson_types::Timestamp;

/// Whose a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Host {
    /// The script, and whatever is nobody's.
    World,
    /// A service node, by its number.
    Node(usize),
    /// A seed, by its number.
    Seed(usize),
    /// A client, by its number.
    Client(usize),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::World => f.write_str("world"),
            Self::Node(number) => write!(f, "node {number}"),
            Self::Seed(number) => write!(f, "seed {number}"),
            Self::Client(number) => write!(f, "client {number}"),
        }
    }
}

/// Names a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TaskId(u64);

type Work = Pin<Box<dyn Future<Output = ()>>>;

struct Task {
    host: Host,
    /// Taken out while it is being polled.
    work: Option<Work>,
    waker: Waker,
}

struct Timer {
    host: Host,
    waker: Waker,
}

/// What a sleeping host keeps.
struct Sleeper {
    since: Timestamp,
    /// Tasks that were woken meanwhile.
    woken: Vec<TaskId>,
}

/// The queue and its tasks. Cheap to clone; all clones are one.
#[derive(Clone)]
pub(crate) struct Queue(Rc<Inner>);

struct Inner {
    now: Cell<Timestamp>,
    next_number: Cell<u64>,
    timers: RefCell<BTreeMap<(Timestamp, u64), Timer>>,
    /// When each timer is due; it moves when its host sleeps.
    due: RefCell<BTreeMap<u64, Timestamp>>,
    tasks: RefCell<BTreeMap<TaskId, Task>>,
    ready: Arc<Ready>,
    asleep: RefCell<BTreeMap<Host, Sleeper>>,
    steps: RefCell<BTreeMap<Host, u64>>,
}

/// Tasks that can go on, in the order in which they were woken.
#[derive(Default)]
struct Ready(Mutex<VecDeque<TaskId>>);

impl Ready {
    fn push(&self, task: TaskId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(task);
    }

    fn pop(&self) -> Option<TaskId> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

struct TaskWaker {
    task: TaskId,
    ready: Arc<Ready>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.ready.push(self.task);
    }
}

impl Queue {
    /// An empty queue at a time.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self(Rc::new(Inner {
            now: Cell::new(now),
            next_number: Cell::new(0),
            timers: RefCell::default(),
            due: RefCell::default(),
            tasks: RefCell::default(),
            ready: Arc::default(),
            asleep: RefCell::default(),
            steps: RefCell::default(),
        }))
    }

    /// The world's time.
    pub(crate) fn now(&self) -> Timestamp {
        self.0.now.get()
    }

    /// Adds a task of a host.
    pub(crate) fn spawn(&self, host: Host, work: impl Future<Output = ()> + 'static) -> TaskId {
        let id = TaskId(self.number());
        let waker = Waker::from(Arc::new(TaskWaker { task: id, ready: self.0.ready.clone() }));
        self.0.tasks.borrow_mut().insert(id, Task { host, work: Some(Box::pin(work)), waker });
        self.0.ready.push(id);
        id
    }

    /// Drops a task. A task may drop itself: it then ends when it next waits.
    pub(crate) fn cancel(&self, task: TaskId) {
        // Not dropped under the borrow: what it owns may cancel others.
        let gone = self.0.tasks.borrow_mut().remove(&task);
        drop(gone);
    }

    /// Drops all tasks of a host, which may be asleep.
    pub(crate) fn kill(&self, host: Host) {
        self.0.asleep.borrow_mut().remove(&host);
        let of_host = |task: &Task| task.host == host;
        let gone: Vec<Task> = self
            .0
            .tasks
            .borrow_mut()
            .extract_if(.., |_, task| of_host(task))
            .map(|(_, t)| t)
            .collect();
        drop(gone);
    }

    /// Lets a host fall asleep.
    pub(crate) fn put_to_sleep(&self, host: Host) {
        let sleeper = Sleeper { since: self.now(), woken: Vec::new() };
        self.0.asleep.borrow_mut().entry(host).or_insert(sleeper);
    }

    /// Wakes a host; answers how long it slept.
    pub(crate) fn wake_up(&self, host: Host) -> Duration {
        let Some(sleeper) = self.0.asleep.borrow_mut().remove(&host) else {
            return Duration::ZERO;
        };
        let slept = self.now().since(sleeper.since);
        let mut timers = self.0.timers.borrow_mut();
        let own: Vec<_> = timers.extract_if(.., |_, timer| timer.host == host).collect();
        for ((due, number), timer) in own {
            let due = due.plus(slept);
            self.0.due.borrow_mut().insert(number, due);
            timers.insert((due, number), timer);
        }
        for task in sleeper.woken {
            self.0.ready.push(task);
        }
        slept
    }

    /// Whether a host sleeps.
    pub(crate) fn is_asleep(&self, host: Host) -> bool {
        self.0.asleep.borrow().contains_key(&host)
    }

    /// Waits, on a host's own monotonic clock.
    pub(crate) fn sleep(&self, host: Host, wait: Duration) -> Sleep {
        Sleep { queue: self.clone(), host, due: self.now().plus(wait), number: None }
    }

    /// Waits for `work`, at most so long; `None` when it took longer.
    pub(crate) async fn timeout<T>(
        &self,
        host: Host,
        limit: Duration,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let mut work = std::pin::pin!(work);
        let mut limit = std::pin::pin!(self.sleep(host, limit));
        std::future::poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending => limit.as_mut().poll(context).map(|()| None),
        })
        .await
    }

    /// How often tasks of a host went on so far.
    pub(crate) fn steps(&self, host: Host) -> u64 {
        self.0.steps.borrow().get(&host).copied().unwrap_or(0)
    }

    /// Lets one task go on, after a jump to the next due moment if none can.
    /// `false` when nothing will ever happen again.
    pub(crate) fn step(&self) -> bool {
        loop {
            match self.0.ready.pop() {
                Some(task) => {
                    if self.poll(task) {
                        return true;
                    }
                }
                None => {
                    if !self.jump() {
                        return false;
                    }
                }
            }
        }
    }

    /// Polls a task; `false` if it is gone or asleep.
    fn poll(&self, id: TaskId) -> bool {
        let (host, mut work, waker) = {
            let mut tasks = self.0.tasks.borrow_mut();
            let Some(task) = tasks.get_mut(&id) else { return false };
            if let Some(sleeper) = self.0.asleep.borrow_mut().get_mut(&task.host) {
                sleeper.woken.push(id);
                return false;
            }
            let Some(work) = task.work.take() else { return false };
            (task.host, work, task.waker.clone())
        };
        *self.0.steps.borrow_mut().entry(host).or_default() += 1;
        let done = work.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
        if done {
            self.cancel(id);
        } else if let Some(task) = self.0.tasks.borrow_mut().get_mut(&id) {
            task.work = Some(work);
            return true;
        }
        drop(work);
        true
    }

    /// Moves time to the next timer of a host that is awake, and fires it.
    fn jump(&self) -> bool {
        let next = {
            let (timers, asleep) = (self.0.timers.borrow(), self.0.asleep.borrow());
            timers.iter().find(|(_, timer)| !asleep.contains_key(&timer.host)).map(|(key, _)| *key)
        };
        let Some(key) = next else { return false };
        let timer = self.0.timers.borrow_mut().remove(&key);
        self.0.due.borrow_mut().remove(&key.1);
        self.0.now.set(self.now().max(key.0));
        if let Some(timer) = timer {
            timer.waker.wake();
        }
        true
    }

    fn number(&self) -> u64 {
        let number = self.0.next_number.get();
        self.0.next_number.set(number.wrapping_add(1));
        number
    }

    /// Hosts that have tasks.
    pub(crate) fn hosts(&self) -> BTreeSet<Host> {
        self.0.tasks.borrow().values().map(|task| task.host).collect()
    }
}

/// See [`Queue::sleep`].
pub(crate) struct Sleep {
    queue: Queue,
    host: Host,
    due: Timestamp,
    number: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let inner = self.queue.0.clone();
        match self.number {
            None if self.due <= inner.now.get() => Poll::Ready(()),
            None => {
                let number = self.queue.number();
                let timer = Timer { host: self.host, waker: context.waker().clone() };
                inner.timers.borrow_mut().insert((self.due, number), timer);
                inner.due.borrow_mut().insert(number, self.due);
                self.number = Some(number);
                Poll::Pending
            }
            Some(number) if inner.due.borrow().contains_key(&number) => Poll::Pending,
            Some(_) => Poll::Ready(()),
        }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(number) = self.number
            && let Some(due) = self.queue.0.due.borrow_mut().remove(&number)
        {
            self.queue.0.timers.borrow_mut().remove(&(due, number));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn run(queue: &Queue) {
        while queue.step() {}
    }

    fn noting(
        queue: &Queue,
        host: Host,
        name: &'static str,
        notes: &Rc<RefCell<Vec<(u64, &'static str)>>>,
        wait: Duration,
    ) {
        let (own, notes) = (queue.clone(), notes.clone());
        queue.spawn(host, async move {
            own.sleep(host, wait).await;
            notes.borrow_mut().push((own.now().0, name));
        });
    }

    #[test]
    fn time_jumps_and_equal_moments_keep_their_order() {
        let queue = Queue::new(Timestamp(0));
        let notes = Rc::default();
        noting(&queue, Host::World, "late", &notes, SECOND * 3600);
        noting(&queue, Host::World, "first", &notes, SECOND);
        noting(&queue, Host::World, "second", &notes, SECOND);
        run(&queue);
        assert_eq!(*notes.borrow(), [(1000, "first"), (1000, "second"), (3_600_000, "late")]);
    }

    #[test]
    fn a_sleeping_host_goes_on_where_it_was() {
        let queue = Queue::new(Timestamp(0));
        let notes = Rc::default();
        let host = Host::Client(0);
        noting(&queue, host, "mine", &notes, SECOND * 10);
        noting(&queue, Host::World, "other", &notes, SECOND * 20);
        let own = queue.clone();
        queue.spawn(Host::World, async move {
            own.sleep(Host::World, SECOND * 4).await;
            own.put_to_sleep(host);
            own.sleep(Host::World, SECOND * 100).await;
            assert_eq!(own.wake_up(host), SECOND * 100);
        });
        run(&queue);
        assert_eq!(*notes.borrow(), [(20_000, "other"), (110_000, "mine")]);
    }

    #[test]
    fn a_killed_host_loses_its_tasks_and_leaves_no_timer() {
        let queue = Queue::new(Timestamp(0));
        let notes = Rc::default();
        noting(&queue, Host::Node(1), "never", &notes, SECOND);
        let own = queue.clone();
        queue.spawn(Host::Node(1), async move {
            own.kill(Host::Node(1));
            own.sleep(Host::Node(1), SECOND).await;
            unreachable!("a task that killed its host ends where it waits");
        });
        run(&queue);
        assert!(notes.borrow().is_empty());
        assert_eq!(queue.now(), Timestamp(0));
    }

    #[test]
    fn a_limit_ends_what_takes_longer_and_nothing_else() {
        let queue = Queue::new(Timestamp(0));
        let own = queue.clone();
        queue.spawn(Host::World, async move {
            let slow = own.timeout(Host::World, SECOND, own.sleep(Host::World, SECOND * 2)).await;
            let fast = own.timeout(Host::World, SECOND * 2, own.sleep(Host::World, SECOND)).await;
            assert_eq!((slow, fast, own.now()), (None, Some(()), Timestamp(2000)));
        });
        run(&queue);
        assert_eq!(queue.now(), Timestamp(2000), "no timer is left behind");
    }
}
