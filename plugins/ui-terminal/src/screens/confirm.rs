//! A question before something that cannot be taken back.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Frame;
use ratatui::layout::Rect;

use super::parts::{Button, Buttons, enter, letter, paragraph};
use crate::screen::{Cx, Flow, KeyHelp, Mouse, Screen, Shape};

/// What is done after a yes.
pub(crate) type Act = Box<dyn FnMut(&mut Cx) -> Flow + Send>;

const WIDTH: u16 = 54;

/// Asks before it does something. What takes something away wants a `y`; for
/// the rest Enter will do.
pub(crate) struct Confirm {
    title: String,
    text: String,
    yes: String,
    bad: bool,
    act: Act,
    buttons: Buttons,
}

impl Confirm {
    /// A question about something that is done with Enter.
    pub(crate) fn new(
        title: impl Into<String>,
        text: impl Into<String>,
        yes: impl Into<String>,
        act: impl FnMut(&mut Cx) -> Flow + Send + 'static,
    ) -> Box<Self> {
        Box::new(Self {
            title: title.into(),
            text: text.into(),
            yes: yes.into(),
            bad: false,
            act: Box::new(act),
            buttons: Buttons::default(),
        })
    }

    /// A question about something that takes something away.
    pub(crate) fn bad(
        title: impl Into<String>,
        text: impl Into<String>,
        yes: impl Into<String>,
        act: impl FnMut(&mut Cx) -> Flow + Send + 'static,
    ) -> Box<Self> {
        Box::new(Self { bad: true, ..*Self::new(title, text, yes, act) })
    }

    fn row(&self) -> [Button; 2] {
        let yes = match self.bad {
            true => Button::bad("y", self.yes.clone()),
            false => Button::main(self.yes.clone()),
        };
        [yes, Button::plain("Esc", "Back")]
    }
}

impl Screen for Confirm {
    fn shape(&self, cx: &Cx) -> Shape {
        let width = WIDTH.min(cx.size.width.saturating_sub(4));
        let lines = paragraph(&self.text, width.saturating_sub(2).into(), cx.theme.text()).len();
        let rows = Buttons::rows(&self.row(), width.saturating_sub(2));
        let height = u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(rows);
        Shape::Overlay { width, height: height.saturating_add(3) }
    }

    fn title(&self, _: &Cx) -> String {
        self.title.clone()
    }

    fn keys(&self) -> &[KeyHelp] {
        if self.bad {
            &[("y", "yes"), ("Esc", "back")]
        } else {
            &[("Enter", "yes"), ("Esc", "back")]
        }
    }

    fn hints(&self) -> &[KeyHelp] {
        &[]
    }

    fn draw(&mut self, frame: &mut Frame, area: Rect, cx: &Cx) {
        let area = super::parts::inside(area);
        let row = self.row();
        let rows = Buttons::rows(&row, area.width);
        let (text, buttons) = super::parts::split_bottom(area, rows);
        let lines = paragraph(&self.text, text.width.into(), cx.theme.text());
        super::parts::write(frame, text, &lines);
        self.buttons.draw(frame, buttons, cx.theme, &row);
    }

    fn key(&mut self, key: KeyEvent, cx: &mut Cx) -> Flow {
        match letter(&key) {
            Some('y' | 'Y') => (self.act)(cx),
            Some('n' | 'N') => Flow::Close,
            _ if enter(&key) && !self.bad => (self.act)(cx),
            _ if key.code == KeyCode::Esc => Flow::Close,
            _ => Flow::Stay,
        }
    }

    fn mouse(&mut self, mouse: Mouse, cx: &mut Cx) -> Flow {
        match self.buttons.mouse(mouse) {
            Some("Esc") => Flow::Close,
            Some(_) => (self.act)(cx),
            None => Flow::Stay,
        }
    }
}
