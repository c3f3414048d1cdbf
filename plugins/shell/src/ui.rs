//! `ramson` alone on a terminal: a user interface has the main thread; the
//! engine, the host of its plugins and the local network have one of their
//! own, and do for the user interface what only the program can.
//!
//! | file | what |
//! |---|---|
//! | `desk` | what comes next: something to do, or the end |
//! | `begin` | from the welcome screen to an engine |
//! | `secret` | what is asked and shown on the plain terminal |
//! | `screen` | the terminal, lent to a user interface |

mod begin;
mod desk;
mod screen;
mod secret;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use ramson_host::{Errand, Host, SlotEnd, UiSlot};
use ramson_system::Engine;
use ramson_wire::{Answer, Refusal, Reply, Stage};
use tokio::sync::oneshot;

use crate::cli::{Cli, Global};
use crate::commands::demo;
use crate::console;
use crate::error::Failure;
use crate::home::Home;
use crate::network::Network;
use crate::owner::Owner;
use crate::settings::Proxy;
use crate::signals::{Ending, EndingSwitch};
use crate::{logging, plugins, start};

use begin::Begun;
use desk::{Desk, Next};
use screen::Screen;

/// How long a user interface that was told to end may take.
const LEAVE: Duration = Duration::from_secs(5);

/// What the user asked for.
struct Asked {
    global: Global,
    ui: String,
    network: Option<Network>,
    proxy: Option<Proxy>,
    home: Home,
}

/// Runs the program, and gives its exit status.
pub(crate) fn run(cli: &Cli) -> Result<u8, Failure> {
    let name = plugins::ui_name(cli.ui.as_deref().unwrap_or(plugins::TERMINAL));
    let folder = std::env::current_dir().unwrap_or_default();
    let asked = Asked {
        global: cli.global.clone(),
        ui: plugins::from_folder(&folder, &name),
        network: cli.global.network.as_deref().map(Network::choose).transpose()?,
        proxy: Proxy::asked(cli.global.proxy.as_deref())?,
        home: Home::choose(cli.global.home.as_deref())?,
    };
    logging::start_in_file(cli.global.verbose)?;
    let (hand, slot) = sync_channel(1);
    let (left, has_left) = oneshot::channel();
    let work = move || {
        let work = AssertUnwindSafe(|| on_thread(asked, hand, has_left));
        catch_unwind(work).unwrap_or_else(|_| {
            // The main thread may never come back. The screen is back: it went
            // with whatever panicked.
            console::note_here("ramson: the program failed; its log in the state folder says why");
            std::process::exit(1)
        })
    };
    let engine = thread::Builder::new().name("ramson".to_owned()).spawn(work).map_err(|error| {
        Failure::System { reason: format!("the program cannot start: {error}") }
    })?;
    // What stands in the way of a user interface is told without one.
    if let Ok(slot) = slot.recv() {
        // Nobody waits for it after an end that took too long.
        let _gone = left.send(UiSlot::run(slot));
    }
    let ended = engine.join();
    ended.unwrap_or(Ok(1))
}

fn on_thread(
    asked: Asked,
    hand: SyncSender<UiSlot>,
    left: oneshot::Receiver<SlotEnd>,
) -> Result<u8, Failure> {
    let runtime = start::runtime()?;
    let result = runtime.block_on(show(asked, hand, left));
    // A thread that waits for stdin must not hold the end up.
    runtime.shutdown_background();
    result.map(|()| 0)
}

