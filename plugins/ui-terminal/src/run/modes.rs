//! What a terminal is switched to for the UI, and back.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::{Hide, SetCursorStyle, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange,
};
use crossterm::style::{Print, ResetColor};
use crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{execute, queue};

/// Clicks, the wheel and dragging, at positions of any size. Bare movement is
/// of no interest.
const MOUSE: &str = "\x1b[?1002h\x1b[?1006h";
const NO_MOUSE: &str = "\x1b[?1006l\x1b[?1002l";

/// Lines come in the order in which they are seen: terminals that turn Hebrew
/// and Arabic around are asked not to (ECMA-48, BDSM).
const EXPLICIT: &str = "\x1b[8l";
const IMPLICIT: &str = "\x1b[8h";

/// The terminal is switched over. It is given back once: leaving the alternate
/// screen a second time would move the cursor over what stands there by then.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// A terminal that belongs to the UI as long as this lives.
pub(super) struct Modes(());

impl Modes {
    /// Takes the terminal.
    pub(super) fn begin() -> io::Result<Self> {
        enable_raw_mode()?;
        // From here on dropping it gives everything back.
        let modes = Self(());
        TAKEN.store(true, Ordering::SeqCst);
        enter(&mut io::stdout())?;
        Ok(modes)
    }
}

impl Drop for Modes {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back. Twice is as good as once.
pub(super) fn restore() {
    // There is nobody to tell of errors.
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = leave(&mut io::stdout());
    }
    let _ = disable_raw_mode();
}

fn enter(out: &mut impl Write) -> io::Result<()> {
    queue!(out, EnterAlternateScreen, Hide, EnableBracketedPaste, EnableFocusChange)?;
    queue!(out, Print(MOUSE), Print(EXPLICIT), SetCursorStyle::SteadyBar)?;
    out.flush()
}

fn leave(out: &mut impl Write) -> io::Result<()> {
    queue!(out, EndSynchronizedUpdate, SetCursorStyle::DefaultUserShape)?;
    queue!(out, Print(IMPLICIT), Print(NO_MOUSE))?;
    queue!(out, DisableFocusChange, DisableBracketedPaste, ResetColor)?;
    queue!(out, LeaveAlternateScreen, Show)?;
    out.flush()
}

/// Puts a text on the clipboard, where the terminal lets programs do that.
pub(super) fn copy(out: &mut impl Write, text: &str) -> io::Result<()> {
    execute!(out, CopyToClipboard::to_clipboard_from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The private modes that are set or reset, with `h` or `l`.
    fn modes(bytes: &[u8]) -> Vec<(String, char)> {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let mode = |part: &str| {
            let (number, _) = part.split_once(['h', 'l'])?;
            let way = part.chars().nth(number.len())?;
            let digits = number.trim_start_matches('?');
            let whole = digits.bytes().all(|byte| byte.is_ascii_digit());
            whole.then(|| (number.to_owned(), way))
        };
        text.split("\x1b[").filter_map(mode).collect()
    }

    #[test]
    fn whatever_is_switched_on_is_switched_off_again() {
        let (mut there, mut back) = (Vec::new(), Vec::new());
        enter(&mut there).unwrap();
        leave(&mut back).unwrap();
        let (there, back) = (modes(&there), modes(&back));
        assert!(there.len() >= 6, "{there:?}");
        for (mode, way) in there {
            let other = if way == 'h' { 'l' } else { 'h' };
            assert!(back.contains(&(mode.clone(), other)), "{mode} stays {way}");
        }
    }

    #[test]
    fn a_copied_text_is_for_the_clipboard_only() {
        let mut out = Vec::new();
        copy(&mut out, "x\x07\x1b]").unwrap();
        let text = String::from_utf8(out).unwrap();
        let inner =
            text.strip_prefix("\x1b]52;c;").and_then(|it| it.strip_suffix("\x1b\\")).unwrap();
        assert!(inner.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)));
    }
}
