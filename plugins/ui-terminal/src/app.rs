//! The screens, the model and the theme. It knows no terminal and no clock:
//! input and time come in, a picture goes out.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ramson_view::model::Wish;
use ramson_view::text::Order;
use ramson_view::{Action, Civil, Model, Port};
use ramson_wire::{Event, Millis, Stage};
use ratatui::Frame;
use ratatui::layout::{Margin, Rect};

use crate::input::Input;
use crate::looks::Look;
use crate::screen::{Cx, Flow, Mouse, MouseAct, Screen, Shape};
use crate::theme::Theme;
use crate::{chat, screens, welcome, widgets};

#[cfg(test)]
pub(crate) mod tests;

/// Screens do not lie deeper than this on one another.
const DEEPEST: usize = 12;

/// From this height on overlays leave the line at the bottom free.
const ROOMY: u16 = 12;

/// Times are shown to the minute.
const MINUTE: Millis = 60_000;

/// Drafts, the window and typing are kept or ended within this time.
const LATER: Millis = 10_000;

/// Everything that is shown, and what is done with input.
pub(crate) struct App {
    model: Model,
    port: Box<dyn Port + Send>,
    theme: Theme,
    /// How it looks where the user has not said anything else, and now.
    begun: Look,
    look: Look,
    civil: fn(Millis) -> Civil,
    size: Rect,
    clipboard: Option<String>,
    /// The lowest one first.
    screens: Vec<Box<dyn Screen>>,
    lowest: Option<Lowest>,
    /// Where the uppermost screen was drawn.
    top: Rect,
    focused: bool,
    dirty: bool,
    drawn: Millis,
}

/// What the lowest screen is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lowest {
    Welcome,
    Starting,
    Chat,
}

/// What screens have at hand. A macro, so that the screens stay free.
macro_rules! cx {
    ($app:expr, $now:expr) => {
        Cx {
            model: &mut $app.model,
            port: &mut *$app.port,
            theme: &$app.theme,
            now: $now,
            civil: $app.civil,
            order: $app.look.order,
            size: $app.size,
            active: true,
            focused: $app.focused,
            clipboard: &mut $app.clipboard,
        }
    };
}

impl App {
    /// One that knows nothing yet.
    pub(crate) fn new(
        port: Box<dyn Port + Send>,
        theme: Theme,
        order: Order,
        civil: fn(Millis) -> Civil,
    ) -> Self {
        Self {
            model: Model::new(),
            port,
            begun: Look { theme: theme.name, order },
            look: Look { theme: theme.name, order },
            theme,
            civil,
            size: Rect::ZERO,
            clipboard: None,
            screens: Vec::new(),
            lowest: None,
            top: Rect::ZERO,
            focused: true,
            dirty: true,
            drawn: 0,
        }
    }

    /// Something is, or happened.
    pub(crate) fn hear(&mut self, seq: u64, reply_to: u64, event: Event, now: Millis) {
        self.model.hear(seq, reply_to, event, now, &mut *self.port);
        self.follow_settings();
        self.dirty = true;
    }

    /// The user did something.
    pub(crate) fn input(&mut self, input: Input, now: Millis) {
        self.dirty = true;
        self.choose_lowest(now);
        let mut cx = cx!(self, now);
        let Some(screen) = self.screens.last_mut() else { return };
        let flow = match &input {
            Input::Key(key) => screen.key(*key, &mut cx),
            Input::Paste(text) => screen.paste(text, &mut cx),
            Input::Mouse(event) => match Mouse::of(*event) {
                Some(mouse) if mouse.is_in(self.top) => screen.mouse(mouse, &mut cx),
                Some(mouse) if closes(mouse, self.top, screen.shape(&cx)) => Flow::Close,
                _ => Flow::Stay,
            },
            Input::Focus(focused) => {
                self.focused = *focused;
                Flow::Stay
            }
        };
        match (flow, input) {
            (Flow::Ignored, Input::Key(key)) => self.anywhere(key, now),
            (flow, _) => self.follow(flow),
        }
        self.grant_wish(now);
        self.follow_settings();
    }

