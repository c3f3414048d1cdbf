//! The town itself: it lets time pass until what a test waits for is there.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use ramson_host::Told;
use ramson_sdk::Plugin;
use ramson_system::Clock as _;
use ramson_wire::{AccountId, GrantSet, Millis};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, sleep_until};

use crate::bot::{Bot, BotState};
use crate::faults::{Faults, Trouble};
use crate::home::{Home, Program};
use crate::machine::TownClock;
use crate::net::Net;
use crate::person::{Person, PersonState};
use crate::record::Record;
use crate::seat::Seat;

/// What did not happen in this time does not happen.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// A network of nine service nodes in this process, and who lives in it. All
/// of it runs on the thread of the test, under a clock that goes on by itself
/// whenever nobody has anything to do. Cheap to clone.
#[derive(Clone)]
pub struct Town {
    core: Rc<Core>,
}

/// Anybody who has an account.
pub trait Resident {
    /// The account.
    fn id(&self) -> AccountId;
}

impl Resident for AccountId {
    fn id(&self) -> AccountId {
        *self
    }
}

/// What all handles of a town share. Nothing of it is borrowed while a plugin
/// is called.
pub(crate) struct Core {
    pub(crate) seed: u64,
    pub(crate) clock: TownClock,
    pub(crate) net: RefCell<Net>,
    pub(crate) trouble: RefCell<Trouble>,
    pub(crate) people: RefCell<Vec<PersonState>>,
    pub(crate) bots: RefCell<Vec<BotState>>,
    homes: RefCell<Vec<Home>>,
    record: RefCell<Record>,
    /// The home of all people.
    square: Cell<Option<usize>>,
    /// Dropped last: everything else stands on it.
    runtime: Runtime,
}

impl Town {
    /// A town in which nobody lives yet. Everything that is left to chance
    /// follows from `seed`.
    ///
    /// # Panics
    ///
    /// In an async function or test: it has a runtime of its own.
    pub fn new(seed: u64) -> Self {
        Self { core: Rc::new(Core::new(seed)) }
    }

    /// A bot with an account of its own, on an engine of its own. It gets what
    /// its manifest asks for; `config` is the JSON of its table in
    /// `plugins.toml`.
    pub fn bot<P: Plugin>(&self, config: &str) -> Bot {
        self.bot_granted::<P>(config, P::MANIFEST.grants)
    }

    /// The same, but it gets only what is in `granted`, too.
    pub fn bot_granted<P: Plugin>(&self, config: &str, granted: GrantSet) -> Bot {
        Bot::new::<P>(&self.core, config, granted)
    }

    /// Somebody to talk to bots. All people live on one engine, which is not
    /// that of a bot.
    pub fn person(&self, name: &str) -> Person {
        Person::new(&self.core, name)
    }

    /// Lets time pass. Everything that is to happen meanwhile does.
    pub fn pass(&self, time: Duration) {
        self.core.pass(time);
    }

    /// Lets time pass until something is so; `what` is said when it never is.
    /// `look` is asked again and again, and may not let time pass itself.
    pub fn wait_for<T>(&self, what: &str, look: impl FnMut() -> Option<T>) -> T {
        self.core.wait(|| format!("{what} was not so"), look)
    }

    /// The time in this town, as everybody in it reads it.
    pub fn now(&self) -> Millis {
        self.core.clock.now().millis()
    }

    /// How long this town has been there.
    pub fn elapsed(&self) -> Duration {
        self.core.clock.elapsed()
    }

    /// What goes wrong in the network.
    pub fn faults(&self) -> Faults {
        Faults(self.core.clone())
    }

    /// What everybody heard so far, with times: the same for each run of a test
    /// with the same seed.
    pub fn record(&self) -> Vec<String> {
        self.core.record.borrow().lines()
    }
}

impl Core {
    #[allow(clippy::expect_used, reason = "a test without a runtime is none")]
    fn new(seed: u64) -> Self {
        // Without sockets: whatever asks for one is a mistake.
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.expect("a thread can have a runtime");
        let clock = TownClock::of(runtime.handle());
        let net = Net::new(seed, runtime.handle(), &clock);
        let trouble = Trouble::default();
        net.set_faults(trouble.file(seed));
        Self {
            seed,
            clock,
            net: RefCell::new(net),
            trouble: RefCell::new(trouble),
            people: RefCell::default(),
            bots: RefCell::default(),
            homes: RefCell::default(),
            record: RefCell::default(),
            square: Cell::new(None),
            runtime,
        }
    }

    /// The home of all people; made with the first of them.
    pub(crate) fn square(&self) -> usize {
        self.square.get().unwrap_or_else(|| {
            let square = self.add_home("people");
            self.start(square);
            self.square.set(Some(square));
            square
        })
    }

    /// An empty home.
    pub(crate) fn add_home(&self, name: &str) -> usize {
        let mut homes = self.homes.borrow_mut();
        homes.push(Home::new(self.seed, name));
        homes.len().saturating_sub(1)
    }

    /// Starts a home's program.
    pub(crate) fn start(&self, home: usize) {
        let dial = self.net.borrow().dial();
        let starting = self.home(home, |home| home.start(dial, &self.clock));
        let program = match self.in_home(home, "the engine did not start", starting) {
            Ok(program) => program,
            Err(error) => self.fail(&format!("the engine did not start: {error}")),
        };
        self.home(home, |home| home.program = Some(program));
    }

    /// The program that runs in a home.
    pub(crate) fn program(&self, home: usize) -> Program {
        let program = self.home(home, |home| home.program.clone());
        program.unwrap_or_else(|| self.fail("its program does not run; start it first"))
    }

