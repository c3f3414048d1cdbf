//! The line at the bottom: what the newest note says, else the keys that are of
//! use now; and how the network is.

use ramson_view::text::fit;
use ratatui::Frame;
use ratatui::layout::Rect;

use super::{cells, put};
use crate::screen::{Cx, KeyHelp};

/// Between two keys.
const GAP: u16 = 3;

/// Draws it. Of the keys, those are shown that fit; the first ones are the
/// most useful ones.
pub(crate) fn footer(frame: &mut Frame, area: Rect, cx: &Cx, keys: &[KeyHelp]) {
    let margin = if area.width >= 40 { 2 } else { 1 };
    let end = network(frame, area, cx, area.right().saturating_sub(margin));
    let area = Rect { width: end.saturating_sub(area.x), ..area };
    let x = area.x.saturating_add(margin);
    if let Some(note) = cx.model.notes.newest() {
        let (sign, style) =
            if note.good { ("✓ ", cx.theme.accent()) } else { ("! ", cx.theme.bad()) };
        let x = put(frame, area, x, sign, style);
        let room = area.right().saturating_sub(x).saturating_sub(1);
        put(frame, area, x, &fit(&note.text, room.into(), cx.order), cx.theme.text());
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

fn width((key, does): KeyHelp) -> u16 {
    cells(key).saturating_add(cells(does)).saturating_add(1)
}

fn write(frame: &mut Frame, area: Rect, x: u16, (key, does): KeyHelp, cx: &Cx) -> u16 {
    let x = put(frame, area, x, key, cx.theme.text());
    put(frame, area, x.saturating_add(1), does, cx.theme.dim())
}

/// How the network is, at the right. Returns where it begins.
fn network(frame: &mut Frame, area: Rect, cx: &Cx, end: u16) -> u16 {
    let name = fit(&cx.model.network_name, 16, cx.order);
    if area.width < 60 || name.is_empty() {
        return end;
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
    let x = end.saturating_sub(cells(&name).saturating_add(2));
    put(frame, area, x, sign, style);
    put(frame, area, x.saturating_add(2), &name, cx.theme.dim());
    x.saturating_sub(GAP)
}