    /// Time went by.
    pub(crate) fn tick(&mut self, now: Millis) {
        if self.model.next_tick().is_some_and(|due| due <= now) {
            self.model.tick(now, &mut *self.port);
            self.dirty = true;
        }
        // Clocks, and what is left of messages that disappear.
        self.dirty |= now.checked_div(MINUTE) != self.drawn.checked_div(MINUTE);
        if self.dirty {
            self.choose_lowest(now);
            self.tick_screens(now);
            self.grant_wish(now);
        }
    }

    /// In how long something is due, in milliseconds.
    pub(crate) fn next_tick(&self, now: Millis) -> Option<Millis> {
        let minute = MINUTE.saturating_sub(now.checked_rem(MINUTE).unwrap_or_default());
        let due = self.model.next_tick().map(|due| due.saturating_sub(now));
        Some(due.map_or(minute, |due| due.min(minute)))
    }

    /// Whether the picture is an old one.
    pub(crate) fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// The terminal shows something else: all of it is drawn next.
    pub(crate) fn shown(&mut self) {
        (self.dirty, self.focused) = (true, true);
    }

    /// Another UI takes its turn, or this one is made anew: what was to be kept
    /// a little later is kept now.
    pub(crate) fn hidden(&mut self, now: Millis) {
        self.model.tick(now.saturating_add(LATER), &mut *self.port);
    }

    /// What the user wants on the clipboard, once.
    pub(crate) fn take_clipboard(&mut self) -> Option<String> {
        self.clipboard.take()
    }

    /// Draws all of it.
    pub(crate) fn draw(&mut self, frame: &mut Frame, now: Millis) {
        self.size = frame.area();
        self.choose_lowest(now);
        self.dirty = false;
        self.drawn = now;
        frame.buffer_mut().set_style(self.size, self.theme.base());

        let mut cx = cx!(self, now);
        let above = self.screens.iter().rposition(|screen| !is_overlay(screen.shape(&cx)));
        let last = self.screens.len().saturating_sub(1);
        for (index, screen) in self.screens.iter_mut().enumerate().skip(above.unwrap_or_default()) {
            cx.active = index == last;
            self.top = draw_screen(screen.as_mut(), frame, &cx);
        }
        // Some things follow from what came to be seen: it is marked as read,
        // or more is fetched.
        self.tick_screens(now);
    }

    fn tick_screens(&mut self, now: Millis) {
        let mut cx = cx!(self, now);
        let last = self.screens.len().saturating_sub(1);
        let mut flows = Vec::new();
        for (index, screen) in self.screens.iter_mut().enumerate() {
            cx.active = index == last;
            flows.push(screen.tick(&mut cx));
        }
        // Those below have nothing to say about what lies on them.
        if let Some(flow) = flows.pop()
            && !matches!(flow, Flow::Stay | Flow::Ignored)
        {
            self.follow(flow);
            self.dirty = true;
        }
    }

    /// The lowest screen is the one for how far the program is.
    fn choose_lowest(&mut self, now: Millis) {
        let lowest = match self.model.stage {
            Stage::Welcome { .. } => Lowest::Welcome,
            Stage::Starting { .. } => Lowest::Starting,
            Stage::Running => Lowest::Chat,
        };
        if self.lowest == Some(lowest) {
            return;
        }
        let mut cx = cx!(self, now);
        let screen = match lowest {
            Lowest::Welcome => welcome::welcome(&mut cx),
            Lowest::Starting => welcome::starting(&mut cx),
            Lowest::Chat => chat::chat(&mut cx),
        };
        self.screens = vec![screen];
        (self.lowest, self.dirty) = (Some(lowest), true);
    }

    fn follow(&mut self, flow: Flow) {
        match flow {
            Flow::Stay | Flow::Ignored => {}
            Flow::Close if self.screens.len() > 1 => drop(self.screens.pop()),
            Flow::Close => {}
            Flow::Home => self.screens.truncate(1),
            Flow::Open(screen) => self.open(screen),
        }
    }

    fn open(&mut self, screen: Box<dyn Screen>) {
        self.screens.truncate(DEEPEST);
        self.screens.push(screen);
    }

