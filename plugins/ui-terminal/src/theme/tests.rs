use ratatui::style::Color;

use super::depth::rgb_of_index;
use super::{Depth, Theme, ThemeName};

fn luminance(color: Color) -> f64 {
    let channels = match color {
        Color::Rgb(red, green, blue) => [red, green, blue],
        Color::Indexed(index) => rgb_of_index(index),
        other => panic!("{other} is no colour that is known"),
    };
    let linear = |channel: u8| {
        let it = f64::from(channel) / 255.0;
        if it <= 0.04045 { it / 12.92 } else { ((it + 0.055) / 1.055).powf(2.4) }
    };
    let [red, green, blue] = channels.map(linear);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(a: Color, b: Color) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

const SHADED: [ThemeName; 3] = [ThemeName::Dark, ThemeName::Light, ThemeName::Contrast];

#[test]
fn text_has_a_contrast_of_at_least_4_5_and_marks_of_3() {
    for depth in [Depth::True, Depth::Indexed] {
        for name in SHADED {
            let it = Theme::new(name, depth);
            let check = |what: &str, color: Color, on: &str, behind: Color, least: f64| {
                let ratio = contrast(color, behind);
                assert!(ratio >= least, "{name:?} {depth:?}: {what} on {on}: {ratio:.2} < {least}");
            };
            for (on, behind) in [("base", it.base), ("surface", it.surface), ("raised", it.raised)]
            {
                check("text", it.text, on, behind, 4.5);
                check("dim", it.dim, on, behind, 4.5);
                check("accent", it.accent, on, behind, 4.5);
                check("bad", it.bad, on, behind, 4.5);
                check("warn", it.warn, on, behind, 4.5);
                for color in it.names {
                    check("name", color, on, behind, 4.5);
                }
            }
            check("line", it.line, "base", it.base, 3.0);
            check("line", it.line, "surface", it.surface, 3.0);
            check("text", it.text, "theirs", it.theirs, 4.5);
            check("dim", it.dim, "theirs", it.theirs, 4.5);
            check("accent", it.accent, "theirs", it.theirs, 4.5);
            check("bad", it.bad, "theirs", it.theirs, 4.5);
            check("text", it.text, "mine", it.mine, 4.5);
            check("dim", it.mine_dim, "mine", it.mine, 4.5);
            check("accent", it.accent, "mine", it.mine, 4.5);
            check("bad", it.bad, "mine", it.mine, 4.5);
            check("badge", it.on_accent, "accent", it.accent, 4.5);
        }
    }
}

#[test]
fn without_shades_every_theme_is_the_plain_one() {
    for name in ThemeName::ALL {
        assert_eq!(Theme::new(name, Depth::Sixteen).name, ThemeName::Plain);
        let none = Theme::new(name, Depth::None);
        assert_eq!((none.accent, none.bad), (Color::Reset, Color::Reset));
    }
}

#[test]
fn the_environment_says_how_many_colours_there_are() {
    let depth = |variables: &[(&str, &str)]| {
        Depth::of_environment(|name| {
            let found = variables.iter().find(|(key, _)| *key == name)?;
            Some(found.1.to_owned())
        })
    };
    assert_eq!(depth(&[("TERM", "xterm-256color")]), Depth::Indexed);
    assert_eq!(depth(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]), Depth::True);
    assert_eq!(depth(&[("TERM", "linux")]), Depth::Sixteen);
    assert_eq!(depth(&[("NO_COLOR", "1"), ("COLORTERM", "truecolor")]), Depth::None);
    assert_eq!(depth(&[("NO_COLOR", ""), ("COLORTERM", "truecolor")]), Depth::True);
}

#[test]
fn a_theme_is_found_by_its_name() {
    for name in ThemeName::ALL {
        assert_eq!(ThemeName::of_name(name.name()), Some(name));
    }
    assert_eq!(ThemeName::of_name("High-Contrast"), Some(ThemeName::Contrast));
    assert_eq!(ThemeName::of_name("pink"), None);
}

#[test]
fn a_name_keeps_its_colour() {
    let theme = Theme::new(ThemeName::Dark, Depth::True);
    assert_eq!(theme.name_color("05aa"), theme.name_color("05aa"));
}
