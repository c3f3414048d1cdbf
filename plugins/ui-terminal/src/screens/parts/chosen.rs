//! What keys and clicks mean on a page that has a menu and buttons.

use crossterm::event::KeyEvent;

use super::{Buttons, Menu, Press, enter, letter};
use crate::screen::Mouse;

/// What was meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// The button of a letter; of `\n`, that of Enter.
    Button(char),
    /// Something in the menu.
    Moved,
    /// Nothing of the page.
    Nothing,
}

/// What a key means.
pub(crate) fn key(menu: &mut Menu, key: &KeyEvent) -> Chosen {
    if enter(key) {
        return Chosen::Button('\n');
    }
    if menu.key(key) {
        return Chosen::Moved;
    }
    letter(key).map_or(Chosen::Nothing, Chosen::Button)
}

/// What a click means; one on the marked choice is Enter.
pub(crate) fn mouse(menu: &mut Menu, buttons: &Buttons, mouse: Mouse) -> Chosen {
    match buttons.mouse(mouse) {
        Some("Enter") => return Chosen::Button('\n'),
        Some(key) => return key.chars().next().map_or(Chosen::Nothing, Chosen::Button),
        None => {}
    }
    match menu.mouse(mouse) {
        Some(Press::Again) => Chosen::Button('\n'),
        Some(Press::Marked) => Chosen::Moved,
        None => Chosen::Nothing,
    }
}
