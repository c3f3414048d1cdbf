//! What every screen looks like, as text. Some are kept in the documentation
//! as pictures.

use super::*;
use crate::capture::{documented, sketch, svg, text};

/// The two sizes in which every screen is compared.
const SIZES: [(u16, u16); 2] = [(80, 24), (140, 40)];

fn same(name: &str, picture: &str) {
    insta::with_settings!({
        snapshot_path => "../../snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, picture);
    });
}

fn compare(name: &str, stand: &mut Stand) {
    for (width, height) in SIZES {
        let buffer = stand.draw(width, height);
        same(&format!("{name}-{width}x{height}"), &text(&buffer));
    }
}

fn welcome(stage: Stage) -> Stand {
    Stand::new(fixtures::welcome_snapshot(stage), ThemeName::Dark)
}

/// With Bob's conversation open and its message of a number marked.
fn marked(number: u64) -> Stand {
    let mut stand = bob();
    let count = fixtures::thread().len() as u64;
    for _ in 0..=count.saturating_sub(number) {
        stand.press("Up");
    }
    stand
}

fn bob() -> Stand {
    let mut stand = Stand::full();
    stand.click("Bob");
    stand
}

#[test]
fn the_welcome_looks_as_before() {
    compare("welcome", &mut welcome(Stage::Welcome { demo_exists: false }));
    compare("welcome-again", &mut welcome(Stage::Welcome { demo_exists: true }));
    compare(
        "welcome-create",
        welcome(Stage::Welcome { demo_exists: false }).press("Down Enter").write("Ann"),
    );
    let what = "starting nine service nodes in three swarms".into();
    compare("starting", &mut welcome(Stage::Starting { what }));
}

#[test]
fn the_chat_looks_as_before() {
    compare("chat", &mut bob());
    compare("chat-none-open", &mut Stand::full());
    compare("chat-empty", &mut Stand::empty());
}

#[test]
fn message_requests_look_as_before() {
    compare("requests", Stand::full().press("Ctrl-R"));
    compare("requests-empty", Stand::empty().press("Ctrl-R"));
    compare("requests-decline-all", Stand::full().press("Ctrl-R").press("X"));
}

#[test]
fn contacts_look_as_before() {
    compare("contacts", Stand::full().press("F3"));
    compare("contacts-found", Stand::full().press("F3").write("ferry"));
    compare("contacts-nobody", Stand::full().press("F3").write("nobody"));
    compare("contacts-empty", Stand::empty().press("F3"));
}

#[test]
fn a_new_conversation_looks_as_before() {
    compare("new", Stand::full().press("Ctrl-N"));
    compare("new-name", Stand::full().press("Ctrl-N").write("gard"));
    compare("new-id", Stand::full().press("Ctrl-N").write(&fixtures::id(77).to_string()));
    compare("new-empty", Stand::empty().press("Ctrl-N"));
}

#[test]
fn details_of_a_message_look_as_before() {
    compare("details", marked(13).press("i"));
    compare("details-failed", marked(14).press("i"));
    compare("details-attachment", marked(5).press("i"));
}

#[test]
fn the_own_account_id_looks_as_before() {
    compare("qr", Stand::full().press("F2 Down Enter"));
}

#[test]
fn settings_look_as_before() {
    compare("settings", Stand::full().press("F2"));
    compare("settings-name", Stand::full().press("F2 Enter"));
    compare("settings-theme", Stand::full().press("F2 Down Down Down Down Enter"));
}

#[test]
fn accounts_look_as_before() {
    compare("accounts", Stand::full().press("F4"));
    compare("accounts-new", Stand::full().press("F4 n"));
    compare("accounts-phrase", Stand::full().press("F4 s"));
    compare("accounts-remove", Stand::full().press("F4 Down x"));
}

#[test]
fn the_network_looks_as_before() {
    compare("network", Stand::full().press("Ctrl-G"));
}

