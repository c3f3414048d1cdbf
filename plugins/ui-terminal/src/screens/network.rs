//! How the network is: the paths that requests take, and the account's swarm.

mod drawing;

use crossterm::event::KeyEvent;
use ramson_view::Action;
use ramson_view::text::{plain, wrap};
use ramson_wire::{Millis, Network as State};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::parts::{
    LABEL, Scroll, empty, fitted, heading, letter, padded, pair, text_column, thousands,
};
use crate::screen::{Cx, Flow, KeyHelp, Mouse, Screen};

/// How often the question is asked anew while the screen is there.
const EVERY: Millis = 5_000;

/// The smallest difference of clocks that is worth a word, in milliseconds.
const CLOCK: u64 = 500;

/// What is wrong is told in so many rows at most.
const MOST_TROUBLE: usize = 4;

/// The network.
pub(crate) struct Network {
    asked: Millis,
    scroll: Scroll,
}

impl Network {
    /// Asks how it is.
    pub(crate) fn new(cx: &mut Cx) -> Self {
        let mut screen = Self { asked: cx.now, scroll: Scroll::default() };
        screen.ask(cx);
        screen
    }

    fn ask(&mut self, cx: &mut Cx) {
        self.asked = cx.now;
        cx.act(Action::AskNetwork);
    }
}

fn facts(network: &State, columns: usize, cx: &Cx) -> Vec<Line<'static>> {
    let theme = cx.theme;
    let mut lines = vec![
        pair(theme, "Network", fitted(&network.name, 40, cx)),
        pair(theme, "Service nodes", thousands(network.nodes)),
    ];
    let ready = u64::try_from(network.paths.len()).unwrap_or(u64::MAX);
    let text = format!("{ready} of {} ready", network.paths_wanted);
    let mut paths = pair(theme, "Paths", text);
    if ready < network.paths_wanted {
        let room = columns.saturating_sub(paths.width().saturating_add(2));
        let text = fitted("another one is being built", room, cx);
        paths.extend([Span::raw("  "), Span::styled(text, theme.warn())]);
    }
    lines.push(paths);
    let away = network.clock_ahead.unsigned_abs();
    let seconds = format!(
        "{}.{} s",
        away.checked_div(1_000).unwrap_or(0),
        away.checked_rem(1_000).and_then(|rest| rest.checked_div(100)).unwrap_or(0)
    );
    let clock = match network.clock_ahead {
        _ if away < CLOCK => "as the network's".to_owned(),
        ahead if ahead > 0 => format!("{seconds} ahead of the network's"),
        _ => format!("{seconds} behind the network's"),
    };
    lines.push(pair(theme, "This clock", fitted(&clock, columns.saturating_sub(LABEL), cx)));
    lines
}

/// The members of the swarm, in columns.
fn swarm(network: &State, columns: usize, cx: &Cx) -> Vec<Line<'static>> {
    let mut lines = vec![heading(cx.theme, "Your swarm")];
    if network.swarm.is_empty() {
        lines.push(Line::styled("Not known yet", cx.theme.dim()));
        return lines;
    }
    let text = "keeps what is sent to you until you fetch it";
    lines.push(Line::styled(fitted(text, columns, cx), cx.theme.dim()));
    lines.push(Line::raw(""));
    const CELL: usize = 28;
    let across = columns.checked_div(CELL).unwrap_or(1).max(1);
    for members in network.swarm.chunks(across) {
        let mut line = Line::default();
        for member in members {
            let key = drawing::short(&member.key);
            line.push_span(Span::styled("● ", cx.theme.accent()));
            line.push_span(Span::styled(padded(&key, 6), cx.theme.text()));
            let address = fitted(&drawing::host(member), CELL.saturating_sub(10), cx);
            line.push_span(Span::styled(padded(&address, CELL.saturating_sub(8)), cx.theme.dim()));
        }
        lines.push(line);
    }
    lines
}

impl Screen for Network {
    fn title(&self, _: &Cx) -> String {
        "Network".to_owned()
    }

    fn keys(&self) -> &[KeyHelp] {
        &[("Up/Down", "scroll"), ("u", "ask again"), ("Esc", "back")]
    }

    fn draw(&mut self, frame: &mut Frame, area: Rect, cx: &Cx) {
        let area = text_column(area);
        let columns = usize::from(area.width).saturating_sub(1);
        let Some(network) = &cx.model.network else {
            return match &cx.model.unanswered.network {
                None => {
                    empty(frame, area, cx.theme, "Asking …", "The engine is asked how it goes.")
                }
                Some(why) => empty(frame, area, cx.theme, "No answer", why),
            };
        };
        let mut lines = facts(network, columns, cx);
        lines.push(Line::raw(""));
        if let Some(trouble) = &network.trouble {
            let rows = wrap(&plain(trouble), columns.saturating_sub(2).max(8), cx.order);
            for (number, row) in rows.into_iter().take(MOST_TROUBLE).enumerate() {
                let sign = if number == 0 { "! " } else { "  " };
                lines.push(Line::styled(format!("{sign}{}", row.text()), cx.theme.bad()));
            }
            lines.push(Line::raw(""));
        }
        lines.push(heading(cx.theme, "Your paths"));
        let text = "no node on them knows both who you are and whom you write to";
        lines.push(Line::styled(fitted(text, columns, cx), cx.theme.dim()));
        lines.push(Line::raw(""));
        lines.extend(drawing::paths(network, columns, cx));
        lines.extend(swarm(network, columns, cx));
        self.scroll.draw(frame, area, cx.theme, &lines);
    }

    fn key(&mut self, key: KeyEvent, cx: &mut Cx) -> Flow {
        if letter(&key) == Some('u') {
            self.ask(cx);
            return Flow::Stay;
        }
        if self.scroll.key(&key) { Flow::Stay } else { Flow::Ignored }
    }

    fn mouse(&mut self, mouse: Mouse, _: &mut Cx) -> Flow {
        self.scroll.mouse(mouse);
        Flow::Stay
    }

    fn tick(&mut self, cx: &mut Cx) -> Flow {
        if cx.now.saturating_sub(self.asked) >= EVERY {
            self.ask(cx);
        }
        Flow::Stay
    }
}
