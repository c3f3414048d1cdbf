//! The accounts of this home: going on as another one, adding and removing.

use crossterm::event::KeyEvent;
use ramson_view::Action;
use ramson_wire::{AccountId, Task};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::confirm::Confirm;
use super::parts::{
    Button, Buttons, Chosen, Entry, Menu, chosen, ends, fitted, inside, split_bottom,
};
use super::prompt::Prompt;
use crate::screen::{Cx, Flow, KeyHelp, Mouse, Screen, Shape};

const WIDTH: u16 = 68;

const KEYS: [KeyHelp; 6] = [
    ("Enter", "go on as this one"),
    ("n", "new account"),
    ("r", "restore"),
    ("s", "recovery phrase"),
    ("x", "remove"),
    ("Esc", "back"),
];

/// The accounts.
#[derive(Default)]
pub(crate) struct Accounts {
    menu: Menu,
    buttons: Buttons,
}

impl Accounts {
    fn marked(&self, cx: &Cx) -> Option<AccountId> {
        cx.model.accounts.get(self.menu.at()).map(|account| account.id)
    }

    fn press(&self, key: char, cx: &mut Cx) -> Flow {
        let Some(account) = self.marked(cx) else { return Flow::Ignored };
        match key {
            '\n' => {
                cx.act(Action::SwitchAccount(account));
                Flow::Close
            }
            'n' => Flow::Open(create()),
            'r' => {
                cx.act(Action::HandOver(Task::RestoreAccount));
                Flow::Stay
            }
            's' => Flow::Open(phrase(account)),
            'x' => Flow::Open(remove(account, cx)),
            _ => Flow::Ignored,
        }
    }
}

/// Asks for the name of a new account.
pub(crate) fn create() -> Box<dyn Screen> {
    let text = "The name that others see. You can change it later, or leave it out.";
    let create = |name: String, cx: &mut Cx| {
        let name = Some(name).filter(|name| !name.is_empty());
        cx.act(Action::CreateAccount { name });
        Flow::Close
    };
    Prompt::new("New account", text, "Create", create).or_empty()
}

/// Asks before the recovery phrase is shown.
pub(crate) fn phrase(account: AccountId) -> Box<dyn Screen> {
    let text = "Whoever sees the recovery phrase has the account, with all that is written to \
                it. Make sure that nobody looks over your shoulder.";
    Confirm::new("Recovery phrase", text, "Show it", move |cx| {
        cx.act(Action::HandOver(Task::ShowPhrase { account }));
        Flow::Close
    })
}

/// Asks before an account is removed.
pub(crate) fn remove(account: AccountId, cx: &Cx) -> Box<dyn Screen> {
    let name = fitted(&cx.model.own_name(&account), 30, cx);
    let text = format!(
        "{name} and all its messages go from this machine. Only its recovery phrase brings the \
         account back; have you written it down?"
    );
    Confirm::bad("Remove account", text, "Remove it", move |cx| {
        cx.act(Action::RemoveAccount(account));
        Flow::Close
    })
}

fn buttons() -> [Button; 5] {
    [
        Button::main("Use"),
        Button::plain("n", "New"),
        Button::plain("r", "Restore"),
        Button::plain("s", "Phrase"),
        Button::bad("x", "Remove"),
    ]
}

impl Screen for Accounts {
    fn shape(&self, cx: &Cx) -> Shape {
        let rows = u16::try_from(cx.model.accounts.len().saturating_mul(2)).unwrap_or(u16::MAX);
        let width = WIDTH.min(cx.size.width.saturating_sub(4));
        let buttons = Buttons::rows(&buttons(), width.saturating_sub(2));
        Shape::Overlay { width, height: rows.saturating_add(buttons).saturating_add(3) }
    }

    fn title(&self, _: &Cx) -> String {
        "Accounts".to_owned()
    }

    fn keys(&self) -> &[KeyHelp] {
        &KEYS
    }

    fn hints(&self) -> &[KeyHelp] {
        &[("Up/Down", "choose"), ("Esc", "back")]
    }

    fn draw(&mut self, frame: &mut Frame, area: Rect, cx: &Cx) {
        let area = inside(area);
        let rows = Buttons::rows(&buttons(), area.width);
        let (list, row) = split_bottom(area, rows);
        let (list, _) = split_bottom(list, 1);
        let columns = Menu::width(list);
        let entry = |account: &ramson_wire::Account| {
            let name = cx.model.own_name(&account.id);
            let name = fitted(&name, columns.saturating_sub(14), cx);
            let in_use = cx.model.account == Some(account.id);
            let mark =
                if in_use { vec![Span::styled("in use", cx.theme.accent())] } else { vec![] };
            Entry::Choice(vec![
                ends(vec![Span::styled(name, cx.theme.strong())], mark, columns),
                Line::styled(account.id.short(), cx.theme.dim()),
            ])
        };
        let entries: Vec<Entry> = cx.model.accounts.iter().map(entry).collect();
        self.menu.draw(frame, list, cx.theme, &entries);
        self.buttons.draw(frame, row, cx.theme, &buttons());
    }

    fn key(&mut self, key: KeyEvent, cx: &mut Cx) -> Flow {
        match chosen::key(&mut self.menu, &key) {
            Chosen::Button(button) => self.press(button, cx),
            Chosen::Moved => Flow::Stay,
            Chosen::Nothing => Flow::Ignored,
        }
    }

    fn mouse(&mut self, mouse: Mouse, cx: &mut Cx) -> Flow {
        match chosen::mouse(&mut self.menu, &self.buttons, mouse) {
            Chosen::Button(button) => self.press(button, cx),
            _ => Flow::Stay,
        }
    }
}
