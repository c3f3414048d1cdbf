//! What is done later: drafts and the window are kept, typing ends, notes
//! fade.

use ramson_wire::{Control, Millis};

use super::Model;
use super::replies::Asked;
use crate::Port;

/// The window is kept so long after it changed.
const WINDOW: Millis = 1_000;

impl Model {
    /// Does what is due.
    pub fn tick(&mut self, now: Millis, port: &mut dyn Port) {
        self.notes.fade(now);
        self.typing.retain(|_, until| *until > now);
        let due = |at: Option<Millis>| at.is_some_and(|at| at <= now);
        let thread = self.open.as_ref();
        let idle = due(thread.and_then(|thread| thread.typing.idle));
        let draft = due(thread.and_then(|thread| thread.draft.due));
        if idle {
            self.stop_typing(now, port);
        }
        if draft {
            self.keep_draft(now, port);
        }
        if due(self.window_due) {
            self.keep_window(now, port);
        }
    }

    /// When [`Model::tick`] is to be called next; `None` if nothing is due.
    pub fn next_tick(&self) -> Option<Millis> {
        let thread = self.open.as_ref();
        let times = [
            self.notes.next_fade(),
            self.typing.values().min().copied(),
            thread.and_then(|thread| thread.typing.idle),
            thread.and_then(|thread| thread.draft.due),
            self.window_due,
        ];
        times.into_iter().flatten().min()
    }

    pub(super) fn keep_window_soon(&mut self, now: Millis) {
        self.window_due.get_or_insert(now.saturating_add(WINDOW));
    }

    pub(super) fn keep_window(&mut self, now: Millis, port: &mut dyn Port) {
        self.window_due = None;
        let window = self.window.clone();
        self.control(Control::SetWindow { window }, Asked::Quiet, now, port);
    }

    /// Keeps everything that has not been kept yet: the UI ends.
    pub(super) fn keep_all(&mut self, now: Millis, port: &mut dyn Port) {
        self.stop_typing(now, port);
        self.keep_draft(now, port);
        if self.window_due.is_some() {
            self.keep_window(now, port);
        }
    }
}
