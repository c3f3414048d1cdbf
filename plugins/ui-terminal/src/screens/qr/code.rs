//! A QR code in half blocks: two modules of a column in one cell.

use fast_qr::{ECL, QRBuilder};

/// A QR code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Code {
    size: u16,
    dark: Vec<bool>,
}

impl Code {
    /// The smallest one that holds the text; `None` for one that is too long.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let code = QRBuilder::new(text).ecl(ECL::L).build().ok()?;
        let size = u16::try_from(code.size).ok()?;
        let modules = code.size.checked_mul(code.size)?;
        let dark = code.data.iter().take(modules).map(|module| module.value()).collect();
        Some(Self { size, dark })
    }

    /// Modules along an edge, the light margin of so many modules included.
    pub(crate) fn edge(&self, margin: u16) -> u16 {
        self.size.saturating_add(margin.saturating_mul(2))
    }

    /// Rows of cells: one for two modules.
    pub(crate) fn rows(&self, margin: u16) -> u16 {
        self.edge(margin).div_ceil(2)
    }

    /// Whether a module is dark. What lies outside is light.
    fn is_dark(&self, x: u16, y: u16, margin: u16) -> bool {
        let (Some(x), Some(y)) = (x.checked_sub(margin), y.checked_sub(margin)) else {
            return false;
        };
        let at = usize::from(y).saturating_mul(usize::from(self.size)).saturating_add(x.into());
        x < self.size && self.dark.get(at).copied().unwrap_or(false)
    }

    /// The rows of cells, for dark letters on a light ground.
    pub(crate) fn lines(&self, margin: u16) -> Vec<String> {
        let cell = |x, row: u16| {
            let y = row.saturating_mul(2);
            match (self.is_dark(x, y, margin), self.is_dark(x, y.saturating_add(1), margin)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            }
        };
        let line = |row| (0..self.edge(margin)).map(|x| cell(x, row)).collect();
        (0..self.rows(margin)).map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[test]
    fn an_account_id_has_33_modules_along_an_edge() {
        let code = Code::of(&fixtures::ann().to_string()).unwrap();
        assert_eq!(code.edge(0), 33);
        assert_eq!(code.rows(2), 19);
        assert!(code.lines(2).iter().all(|line| line.chars().count() == 37));
    }

    #[test]
    fn the_finder_patterns_stand_in_three_corners() {
        let code = Code::of(&fixtures::ann().to_string()).unwrap();
        let finder =
            [0b111_1111, 0b100_0001, 0b101_1101, 0b101_1101, 0b101_1101, 0b100_0001, 0b111_1111];
        for (left, top) in [(0, 0), (26, 0), (0, 26)] {
            for (y, bits) in (0..).zip(finder) {
                for x in 0..7 {
                    let dark = code.is_dark(left + x, top + y, 0);
                    assert_eq!(dark, bits >> (6 - x) & 1 == 1, "at {x}, {y} of {left}, {top}");
                }
            }
        }
    }

    #[test]
    fn the_margin_is_light() {
        let code = Code::of("text").unwrap();
        let lines = code.lines(4);
        assert!(lines[0].trim().is_empty() && lines[1].trim().is_empty());
        assert!(lines.iter().all(|line| line.starts_with("    ") && line.ends_with("    ")));
    }

    #[test]
    fn a_text_that_is_too_long_has_no_code() {
        assert_eq!(Code::of(&"x".repeat(4_000)), None);
    }
}
