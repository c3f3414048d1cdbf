//! Choices of one or more lines, one of them marked, with lines between them
//! that cannot be chosen.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use ratatui::text::Line;

use crate::screen::{Mouse, MouseAct};
use crate::theme::Theme;
use crate::widgets::scrollbar;

/// So many columns at the left are for the mark.
pub(crate) const MARK: u16 = 2;

/// So many at the right are for the scrollbar, and a gap before it.
const END: u16 = 2;

/// A part of a menu.
#[derive(Debug, Clone)]
pub(crate) enum Entry {
    /// It can be chosen.
    Choice(Vec<Line<'static>>),
    /// It cannot.
    Text(Vec<Line<'static>>),
}

/// What a click did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Press {
    /// Another choice is marked now.
    Marked,
    /// The marked one was clicked on.
    Again,
}

/// Which choice is marked, and how far the menu is scrolled.
#[derive(Debug, Clone, Default)]
pub(crate) struct Menu {
    at: usize,
    choices: usize,
    top: usize,
    page: usize,
    seen: Vec<(Rect, usize)>,
}

impl Menu {
    /// The number of the marked choice.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Marks a choice.
    pub(crate) fn go(&mut self, at: usize) {
        self.at = at;
    }

    /// How many lines are left for an entry's text in an area.
    pub(crate) fn width(area: Rect) -> usize {
        area.width.saturating_sub(MARK).saturating_sub(END).into()
    }

    /// Moves the mark; false if it is another key.
    pub(crate) fn key(&mut self, key: &KeyEvent) -> bool {
        if !key.modifiers.is_empty() {
            return false;
        }
        let page = self.page.max(1);
        self.at = match key.code {
            KeyCode::Up => self.at.saturating_sub(1),
            KeyCode::Down => self.at.saturating_add(1),
            KeyCode::PageUp => self.at.saturating_sub(page),
            KeyCode::PageDown => self.at.saturating_add(page),
            KeyCode::Home => 0,
            KeyCode::End => self.choices,
            _ => return false,
        };
        // Before it is drawn for the first time, nobody knows how many there are.
        if self.choices > 0 {
            self.at = self.at.min(self.choices.saturating_sub(1));
        }
        true
    }

    /// Marks what is clicked on; the wheel moves the mark.
    pub(crate) fn mouse(&mut self, mouse: Mouse) -> Option<Press> {
        match mouse.what {
            MouseAct::Click => {
                let (_, at) = self.seen.iter().find(|(area, _)| mouse.is_in(*area))?;
                let again = *at == self.at;
                self.at = *at;
                Some(if again { Press::Again } else { Press::Marked })
            }
            MouseAct::Wheel(steps) => {
                let steps = isize::from(steps);
                self.at = self.at.saturating_add_signed(steps);
                self.at = self.at.min(self.choices.saturating_sub(1));
                Some(Press::Marked)
            }
            MouseAct::Menu | MouseAct::Drag => None,
        }
    }