    /// Ends a home's program in its good order.
    pub(crate) fn shut_down(&self, home: usize) {
        let program = self.program(home);
        self.in_home(home, "the program did not end", async move {
            program.host.detach().await;
            program.engine.shutdown().await;
            program.host.end().await;
        });
        // What is left has nothing to do any more.
        self.kill(home);
    }

    /// Ends a home's program at once.
    pub(crate) fn kill(&self, home: usize) {
        let inside = self.runtime.enter();
        let killed = self.home(home, Home::kill);
        drop(inside);
        // Its host has tasks outside of the home; its engine is gone, so that
        // they have nothing to do but to end.
        if let Some(program) = killed {
            self.in_home(home, "the host did not end", async move { program.host.end().await });
        }
    }

    fn home<T>(&self, home: usize, work: impl FnOnce(&mut Home) -> T) -> T {
        match self.homes.borrow_mut().get_mut(home) {
            Some(home) => work(home),
            None => self.fail("there is no such home"),
        }
    }

    /// Lets a home carry something out, and waits for it.
    pub(crate) fn in_home<T: 'static>(
        &self,
        home: usize,
        otherwise: &str,
        work: impl Future<Output = T> + 'static,
    ) -> T {
        let done = Rc::new(RefCell::new(None));
        let slot = done.clone();
        self.home(home, |home| {
            home.tasks.spawn_local(async move {
                let result = work.await;
                *slot.borrow_mut() = Some(result);
            });
        });
        self.wait(|| otherwise.to_owned(), || done.borrow_mut().take())
    }

    /// Lets time pass until something is there.
    pub(crate) fn wait<T>(
        &self,
        otherwise: impl FnOnce() -> String,
        look: impl FnMut() -> Option<T>,
    ) -> T {
        let until = self.clock.instant() + PATIENCE;
        self.drive(until, look)
            .unwrap_or_else(|| self.fail(&format!("{} within {PATIENCE:?}", otherwise())))
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, time: Duration) {
        let until = self.clock.instant() + time;
        let _over: Option<()> = self.drive(until, || None);
    }

    /// Lets time pass until something is there; `None` when a time is over.
    fn drive<T>(&self, until: Instant, mut look: impl FnMut() -> Option<T>) -> Option<T> {
        loop {
            match self.turn(until, &mut look) {
                Turn::There(it) => return Some(it),
                Turn::Over => return None,
                // Outside of the runtime: a plugin may have one of its own.
                Turn::Told(Who::Person(person), told) => PersonState::hear(self, person, &told),
                Turn::Told(Who::Bot(bot), told) => BotState::hear(self, bot, &told),
            }
        }
    }

    /// Until something is there, or somebody is told something.
    fn turn<T>(&self, until: Instant, look: &mut impl FnMut() -> Option<T>) -> Turn<T> {
        let seats = self.seats();
        let mut guests: Vec<_> = seats.iter().map(|(who, seat)| (*who, seat.guest())).collect();
        // `None` for one that left.
        let mut nexts: Vec<_> =
            guests.iter_mut().map(|(who, guest)| (*who, Some(Box::pin(guest.next())))).collect();
        self.runtime.block_on(async {
            let mut over = pin!(sleep_until(until));
            poll_fn(|cx| {
                self.homes.borrow_mut().iter_mut().for_each(|home| home.poll(cx));
                if let Some(it) = look() {
                    return Poll::Ready(Turn::There(it));
                }
                for (who, slot) in &mut nexts {
                    let Some(next) = slot else { continue };
                    match next.as_mut().poll(cx) {
                        Poll::Ready(Some(told)) => return Poll::Ready(Turn::Told(*who, told)),
                        Poll::Ready(None) => *slot = None,
                        Poll::Pending => {}
                    }
                }
                over.as_mut().poll(cx).map(|()| Turn::Over)
            })
            .await
        })
    }

    /// Where somebody may be told something.
    fn seats(&self) -> Vec<(Who, Seat)> {
        let (people, bots) = (self.people.borrow(), self.bots.borrow());
        let people = people.iter().map(|it| Some(it.seat())).zip((0..).map(Who::Person));
        let bots = bots.iter().map(BotState::seat).zip((0..).map(Who::Bot));
        people.chain(bots).filter_map(|(seat, who)| Some((who, seat?))).collect()
    }

    /// Something happened.
    pub(crate) fn note(&self, who: &str, what: impl fmt::Display) {
        self.record.borrow_mut().note(self.clock.elapsed(), who, what);
    }

    /// Ends the test, and says what happened before.
    #[allow(clippy::panic, reason = "a test that finds something else has to fail")]
    pub(crate) fn fail(&self, what: &str) -> ! {
        let mut text = format!(
            "{what}\n\nThis is the town of seed {}, {:?} old; {}.",
            self.seed,
            self.clock.elapsed(),
            self.trouble.borrow(),
        );
        // Whoever fails may have it.
        if let Ok(bots) = self.bots.try_borrow() {
            bots.iter().for_each(|bot| text.push_str(&bot.explain()));
        }
        text.push_str(&self.record.borrow().explain());
        panic!("{text}")
    }
}

/// Who is told something.
#[derive(Clone, Copy)]
enum Who {
    Person(usize),
    Bot(usize),
}

/// How a turn ended.
#[allow(clippy::large_enum_variant, reason = "it is looked at right away")]
enum Turn<T> {
    There(T),
    Told(Who, Told),
    Over,
}

impl Drop for Core {
    fn drop(&mut self) {
        // Plugins go first: what they hold may end in their own way.
        self.bots.get_mut().clear();
        let _inside = self.runtime.enter();
        self.people.get_mut().clear();
        self.homes.get_mut().clear();
    }
}
