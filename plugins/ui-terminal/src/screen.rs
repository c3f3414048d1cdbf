//! What every screen is: something that draws itself and answers to keys.
//!
//! Screens lie on one another; the uppermost one gets the input. The lowest is
//! chosen by how far the program is: welcome, starting, or the chat. What a
//! screen shows comes from the model, and what it does goes there as an
//! [`Action`]; a screen keeps only where its cursor stands.

use crossterm::event::{KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use ramson_view::text::Order;
use ramson_view::time::Clock;
use ramson_view::{Action, Civil, Model, Port};
use ramson_wire::Millis;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use crate::theme::Theme;

/// What a screen has at hand while it draws or acts.
pub(crate) struct Cx<'a> {
    /// All that is shown.
    pub(crate) model: &'a mut Model,
    /// Where requests go; [`Cx::act`] uses it.
    pub(crate) port: &'a mut dyn Port,
    /// Colours and marks.
    pub(crate) theme: &'a Theme,
    /// Now.
    pub(crate) now: Millis,
    /// What the user's clocks show at a time; [`Cx::clock`] uses it.
    pub(crate) civil: fn(Millis) -> Civil,
    /// In which order the letters of a line are drawn.
    pub(crate) order: Order,
    /// The whole terminal.
    pub(crate) size: Rect,
    /// The screen is the uppermost one.
    pub(crate) active: bool,
    /// The terminal's window is looked at, as far as it says.
    pub(crate) focused: bool,
    /// What is to be put on the terminal's clipboard; [`Cx::copy`] uses it.
    pub(crate) clipboard: &'a mut Option<String>,
}

impl Cx<'_> {
    /// Has the model do something.
    pub(crate) fn act(&mut self, action: Action) {
        self.model.act(action, self.now, self.port);
    }

    /// Time, as people tell it.
    pub(crate) fn clock(&self) -> Clock<'_> {
        Clock { now: self.now, civil: &self.civil }
    }

    /// Puts a text on the terminal's clipboard, and says so: `what` is
    /// "Message", "Account ID" …
    pub(crate) fn copy(&mut self, text: impl Into<String>, what: &str) {
        *self.clipboard = Some(text.into());
        self.act(Action::Tell { text: format!("{what} copied"), good: true });
    }
}

/// What becomes of the screens after a key or click.
pub(crate) enum Flow {
    /// The screen took it.
    Stay,
    /// The screen does not know it; keys that work everywhere are tried next.
    Ignored,
    /// The screen goes.
    Close,
    /// Another screen lies on this one.
    Open(Box<dyn Screen>),
    /// All screens above the lowest one go.
    Home,
}

/// How a screen lies on the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// It has the whole terminal and draws all of it.
    Whole,
    /// A title above and a line of keys below are drawn for it.
    Page,
    /// It lies in a panel in the middle, on what was there before. Its title
    /// stands in the panel's border; the size is that of the inside.
    Overlay {
        /// Columns, at most.
        width: u16,
        /// Rows, at most.
        height: u16,
    },
}

/// A key and what it does, for the line of keys and the help. Keys are written
/// as in `Enter`, `Ctrl-N`, `Up/Down`.
pub(crate) type KeyHelp = (&'static str, &'static str);

/// A screen.
pub(crate) trait Screen: Send {
    /// How it lies on the terminal.
    fn shape(&self, cx: &Cx) -> Shape {
        let _ = cx;
        Shape::Page
    }

    /// Its title, for pages and overlays.
    fn title(&self, cx: &Cx) -> String;

    /// Its keys, the most useful ones first.
    fn keys(&self) -> &[KeyHelp];

    /// Those of them that stand in the line at the bottom: not the ones that
    /// stand on buttons.
    fn hints(&self) -> &[KeyHelp] {
        self.keys()
    }

    /// Draws it; `area` is what its shape leaves it.
    fn draw(&mut self, frame: &mut Frame, area: Rect, cx: &Cx);

    /// A key was pressed. Escape closes a screen that ignores it.
    fn key(&mut self, key: KeyEvent, cx: &mut Cx) -> Flow;

    /// The mouse did something inside of the area that was drawn last.
    fn mouse(&mut self, mouse: Mouse, cx: &mut Cx) -> Flow {
        let _ = (mouse, cx);
        Flow::Ignored
    }

    /// Text was pasted.
    fn paste(&mut self, text: &str, cx: &mut Cx) -> Flow {
        let _ = (text, cx);
        Flow::Ignored
    }

    /// Time went by, the model heard something, or the screen was drawn: one
    /// that waits for an answer looks here whether it came. Called often.
    fn tick(&mut self, cx: &mut Cx) -> Flow {
        let _ = cx;
        Flow::Stay
    }
}

/// What the mouse did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mouse {
    /// Where.
    pub(crate) at: Position,
    /// What.
    pub(crate) what: MouseAct,
}

/// What the mouse did, as far as screens are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MouseAct {
    /// The left button went down.
    Click,
    /// The right button went down.
    Menu,
    /// It moved with the left button down.
    Drag,
    /// The wheel turned: so many steps, down if positive.
    Wheel(i16),
}

impl Mouse {
    /// What a mouse event of the terminal is; `None` if it is nothing of
    /// interest.
    pub(crate) fn of(event: MouseEvent) -> Option<Self> {
        let what = match event.kind {
            MouseEventKind::Down(MouseButton::Left) => MouseAct::Click,
            MouseEventKind::Down(MouseButton::Right) => MouseAct::Menu,
            MouseEventKind::Drag(MouseButton::Left) => MouseAct::Drag,
            MouseEventKind::ScrollUp => MouseAct::Wheel(-1),
            MouseEventKind::ScrollDown => MouseAct::Wheel(1),
            _ => return None,
        };
        Some(Self { at: Position::new(event.column, event.row), what })
    }

    /// Whether it was there.
    pub(crate) fn is_in(&self, area: Rect) -> bool {
        area.contains(self.at)
    }
}