    /// Keys that work everywhere.
    fn anywhere(&mut self, key: KeyEvent, now: Millis) {
        let mut cx = cx!(self, now);
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let running = cx.model.stage == Stage::Running;
        let screen = match key.code {
            KeyCode::Esc => return self.follow(Flow::Close),
            KeyCode::Char('q' | 'c') if control => return cx.act(Action::Quit),
            KeyCode::F(1) | KeyCode::Char('?') => {
                let Some(top) = self.screens.last() else { return };
                let help = screens::help(&top.title(&cx), top.keys(), &mut cx);
                return self.follow(Flow::Open(help));
            }
            _ if !running => return,
            KeyCode::Char('n') if control => screens::new(&mut cx),
            KeyCode::Char('r') if control => screens::requests(&mut cx),
            KeyCode::Char('p') if control => screens::plugins(&mut cx),
            KeyCode::Char('g') if control => screens::network(&mut cx),
            KeyCode::Char(',') if control => screens::settings(&mut cx),
            KeyCode::F(2) => screens::settings(&mut cx),
            KeyCode::F(3) => screens::contacts(&mut cx),
            KeyCode::F(4) => screens::accounts(&mut cx),
            KeyCode::F(5) => screens::qr(&mut cx),
            _ => return,
        };
        // From page to page, not page on page.
        self.follow(Flow::Home);
        self.follow(Flow::Open(screen));
    }

    /// It looks as the user wants it.
    fn follow_settings(&mut self) {
        let look = Look::of(&self.model, self.begun);
        if look.theme != self.look.theme {
            self.theme = Theme::new(look.theme, self.theme.depth);
        }
        self.look = look;
    }

    /// What a command in the composer asked for, and what a plugin does that
    /// was to be loaded.
    fn grant_wish(&mut self, now: Millis) {
        let mut cx = cx!(self, now);
        if let Some(allow) = screens::allow(&mut cx) {
            self.follow(Flow::Open(allow));
            self.dirty = true;
        }
        let Some(wish) = self.model.take_wish() else { return };
        let mut cx = cx!(self, now);
        let screen = match wish {
            Wish::Help => {
                let Some(top) = self.screens.last() else { return };
                screens::help(&top.title(&cx), top.keys(), &mut cx)
            }
            Wish::Contacts => screens::contacts(&mut cx),
            Wish::New(text) => screens::new_with(&text, &mut cx),
            Wish::OwnId => screens::qr(&mut cx),
            Wish::Network => screens::network(&mut cx),
            Wish::Plugins => screens::plugins(&mut cx),
            Wish::Settings => screens::settings(&mut cx),
        };
        self.follow(Flow::Open(screen));
        self.dirty = true;
    }
}

fn is_overlay(shape: Shape) -> bool {
    matches!(shape, Shape::Overlay { .. })
}

/// Whether a click that is not on a screen closes it: on the title of a page,
/// or beside the panel of an overlay.
fn closes(mouse: Mouse, top: Rect, shape: Shape) -> bool {
    mouse.what == MouseAct::Click
        && match shape {
            Shape::Whole => false,
            Shape::Page => mouse.at.y < top.y,
            Shape::Overlay { .. } => !mouse.is_in(top.outer(Margin::new(1, 1))),
        }
}

/// Draws a screen with what belongs around it. Returns where it is.
fn draw_screen(screen: &mut dyn Screen, frame: &mut Frame, cx: &Cx) -> Rect {
    let area = match screen.shape(cx) {
        Shape::Whole => cx.size,
        Shape::Page => {
            frame.buffer_mut().set_style(cx.size, cx.theme.base());
            widgets::page(frame, cx, &screen.title(cx), screen.hints())
        }
        Shape::Overlay { width, height } => {
            widgets::fade(frame, cx.theme);
            widgets::keys(frame, cx, screen.hints());
            // The line of keys below stays whole where there is room for that.
            let rows = if cx.size.height >= ROOMY { widgets::footer_area(cx).height } else { 0 };
            let room = Rect { height: cx.size.height.saturating_sub(rows), ..cx.size };
            let panel = widgets::centered(room, width, height);
            widgets::panel(frame, panel, cx, &screen.title(cx))
        }
    };
    if area.is_empty() {
        return Rect { width: 0, height: 0, ..area };
    }
    screen.draw(frame, area, cx);
    area
}
