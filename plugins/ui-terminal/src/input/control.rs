//! Control sequences: keys without a character, the mouse, pastes.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::{Input, MAX_SEQUENCE, Step};

/// The key of a letter that ends a sequence, or follows `ESC O`.
pub(super) fn letter(letter: u8) -> Option<KeyCode> {
    Some(match letter {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'M' => KeyCode::Enter,
        b'Z' => KeyCode::BackTab,
        b'P' => KeyCode::F(1),
        b'Q' => KeyCode::F(2),
        b'R' => KeyCode::F(3),
        b'S' => KeyCode::F(4),
        _ => return None,
    })
}

/// The key of a number that `~` ends.
fn number(number: u32) -> Option<KeyCode> {
    let function = |first: u32, key: u32| {
        u8::try_from(number.saturating_sub(first).saturating_add(key)).ok().map(KeyCode::F)
    };
    match number {
        1 | 7 => Some(KeyCode::Home),
        2 => Some(KeyCode::Insert),
        3 => Some(KeyCode::Delete),
        4 | 8 => Some(KeyCode::End),
        5 => Some(KeyCode::PageUp),
        6 => Some(KeyCode::PageDown),
        11..=15 => function(11, 1),
        17..=21 => function(17, 6),
        23..=24 => function(23, 11),
        _ => None,
    }
}

/// The key of a code point, as terminals number keys that have one.
fn code_point(number: u32) -> Option<KeyCode> {
    Some(match number {
        9 => KeyCode::Tab,
        13 | 57_414 => KeyCode::Enter,
        27 => KeyCode::Esc,
        8 | 127 => KeyCode::Backspace,
        // Keys without a character are numbered in a private area.
        57_344..=63_743 => return None,
        other => KeyCode::Char(char::from_u32(other).filter(|letter| !letter.is_control())?),
    })
}

fn modifiers(number: u32) -> KeyModifiers {
    let bits = u8::try_from(number.saturating_sub(1) & 0b111).unwrap_or_default();
    let mut modifiers = KeyModifiers::NONE;
    modifiers.set(KeyModifiers::SHIFT, bits & 1 != 0);
    modifiers.set(KeyModifiers::ALT, bits & 2 != 0);
    modifiers.set(KeyModifiers::CONTROL, bits & 4 != 0);
    modifiers
}

/// What begins with `ESC [`.
pub(super) fn sequence(bytes: &[u8]) -> Step {
    // The Linux console names its first function keys with a second bracket.
    if let [_, _, b'[', rest @ ..] = bytes {
        let Some(letter) = rest.first() else { return Step::Part };
        let index = letter.wrapping_sub(b'A').saturating_add(1);
        let key = (1..=5).contains(&index).then_some(KeyCode::F(index));
        return Step::Is(4, key.map(|code| Input::Key(code.into())));
    }
    let inner = bytes.get(2..).unwrap_or_default();
    let Some(end) = inner.iter().position(|byte| !(0x20..0x40).contains(byte)) else {
        return if bytes.len() < MAX_SEQUENCE { Step::Part } else { Step::Is(bytes.len(), None) };
    };
    let (parameters, rest) = inner.split_at(end);
    let last = rest.first().copied().unwrap_or_default();
    if !(0x40..0x7f).contains(&last) {
        // Not a sequence after all; what broke it is something of its own.
        return Step::Is(end.saturating_add(2), None);
    }
    let taken = end.saturating_add(3);
    let parameters = std::str::from_utf8(parameters).unwrap_or_default();
    if (parameters, last) == ("200", b'~') {
        return Step::PasteBegins(taken);
    }
    let input = match (parameters.strip_prefix('<'), last) {
        (Some(parameters), b'M' | b'm') => mouse(parameters, last == b'M').map(Input::Mouse),
        (None, b'I') if parameters.is_empty() => Some(Input::Focus(true)),
        (None, b'O') if parameters.is_empty() => Some(Input::Focus(false)),
        (None, _) => key(parameters, last).map(Input::Key),
        _ => None,
    };
    Step::Is(taken, input)
}

fn key(parameters: &str, last: u8) -> Option<KeyEvent> {
    let mut fields = parameters.split(';');
    // A field may have more after a colon: other layouts, or what the key did.
    let mut field = || fields.next().unwrap_or_default().split(':');
    let first: Option<u32> = field().next().unwrap_or_default().parse().ok();
    let mut second = field();
    let with = second.next().unwrap_or_default().parse().ok();
    if second.next() == Some("3") {
        return None;
    }
    let with = modifiers(with.unwrap_or(1));
    let code = match last {
        b'u' => code_point(first?)?,
        b'~' if first == Some(27) => code_point(field().next().unwrap_or_default().parse().ok()?)?,
        b'~' => number(first?)?,
        _ => letter(last)?,
    };
    Some(KeyEvent::new(code, with))
}

fn mouse(parameters: &str, down: bool) -> Option<MouseEvent> {
    let mut fields = parameters.split(';').map(|field| field.parse::<u16>().ok());
    let (code, column, row) = (fields.next()??, fields.next()??, fields.next()??);
    let button = match code & 0b11 {
        0 => Some(MouseButton::Left),
        1 => Some(MouseButton::Middle),
        2 => Some(MouseButton::Right),
        _ => None,
    };
    let kind = match code & 0b1110_0000 {
        0 if down => MouseEventKind::Down(button?),
        0 => MouseEventKind::Up(button?),
        32 => button.map_or(MouseEventKind::Moved, MouseEventKind::Drag),
        64 => match code & 0b11 {
            0 => MouseEventKind::ScrollUp,
            1 => MouseEventKind::ScrollDown,
            2 => MouseEventKind::ScrollLeft,
            _ => MouseEventKind::ScrollRight,
        },
        _ => return None,
    };
    let mut modifiers = KeyModifiers::NONE;
    modifiers.set(KeyModifiers::SHIFT, code & 4 != 0);
    modifiers.set(KeyModifiers::ALT, code & 8 != 0);
    modifiers.set(KeyModifiers::CONTROL, code & 16 != 0);
    let (column, row) = (column.saturating_sub(1), row.saturating_sub(1));
    Some(MouseEvent { kind, column, row, modifiers })
}
