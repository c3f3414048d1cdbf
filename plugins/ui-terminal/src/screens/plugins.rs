//! The plugins: how they are, what they may do, and what can be done with them.

mod allow;

use crossterm::event::KeyEvent;
use ramson_view::Action;
use ramson_view::model::Undecided;
use ramson_wire::{Millis, Plugin, PluginState};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::parts::{
    Button, Buttons, Chosen, Entry, Menu, chosen, column, count, empty, ends, fitted, indented,
    split_bottom, thousands,
};
use super::prompt::Prompt;
use crate::screen::{Cx, Flow, KeyHelp, Mouse, Screen};
use allow::Allow;

const KEYS: [KeyHelp; 6] = [
    ("Enter", "load, use"),
    ("s", "stop"),
    ("w", "reload"),
    ("g", "what it may do"),
    ("l", "load a file"),
    ("Esc", "back"),
];

/// The plugins.
#[derive(Default)]
pub(crate) struct Plugins {
    menu: Menu,
    buttons: Buttons,
    asked: Millis,
}

/// How often the question is asked anew while the screen is there.
const EVERY: Millis = 3_000;

/// Whether it runs, or is about to.
fn is_up(plugin: &Plugin) -> bool {
    use PluginState::{Failed, Running, Starting, Unresponsive};
    matches!(plugin.state, Starting | Running | Unresponsive | Failed { .. })
}

/// Whether it can be stopped. The user interface that runs is the one that is
/// looked at: it is reloaded, or another one takes its turn.
fn can_stop(plugin: &Plugin) -> bool {
    is_up(plugin) && !plugin.ui
}

/// What a plugin is called whose library has this path; a name stays as it is.
fn called(path: &str) -> String {
    let file = path.rsplit_once('/').map_or(path, |(_, file)| file);
    match file.strip_suffix(".so").and_then(|file| file.strip_prefix("lib")) {
        Some(name) => name.strip_prefix("ramson_").unwrap_or(name).replace('_', "-"),
        None => file.to_owned(),
    }
}

/// A path as a shell takes it: `~/` at its beginning is the user's folder.
fn expanded(path: &str, home: Option<&str>) -> String {
    match (path.strip_prefix("~/"), home.filter(|home| !home.is_empty())) {
        (Some(rest), Some(home)) => format!("{}/{rest}", home.trim_end_matches('/')),
        _ => path.to_owned(),
    }
}

/// What Enter does with it.
fn main_act(plugin: &Plugin) -> Option<&'static str> {
    match (&plugin.state, plugin.ui) {
        (PluginState::Running, true) => Some("Reload"),
        (PluginState::Running | PluginState::Starting, _) => None,
        (PluginState::Refused { .. }, _) => Some("Try again"),
        (_, true) => Some("Use this UI"),
        (PluginState::Unresponsive | PluginState::Failed { .. }, _) => Some("Reload"),
        _ => Some("Load"),
    }
}

fn buttons(plugin: Option<&Plugin>) -> Vec<Button> {
    let mut row = Vec::new();
    if let Some(plugin) = plugin {
        row.extend(main_act(plugin).map(Button::main));
        if can_stop(plugin) {
            row.push(Button::plain("s", "Stop"));
            row.push(Button::plain("w", "Reload"));
        }
        if !plugin.asked.is_empty() && !plugin.ui {
            row.push(Button::plain("g", "What it may do"));
        }
    }
    row.push(Button::plain("l", "Load a file"));
    row
}

impl Plugins {
    /// Asks how they are.
    pub(crate) fn new(cx: &mut Cx) -> Self {
        cx.act(Action::AskPlugins);
        Self { asked: cx.now, ..Self::default() }
    }

    fn marked(&self, cx: &Cx) -> Option<Plugin> {
        cx.model.plugins.get(self.menu.at()).cloned()
    }

    fn press(&self, key: char, cx: &mut Cx) -> Flow {
        if key == 'l' {
            return Flow::Open(load_file());
        }
        let Some(plugin) = self.marked(cx) else { return Flow::Ignored };
        let name = plugin.name.clone();
        match key {
            '\n' => match main_act(&plugin) {
                None => return Flow::Stay,
                Some("Use this UI") => cx.act(Action::UseUi(name)),
                Some("Reload") => cx.act(Action::SwapPlugin(name)),
                Some(_) => cx.act(Action::LoadPlugin(name)),
            },
            's' if can_stop(&plugin) => cx.act(Action::StopPlugin(name)),
            'w' if is_up(&plugin) => cx.act(Action::SwapPlugin(name)),
            'g' if !plugin.asked.is_empty() && !plugin.ui => {
                return Flow::Open(Box::new(Allow::new(&plugin)));
            }
            _ => return Flow::Ignored,
        }
        Flow::Stay
    }
}

