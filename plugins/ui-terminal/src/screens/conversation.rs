//! One conversation: who it is with, and its settings.

use crossterm::event::KeyEvent;
use ramson_view::Action;
use ramson_view::list::is_muted;
use ramson_view::time::duration;
use ramson_wire::{AccountId, Conversation as State, ConversationId, Disappearing, Millis, Notify};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::choice::Choice;
use super::confirm::Confirm;
use super::parts::{Entry, LABEL, Menu, column, enter, fitted, letter, padded, pair};
use super::prompt::Prompt;
use crate::screen::{Cx, Flow, KeyHelp, Mouse, MouseAct, Screen};

const HOUR: Millis = 3_600_000;

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item {
    Nickname,
    Timer,
    Pin,
    Mute,
    Notify,
    Unread,
    Hide,
    Add,
    Block,
    Remove,
}

/// A conversation's info and settings.
pub(crate) struct Conversation {
    id: ConversationId,
    menu: Menu,
}

impl Conversation {
    /// Of this one.
    pub(crate) fn new(id: ConversationId) -> Self {
        Self { id, menu: Menu::default() }
    }

    fn state(&self, cx: &Cx) -> State {
        let known = cx.model.conversation(&self.id).cloned();
        known.unwrap_or_else(|| State::new(self.id.clone()))
    }

    /// The account it is with, unless that is the own one.
    fn peer(&self, cx: &Cx) -> Option<AccountId> {
        self.id.account().filter(|account| Some(*account) != cx.model.account)
    }

    fn items(&self, cx: &Cx) -> Vec<Item> {
        let mut items =
            vec![Item::Timer, Item::Pin, Item::Mute, Item::Notify, Item::Unread, Item::Hide];
        if self.peer(cx).is_some() {
            items.insert(0, Item::Nickname);
            if !self.state(cx).approved {
                items.push(Item::Add);
            }
            items.extend([Item::Block, Item::Remove]);
        }
        items
    }

    fn change(&self, cx: &mut Cx) -> Flow {
        let Some(item) = self.items(cx).get(self.menu.at()).copied() else { return Flow::Stay };
        let state = self.state(cx);
        let conversation = self.id.clone();
        match (item, self.peer(cx)) {
            (Item::Nickname, Some(contact)) => return Flow::Open(nickname(contact, &state)),
            (Item::Timer, _) => return Flow::Open(timer(&state)),
            (Item::Mute, _) => return Flow::Open(mute(&state, cx.now)),
            (Item::Notify, _) => return Flow::Open(notify(&state)),
            (Item::Pin, _) => {
                cx.act(Action::Pin { conversation, pinned: state.priority <= 0 });
            }
            (Item::Unread, _) => {
                cx.act(Action::MarkUnread { conversation, unread: !state.marked_unread });
            }
            (Item::Hide, _) => {
                cx.act(Action::Hide { conversation, hidden: state.priority >= 0 });
            }
            (Item::Add, Some(contact)) => cx.act(Action::AddContact(contact)),
            (Item::Block, Some(contact)) if state.blocked => {
                cx.act(Action::Block { contact, blocked: false });
            }
            (Item::Block, Some(contact)) => return Flow::Open(block(contact, cx)),
            (Item::Remove, Some(contact)) => return Flow::Open(remove(contact, cx)),
            (Item::Nickname | Item::Add | Item::Block | Item::Remove, None) => {}
        }
        Flow::Stay
    }
}

fn nickname(contact: AccountId, state: &State) -> Box<dyn Screen> {
    let text = "A name that only you see. Leave it empty to see the one they gave themselves.";
    let prompt = Prompt::new("Nickname", text, "Set", move |name, cx| {
        let nickname = Some(name).filter(|name| !name.is_empty());
        cx.act(Action::SetNickname { contact, nickname });
        Flow::Close
    });
    prompt.with(state.nickname.as_deref().unwrap_or_default()).or_empty()
}

/// How a timer reads.
pub(crate) fn timer_text(setting: Disappearing) -> String {
    match setting {
        Disappearing::Off => "off".to_owned(),
        Disappearing::AfterSend(seconds) => format!("{} after sending", duration(seconds.into())),
        Disappearing::AfterRead(seconds) => format!("{} after reading", duration(seconds.into())),
    }
}

