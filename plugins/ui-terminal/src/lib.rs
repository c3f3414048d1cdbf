//! The user interface on a terminal: a plugin, and the first one that most
//! people see.
//!
//! | file | what |
//! |---|---|
//! | `run` | the terminal: taken, drawn on, listened to, given back |
//! | `app` | the screens, the model and the theme; knows no terminal and no clock |
//! | `screen` | what every screen is |
//! | `chat` | the list of conversations, a thread, and the line being written |
//! | `welcome` | before an engine runs |
//! | `screens` | everything else: requests, contacts, settings, network, plugins … |
//! | `theme` | colours and marks, by role |
//! | `looks` | which of them the user chose |
//! | `widgets` | small things that screens draw |
//! | `input` | keys, clicks and pastes, from the bytes of a terminal |
//! | `clock` | the time of day and the user's time zone |

mod app;
mod chat;
mod clock;
mod input;
mod looks;
mod run;
mod screen;
mod screens;
mod theme;
mod welcome;
mod widgets;

#[cfg(test)]
mod capture;
#[cfg(test)]
mod fixtures;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ramson_sdk::{
    Config, Delivery, Error, GrantSet, Host, Manifest, Refusal, Request, RequestId, TopicSet,
    UiPlugin,
};
use ramson_view::Port;
use ramson_view::text::Order;

use app::App;
use run::Waker;
use theme::{Depth, Theme, ThemeName};

ramson_sdk::ui_plugin!(TerminalUi);

/// The user interface on a terminal.
pub struct TerminalUi {
    shared: Arc<Shared>,
}

/// What the plugin's thread and the main thread have in common. Neither holds
/// the lock for longer than it takes to hear an event or to draw once.
struct Shared {
    app: Mutex<App>,
    host: Host,
    waker: Waker,
    stop: AtomicBool,
}

impl Shared {
    fn app(&self) -> MutexGuard<'_, App> {
        self.app.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UiPlugin for TerminalUi {
    const MANIFEST: Manifest = {
        let id = "org.ramson.ui-terminal";
        let mut manifest = Manifest::new(id, "Terminal", env!("CARGO_PKG_VERSION"));
        manifest.topics = TopicSet::ALL;
        manifest.grants = GrantSet::ALL;
        manifest
    };

    fn create(host: Host, config: Config) -> Result<Self, Error> {
        let name = config.text("theme").and_then(ThemeName::of_name).unwrap_or(ThemeName::Dark);
        let depth = Depth::of_environment(|name| std::env::var(name).ok());
        let order = config.text("bidi").and_then(looks::order_of).unwrap_or(Order::Visual);
        let port = Box::new(HostPort(host.clone()));
        let app = App::new(port, Theme::new(name, depth), order, clock::local);
        let (app, waker, stop) = (Mutex::new(app), Waker::new()?, AtomicBool::new(false));
        Ok(Self { shared: Arc::new(Shared { app, host, waker, stop }) })
    }

    fn on_event(&self, event: Delivery) -> Result<(), Error> {
        let reply_to = event.reply_to.map_or(0, RequestId::number);
        self.shared.app().hear(event.seq, reply_to, event.event, clock::now());
        self.shared.waker.wake();
        Ok(())
    }

    fn run_ui(&self) -> Result<(), Error> {
        Ok(run::run(&self.shared)?)
    }

    fn request_stop(&self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.shared.waker.wake();
    }
}

/// The host, as the model asks it.
struct HostPort(Host);

impl Port for HostPort {
    fn ask(&mut self, request: Request) -> Result<u64, Refusal> {
        let asked = self.0.submit(&request);
        asked
            .map(RequestId::number)
            .map_err(|error| Refusal { kind: "NotTaken".to_owned(), text: error.to_string() })
    }
}
