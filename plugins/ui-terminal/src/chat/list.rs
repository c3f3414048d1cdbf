//! The list of conversations: whose account it is, who waits for an answer,
//! and a row for each conversation.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ramson_view::list::{Shows, listed, row};
use ramson_view::text::fit;
use ramson_view::{Action, Filter, Row};
use ramson_wire::{Conversation, ConversationId};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::screen::{Cx, Flow, KeyHelp, Mouse, MouseAct};
use crate::screens::{self, parts::Field};
use crate::theme::ThemeName;
use crate::widgets::{badge, cells, put, scrollbar};

/// The keys while the list has the focus.
const KEYS: &[KeyHelp] = &[
    ("Enter", "open"),
    ("Ctrl-N", "new"),
    ("Ctrl-F", "search"),
    ("Tab", "other pane"),
    ("Ctrl-R", "requests"),
    ("p", "pin"),
    ("m", "mute"),
    ("u", "mark unread"),
    ("i", "info"),
];

/// The same while it is searched: letters are written.
const SEARCH_KEYS: &[KeyHelp] = &[("Enter", "open"), ("Up/Down", "choose"), ("Esc", "show all")];

/// From this height on, rows stand apart; below, where all have room.
const ROOMY: u16 = 32;

/// A day, for muting.
const DAY: u64 = 86_400_000;

/// What a click leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Hit {
    Accounts,
    New,
    Requests,
    Conversation(ConversationId),
}

/// What became of a key.
pub(super) enum Did {
    /// The screens change, or not.
    Flow(Flow),
    /// A conversation was opened: the focus goes there.
    Opened,
    /// The list is left.
    Left,
}

/// How the list is looked at.
pub(super) struct ListView {
    filter: Filter,
    search: Option<Field>,
    /// The row that keys are about; the open conversation's where it is not
    /// known.
    cursor: Option<ConversationId>,
    /// The first row on the screen.
    top: usize,
    /// The cursor has to be on the screen.
    reveal: bool,
    rows: u16,
    hits: Vec<(Rect, Hit)>,
    on_screen: Vec<ConversationId>,
    told: Vec<ConversationId>,
}

impl ListView {
    pub(super) fn new() -> Self {
        Self {
            filter: Filter::default(),
            search: None,
            cursor: None,
            top: 0,
            reveal: true,
            rows: 1,
            hits: Vec::new(),
            on_screen: Vec::new(),
            told: Vec::new(),
        }
    }

