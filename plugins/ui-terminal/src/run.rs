//! The terminal: taken, drawn on, listened to, and given back.
//!
//! Everything happens on the thread that runs the UI. It sleeps until there is
//! something to read, the model heard something, the window has another size,
//! or something is due. It draws when something changed, and at most once per
//! [`FRAME`] for what it did not itself cause.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use ratatui::Terminal;
use ratatui::backend::{Backend, CrosstermBackend};

use crate::input::Decoder;
use crate::{Shared, clock};

mod modes;
mod panic;
mod tty;

pub(crate) use tty::Waker;

use modes::Modes;
use tty::{Ready, Tty};

/// Between two pictures when much happens.
const FRAME: Duration = Duration::from_millis(16);

/// How long a lone escape waits for what could belong to it.
const ESCAPE: Duration = Duration::from_millis(25);

/// The UI sleeps no longer than this, should a signal be missed.
const NAP: Duration = Duration::from_secs(1);

/// Runs the UI until it is asked to stop, or its terminal is gone.
pub(crate) fn run(shared: &Shared) -> io::Result<()> {
    let outcome = take_turn(shared);
    // The next turn is asked to stop anew.
    shared.stop.store(false, Ordering::SeqCst);
    outcome
}

fn take_turn(shared: &Shared) -> io::Result<()> {
    if shared.stop.load(Ordering::SeqCst) {
        return Ok(());
    }
    if !io::stdout().is_terminal() {
        return Err(io::Error::other(
            "standard output is no terminal; start the program in one, or without a UI",
        ));
    }
    let mut tty = Tty::open()?;
    let _panics = panic::Watch::begin(shared.host.clone());
    // Whichever way this ends, dropping it gives the terminal back.
    let _modes = Modes::begin()?;
    let out = BufWriter::with_capacity(1 << 16, io::stdout());
    // It begins empty, as the alternate screen does. Clearing it here would ask
    // the terminal where its cursor is, and lose what is typed meanwhile.
    let mut terminal = Terminal::new(CrosstermBackend::new(out))?;
    shared.app().shown();

    let (mut decoder, mut undecided, mut drawn) = (Decoder::default(), None, None::<Instant>);
    while !shared.stop.load(Ordering::SeqCst) {
        let escape = undecided.map(|since: Instant| ESCAPE.saturating_sub(since.elapsed()));
        let (due, dirty) = {
            let app = shared.app();
            (app.next_tick(clock::now()).map(Duration::from_millis), app.is_dirty())
        };
        let picture = dirty.then(|| pause(drawn));
        let nap = [escape, due, picture].into_iter().flatten().fold(NAP, Duration::min);
        let ready = tty.wait(&shared.waker, nap)?;
        let (mut typed, mut came) = (Vec::new(), false);
        match ready {
            Ready::Gone => return Err(io::Error::other("the terminal is gone")),
            Ready::Bytes(bytes) => {
                typed = decoder.feed(&bytes);
                came = true;
            }
            Ready::Nothing => {}
        }
        if undecided.is_some_and(|since| since.elapsed() >= ESCAPE) {
            typed.extend(decoder.settle());
        }
        // Only what is typed can change what was meant; events may come all the time.
        undecided = match decoder.is_undecided() {
            false => None,
            true if came => Some(clock::instant()),
            true => undecided.or_else(|| Some(clock::instant())),
        };

        let (now, acted) = (clock::now(), !typed.is_empty());
        let (copied, dirty) = {
            let mut app = shared.app();
            for input in typed {
                app.input(input, now);
            }
            app.tick(now);
            (app.take_clipboard(), app.is_dirty())
        };
        if tty.resized() || dirty && (acted || pause(drawn).is_zero()) {
            // The lock is free again while the picture is on its way: a terminal
            // that takes none holds nobody else up.
            draw(&mut terminal, |frame| shared.app().draw(frame, now))?;
            drawn = Some(clock::instant());
        }
        if let Some(text) = copied {
            modes::copy(terminal.backend_mut(), &text)?;
        }
    }
    shared.app().hidden(clock::now());
    Ok(())
}

/// How long until there may be another picture.
fn pause(drawn: Option<Instant>) -> Duration {
    drawn.map_or(Duration::ZERO, |at| FRAME.saturating_sub(at.elapsed()))
}

/// Draws what changed, all at once.
fn draw<W: Write>(
    terminal: &mut Terminal<CrosstermBackend<W>>,
    picture: impl FnOnce(&mut ratatui::Frame),
) -> io::Result<()> {
    queue!(terminal.backend_mut(), BeginSynchronizedUpdate)?;
    let drawn = terminal.draw(picture).map(drop);
    queue!(terminal.backend_mut(), EndSynchronizedUpdate)?;
    Backend::flush(terminal.backend_mut())?;
    drawn
}
