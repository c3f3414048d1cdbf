use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEventKind};

use super::{Decoder, Input, MAX_PASTE};

fn keys(bytes: &[u8]) -> Vec<KeyEvent> {
    let mut decoder = Decoder::default();
    let mut found = decoder.feed(bytes);
    found.extend(decoder.settle());
    let key = |input| match input {
        Input::Key(key) => key,
        other => panic!("{other:?} is no key"),
    };
    found.into_iter().map(key).collect()
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> KeyEvent {
    KeyEvent::new(code, modifiers)
}

const NONE: KeyModifiers = KeyModifiers::NONE;
const CONTROL: KeyModifiers = KeyModifiers::CONTROL;
const ALT: KeyModifiers = KeyModifiers::ALT;

#[test]
fn letters_of_all_scripts_are_keys() {
    let typed: String =
        keys("aé你🙂".as_bytes()).iter().filter_map(|key| key.code.as_char()).collect();
    assert_eq!(typed, "aé你🙂");
    assert_eq!(keys(b"R"), [key(KeyCode::Char('R'), KeyModifiers::SHIFT)]);
}

#[test]
fn enter_and_control_j_are_two_keys() {
    assert_eq!(keys(b"\r"), [key(KeyCode::Enter, NONE)]);
    assert_eq!(keys(b"\n"), [key(KeyCode::Char('j'), CONTROL)]);
    assert_eq!(keys(b"\x1b\r"), [key(KeyCode::Enter, ALT)]);
    assert_eq!(keys(b"\x1b[13;2u"), [key(KeyCode::Enter, KeyModifiers::SHIFT)]);
}

#[test]
fn keys_without_a_character_are_told_from_their_sequences() {
    let expected = [
        (&b"\x1b[A"[..], KeyCode::Up, NONE),
        (b"\x1bOB", KeyCode::Down, NONE),
        (b"\x1b[1;5C", KeyCode::Right, CONTROL),
        (b"\x1b[1;3D", KeyCode::Left, ALT),
        (b"\x1b\x1b[D", KeyCode::Left, ALT),
        (b"\x1b[5~", KeyCode::PageUp, NONE),
        (b"\x1b[6;5~", KeyCode::PageDown, CONTROL),
        (b"\x1b[3~", KeyCode::Delete, NONE),
        (b"\x1b[Z", KeyCode::BackTab, NONE),
        (b"\x1bOP", KeyCode::F(1), NONE),
        (b"\x1b[[B", KeyCode::F(2), NONE),
        (b"\x1b[17~", KeyCode::F(6), NONE),
        (b"\x1b[24~", KeyCode::F(12), NONE),
        (b"\x1b[44;5u", KeyCode::Char(','), CONTROL),
        (b"\x1b[27;5;44~", KeyCode::Char(','), CONTROL),
        (b"\x7f", KeyCode::Backspace, NONE),
        (b"\x11", KeyCode::Char('q'), CONTROL),
        (b"\x1ba", KeyCode::Char('a'), ALT),
    ];
    for (bytes, code, modifiers) in expected {
        assert_eq!(keys(bytes), [key(code, modifiers)], "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_key_that_is_let_go_is_none() {
    assert_eq!(keys(b"\x1b[97;1:3u"), []);
}

#[test]
fn an_escape_is_a_key_once_nothing_follows() {
    let mut decoder = Decoder::default();
    assert_eq!(decoder.feed(b"\x1b"), []);
    assert!(decoder.is_undecided());
    assert_eq!(decoder.settle(), [Input::Key(KeyCode::Esc.into())]);
    assert!(!decoder.is_undecided());
    assert_eq!(keys(b"\x1b\x1b"), [key(KeyCode::Esc, NONE), key(KeyCode::Esc, NONE)]);
}

#[test]
fn bytes_mean_the_same_in_whichever_pieces_they_come() {
    let bytes = "a\x1b[1;5Aé\x1b[200~one\rtwo\x1b[201~\x1b[<0;5;7M你\r".as_bytes();
    let whole = Decoder::default().feed(bytes);
    assert_eq!(whole.len(), 7);
    for size in 1..bytes.len() {
        let mut decoder = Decoder::default();
        let pieces: Vec<Input> = bytes.chunks(size).flat_map(|it| decoder.feed(it)).collect();
        assert_eq!(pieces, whole, "in pieces of {size}");
    }
}

#[test]
fn a_paste_is_one_text_with_plain_line_ends() {
    let found = Decoder::default().feed(b"\x1b[200~one\r\ntwo\rq\x1b[A\x1b[201~x");
    assert_eq!(
        found,
        [Input::Paste("one\ntwo\nq\x1b[A".to_owned()), Input::Key(KeyCode::Char('x').into())]
    );
}

#[test]
fn a_paste_without_end_has_a_bound() {
    let mut decoder = Decoder::default();
    decoder.feed(b"\x1b[200~");
    for _ in 0..40 {
        decoder.feed(&[b'x'; 65_536]);
    }
    let found = decoder.feed(b"\x1b[201~");
    assert_eq!(found, [Input::Paste("x".repeat(MAX_PASTE))]);
}

#[test]
fn the_mouse_says_where_it_was_and_what_it_did() {
    let found = Decoder::default().feed(b"\x1b[<0;5;7M\x1b[<0;5;7m\x1b[<65;200;1M\x1b[<32;1;1M");
    let kinds: Vec<_> = found
        .iter()
        .map(|input| match input {
            Input::Mouse(mouse) => (mouse.kind, mouse.column, mouse.row),
            other => panic!("{other:?} is not of the mouse"),
        })
        .collect();
    assert_eq!(
        kinds,
        [
            (MouseEventKind::Down(MouseButton::Left), 4, 6),
            (MouseEventKind::Up(MouseButton::Left), 4, 6),
            (MouseEventKind::ScrollDown, 199, 0),
            (MouseEventKind::Drag(MouseButton::Left), 0, 0),
        ]
    );
}

#[test]
fn no_bytes_are_waited_for_for_ever() {
    let mut decoder = Decoder::default();
    decoder.feed(&[0x1b, b'[']);
    for _ in 0..100 {
        decoder.feed(b"1;");
    }
    assert!(decoder.pending.len() < 200);
    // Whatever comes, the next key is understood.
    for noise in [&b"\xff\xfe"[..], b"\xe4\xbd", b"\x1b[?1;2c", b"\x1b[999x", b"\x1b[1;\x07"] {
        let mut decoder = Decoder::default();
        decoder.feed(noise);
        decoder.settle();
        assert_eq!(decoder.feed(b"k"), [Input::Key(KeyCode::Char('k').into())]);
    }
}
