//! A few things of which one is chosen.

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::parts::{Entry, Menu, enter, inside, paragraph};
use crate::screen::{Cx, Flow, KeyHelp, Mouse, MouseAct, Screen, Shape};

/// What is done with the chosen one.
pub(crate) type Chosen<T> = Box<dyn FnMut(&T, &mut Cx) -> Flow + Send>;

const WIDTH: u16 = 50;

/// One of several.
pub(crate) struct Choice<T> {
    title: String,
    choices: Vec<(String, String, T)>,
    current: Option<usize>,
    menu: Menu,
    act: Chosen<T>,
}

impl<T: Send + 'static> Choice<T> {
    /// Lets one be chosen; `current` is the one that is so now. Each has a
    /// name and, where that is not enough, a sentence.
    pub(crate) fn new(
        title: impl Into<String>,
        choices: Vec<(String, String, T)>,
        current: Option<usize>,
        act: impl FnMut(&T, &mut Cx) -> Flow + Send + 'static,
    ) -> Box<Self> {
        let mut menu = Menu::default();
        menu.go(current.unwrap_or(0));
        Box::new(Self { title: title.into(), choices, current, menu, act: Box::new(act) })
    }

    fn choose(&mut self, cx: &mut Cx) -> Flow {
        match self.choices.get(self.menu.at()) {
            Some((_, _, what)) => (self.act)(what, cx),
            None => Flow::Close,
        }
    }

    fn entries(&self, width: u16, cx: &Cx) -> Vec<Entry> {
        let columns = usize::from(width).saturating_sub(6);
        let entry = |(number, (name, text, _)): (usize, &(String, String, T))| {
            let mark = if self.current == Some(number) { "● " } else { "  " };
            let name = Span::styled(name.clone(), cx.theme.text());
            let mut lines = vec![Line::from(vec![Span::styled(mark, cx.theme.accent()), name])];
            if !text.is_empty() {
                let text = paragraph(text, columns, cx.theme.dim());
                lines.extend(text.into_iter().map(|line| {
                    let mut line = line;
                    line.spans.insert(0, Span::raw("  "));
                    line
                }));
            }
            Entry::Choice(lines)
        };
        self.choices.iter().enumerate().map(entry).collect()
    }
}

impl<T: Send + 'static> Screen for Choice<T> {
    fn shape(&self, cx: &Cx) -> Shape {
        let width = WIDTH.min(cx.size.width.saturating_sub(4));
        let rows: usize = self
            .entries(width.saturating_sub(2), cx)
            .iter()
            .map(|entry| match entry {
                Entry::Choice(lines) | Entry::Text(lines) => lines.len(),
            })
            .sum();
        let height = u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(2);
        Shape::Overlay { width, height }
    }

    fn title(&self, _: &Cx) -> String {
        self.title.clone()
    }

    fn keys(&self) -> &[KeyHelp] {
        &[("Up/Down", "choose"), ("Enter", "take it"), ("Esc", "back")]
    }

    fn draw(&mut self, frame: &mut Frame, area: Rect, cx: &Cx) {
        let area = inside(area);
        let entries = self.entries(area.width, cx);
        self.menu.draw(frame, area, cx.theme, &entries);
    }

    fn key(&mut self, key: KeyEvent, cx: &mut Cx) -> Flow {
        if enter(&key) {
            return self.choose(cx);
        }
        if self.menu.key(&key) { Flow::Stay } else { Flow::Ignored }
    }

    fn mouse(&mut self, mouse: Mouse, cx: &mut Cx) -> Flow {
        let pressed = self.menu.mouse(mouse).is_some();
        if pressed && mouse.what == MouseAct::Click { self.choose(cx) } else { Flow::Stay }
    }
}
