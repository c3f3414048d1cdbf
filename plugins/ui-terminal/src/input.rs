//! What is typed, clicked and pasted, from the bytes of a terminal.
//!
//! The bytes are read here rather than by crossterm, so that a UI which stops
//! takes nothing with it: what it has not read stays with the terminal for the
//! next one, and no thread waits for more.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent};

mod control;
#[cfg(test)]
mod tests;

/// Something that the user did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// Text was pasted.
    Paste(String),
    /// The terminal's window is looked at, or no more.
    Focus(bool),
}

/// The most bytes of one paste; the rest of it is passed over.
const MAX_PASTE: usize = 1 << 20;

/// A control sequence that is longer is none.
const MAX_SEQUENCE: usize = 64;

const PASTE_ENDS: &[u8] = b"\x1b[201~";

/// Makes input of bytes, in whichever pieces they come.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    pending: Vec<u8>,
    paste: Option<Vec<u8>>,
}

/// What stands at the beginning of the bytes.
enum Step {
    /// The beginning of something.
    Part,
    /// So many bytes are this; `None` is nothing of interest.
    Is(usize, Option<Input>),
    /// So many bytes begin a paste.
    PasteBegins(usize),
}

impl Decoder {
    /// Takes bytes in, and says what they are.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Vec<Input> {
        self.pending.extend_from_slice(bytes);
        self.decode(false)
    }

    /// No more bytes came for a while: an escape that stands alone was the key.
    pub(crate) fn settle(&mut self) -> Vec<Input> {
        self.decode(true)
    }

    /// Whether [`Decoder::settle`] should be called after a while.
    pub(crate) fn is_undecided(&self) -> bool {
        self.paste.is_none() && !self.pending.is_empty()
    }

    fn decode(&mut self, settle: bool) -> Vec<Input> {
        let mut found = Vec::new();
        let pending = std::mem::take(&mut self.pending);
        let mut rest = pending.as_slice();
        while !rest.is_empty() {
            if let Some(paste) = &mut self.paste {
                let Some(end) = find(rest, PASTE_ENDS) else {
                    // The end may stand in two pieces.
                    let kept = rest.len().min(PASTE_ENDS.len().saturating_sub(1));
                    let (text, kept) = rest.split_at(rest.len().saturating_sub(kept));
                    add_to_paste(paste, text);
                    rest = kept;
                    break;
                };
                let (text, after) = rest.split_at(end);
                add_to_paste(paste, text);
                found.push(Input::Paste(pasted(paste)));
                self.paste = None;
                rest = after.get(PASTE_ENDS.len()..).unwrap_or_default();
                continue;
            }
            let taken = match step(rest) {
                Step::Is(taken, input) => {
                    found.extend(input);
                    taken
                }
                Step::PasteBegins(taken) => {
                    self.paste = Some(Vec::new());
                    taken
                }
                Step::Part if settle => {
                    if rest.first() == Some(&0x1b) {
                        found.push(Input::Key(KeyCode::Esc.into()));
                    }
                    1
                }
                Step::Part => break,
            };
            rest = rest.get(taken.max(1)..).unwrap_or_default();
        }
        self.pending = rest.to_vec();
        found
    }
}

fn add_to_paste(paste: &mut Vec<u8>, text: &[u8]) {
    let room = MAX_PASTE.saturating_sub(paste.len()).min(text.len());
    paste.extend_from_slice(text.get(..room).unwrap_or_default());
}

/// Terminals send line ends as a carriage return.
fn pasted(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace("\r\n", "\n").replace('\r', "\n")
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn step(bytes: &[u8]) -> Step {
    match bytes {
        [0x1b] | [0x1b, 0x1b] | [0x1b, b'O' | b'['] => Step::Part,
        [0x1b, b'[', ..] => control::sequence(bytes),
        [0x1b, b'O', letter, ..] => {
            Step::Is(3, control::letter(*letter).map(|code| Input::Key(code.into())))
        }
        // Some terminals put an escape before a sequence for Alt.
        [0x1b, 0x1b, b'[' | b'O', ..] => after_escape(bytes),
        [0x1b, 0x1b, ..] => Step::Is(1, Some(Input::Key(KeyCode::Esc.into()))),
        [0x1b, ..] => after_escape(bytes),
        _ => character(bytes),
    }
}

/// An escape and something else: the other with Alt.
fn after_escape(bytes: &[u8]) -> Step {
    match step(bytes.get(1..).unwrap_or_default()) {
        Step::Part => Step::Part,
        Step::Is(taken, input) => {
            let input = input.map(|input| match input {
                Input::Key(mut key) => {
                    key.modifiers |= KeyModifiers::ALT;
                    Input::Key(key)
                }
                other => other,
            });
            Step::Is(taken.saturating_add(1), input)
        }
        Step::PasteBegins(taken) => Step::PasteBegins(taken.saturating_add(1)),
    }
}

fn character(bytes: &[u8]) -> Step {
    let key = |code, modifiers| Step::Is(1, Some(Input::Key(KeyEvent::new(code, modifiers))));
    let plain = |code| key(code, KeyModifiers::NONE);
    let Some(first) = bytes.first().copied() else { return Step::Part };
    match first {
        b'\r' => plain(KeyCode::Enter),
        b'\t' => plain(KeyCode::Tab),
        // Which of the two a terminal sends for it is a setting.
        0x7f | 0x08 => plain(KeyCode::Backspace),
        0x00 => key(KeyCode::Char(' '), KeyModifiers::CONTROL),
        0x01..=0x1a => key(KeyCode::Char((first | 0x60).into()), KeyModifiers::CONTROL),
        0x1b..=0x1f => key(KeyCode::Char((first | 0x40).into()), KeyModifiers::CONTROL),
        0x20..0x7f => plain_letter(1, first.into()),
        _ => {
            let length = match first {
                0xc2..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xf4 => 4,
                _ => return Step::Is(1, None),
            };
            match bytes.get(..length).map(std::str::from_utf8) {
                Some(Ok(text)) => match text.chars().next() {
                    Some(letter) => plain_letter(length, letter),
                    None => Step::Is(length, None),
                },
                Some(Err(_)) => Step::Is(1, None),
                // A piece of one; what cannot become one is not waited for.
                None => match std::str::from_utf8(bytes) {
                    Err(error) if error.error_len().is_none() => Step::Part,
                    _ => Step::Is(1, None),
                },
            }
        }
    }
}

fn plain_letter(taken: usize, letter: char) -> Step {
    let shift = if letter.is_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
    Step::Is(taken, Some(Input::Key(KeyEvent::new(KeyCode::Char(letter), shift))))
}