#[test]
fn plugins_look_as_before() {
    compare("plugins", Stand::full().press("Ctrl-P"));
    compare("plugins-end", Stand::full().press("Ctrl-P").press("Down Down Down Down Down Down"));
    compare("plugins-allow", Stand::full().press("Ctrl-P").press("Down Down Down Down g"));
    compare("plugins-allow-unknown", &mut {
        let text = "'bot-other' asks for: read, send; say what it may do".into();
        let refusal = Refusal { kind: "NotDecided".into(), text };
        let mut stand = Stand { refusing: Some(refusal), ..Stand::full() };
        stand.press("Ctrl-P l").write("/lib/libramson_bot_other.so").press("Enter Enter");
        stand
    });
    compare("plugins-file", Stand::full().press("Ctrl-P l"));
    compare("plugins-empty", &mut {
        let mut stand = Stand::empty();
        stand.press("Ctrl-P");
        stand.tell(Event::Plugins { plugins: Vec::new() });
        stand
    });
}

#[test]
fn help_looks_as_before() {
    compare("help", bob().press("F1"));
}

#[test]
fn a_conversation_looks_as_before() {
    compare("conversation", bob().press("Ctrl-O"));
    compare("conversation-timer", bob().press("Ctrl-O").press("Down Enter"));
    compare("conversation-mute", bob().press("Ctrl-O").press("Down Down Down Enter"));
    compare("conversation-nickname", bob().press("Ctrl-O").press("Enter"));
    compare("conversation-remove", bob().press("Ctrl-O").press("End Enter"));
}

#[test]
fn what_is_done_with_a_message_looks_as_before() {
    compare("reactions", marked(13).press("e"));
    compare("reactions-found", marked(13).press("e").write("umbr"));
    compare("reactions-none", marked(13).press("e").write("qqq"));
    compare("delete", marked(13).press("d"));
}

#[test]
fn styles_are_in_their_places() {
    let mut stands =
        [("requests", Stand::full()), ("plugins", Stand::full()), ("settings", Stand::full())];
    for ((name, stand), key) in stands.iter_mut().zip(["Ctrl-R", "Ctrl-P", "F2"]) {
        stand.press(key);
        let buffer = stand.draw(80, 24);
        same(&format!("style-{name}"), &sketch(&buffer));
    }
}

#[test]
fn pictures_of_the_documentation_show_what_is_drawn() {
    let mut light = Stand::new(fixtures::snapshot(), ThemeName::Light);
    light.click("Bob");
    let mut pictures = [
        ("welcome", "The welcome", 100, 30, welcome(Stage::Welcome { demo_exists: false })),
        ("chat", "A conversation", 120, 42, bob()),
        ("chat-light", "A conversation, light", 120, 42, light),
        ("chat-narrow", "A conversation on a narrow terminal", 48, 36, bob()),
        ("details", "A message's way", 100, 34, marked(13)),
        ("network", "Paths and swarm", 100, 34, Stand::full()),
        ("plugins", "Plugins", 100, 36, Stand::full()),
        ("qr", "The own Account ID", 100, 28, Stand::full()),
        ("requests", "Message requests", 100, 26, Stand::full()),
        ("settings", "Settings", 100, 28, Stand::full()),
        ("help", "Help", 100, 44, bob()),
    ];
    let keys = [
        ("details", "i"),
        ("network", "Ctrl-G"),
        ("plugins", "Ctrl-P"),
        ("qr", "F2 Down Enter"),
        ("requests", "Ctrl-R"),
        ("settings", "F2"),
        ("help", "F1"),
    ];
    for (name, title, width, height, stand) in &mut pictures {
        for (_, keys) in keys.iter().filter(|(of, _)| of == name) {
            stand.press(keys);
        }
        let buffer = stand.draw(*width, *height);
        documented(name, &svg(&buffer, &format!("Ramson: {title}")));
    }
}
