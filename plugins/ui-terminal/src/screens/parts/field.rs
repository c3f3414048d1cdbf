//! A line to type into. It is a composer without candidates and line ends.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ramson_view::Composer;
use ramson_view::composer::{Edit, History};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::screen::Cx;

/// What stands before the text.
const MARK: &str = "› ";

/// A line of text that is being typed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Field {
    composer: Composer,
}

impl Field {
    /// One that begins with a text.
    pub(crate) fn new(text: &str) -> Self {
        Self { composer: Composer::new(text, History::default()) }
    }

    /// Its text.
    pub(crate) fn text(&self) -> &str {
        self.composer.text()
    }

    /// Changes the text; false if the key has nothing to do with it.
    pub(crate) fn key(&mut self, key: &KeyEvent) -> bool {
        let control = key.modifiers == KeyModifiers::CONTROL;
        let edit = match key.code {
            KeyCode::Char('a') if control => Edit::Start,
            KeyCode::Char('e') if control => Edit::End,
            KeyCode::Char('u') if control => Edit::DeleteToLineStart,
            KeyCode::Char('k') if control => Edit::DeleteToLineEnd,
            KeyCode::Char('w') if control => Edit::DeleteWordBefore,
            KeyCode::Backspace
                if key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) =>
            {
                Edit::DeleteWordBefore
            }
            KeyCode::Left if control => Edit::WordLeft,
            KeyCode::Right if control => Edit::WordRight,
            // Pasted, so that no candidates and emoji come of it.
            KeyCode::Char(_) => match super::letter(key) {
                Some(letter) => Edit::Paste(letter.to_string()),
                None => return false,
            },
            KeyCode::Backspace => Edit::Backspace,
            KeyCode::Delete => Edit::Delete,
            KeyCode::Left => Edit::Left,
            KeyCode::Right => Edit::Right,
            KeyCode::Home => Edit::Start,
            KeyCode::End => Edit::End,
            _ => return false,
        };
        self.edit(edit);
        true
    }

    /// Puts in a text that was pasted; line ends become spaces.
    pub(crate) fn paste(&mut self, text: &str) {
        let text = text.trim().replace(['\n', '\r', '\t'], " ");
        self.edit(Edit::Paste(text));
    }

    fn edit(&mut self, edit: Edit) {
        self.composer.edit(edit, &());
        if self.composer.completion().is_some() {
            self.composer.edit(Edit::Dismiss, &());
        }
    }

    /// Draws it on the uppermost row, with the cursor; of a long text the part
    /// around the cursor. `hint` is shown while there is no text.
    pub(crate) fn draw(&self, frame: &mut Frame, area: Rect, cx: &Cx, hint: &str) {
        let row = Rect { height: area.height.min(1), ..area };
        if row.is_empty() {
            return;
        }
        frame.buffer_mut().set_style(row, cx.theme.base().bg(cx.theme.raised));
        let mark = u16::try_from(MARK.chars().count()).unwrap_or(0);
        let width = usize::from(row.width.saturating_sub(mark));
        let layout = self.composer.layout(width.max(2), cx.order, &|id| id.short());
        let mut spans = vec![Span::styled(MARK, cx.theme.accent())];
        let line = layout.lines.get(layout.row);
        if self.text().is_empty() {
            spans.push(Span::styled(super::fitted(hint, width, cx), cx.theme.dim()));
        } else if let Some(line) = line {
            let free = if line.rtl { width.saturating_sub(line.width) } else { 0 };
            spans.push(Span::raw(" ".repeat(free)));
            spans.push(Span::styled(line.text(), cx.theme.text()));
        }
        frame.render_widget(Line::from(spans), row);
        let column = u16::try_from(layout.column).unwrap_or(u16::MAX);
        let x = row.x.saturating_add(mark).saturating_add(column);
        frame.set_cursor_position((x.min(row.right().saturating_sub(1)), row.y));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Field {
        let mut field = Field::default();
        for letter in text.chars() {
            assert!(field.key(&KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE)));
        }
        field
    }

    #[test]
    fn letters_stand_as_they_were_typed() {
        assert_eq!(typed(":smile: @An /help").text(), ":smile: @An /help");
    }

    #[test]
    fn a_pasted_text_becomes_one_line() {
        let mut field = typed("to ");
        field.paste("05ab\r\n");
        assert_eq!(field.text(), "to 05ab");
        field.paste("two\nlines");
        assert!(!field.text().contains('\n'));
    }

    #[test]
    fn backspace_takes_a_whole_emoji() {
        let mut field = Field::default();
        field.paste("a👩‍🚀");
        assert!(field.key(&KeyEvent::new(KeyCode::Backspace, KeyModifiers::NONE)));
        assert_eq!(field.text(), "a");
    }

    #[test]
    fn keys_of_the_screen_are_left_alone() {
        let mut field = Field::default();
        for code in [KeyCode::Up, KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::F(1)] {
            assert!(!field.key(&KeyEvent::new(code, KeyModifiers::NONE)), "{code:?}");
        }
        assert!(!field.key(&KeyEvent::new(KeyCode::Char('n'), KeyModifiers::CONTROL)));
    }
}
