//! What is told while nodes start and paths are built: a spinner on a
//! terminal, plain lines otherwise, always on stderr.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::console::Console;
use crate::record::one_line;

/// The progress of one command. Gone when dropped.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    console: Console,
    plain: bool,
}

impl Progress {
    /// Progress that is shown on a terminal only: for commands whose output
    /// others read.
    pub(crate) fn quiet(console: &Console) -> Self {
        let bar = console.is_watched().then(|| {
            let style = ProgressStyle::with_template("{spinner} {msg}");
            let bar = ProgressBar::new_spinner();
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Self { bar, console: console.clone(), plain: false }
    }

    /// Progress that is shown everywhere.
    pub(crate) fn told(console: &Console) -> Self {
        let mut progress = Self::quiet(console);
        progress.plain = progress.bar.is_none();
        progress
    }

    /// What is being done now. What others say of it steers no terminal.
    pub(crate) async fn step(&self, text: impl AsRef<str>) {
        let text = one_line(text.as_ref());
        match &self.bar {
            Some(bar) => bar.set_message(text),
            None if self.plain => self.console.note(text).await,
            None => {}
        }
    }

    /// Takes the spinner away before something else is printed.
    pub(crate) fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}
