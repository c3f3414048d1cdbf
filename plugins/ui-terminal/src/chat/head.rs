//! What stands above the open conversation, and where none is open.

use ramson_view::Thread;
use ramson_view::list::Shelf;
use ramson_view::text::fit;
use ramson_view::time::duration;
use ramson_wire::{Conversation, Disappearing};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::screen::{Cx, KeyHelp};
use crate::widgets::{cells, put};

/// What has to be known before something is written.
pub(super) fn strip(conversation: Option<&Conversation>) -> Option<&'static str> {
    let conversation = conversation?;
    if conversation.blocked {
        Some("Blocked: nothing of them is heard. Ctrl-O has more")
    } else if conversation.request {
        Some("A message request. Writing accepts it; Ctrl-R has more")
    } else {
        None
    }
}

/// Whose conversation it is, and what holds in it.
pub(super) fn draw_head(
    frame: &mut Frame,
    area: Rect,
    thread: &Thread,
    conversation: Option<&Conversation>,
    cx: &Cx,
    narrow: bool,
) {
    if area.is_empty() {
        return;
    }
    let theme = cx.theme;
    let line = |y: u16| Rect { y: area.y.saturating_add(y), height: 1, ..area }.intersection(area);
    let upper = u16::from(area.height >= 4);
    let mut x = area.x.saturating_add(if narrow { 1 } else { 3 });
    if narrow {
        x = put(frame, line(upper), x, "‹ ", theme.dim());
    }
    let room = area.right().saturating_sub(x).saturating_sub(2);
    let name = fit(&cx.model.title_of(&thread.id), room.into(), cx.order);
    let end = put(frame, line(upper), x, &name, theme.strong());
    let (state, style) = if cx.model.is_typing(&thread.id) {
        ("typing…".to_owned(), theme.accent())
    } else {
        (state(thread, conversation, cx), theme.dim())
    };
    if area.height >= 4 {
        let room = area.right().saturating_sub(x).saturating_sub(2);
        put(frame, line(upper.saturating_add(1)), x, &fit(&state, room.into(), cx.order), style);
    } else {
        let room = area.right().saturating_sub(end).saturating_sub(4);
        let state = fit(&state, room.into(), cx.order);
        put(
            frame,
            line(upper),
            area.right().saturating_sub(cells(&state)).saturating_sub(2),
            &state,
            style,
        );
    }
}

/// What holds in a conversation, in a few words.
fn state(thread: &Thread, conversation: Option<&Conversation>, cx: &Cx) -> String {
    let short = ramson_view::names::short(&thread.id);
    // Where there is no name, the title has the short one already.
    let id = if cx.model.title_of(&thread.id) == short { thread.id.0.clone() } else { short };
    let mut parts = vec![id];
    let Some(conversation) = conversation else { return parts.concat() };
    match conversation.disappearing {
        Disappearing::Off => {}
        Disappearing::AfterSend(seconds) => {
            parts.push(format!("messages disappear {} after sending", duration(seconds.into())));
        }
        Disappearing::AfterRead(seconds) => {
            parts.push(format!("messages disappear {} after reading", duration(seconds.into())));
        }
    }
    if ramson_view::list::is_muted(conversation, cx.now) {
        parts.push("muted".to_owned());
    }
    parts.join("  ·  ")
}

/// Columns of a key, where no conversation is open.
const KEY: u16 = 9;

/// What stands where no conversation is open: what can be done now.
pub(super) fn draw_nothing(frame: &mut Frame, area: Rect, cx: &Cx) {
    let (title, keys) = next_steps(cx);
    let rows = u16::try_from(keys.len()).unwrap_or(u16::MAX).saturating_add(2);
    let wide = |(_, does): &KeyHelp| KEY.saturating_add(cells(does));
    let width = keys.iter().map(wide).max().unwrap_or_default().max(cells(title));
    if area.is_empty() || area.width < width.saturating_add(4) {
        return;
    }
    let x = area.x.saturating_add(area.width.saturating_sub(width) / 2);
    let top = area.y.saturating_add(area.height.saturating_sub(rows) / 2);
    let row = |y: u16| Rect { y, height: 1, ..area }.intersection(area);
    put(frame, row(top), x, title, cx.theme.strong());
    for (y, (key, does)) in (top.saturating_add(2)..area.bottom()).zip(keys) {
        put(frame, row(y), x, key, cx.theme.accent());
        put(frame, row(y), x.saturating_add(KEY), does, cx.theme.dim());
    }
}

fn next_steps(cx: &Cx) -> (&'static str, Vec<KeyHelp>) {
    let model = &*cx.model;
    let new = ("Ctrl-N", "write to somebody");
    let (all, own) = (("F1", "all keys"), ("F5", "your Account ID, to give away"));
    let phrase = ("F4", "your recovery phrase: write it down");
    let requests = Some(("Ctrl-R", "who would like to write to you"));
    let requests = requests.filter(|_| model.requests() > 0);
    let (title, keys) = match model.book().map_or(0, |book| book.count(Shelf::Chats)) {
        _ if model.account.is_none() => ("No account here yet", vec![("F4", "accounts"), all]),
        0 => ("Nobody to write with yet", vec![new, own, phrase, all]),
        _ => ("Choose a conversation", vec![("Enter", "open the marked one"), new, own, all]),
    };
    (title, requests.into_iter().chain(keys).collect())
}
