//! Panics while the UI is shown. A library has a panic hook of its own, so the
//! one that is set here hears of this plugin only.

use std::panic::{PanicHookInfo, set_hook, take_hook};
use std::sync::Arc;
use std::thread;

use ramson_sdk::{Host, Level};

use super::modes;

type Hook = dyn Fn(&PanicHookInfo<'_>) + Send + Sync;

/// While this lives, panics are logged, and one of the UI's own thread gives
/// the terminal back before it is reported.
pub(super) struct Watch {
    before: Arc<Hook>,
}

impl Watch {
    pub(super) fn begin(host: Host) -> Self {
        let before: Arc<Hook> = Arc::from(take_hook());
        let (report, ui) = (Arc::clone(&before), thread::current().id());
        set_hook(Box::new(move |info| {
            host.log(Level::Error, &format!("{info}"));
            // A report of another thread would stand across the picture.
            if thread::current().id() == ui {
                modes::restore();
                report(info);
            }
        }));
        Self { before }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // A hook cannot be changed while its thread panics.
        if !thread::panicking() {
            let before = Arc::clone(&self.before);
            set_hook(Box::new(move |info| before(info)));
        }
    }
}
