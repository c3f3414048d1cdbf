//! How many colours a terminal has, and the nearest one that it has.

use ratatui::style::Color;

/// How many colours a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// All of them.
    True,
    /// The 256 of xterm.
    Indexed,
    /// Its own sixteen.
    Sixteen,
    /// None.
    None,
}

/// The levels of the colour cube.
const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];

impl Depth {
    /// What the environment says of the terminal; `variable` looks one up.
    pub(crate) fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let has = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        let term = variable("TERM").unwrap_or_default();
        let color = variable("COLORTERM").unwrap_or_default();
        if has("NO_COLOR") || term == "dumb" {
            Self::None
        } else if color == "truecolor" || color == "24bit" || term.ends_with("-direct") {
            Self::True
        } else if term.contains("256color") || !color.is_empty() {
            Self::Indexed
        } else {
            Self::Sixteen
        }
    }

    /// Whether it has the shades that backgrounds need.
    pub(crate) const fn has_shades(self) -> bool {
        matches!(self, Self::True | Self::Indexed)
    }

    /// The colour that comes nearest.
    pub(crate) fn nearest(self, color: Color) -> Color {
        match (self, color) {
            (Self::True | Self::Sixteen, color) => color,
            (Self::Indexed, Color::Rgb(red, green, blue)) => indexed([red, green, blue]),
            (Self::Indexed, color) => color,
            (Self::None, _) => Color::Reset,
        }
    }
}

fn indexed(color: [u8; 3]) -> Color {
    let cube = color.map(|channel| {
        let distance = |(_, level): &(u8, u8)| level.abs_diff(channel);
        (0..).zip(LEVELS).min_by_key(distance).unwrap_or_default()
    });
    let [red, green, blue] = cube.map(|(index, _)| index);
    let in_cube = cube.map(|(_, level)| level);

    // The greys run from 8 in steps of 10.
    let mean = color.iter().map(|channel| u16::from(*channel)).sum::<u16>() / 3;
    let step = u8::try_from(mean.saturating_sub(3) / 10).unwrap_or(u8::MAX).min(23);
    let grey = [step.saturating_mul(10).saturating_add(8); 3];

    if distance(color, grey) < distance(color, in_cube) {
        Color::Indexed(step.saturating_add(232))
    } else {
        Color::Indexed(
            red.saturating_mul(36)
                .saturating_add(green.saturating_mul(6))
                .saturating_add(blue)
                .saturating_add(16),
        )
    }
}

fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
}

/// The colour of an index of 16 and above, for the test of contrast.
#[cfg(test)]
pub(super) fn rgb_of_index(index: u8) -> [u8; 3] {
    match index {
        232.. => [(index - 232) * 10 + 8; 3],
        16.. => {
            let index = usize::from(index - 16);
            [LEVELS[index / 36], LEVELS[index / 6 % 6], LEVELS[index % 6]]
        }
        _ => panic!("the terminal's own colours are not known"),
    }
}
