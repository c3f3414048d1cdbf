//! How many cells a text takes.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// A tab is as wide as four spaces, wherever it stands.
pub(crate) const TAB: &str = "    ";

/// How many cells a text takes on one line: the sum of those of its graphemes.
/// It is the width that terminals are told, which a font may not keep.
pub fn width(text: &str) -> usize {
    if text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
        return text.len();
    }
    text.graphemes(true).map(of_grapheme).sum()
}

/// How many cells one grapheme takes. Controls take none.
pub(crate) fn of_grapheme(grapheme: &str) -> usize {
    match grapheme {
        "\t" => TAB.len(),
        control if control.chars().all(char::is_control) => 0,
        other => other.width(),
    }
}