/// Shows the user interface until it ends, or the program.
async fn show(
    asked: Asked,
    hand: SyncSender<UiSlot>,
    left: oneshot::Receiver<SlotEnd>,
) -> Result<(), Failure> {
    let (switch, ending) = Ending::on_signals_or_switch()?;
    let host = plugins::host(&asked.home);
    let (Some(errands), Some(slot)) = (host.errands(), host.slot()) else {
        return Err(Failure::System {
            reason: "there is no screen to show anything on".to_owned(),
        });
    };
    // What stands in the way of the engine is told before the screen is gone.
    let lock = if asked.home.has_store() { Some(begin::claim_home(&asked)?) } else { None };
    host.set_stage(match lock {
        Some(_) => Stage::Starting { what: "opening the home".to_owned() },
        None => begin::welcome(&asked)?,
    });
    let screen = Screen::lend();
    let _gone = hand.send(slot);
    let mut desk = Desk::new(errands, left, ending);
    let mut notes = Vec::new();
    let result = match plugins::show(&host, &asked.ui).await {
        Err(failure) => Err(failure),
        Ok(()) => {
            let program = Program { asked: &asked, host: &host, screen: &screen };
            program.run(lock, &mut desk, &switch, &mut notes).await
        }
    };
    let ui = host.ui();
    host.end().await;
    let returned = desk.ui_left(LEAVE).await;
    screen.take_back();
    for note in notes {
        console::note_here(&note);
    }
    if !returned {
        // The main thread is stuck in the user interface; all else is closed.
        let failure = result.err().unwrap_or_else(|| Failure::UiFailed {
            ui: ui.unwrap_or_else(|| asked.ui.clone()),
            reason: format!("it was told to end, and did not within {} s", LEAVE.as_secs()),
        });
        console::note_here(&failure.line());
        std::process::exit(failure.status().into());
    }
    result
}

/// The program while it shows a user interface.
struct Program<'a> {
    asked: &'a Asked,
    host: &'a Host,
    screen: &'a Screen,
}

impl Program<'_> {
    async fn run(
        &self,
        lock: Option<crate::lock::HomeLock>,
        desk: &mut Desk,
        switch: &EndingSwitch,
        notes: &mut Vec<String>,
    ) -> Result<(), Failure> {
        let begun = match lock {
            Some(lock) => Some(self.open(lock, notes).await?),
            None => self.welcome(desk, notes).await?,
        };
        let Some(Begun { owner, demo }) = begun else { return Ok(()) };
        if let Err(failure) = self.furnish(&owner, demo).await {
            // What failed first is what is told.
            let _closed = owner.close().await;
            return Err(failure);
        }
        let (engine, ending) = (owner.engine().clone(), desk.ending().clone());
        owner.run(self.attend(&engine, desk), &ending, switch).await
    }

    /// Gives plugins their engine.
    async fn furnish(&self, owner: &Owner, demo: bool) -> Result<(), Failure> {
        let local = owner.ground().network == Network::Local;
        if demo || (local && demo::Parties::find(owner.engine()).await?.is_some()) {
            let parties = demo::Parties::make(owner.engine()).await?;
            parties.meet(owner.engine()).await?;
            let home = &owner.ground().home;
            parties.open_conversation(home)?;
            self.host.move_to(home);
            self.host.show_to_uis(Some(vec![parties.you()])).await?;
            owner.open_to_plugins().await;
            parties.answer(self.host).await?;
        } else {
            owner.open_to_plugins().await;
        }
        self.host.load_started().await;
        Ok(())
    }

    /// Does what the user interface asks for, until the end.
    async fn attend(&self, engine: &Engine, desk: &mut Desk) -> Result<(), Failure> {
        loop {
            let errand = match desk.next().await {
                Next::Errand(errand) => errand,
                Next::End(result) => return result,
            };
            match errand {
                Errand::HandOver { task, tell } => {
                    let reply = self.aside(task, engine, desk.ending()).await;
                    let _gone = tell.send(reply.map_or_else(refused, Reply::Ok));
                    self.host.resume_ui().await;
                }
                Errand::Quit { tell } => {
                    let _gone = tell.send(Reply::Ok(Answer::Done));
                    return Ok(());
                }
                Errand::BeginDemo { tell }
                | Errand::BeginNew { tell, .. }
                | Errand::BeginRestore { tell } => {
                    let _gone = tell.send(Reply::Refused(Refusal {
                        kind: "EngineRuns".to_owned(),
                        text: "an engine runs already; add an account to its home".to_owned(),
                    }));
                }
            }
        }
    }
}

/// What a user interface is told of a failure.
fn refused(failure: Failure) -> Reply {
    let text = crate::record::one_line(&failure.to_string());
    Reply::Refused(Refusal { kind: failure.kind().to_owned(), text })
}