    /// The keys while the list has the focus.
    pub(super) fn keys(&self) -> &'static [KeyHelp] {
        if self.search.is_some() { SEARCH_KEYS } else { KEYS }
    }

    /// Another conversation was opened, from wherever.
    pub(super) fn follow(&mut self, open: Option<&ConversationId>) {
        if let Some(open) = open {
            self.cursor = Some(open.clone());
            self.reveal = true;
        }
    }

    /// Draws it.
    pub(super) fn draw(&mut self, frame: &mut Frame, area: Rect, cx: &Cx, focused: bool) {
        frame.buffer_mut().set_style(area, cx.theme.surface());
        self.hits.clear();
        self.on_screen.clear();
        if area.is_empty() {
            return;
        }
        let head = self.draw_head(frame, area, cx, focused);
        let area = Rect {
            y: area.y.saturating_add(head),
            height: area.height.saturating_sub(head),
            ..area
        };
        self.draw_rows(frame, area, cx, focused);
    }

    /// Draws what is above the rows. Returns its height.
    fn draw_head(&mut self, frame: &mut Frame, area: Rect, cx: &Cx, focused: bool) -> u16 {
        let theme = cx.theme;
        let mut y = area.y.saturating_add(u16::from(area.height >= 16));
        let line = |y: u16| Rect { y, height: 1, ..area }.intersection(area);
        let left = area.x.saturating_add(2);
        let right = area.right().saturating_sub(2);

        let name = match cx.model.account {
            Some(account) => cx.model.own_name(&account),
            None => "No account: F4".to_owned(),
        };
        let room = right.saturating_sub(left).saturating_sub(4);
        let name = fit(&name, room.into(), cx.order);
        let mut end = put(frame, line(y), left, &name, theme.strong());
        if cx.model.accounts.len() > 1 {
            end = put(frame, line(y), end, " ▾", theme.dim());
        }
        self.hits.push((Rect { width: end.saturating_sub(area.x), ..line(y) }, Hit::Accounts));
        let plus = Rect { x: right.saturating_sub(3), width: 3, ..line(y) }.intersection(area);
        put(frame, plus, plus.x, " + ", theme.accent().add_modifier(Modifier::BOLD));
        self.hits.push((plus, Hit::New));
        y = y.saturating_add(1);

        let inner = Rect { x: left, width: right.saturating_sub(left), ..line(y) };
        if let Some(search) = &mut self.search {
            let inner = Rect { y: y.saturating_add(u16::from(area.height >= 16)), ..inner };
            let place = inner.intersection(area);
            if focused && cx.active {
                search.draw(frame, place, cx, "name or Account ID");
            } else {
                let text = fit(search.text(), place.width.into(), cx.order);
                put(frame, place, place.x, &text, theme.dim());
            }
            y = inner.y.saturating_add(1);
        }
        let requests = cx.model.requests();
        if requests > 0 {
            y = y.saturating_add(u16::from(area.height >= 16));
            let text = match requests {
                1 => "1 message request".to_owned(),
                count => format!("{count} message requests"),
            };
            let room = right.saturating_sub(left).saturating_sub(2);
            let end = put(frame, line(y), left, &fit(&text, room.into(), cx.order), theme.accent());
            put(frame, line(y), end, " ›", theme.accent());
            self.hits.push((line(y), Hit::Requests));
            y = y.saturating_add(1);
        }
        y = y.saturating_add(u16::from(area.height >= 16));
        y.saturating_sub(area.y).min(area.height)
    }

    fn draw_rows(&mut self, frame: &mut Frame, area: Rect, cx: &Cx, focused: bool) {
        let all: Vec<&Conversation> = listed(cx.model, &self.filter).collect();
        let apart = u16::try_from(all.len()).unwrap_or(u16::MAX).saturating_mul(3);
        let step: u16 = if area.height >= ROOMY || apart <= area.height { 3 } else { 2 };
        self.rows = (area.height.saturating_add(step.saturating_sub(2)) / step).max(1);
        let rows = usize::from(self.rows);
        if all.is_empty() {
            self.draw_empty(frame, area, cx);
            return;
        }
        let at = self.cursor.as_ref().and_then(|id| all.iter().position(|it| it.id == *id));
        if let Some(at) = at.filter(|_| self.reveal) {
            self.top = self.top.min(at).max(at.saturating_add(1).saturating_sub(rows));
        }
        self.reveal = false;
        self.top = self.top.min(all.len().saturating_sub(rows));
        let shown = all.iter().skip(self.top).take(rows);
        for (conversation, y) in shown.zip((area.top()..area.bottom()).step_by(step.into())) {
            let place = Rect { y, height: 2, ..area }.intersection(area);
            let row = row(cx.model, conversation, &cx.clock());
            let marked = focused && Some(&conversation.id) == self.cursor.as_ref();
            draw_row(frame, place, cx, &row, marked);
            self.hits.push((place, Hit::Conversation(conversation.id.clone())));
            self.on_screen.push(conversation.id.clone());
        }
        let after = all.len().saturating_sub(self.top).saturating_sub(rows);
        scrollbar(frame, area, cx.theme, self.top, rows.min(all.len()), after);
    }

    fn draw_empty(&self, frame: &mut Frame, area: Rect, cx: &Cx) {
        let lines: [(&str, Style); 3] = if self.filter.words.is_empty() {
            [
                ("Nobody here yet", cx.theme.strong()),
                ("", cx.theme.dim()),
                ("Ctrl-N writes to somebody", cx.theme.dim()),
            ]
        } else {
            [
                ("Nobody is called that", cx.theme.strong()),
                ("", cx.theme.dim()),
                ("Esc shows all", cx.theme.dim()),
            ]
        };
        let room = area.width.saturating_sub(4);
        for (y, (text, style)) in (area.top()..area.bottom()).zip(lines) {
            let row = Rect { y, height: 1, ..area };
            put(frame, row, area.x.saturating_add(2), &fit(text, room.into(), cx.order), style);
        }
    }

    /// Says which rows are on the screen.
    pub(super) fn tick(&mut self, cx: &mut Cx) {
        if self.on_screen != self.told {
            self.told.clone_from(&self.on_screen);
            cx.act(Action::ShowRows(self.told.clone()));
        }
    }

    /// Begins to search.
    pub(super) fn begin_search(&mut self) {
        self.search = Some(Field::new(&self.filter.words));
    }

    fn end_search(&mut self) {
        self.search = None;
        self.filter.words.clear();
        self.reveal = true;
    }

    /// A text was pasted while the list has the focus.
    pub(super) fn paste(&mut self, text: &str) {
        if self.search.is_none() {
            self.begin_search();
        }
        if let Some(search) = &mut self.search {
            search.paste(text);
            self.filter.words = search.text().to_owned();
            self.top = 0;
        }
    }

    /// A key while the list has the focus.
    pub(super) fn key(&mut self, key: KeyEvent, cx: &mut Cx) -> Did {
        let stay = Did::Flow(Flow::Stay);
        let page = i32::from(self.rows.max(2)).saturating_sub(1);
        match key.code {
            KeyCode::Up => self.step(-1, cx),
            KeyCode::Down => self.step(1, cx),
            KeyCode::PageUp => self.step(-page, cx),
            KeyCode::PageDown => self.step(page, cx),
            KeyCode::Home if self.search.is_none() => self.step(i32::MIN, cx),
            KeyCode::End if self.search.is_none() => self.step(i32::MAX, cx),
            KeyCode::Enter => {
                let mut listed = listed(cx.model, &self.filter);
                let first = listed.next().map(|it| it.id.clone());
                drop(listed);
                let id = self.current(cx).or(first);
                let Some(id) = id else { return stay };
                self.end_search();
                cx.act(Action::Open(id));
                return Did::Opened;
            }
            KeyCode::Esc if self.search.is_some() => self.end_search(),
            KeyCode::Esc => return Did::Left,
            _ => {
                if let Some(search) = &mut self.search {
                    if !search.key(&key) {
                        return Did::Flow(Flow::Ignored);
                    }
                    self.filter.words = search.text().to_owned();
                    (self.top, self.cursor) = (0, None);
                    return stay;
                }
                return Did::Flow(self.letter(key, cx));
            }
        }
        stay
    }

    fn letter(&mut self, key: KeyEvent, cx: &mut Cx) -> Flow {
        if key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) {
            return Flow::Ignored;
        }
        match key.code {
            KeyCode::Char('j') => self.step(1, cx),
            KeyCode::Char('k') => self.step(-1, cx),
            KeyCode::Char('/') => self.begin_search(),
            KeyCode::Char('n') => return Flow::Open(screens::new(cx)),
            _ => {
                let Some(id) = self.current(cx) else { return Flow::Ignored };
                let Some(conversation) = cx.model.conversation(&id) else { return Flow::Ignored };
                let pinned = conversation.priority > 0;
                let muted = conversation.muted_until > cx.now;
                let unread = conversation.unread > 0 || conversation.marked_unread;
                match key.code {
                    KeyCode::Char('p') => cx.act(Action::Pin { conversation: id, pinned: !pinned }),
                    KeyCode::Char('m') => {
                        let until = if muted { 0 } else { cx.now.saturating_add(DAY) };
                        cx.act(Action::Mute { conversation: id, until });
                    }
                    KeyCode::Char('u') if unread => cx.act(Action::MarkRead(id)),
                    KeyCode::Char('u') => {
                        cx.act(Action::MarkUnread { conversation: id, unread: true });
                    }
                    KeyCode::Char('i') | KeyCode::Delete => {
                        return Flow::Open(screens::conversation(id, cx));
                    }
                    _ => return Flow::Ignored,
                }
            }
        }
        Flow::Stay
    }

    /// The conversation that keys are about.
    fn current(&self, cx: &Cx) -> Option<ConversationId> {
        let there = |id: &&ConversationId| listed(cx.model, &self.filter).any(|it| it.id == **id);
        self.cursor.as_ref().filter(there).cloned()
    }

    fn step(&mut self, rows: i32, cx: &Cx) {
        let all: Vec<&ConversationId> = listed(cx.model, &self.filter).map(|it| &it.id).collect();
        let at = self.cursor.as_ref().and_then(|id| all.iter().position(|it| *it == id));
        let by = usize::try_from(rows.unsigned_abs()).unwrap_or(usize::MAX);
        let last = all.len().saturating_sub(1);
        let next = match at {
            Some(at) if rows < 0 => at.saturating_sub(by),
            Some(at) => at.saturating_add(by).min(last),
            None if rows < 0 => last,
            None => 0,
        };
        self.cursor = all.get(next).map(|id| (*id).clone());
        self.reveal = true;
    }

    /// The mouse.
    pub(super) fn mouse(&mut self, mouse: Mouse, cx: &mut Cx) -> Did {
        if let MouseAct::Wheel(steps) = mouse.what {
            let by = usize::from(steps.unsigned_abs());
            let top = self.top;
            self.top = if steps < 0 { top.saturating_sub(by) } else { top.saturating_add(by) };
            return Did::Flow(Flow::Stay);
        }
        let hit = self.hits.iter().find(|(area, _)| mouse.is_in(*area)).map(|it| it.1.clone());
        Did::Flow(match (mouse.what, hit) {
            (MouseAct::Click, Some(Hit::Accounts)) => Flow::Open(screens::accounts(cx)),
            (MouseAct::Click, Some(Hit::New)) => Flow::Open(screens::new(cx)),
            (MouseAct::Click, Some(Hit::Requests)) => Flow::Open(screens::requests(cx)),
            (MouseAct::Click, Some(Hit::Conversation(id))) => {
                cx.act(Action::Open(id));
                return Did::Opened;
            }
            (MouseAct::Menu, Some(Hit::Conversation(id))) => {
                Flow::Open(screens::conversation(id, cx))
            }
            _ => Flow::Stay,
        })
    }
}