fn timer(state: &State) -> Box<dyn Screen> {
    const DAY: u32 = 86_400;
    let mut settings = vec![Disappearing::Off];
    settings.extend([12 * 3_600, DAY, 7 * DAY, 14 * DAY].map(Disappearing::AfterSend));
    let read = [300, 3_600, 12 * 3_600, DAY, 7 * DAY, 14 * DAY];
    settings.extend(read.map(Disappearing::AfterRead));
    if !settings.contains(&state.disappearing) {
        settings.push(state.disappearing);
    }
    let current = settings.iter().position(|setting| *setting == state.disappearing);
    let conversation = state.id.clone();
    let choices = settings.into_iter().map(|it| (timer_text(it), String::new(), it)).collect();
    Choice::new("Disappearing messages", choices, current, move |setting, cx| {
        cx.act(Action::SetTimer { conversation: conversation.clone(), setting: *setting });
        Flow::Close
    })
}

fn mute(state: &State, now: Millis) -> Box<dyn Screen> {
    let hours = [("1 hour", 1), ("8 hours", 8), ("1 day", 24), ("1 week", 168)];
    let mut choices = Vec::new();
    if state.muted_until > now {
        choices.push(("Not any more".to_owned(), String::new(), None));
    }
    choices.extend(hours.map(|(name, hours)| {
        (format!("For {name}"), String::new(), Some(HOUR.saturating_mul(hours)))
    }));
    // A hundred years.
    choices.push((
        "Until I change it".to_owned(),
        String::new(),
        Some(HOUR.saturating_mul(876_000)),
    ));
    let conversation = state.id.clone();
    Choice::new("Mute", choices, None, move |time: &Option<Millis>, cx| {
        let until = time.map_or(0, |time| cx.now.saturating_add(time));
        cx.act(Action::Mute { conversation: conversation.clone(), until });
        Flow::Close
    })
}

const fn notify_text(notify: Notify) -> &'static str {
    match notify {
        Notify::Default => "every message",
        Notify::All => "every message, whatever the default is",
        Notify::Mentions => "mentions only",
        Notify::Off => "nothing",
    }
}

fn notify(state: &State) -> Box<dyn Screen> {
    let all = [Notify::Default, Notify::All, Notify::Mentions, Notify::Off];
    let current = all.iter().position(|it| *it == state.notify);
    let choices = all.map(|it| (notify_text(it).to_owned(), String::new(), it)).into();
    let conversation = state.id.clone();
    Choice::new("Tell me of", choices, current, move |notify, cx| {
        cx.act(Action::SetNotify { conversation: conversation.clone(), notify: *notify });
        Flow::Close
    })
}

fn block(contact: AccountId, cx: &Cx) -> Box<dyn Screen> {
    let name = fitted(&cx.model.name_of(&contact), 30, cx);
    let text = format!("You do not hear {name} any more; they are not told.");
    Confirm::bad("Block", text, "Block", move |cx| {
        cx.act(Action::Block { contact, blocked: true });
        Flow::Close
    })
}

fn remove(contact: AccountId, cx: &Cx) -> Box<dyn Screen> {
    let name = fitted(&cx.model.name_of(&contact), 30, cx);
    let text = format!("{name} and the whole conversation go, on all your devices.");
    Confirm::bad("Remove contact", text, "Remove", move |cx| {
        cx.act(Action::RemoveContact(contact));
        Flow::Home
    })
}

