//! Every screen draws at any size.

use super::*;

/// The ways to all screens.
fn ways() -> Vec<(&'static str, Stand)> {
    let mut ways = Vec::new();
    for stage in [
        Stage::Welcome { demo_exists: true },
        Stage::Starting { what: "starting nine service nodes".into() },
    ] {
        let snapshot = fixtures::welcome_snapshot(stage);
        ways.push(("before", Stand::new(snapshot, ThemeName::Dark)));
    }
    let mut create = Stand::new(
        fixtures::welcome_snapshot(Stage::Welcome { demo_exists: false }),
        ThemeName::Plain,
    );
    create.press("Down Enter").write("a name");
    ways.push(("create", create));
    let keys = [
        "",
        "Ctrl-R",
        "Ctrl-R X",
        "F3",
        "F3 Ctrl-O",
        "Ctrl-N",
        "F2",
        "F2 Down Enter",
        "F2 Enter",
        "F2 Down Down Down Down Enter",
        "F4",
        "F4 n",
        "F4 s",
        "F4 x",
        "Ctrl-G",
        "Ctrl-P",
        "Ctrl-P Down g",
        "Ctrl-P l",
        "F1",
        "Ctrl-O",
        "Ctrl-O Enter",
        "Ctrl-O Down Enter",
        "Ctrl-O Down Down Down Enter",
        "Up i",
        "Up e",
        "Up d",
    ];
    for keys in keys {
        for (number, snapshot) in
            [fixtures::snapshot(), fixtures::empty_snapshot()].into_iter().enumerate()
        {
            let theme = if number == 0 { ThemeName::Dark } else { ThemeName::Contrast };
            let mut stand = Stand::new(snapshot, theme);
            if number == 0 {
                stand.click("Bob");
            }
            stand.press(keys);
            ways.push((keys, stand));
        }
    }
    ways
}

#[test]
fn every_screen_draws_at_any_size() {
    let sizes = [0, 1, 2, 3, 4, 5, 7, 10, 15, 29, 31, 47, 59, 61, 69, 80, 139, 300];
    for (_, mut stand) in ways() {
        for width in sizes {
            for height in [1, 2, 3, 4, 5, 6, 8, 11, 17, 24, 60] {
                draw_once(&mut stand, width.max(1), height);
            }
        }
    }
}

#[test]
fn every_screen_takes_clicks_and_keys_at_the_smallest_size() {
    for (_, mut stand) in ways() {
        for (width, height) in [(1, 1), (20, 6), (80, 24)] {
            draw_once(&mut stand, width, height);
            for key in ["Down", "PgDn", "End", "Up", "PgUp", "Home", "Left", "Right"] {
                stand.press(key);
            }
            for kind in [MouseEventKind::ScrollDown, MouseEventKind::ScrollUp] {
                let event = MouseEvent { kind, column: 0, row: 0, modifiers: KeyModifiers::NONE };
                stand.app.input(Input::Mouse(event), NOW);
            }
            stand.app.input(Input::Paste("two\nlines 👩‍🚀 שלום".into()), NOW);
            draw_once(&mut stand, width, height);
        }
    }
}

fn draw_once(stand: &mut Stand, width: u16, height: u16) {
    stand.size = (width, height);
    stand.show();
}