    /// Draws it; scrolled so that the marked choice is there.
    pub(crate) fn draw(&mut self, frame: &mut Frame, area: Rect, theme: &Theme, entries: &[Entry]) {
        let is_choice = |entry: &&Entry| matches!(entry, Entry::Choice(_));
        self.choices = entries.iter().filter(is_choice).count();
        self.at = self.at.min(self.choices.saturating_sub(1));
        self.seen.clear();
        let height = usize::from(area.height);
        // Colours that are reversed would be grounds of all sorts.
        let selected = match theme.selected() {
            style if style.add_modifier.contains(Modifier::REVERSED) => style.fg(Color::Reset),
            style => style,
        };
        let mut rows: Vec<(&Line, Option<usize>)> = Vec::new();
        let mut number = 0_usize;
        // The rows that have to be seen: those of the marked choice, and the
        // heading above the first one.
        let (mut first, mut last) = (0, 0_usize);
        for entry in entries {
            let (lines, choice) = match entry {
                Entry::Choice(lines) => (lines, Some(number)),
                Entry::Text(lines) => (lines, None),
            };
            if choice == Some(self.at) {
                first = if self.at == 0 { 0 } else { rows.len() };
                last = rows.len().saturating_add(lines.len());
            }
            if choice.is_some() {
                number = number.saturating_add(1);
            }
            rows.extend(lines.iter().map(|line| (line, choice)));
        }
        let tall = rows.len().checked_div(self.choices).unwrap_or(1).max(1);
        self.page = height.checked_div(tall).unwrap_or(1);
        let most = rows.len().saturating_sub(height);
        self.top = self.top.max(last.saturating_sub(height)).min(first).min(most);
        let shown = rows.iter().skip(self.top).take(height);
        for (y, (line, choice)) in (area.top()..area.bottom()).zip(shown) {
            let row = Rect { y, height: 1, ..area };
            let text = Rect {
                x: row.x.saturating_add(MARK),
                width: row.width.saturating_sub(MARK.saturating_add(END)),
                ..row
            }
            .intersection(row);
            frame.render_widget(*line, text);
            let Some(choice) = *choice else { continue };
            self.seen.push((row, choice));
            if choice == self.at {
                frame.buffer_mut().set_style(row, selected);
                frame.buffer_mut().set_stringn(row.x, y, "▎", row.width.into(), theme.accent());
            }
        }
        let after = most.saturating_sub(self.top);
        scrollbar(frame, area, theme, self.top, height, after);
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyModifiers;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use ratatui::layout::Position;

    use super::*;
    use crate::theme::{Depth, ThemeName};

    fn drawn(menu: &mut Menu, width: u16, height: u16) -> String {
        let theme = Theme::new(ThemeName::Dark, Depth::True);
        let mut entries = vec![Entry::Text(vec![Line::raw("heading")])];
        let two = |number| vec![Line::raw(format!("choice {number}")), Line::raw("  more")];
        entries.extend((0..10).map(|number| Entry::Choice(two(number))));
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| menu.draw(frame, frame.area(), &theme, &entries)).unwrap();
        crate::capture::text(terminal.backend().buffer())
    }

    fn press(menu: &mut Menu, code: KeyCode) {
        assert!(menu.key(&KeyEvent::new(code, KeyModifiers::NONE)));
    }

    #[test]
    fn the_marked_choice_is_always_whole() {
        let mut menu = Menu::default();
        for height in [2, 3, 5, 8] {
            drawn(&mut menu, 20, height);
            press(&mut menu, KeyCode::Home);
            for number in 0..10 {
                let text = drawn(&mut menu, 20, height);
                let wanted = format!("▎ choice {number}");
                assert!(text.contains(&wanted), "{wanted} of height {height} in:\n{text}");
                assert_eq!(
                    text.matches("▎").count(),
                    if number == 0 && height == 2 { 1 } else { 2 }
                );
                press(&mut menu, KeyCode::Down);
            }
        }
    }

    #[test]
    fn the_mark_stays_within_the_choices() {
        let mut menu = Menu::default();
        drawn(&mut menu, 20, 8);
        press(&mut menu, KeyCode::Up);
        assert_eq!(menu.at(), 0);
        press(&mut menu, KeyCode::End);
        assert_eq!(menu.at(), 9);
        press(&mut menu, KeyCode::PageDown);
        assert_eq!(menu.at(), 9);
    }

    #[test]
    fn a_key_that_comes_before_the_first_picture_counts() {
        let mut menu = Menu::default();
        press(&mut menu, KeyCode::Down);
        let text = drawn(&mut menu, 20, 8);
        assert!(text.contains("▎ choice 1"), "{text}");
    }

    #[test]
    fn a_second_click_is_told_from_the_first() {
        let mut menu = Menu::default();
        drawn(&mut menu, 20, 8);
        let click = Mouse { at: Position::new(4, 3), what: MouseAct::Click };
        assert_eq!(menu.mouse(click), Some(Press::Marked));
        assert_eq!(menu.at(), 1);
        assert_eq!(menu.mouse(click), Some(Press::Again));
        let heading = Mouse { at: Position::new(4, 0), what: MouseAct::Click };
        assert_eq!(menu.mouse(heading), None);
    }
}
