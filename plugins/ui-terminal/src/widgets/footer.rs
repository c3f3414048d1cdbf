//! The line at the bottom: what the newest note says, else the keys that are of
//! use now; and how the network is. A note about what went wrong has more lines
//! where it needs them: the way out stands at its end.

use ramson_view::text::{Order, fit, plain, wrap};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{cells, put};
use crate::screen::{Cx, KeyHelp};

/// Between two keys.
const GAP: u16 = 3;

/// The most lines of a note.
const MOST: u16 = 3;

/// Where it is in the whole terminal.
pub(crate) fn footer_area(cx: &Cx) -> Rect {
    let area = cx.size;
    let rows = u16::try_from(note(area, cx).len()).unwrap_or(u16::MAX).max(1).min(area.height);
    Rect { y: area.bottom().saturating_sub(rows), height: rows, ..area }
}

/// Draws it. Of the keys, those are shown that fit; the first ones are the
/// most useful ones.
pub(crate) fn footer(frame: &mut Frame, cx: &Cx, keys: &[KeyHelp]) {
    let area = footer_area(cx);
    let lines = note(cx.size, cx);
    let last = area.bottom().saturating_sub(1);
    let end = network(frame, Rect { y: last, height: area.height.min(1), ..area }, cx);
    let area = Rect { width: end.saturating_sub(area.x), ..area };
    let x = area.x.saturating_add(margin(area.width));
    if let Some(note) = cx.model.notes.newest() {
        let (sign, style) =
            if note.good { ("✓ ", cx.theme.accent()) } else { ("! ", cx.theme.bad()) };
        let x = put(frame, area, x, sign, style);
        for (y, line) in (area.top()..area.bottom()).zip(lines) {
            put(frame, Rect { y, height: 1, ..area }, x, &line, cx.theme.text());
        }
        return;
    }
    let help = ("F1", "help");
    let help_width = width(help);
    let mut x = x;
    let others = keys.iter().filter(|key| key.0 != help.0);
    for key in others {
        let wanted = width(*key).saturating_add(GAP);
        if x.saturating_add(wanted).saturating_add(help_width) > area.right() {
            break;
        }
        x = write(frame, area, x, *key, cx).saturating_add(GAP);
    }
    if x.saturating_add(help_width) <= area.right() {
        write(frame, area, x, help, cx);
    }
}

const fn margin(columns: u16) -> u16 {
    if columns >= 40 { 2 } else { 1 }
}

/// The lines of the newest note, on a terminal of a size; none without one.
fn note(size: Rect, cx: &Cx) -> Vec<String> {
    let Some(note) = cx.model.notes.newest() else { return Vec::new() };
    let end = network_at(size, cx).0;
    // Before it are the margin and the sign; behind it is a column that stays free.
    let taken = margin(size.width).saturating_add(3);
    let room = usize::from(end.saturating_sub(size.x).saturating_sub(taken));
    // What was there before has most of the terminal.
    let most = if note.good { 1 } else { MOST.min(size.height / 4).max(1) };
    if most == 1 || room < 8 {
        return vec![fit(&note.text, room, cx.order)];
    }
    let mut lines: Vec<String> =
        wrap(&plain(&note.text), room, cx.order).iter().map(|line| line.text()).collect();
    let rest = lines.split_off(lines.len().min(usize::from(most).saturating_sub(1)));
    // They are in the order in which they are seen already.
    lines.extend((!rest.is_empty()).then(|| fit(&rest.join(" "), room, Order::Logical)));
    lines
}

fn width((key, does): KeyHelp) -> u16 {
    cells(key).saturating_add(cells(does)).saturating_add(1)
}

fn write(frame: &mut Frame, area: Rect, x: u16, (key, does): KeyHelp, cx: &Cx) -> u16 {
    let x = put(frame, area, x, key, cx.theme.text());
    put(frame, area, x.saturating_add(1), does, cx.theme.dim())
}

/// How the network is, at the right. Returns where it begins.
fn network(frame: &mut Frame, area: Rect, cx: &Cx) -> u16 {
    let (end, shown) = network_at(area, cx);
    if let Some((sign, style, name)) = shown {
        let x = end.saturating_add(GAP);
        put(frame, area, x, sign, style);
        put(frame, area, x.saturating_add(2), &name, cx.theme.dim());
    }
    end
}

/// What is said of the network, and where what is before it ends.
fn network_at(area: Rect, cx: &Cx) -> (u16, Option<(&'static str, Style, String)>) {
    let end = area.right().saturating_sub(margin(area.width));
    let name = fit(&cx.model.network_name, 16, cx.order);
    if area.width < 60 || name.is_empty() {
        return (end, None);
    }
    let (sign, style, name) = match &cx.model.network {
        Some(network) if network.paths.is_empty() => match &network.trouble {
            Some(_) => ("●", cx.theme.bad(), "no connection".to_owned()),
            None => ("○", cx.theme.warn(), "connecting …".to_owned()),
        },
        Some(network) if network.trouble.is_some() => ("●", cx.theme.bad(), name),
        Some(_) => ("●", cx.theme.accent(), name),
        None => ("○", cx.theme.dim(), name),
    };
    let begin = end.saturating_sub(cells(&name).saturating_add(2));
    (begin.saturating_sub(GAP), Some((sign, style, name)))
}
