//! Colours and marks. Screens name roles, never colours.
//!
//! Four themes: dark, light and high contrast know their colours, so that
//! their contrast can be tested; `plain` has the terminal's own sixteen, and
//! none at all under `NO_COLOR`.

use ratatui::style::{Color, Modifier, Style};

mod depth;

pub(crate) use depth::Depth;

/// The themes there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ThemeName {
    /// Light text on dark.
    Dark,
    /// Dark text on light.
    Light,
    /// White on black, without shades.
    Contrast,
    /// The terminal's own colours.
    Plain,
}

impl ThemeName {
    /// All there are, in the order in which they are offered.
    pub(crate) const ALL: [Self; 4] = [Self::Dark, Self::Light, Self::Contrast, Self::Plain];

    /// Its name, for people and in the configuration.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Contrast => "high contrast",
            Self::Plain => "plain",
        }
    }

    /// The one of a name.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let name = name.trim().to_lowercase().replace(['-', '_'], " ");
        Self::ALL.into_iter().find(|theme| theme.name() == name)
    }
}

/// Roles and their colours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Theme {
    /// Which one it is.
    pub(crate) name: ThemeName,
    /// How many colours the terminal has.
    pub(crate) depth: Depth,
    /// Behind everything.
    pub(crate) base: Color,
    /// Behind the list and other areas at the side.
    pub(crate) surface: Color,
    /// Behind what is selected, and of panels that lie on others.
    pub(crate) raised: Color,
    /// What is read.
    pub(crate) text: Color,
    /// What is read second: times, previews, explanations.
    pub(crate) dim: Color,
    /// Lines and other marks that need not be read.
    pub(crate) line: Color,
    /// The one colour that calls: focus, badges, links.
    pub(crate) accent: Color,
    /// On the accent.
    pub(crate) on_accent: Color,
    /// What went wrong.
    pub(crate) bad: Color,
    /// What asks for attention.
    pub(crate) warn: Color,
    /// Behind messages of others.
    pub(crate) theirs: Color,
    /// Behind own messages.
    pub(crate) mine: Color,
    /// What is read second on own messages.
    pub(crate) mine_dim: Color,
    /// For names and initials, one per conversation.
    pub(crate) names: [Color; 6],
    /// Areas differ by their background; else by lines.
    pub(crate) filled: bool,
}

const fn rgb(hex: u32) -> Color {
    let [_, red, green, blue] = hex.to_be_bytes();
    Color::Rgb(red, green, blue)
}

impl Theme {
    /// The theme of a name, in the colours that the terminal has.
    pub(crate) fn new(name: ThemeName, depth: Depth) -> Self {
        let name = if depth.has_shades() { name } else { ThemeName::Plain };
        let full = match name {
            ThemeName::Dark => Self::dark(),
            ThemeName::Light => Self::light(),
            ThemeName::Contrast => Self::contrast(),
            ThemeName::Plain => Self::plain(),
        };
        full.in_depth(depth)
    }

    const fn dark() -> Self {
        Self {
            name: ThemeName::Dark,
            depth: Depth::True,
            base: rgb(0x12_1614),
            surface: rgb(0x18_1d1b),
            raised: rgb(0x28_302c),
            text: rgb(0xe4_eae6),
            dim: rgb(0x98_a49d),
            line: rgb(0x6a_756f),
            accent: rgb(0x7f_d99a),
            on_accent: rgb(0x0c_1f13),
            bad: rgb(0xff_8a80),
            warn: rgb(0xe8_c06a),
            theirs: rgb(0x22_2926),
            mine: rgb(0x1d_3f2c),
            mine_dim: rgb(0x9c_c2aa),
            names: [
                rgb(0x8f_c7ff),
                rgb(0xf2_b8a0),
                rgb(0xc9_b6ff),
                rgb(0x8a_dccb),
                rgb(0xf0_cf7e),
                rgb(0xf4_a9cd),
            ],
            filled: true,
        }
    }

    const fn light() -> Self {
        Self {
            name: ThemeName::Light,
            depth: Depth::True,
            base: rgb(0xfc_fdfb),
            surface: rgb(0xf2_f5f1),
            raised: rgb(0xdf_e8e0),
            text: rgb(0x1a_231d),
            dim: rgb(0x50_5d55),
            line: rgb(0x7c_877f),
            accent: rgb(0x14_6b3a),
            on_accent: rgb(0xff_ffff),
            bad: rgb(0xab_1f1a),
            warn: rgb(0x7d_5300),
            theirs: rgb(0xe9_edea),
            mine: rgb(0xcf_ebd8),
            mine_dim: rgb(0x3c_5f49),
            names: [
                rgb(0x1b_5a96),
                rgb(0x96_401f),
                rgb(0x4f_2f96),
                rgb(0x0e_6557),
                rgb(0x73_5200),
                rgb(0x96_2f66),
            ],
            filled: true,
        }
    }