fn load_file() -> Box<dyn Screen> {
    let text = "The path of a library. It is checked before anything of it runs, and you are \
                asked what it may do.";
    Prompt::new("Load a plugin", text, "Load", |path, cx| {
        let home = std::env::var("HOME").ok();
        cx.act(Action::LoadPlugin(expanded(&path, home.as_deref())));
        Flow::Close
    })
}

/// A word for its state, and why where that is worth a line.
fn state(plugin: &Plugin, cx: &Cx) -> (String, Style, Option<String>) {
    let theme = cx.theme;
    let word = |word: &str, style| (word.to_owned(), style, None);
    match &plugin.state {
        PluginState::Available => word("not loaded", theme.dim()),
        PluginState::Starting => word("starting", theme.dim()),
        PluginState::Running => word("running", theme.accent()),
        PluginState::Unresponsive => ("does not respond".to_owned(), theme.warn(), None),
        PluginState::Stopping => word("stopping", theme.dim()),
        PluginState::Stopped => word("stopped", theme.dim()),
        PluginState::Refused { reason } => {
            ("refused".to_owned(), theme.bad(), Some(reason.clone()))
        }
        PluginState::Failed { reason, retry_in } => {
            (format!("failed, again in {retry_in} s"), theme.warn(), Some(reason.clone()))
        }
        PluginState::Retired { reason } => {
            ("retired".to_owned(), theme.bad(), Some(reason.clone()))
        }
    }
}

fn figures(plugin: &Plugin) -> String {
    let mut parts = Vec::new();
    let mut add = |number: u64, text: String| {
        if number > 0 {
            parts.push(text);
        }
    };
    add(plugin.events, count(plugin.events, "event"));
    add(plugin.queued, format!("{} waiting", thousands(plugin.queued)));
    add(plugin.lagged, format!("{} dropped", thousands(plugin.lagged)));
    add(plugin.in_flight, format!("{} open", count(plugin.in_flight, "request")));
    add(plugin.restarts, count(plugin.restarts, "restart"));
    parts.join(" · ")
}

/// For whom and in how many conversations it may do that.
fn scope(plugin: &Plugin, cx: &Cx) -> String {
    let mut scope = String::new();
    if let Some(accounts) = &plugin.accounts {
        let names: Vec<String> = accounts.iter().map(|it| cx.model.own_name(it)).collect();
        match names.is_empty() {
            // The host tells a UI only of accounts that the UI sees.
            true => scope.push_str(" · for no account that is shown here"),
            false => scope.push_str(&format!(" · for {}", names.join(", "))),
        }
    }
    if let Some(conversations) = &plugin.conversations {
        let number = u64::try_from(conversations.len()).unwrap_or(u64::MAX);
        scope.push_str(&format!(" · in {}", count(number, "conversation")));
    }
    scope
}

fn rights(plugin: &Plugin, cx: &Cx) -> String {
    let loaded = !matches!(plugin.state, PluginState::Available | PluginState::Refused { .. });
    if !loaded && (plugin.ui || plugin.granted.is_empty()) {
        return match (plugin.ui, plugin.asked.is_empty()) {
            (true, _) => "user interface".to_owned(),
            (false, true) => String::new(),
            (false, false) => format!("asks for {}", plugin.asked),
        };
    }
    let refused = plugin.asked.without(plugin.granted);
    let vain = match loaded && !refused.is_empty() {
        true => format!("; asked in vain for {refused}"),
        false => String::new(),
    };
    if plugin.ui {
        format!("user interface{vain}{}", scope(plugin, cx))
    } else if plugin.granted.is_empty() {
        format!("may do nothing{vain}")
    } else {
        format!("may {}{vain}{}", plugin.granted, scope(plugin, cx))
    }
}