/// Draws a conversation: initials, name and time; below, the newest message
/// and how many are new.
fn draw_row(frame: &mut Frame, area: Rect, cx: &Cx, row: &Row, marked: bool) {
    let theme = cx.theme;
    let lower = Rect { y: area.y.saturating_add(1), height: 1, ..area }.intersection(area);
    let upper = Rect { height: area.height.min(1), ..area };
    let ground = if marked || row.selected { theme.raised } else { theme.surface };
    frame.buffer_mut().set_style(area, Style::new().bg(ground));
    if marked || row.selected {
        let style = if marked { theme.accent() } else { theme.line() };
        put(frame, upper, area.x, "▌", style);
        put(frame, lower, area.x, "▌", style);
    }
    let right = area.right().saturating_sub(2);
    let mut left = area.x.saturating_add(2);
    if area.width >= 28 {
        let color = theme.name_color(&row.id.0);
        let style = Style::new().fg(color).add_modifier(Modifier::BOLD);
        let initials = fit(&row.initials, 2, cx.order);
        let pad = 4_u16.saturating_sub(cells(&initials)) / 2;
        if theme.filled {
            let tile = Rect { x: left, width: 4, ..upper }.intersection(area);
            let ground = if marked || row.selected { theme.base } else { theme.raised };
            frame.buffer_mut().set_style(tile, Style::new().bg(ground));
        }
        put(frame, upper, left.saturating_add(pad), &initials, style);
        left = left.saturating_add(5);
    }

    let time = if row.muted { format!("⊘ {}", row.time) } else { row.time.clone() };
    let time = if row.pinned { format!("↑ {time}") } else { time };
    let time_style = if row.is_unread { theme.accent() } else { theme.dim() };
    let time_x = right.saturating_sub(cells(&time));
    put(frame, upper, time_x.max(left), &time, time_style);
    let room = time_x.saturating_sub(left).saturating_sub(1);
    let name_style = if row.is_unread { theme.strong() } else { theme.text() };
    put(frame, upper, left, &fit(&row.name, room.into(), cx.order), name_style);

    let mut end = right;
    if row.is_unread {
        let quiet = row.muted && row.mentions == 0;
        let style = match quiet && theme.name != ThemeName::Plain {
            true => theme.text().bg(theme.line).fg(theme.base),
            false => theme.badge(),
        };
        if row.unread > 0 {
            end = badge(frame, lower, end, row.unread, style).saturating_sub(1);
        } else {
            end = end.saturating_sub(1);
            put(frame, lower, end, "●", theme.accent());
            end = end.saturating_sub(1);
        }
        if row.mentions > 0 {
            end = end.saturating_sub(1);
            put(frame, lower, end, "@", theme.accent().add_modifier(Modifier::BOLD));
            end = end.saturating_sub(1);
        }
    }
    let mut x = left;
    let style = match row.shows {
        Shows::Typing => theme.accent(),
        _ => theme.dim(),
    };
    if row.shows == Shows::Draft {
        x = put(frame, lower, x, "Draft ", theme.warn());
    }
    let room = end.saturating_sub(x);
    put(frame, lower, x, &fit(&row.preview, room.into(), cx.order), style);
}
