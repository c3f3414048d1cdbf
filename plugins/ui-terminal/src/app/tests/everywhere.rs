//! No size is too small, and no key is one too many.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEventKind};
use ramson_view::Action;

use super::{Desk, lively};
use crate::input::Input;

/// Numbers that look random, the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

#[test]
fn every_size_down_to_one_cell_can_be_drawn() {
    let (world, me, bob) = lively::lively();
    let mut desk = Desk::of(world, me, 80, 24);
    for open in [false, true] {
        if open {
            desk.act(Action::Open(bob.into()));
            desk.type_in("two words\u{1F468}\u{200D}\u{1F680} and 你好");
        }
        for width in (1..24).chain([29, 30, 41, 59, 60, 61, 100, 300]) {
            for height in (1..20).chain([24, 31, 32, 33, 60]) {
                desk.resize(width, height);
            }
        }
    }
}

#[test]
fn whatever_is_pressed_at_whatever_size_nothing_breaks() {
    let mut numbers = Numbers(7);
    for _ in 0..12 {
        let (world, me, bob) = lively::lively();
        let mut desk = Desk::of(world, me, 80, 24);
        desk.act(Action::Open(bob.into()));
        for _ in 0..120 {
            press(&mut desk, &mut numbers);
        }
    }
}

fn press(desk: &mut Desk, numbers: &mut Numbers) {
    let codes = [
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Enter,
        KeyCode::Esc,
        KeyCode::Backspace,
        KeyCode::Delete,
        KeyCode::F(1),
        KeyCode::F(2),
    ];
    let letters: Vec<char> = "abcdeijkmnoprtuw @:/é你🙂ש".chars().collect();
    let pick = |numbers: &mut Numbers, count: usize| {
        usize::try_from(numbers.below(u64::try_from(count).unwrap())).unwrap()
    };
    match numbers.below(10) {
        0..4 => desk.key(codes[pick(numbers, codes.len())]),
        4..7 => desk.key(KeyCode::Char(letters[pick(numbers, letters.len())])),
        7 => {
            let letter = b"aefgjknoprwz"[pick(numbers, 12)];
            let key = KeyEvent::new(KeyCode::Char(letter.into()), KeyModifiers::CONTROL);
            desk.input(Input::Key(key));
        }
        8 => {
            let kinds = [
                MouseEventKind::Down(MouseButton::Left),
                MouseEventKind::Down(MouseButton::Right),
                MouseEventKind::ScrollUp,
                MouseEventKind::ScrollDown,
                MouseEventKind::Drag(MouseButton::Left),
            ];
            let kind = kinds[pick(numbers, kinds.len())];
            let column = u16::try_from(numbers.below(150)).unwrap();
            let row = u16::try_from(numbers.below(45)).unwrap();
            desk.mouse(kind, column, row);
        }
        _ => {
            let width = u16::try_from(numbers.below(140)).unwrap() + 1;
            let height = u16::try_from(numbers.below(40)).unwrap() + 1;
            desk.resize(width, height);
        }
    }
}
