//! The own Account ID: as a QR code for a phone's camera, and as text.

mod code;

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;

use super::parts::{Button, Buttons, below, fitted, letter, paragraph, text_column, write};
use crate::screen::{Cx, Flow, KeyHelp, Mouse, Screen};
use crate::theme::Depth;
use code::Code;

/// A camera wants dark on light, whatever the theme is. Without colours most
/// terminals are dark, and have that when they are reversed.
fn ink(depth: Depth) -> Style {
    let shade = |level| depth.nearest(Color::Rgb(level, level, level));
    match depth {
        Depth::None => Style::new().add_modifier(Modifier::REVERSED),
        _ => Style::new().fg(shade(0)).bg(shade(255)),
    }
}

/// Columns between the code and the text beside it.
const GAP: u16 = 3;

/// Columns of the text beside the code: a third of an Account ID and a little.
const BESIDE: u16 = 26;

/// Shows the Account ID.
#[derive(Default)]
pub(crate) struct Qr {
    buttons: Buttons,
}

fn copy(cx: &mut Cx) -> Flow {
    if let Some(account) = cx.model.account {
        cx.copy(account.to_string(), "Account ID");
    }
    Flow::Stay
}

impl Qr {
    /// Draws name, id and what they are for.
    fn text(&mut self, frame: &mut Frame, area: Rect, cx: &Cx) {
        let Some(account) = cx.model.account else { return };
        let columns = usize::from(area.width);
        let name = fitted(&cx.model.own_name(&account), columns, cx);
        let mut lines = vec![Line::styled(name, cx.theme.strong()), Line::raw("")];
        let id = account.to_string();
        // Three lines of the same length where there is room for that.
        let part = if columns >= 66 { 66 } else { 22_usize.min(columns.max(1)) };
        let mut rest = id.as_str();
        while let Some((head, tail)) = rest.split_at_checked(part) {
            lines.push(Line::styled(head.to_owned(), cx.theme.text()));
            rest = tail;
        }
        if !rest.is_empty() {
            lines.push(Line::styled(rest.to_owned(), cx.theme.text()));
        }
        lines.push(Line::raw(""));
        lines.extend(paragraph(
            "This is your address. Whoever knows it can write to you; you decide whether you \
             hear them.",
            columns,
            cx.theme.dim(),
        ));
        lines.push(Line::raw(""));
        write(frame, area, &lines);
        let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        self.buttons.draw(frame, below(area, rows), cx.theme, &[Button::plain("c", "Copy")]);
    }
}

impl Screen for Qr {
    fn title(&self, _: &Cx) -> String {
        "Your Account ID".to_owned()
    }

    fn keys(&self) -> &[KeyHelp] {
        &[("c", "copy"), ("Esc", "back")]
    }

    fn hints(&self) -> &[KeyHelp] {
        &[("Esc", "back")]
    }

    fn draw(&mut self, frame: &mut Frame, area: Rect, cx: &Cx) {
        let area = text_column(area);
        let Some(account) = cx.model.account else { return };
        // The margin should be four modules; cameras do with two.
        let code = Code::of(&account.to_string());
        let fits = |margin: &u16| {
            code.as_ref().is_some_and(|code| {
                code.edge(*margin) <= area.width && code.rows(*margin) <= area.height
            })
        };
        let margin = [4, 3, 2].into_iter().find(fits);
        let (Some(code), Some(margin)) = (code.as_ref(), margin) else {
            self.text(frame, area, cx);
            return;
        };
        let (width, height) = (code.edge(margin), code.rows(margin));
        for (y, line) in (area.top()..).zip(code.lines(margin)) {
            let row = Rect { y, height: 1, width, ..area };
            frame.render_widget(Line::styled(line, ink(cx.theme.depth)), row);
        }
        let left = width.saturating_add(GAP);
        if area.width >= left.saturating_add(BESIDE) {
            let area = Rect {
                x: area.x.saturating_add(left),
                width: area.width.saturating_sub(left),
                ..area
            };
            self.text(frame, below(area, 1), cx);
        } else {
            self.text(frame, below(area, height.saturating_add(1)), cx);
        }
    }

    fn key(&mut self, key: KeyEvent, cx: &mut Cx) -> Flow {
        if letter(&key) == Some('c') { copy(cx) } else { Flow::Ignored }
    }

    fn mouse(&mut self, mouse: Mouse, cx: &mut Cx) -> Flow {
        if self.buttons.mouse(mouse).is_some() { copy(cx) } else { Flow::Ignored }
    }
}