fn entry(plugin: &Plugin, columns: usize, cx: &Cx) -> [Entry; 2] {
    let theme = cx.theme;
    let (word, style, reason) = state(plugin, cx);
    let mut left = vec![Span::styled(fitted(&plugin.title, 24, cx), theme.strong())];
    let name = if plugin.title == plugin.name { "" } else { &plugin.name };
    let name = fitted(&format!("{name} {}", plugin.version), 32, cx);
    left.extend([Span::raw("  "), Span::styled(name, theme.dim())]);
    let mut lines = vec![ends(left, vec![Span::styled(word, style)], columns)];
    let mut wrapped = |text: &str, style| {
        let spans = ramson_view::text::plain(text);
        let rows = ramson_view::text::wrap(&spans, columns.max(4), cx.order);
        lines.extend(rows.into_iter().take(3).map(|row| Line::styled(row.text(), style)));
    };
    for text in [rights(plugin, cx), figures(plugin)].iter().filter(|text| !text.is_empty()) {
        wrapped(text, theme.dim());
    }
    if let Some(reason) = reason {
        wrapped(&reason, style);
    }
    [Entry::Choice(lines), Entry::Text(vec![Line::raw("")])]
}

impl Screen for Plugins {
    fn title(&self, _: &Cx) -> String {
        "Plugins".to_owned()
    }

    fn keys(&self) -> &[KeyHelp] {
        &KEYS
    }

    fn hints(&self) -> &[KeyHelp] {
        &[("Up/Down", "choose"), ("Esc", "back")]
    }

    fn draw(&mut self, frame: &mut Frame, area: Rect, cx: &Cx) {
        let area = column(area);
        let plugins = &cx.model.plugins;
        let row = buttons(plugins.get(self.menu.at()));
        let (list, buttons) = split_bottom(area, Buttons::rows(&row, area.width));
        let (list, _) = split_bottom(list, 1);
        if plugins.is_empty() {
            let text = "Bots and other user interfaces stand here once their libraries are in \
                        the plugin folder. Press l to load one from elsewhere.";
            empty(frame, list, cx.theme, "No plugins", text);
        }
        let columns = Menu::width(list);
        let entries: Vec<Entry> = plugins.iter().flat_map(|it| entry(it, columns, cx)).collect();
        self.menu.draw(frame, list, cx.theme, &entries);
        self.buttons.draw(frame, indented(buttons), cx.theme, &row);
    }

    fn key(&mut self, key: KeyEvent, cx: &mut Cx) -> Flow {
        match chosen::key(&mut self.menu, &key) {
            Chosen::Button(button) => self.press(button, cx),
            Chosen::Moved => Flow::Stay,
            Chosen::Nothing => Flow::Ignored,
        }
    }

    fn mouse(&mut self, mouse: Mouse, cx: &mut Cx) -> Flow {
        match self.buttons.mouse(mouse) {
            Some("Enter") => return self.press('\n', cx),
            Some(key) => return key.chars().next().map_or(Flow::Stay, |key| self.press(key, cx)),
            None => {}
        }
        self.menu.mouse(mouse);
        Flow::Stay
    }

    fn tick(&mut self, cx: &mut Cx) -> Flow {
        if cx.now.saturating_sub(self.asked) >= EVERY {
            self.asked = cx.now;
            cx.act(Action::AskPlugins);
        }
        Flow::Stay
    }
}

/// What a plugin asks for that was to be loaded, and of which nothing is
/// decided yet.
pub(crate) fn undecided(cx: &mut Cx) -> Option<Box<dyn Screen>> {
    let Undecided { name, text, show } = cx.model.undecided.clone()?;
    let called = called(&name);
    let screen = match cx.model.plugins.iter().find(|plugin| plugin.name == called) {
        Some(plugin) => Allow::to_load(&name, plugin, show),
        None => Allow::unknown(&name, text, show),
    };
    cx.act(Action::DismissNotes);
    Some(Box::new(screen))
}

#[cfg(test)]
mod tests {
    use super::expanded;

    #[test]
    fn a_path_may_begin_with_the_users_folder() {
        assert_eq!(expanded("~/lib/libx.so", Some("/home/ann/")), "/home/ann/lib/libx.so");
        assert_eq!(expanded("~/libx.so", None), "~/libx.so");
        assert_eq!(expanded("~bob/libx.so", Some("/home/ann")), "~bob/libx.so");
        assert_eq!(expanded("/lib/~/x.so", Some("/home/ann")), "/lib/~/x.so");
    }
}