    const fn contrast() -> Self {
        Self {
            name: ThemeName::Contrast,
            depth: Depth::True,
            base: rgb(0x00_0000),
            surface: rgb(0x00_0000),
            raised: rgb(0x00_005f),
            text: rgb(0xff_ffff),
            dim: rgb(0xdd_dddd),
            line: rgb(0xff_ffff),
            accent: rgb(0x5c_ff9d),
            on_accent: rgb(0x00_0000),
            bad: rgb(0xff_a8a0),
            warn: rgb(0xff_e066),
            theirs: rgb(0x00_0000),
            mine: rgb(0x00_0000),
            mine_dim: rgb(0xdd_dddd),
            names: [rgb(0xff_ffff); 6],
            filled: false,
        }
    }

    const fn plain() -> Self {
        Self {
            name: ThemeName::Plain,
            depth: Depth::Sixteen,
            base: Color::Reset,
            surface: Color::Reset,
            raised: Color::Reset,
            text: Color::Reset,
            dim: Color::Reset,
            line: Color::Reset,
            accent: Color::Green,
            on_accent: Color::Black,
            bad: Color::Red,
            warn: Color::Yellow,
            theirs: Color::Reset,
            mine: Color::Reset,
            mine_dim: Color::Reset,
            names: [
                Color::Blue,
                Color::Red,
                Color::Magenta,
                Color::Cyan,
                Color::Yellow,
                Color::Green,
            ],
            filled: false,
        }
    }

    fn in_depth(mut self, depth: Depth) -> Self {
        self.depth = depth;
        for color in self.colors() {
            *color = depth.nearest(*color);
        }
        self
    }

    fn colors(&mut self) -> impl Iterator<Item = &mut Color> {
        [
            &mut self.base,
            &mut self.surface,
            &mut self.raised,
            &mut self.text,
            &mut self.dim,
            &mut self.line,
            &mut self.accent,
            &mut self.on_accent,
            &mut self.bad,
            &mut self.warn,
            &mut self.theirs,
            &mut self.mine,
            &mut self.mine_dim,
        ]
        .into_iter()
        .chain(&mut self.names)
    }

    /// Text on the base.
    pub(crate) fn text(&self) -> Style {
        Style::new().fg(self.text)
    }

    /// Text that is read second. Without shades it is set dim.
    pub(crate) fn dim(&self) -> Style {
        let style = Style::new().fg(self.dim);
        if self.name == ThemeName::Plain { style.add_modifier(Modifier::DIM) } else { style }
    }

    /// Titles and names.
    pub(crate) fn strong(&self) -> Style {
        self.text().add_modifier(Modifier::BOLD)
    }

    /// What calls.
    pub(crate) fn accent(&self) -> Style {
        let style = Style::new().fg(self.accent);
        if self.depth == Depth::None { style.add_modifier(Modifier::BOLD) } else { style }
    }

    /// What went wrong.
    pub(crate) fn bad(&self) -> Style {
        let style = Style::new().fg(self.bad);
        if self.depth == Depth::None { style.add_modifier(Modifier::BOLD) } else { style }
    }

    /// What asks for attention.
    pub(crate) fn warn(&self) -> Style {
        let style = Style::new().fg(self.warn);
        if self.depth == Depth::None { style.add_modifier(Modifier::BOLD) } else { style }
    }

    /// Lines.
    pub(crate) fn line(&self) -> Style {
        let style = Style::new().fg(self.line);
        if self.name == ThemeName::Plain { style.add_modifier(Modifier::DIM) } else { style }
    }

    /// A badge or the button that Enter presses.
    pub(crate) fn badge(&self) -> Style {
        if self.depth == Depth::None {
            Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD)
        } else {
            Style::new().fg(self.on_accent).bg(self.accent).add_modifier(Modifier::BOLD)
        }
    }

    /// Behind everything.
    pub(crate) fn base(&self) -> Style {
        Style::new().fg(self.text).bg(self.base)
    }

    /// Behind the list.
    pub(crate) fn surface(&self) -> Style {
        Style::new().fg(self.text).bg(self.surface)
    }

    /// Behind what is selected. It goes over what is drawn already: without
    /// shades it reverses that.
    pub(crate) fn selected(&self) -> Style {
        if self.name == ThemeName::Plain {
            Style::new().add_modifier(Modifier::REVERSED)
        } else {
            Style::new().bg(self.raised)
        }
    }

    /// The colour of a name; the same one for the same key.
    pub(crate) fn name_color(&self, key: &str) -> Color {
        let sum =
            key.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
        let index = usize::try_from(sum >> 3).unwrap_or_default().checked_rem(self.names.len());
        index.and_then(|index| self.names.get(index)).copied().unwrap_or(self.text)
    }
}

#[cfg(test)]
mod tests;