fn entry(item: Item, state: &State, columns: usize, cx: &Cx) -> Entry {
    let theme = cx.theme;
    let muted = match state.muted_until {
        0 => "no".to_owned(),
        until if until > cx.now.saturating_add(HOUR.saturating_mul(87_600)) => "yes".to_owned(),
        until if until > cx.now => format!("for {} more", cx.clock().until(until)),
        _ => "no".to_owned(),
    };
    let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let (label, value) = match item {
        Item::Nickname => ("Nickname", state.nickname.clone().unwrap_or_else(|| "none".to_owned())),
        Item::Timer => ("Disappearing", timer_text(state.disappearing)),
        Item::Pin => ("Pinned", yes(state.priority > 0)),
        Item::Mute => ("Muted", muted),
        Item::Notify => ("Tells of", notify_text(state.notify).to_owned()),
        Item::Unread => ("Marked unread", yes(state.marked_unread)),
        Item::Hide => ("Hidden", yes(state.priority < 0)),
        Item::Add => ("Add contact", String::new()),
        Item::Block if state.blocked => ("Unblock", String::new()),
        Item::Block => ("Block …", String::new()),
        Item::Remove => ("Remove …", String::new()),
    };
    let style = match item {
        Item::Remove => theme.bad(),
        Item::Block if !state.blocked => theme.bad(),
        _ => theme.text(),
    };
    let value = fitted(&value, columns.saturating_sub(LABEL), cx);
    Entry::Choice(vec![Line::from(vec![
        Span::styled(padded(label, LABEL), style),
        Span::styled(value, theme.dim()),
    ])])
}

/// What is known of whom it is with.
fn facts(state: &State, columns: usize, cx: &Cx) -> Vec<Line<'static>> {
    let theme = cx.theme;
    let room = columns.saturating_sub(LABEL);
    let mut lines = Vec::new();
    if let Some(name) = &state.name {
        lines.push(pair(theme, "Name", fitted(name, room, cx)));
    }
    let label = if state.id.account().is_some() { "Account ID" } else { "Address" };
    let text = state.id.to_string();
    // The whole id, in as many lines as it takes.
    let mut rest = text.as_str();
    let mut first = true;
    while !rest.is_empty() {
        let (head, tail) = rest.split_at_checked(room.max(8)).unwrap_or((rest, ""));
        lines.push(pair(theme, if first { label } else { "" }, fitted(head, room, cx)));
        (rest, first) = (tail, false);
    }
    let relation = if state.blocked {
        "you do not hear them"
    } else if state.request {
        "waits for your answer"
    } else if state.approved && state.approved_me {
        "you hear each other"
    } else if state.approved {
        "has not answered yet"
    } else {
        "not a contact"
    };
    if state.id.account().is_some() && state.id.account() != cx.model.account {
        lines.push(pair(theme, "Contact", fitted(relation, room, cx)));
    }
    lines.push(Line::raw(""));
    lines
}

impl Screen for Conversation {
    fn title(&self, cx: &Cx) -> String {
        fitted(&cx.model.title_of(&self.id), 60, cx)
    }

    fn keys(&self) -> &[KeyHelp] {
        &[("Enter", "change"), ("Up/Down", "choose"), ("c", "copy ID"), ("Esc", "back")]
    }

    fn draw(&mut self, frame: &mut Frame, area: Rect, cx: &Cx) {
        let area = column(area);
        let columns = Menu::width(area);
        let state = self.state(cx);
        let mut entries = vec![Entry::Text(facts(&state, columns, cx))];
        for item in self.items(cx) {
            if item == Item::Block {
                entries.push(Entry::Text(vec![Line::raw("")]));
            }
            entries.push(entry(item, &state, columns, cx));
        }
        let muted = is_muted(&state, cx.now) && state.muted_until <= cx.now;
        if muted {
            let text = "Not all of it is told: see \"Tells of\".";
            entries.push(Entry::Text(vec![Line::raw(""), Line::styled(text, cx.theme.dim())]));
        }
        self.menu.draw(frame, area, cx.theme, &entries);
    }

    fn key(&mut self, key: KeyEvent, cx: &mut Cx) -> Flow {
        if enter(&key) || letter(&key) == Some(' ') {
            return self.change(cx);
        }
        if letter(&key) == Some('c') {
            let what = if self.id.account().is_some() { "Account ID" } else { "Address" };
            cx.copy(self.id.to_string(), what);
            return Flow::Stay;
        }
        if self.menu.key(&key) { Flow::Stay } else { Flow::Ignored }
    }

    fn mouse(&mut self, mouse: Mouse, cx: &mut Cx) -> Flow {
        let pressed = self.menu.mouse(mouse).is_some();
        if pressed && mouse.what == MouseAct::Click { self.change(cx) } else { Flow::Stay }
    }
}
