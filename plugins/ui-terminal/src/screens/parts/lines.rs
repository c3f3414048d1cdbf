//! Pieces of text that many screens show.

use ramson_view::text::{Order, fit, width};
use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::screen::Cx;
use crate::theme::Theme;

/// Columns of the labels at the left of values.
pub(crate) const LABEL: usize = 18;

/// A text from outside on one line: harmless, cut where it is too long, and in
/// the order in which it is seen.
pub(crate) fn fitted(text: &str, columns: usize, cx: &Cx) -> String {
    fit(text, columns, cx.order)
}

/// Spaces behind a text, up to a width.
pub(crate) fn padded(text: &str, columns: usize) -> String {
    let mut text = text.to_owned();
    text.extend(std::iter::repeat_n(' ', columns.saturating_sub(width(&text))));
    text
}

/// What stands above a group.
pub(crate) fn heading(theme: &Theme, text: &str) -> Line<'static> {
    Line::styled(text.to_owned(), theme.accent())
}

/// A label and its value.
pub(crate) fn pair(theme: &Theme, label: &str, value: impl Into<String>) -> Line<'static> {
    Line::from(vec![
        Span::styled(padded(label, LABEL), theme.dim()),
        Span::styled(value.into(), theme.text()),
    ])
}

/// Something at the left and something at the right edge of a line of so many
/// columns; the left one is cut where both do not fit.
pub(crate) fn ends(
    left: Vec<Span<'static>>,
    right: Vec<Span<'static>>,
    columns: usize,
) -> Line<'static> {
    let right_width: usize = right.iter().map(Span::width).sum();
    let room = columns.saturating_sub(right_width.saturating_add(1));
    let mut used = 0_usize;
    let mut spans = Vec::new();
    for span in left {
        let left = room.saturating_sub(used);
        let text = if span.width() > left { cut(&span.content, left) } else { span.content.into() };
        used = used.saturating_add(width(&text));
        spans.push(Span::styled(text, span.style));
    }
    let gap = columns.saturating_sub(used).saturating_sub(right_width);
    spans.push(Span::raw(" ".repeat(gap)));
    spans.extend(right);
    Line::from(spans)
}

/// Cuts a text that is in the order in which it is seen already.
fn cut(text: &str, columns: usize) -> String {
    fit(text, columns, Order::Logical)
}

/// Own sentences as lines of a width. Words from outside go through
/// `ramson_view::text::wrap` instead.
pub(crate) fn paragraph(text: &str, columns: usize, style: Style) -> Vec<Line<'static>> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        let Some(line) = lines.last_mut() else { break };
        let wanted = width(line).saturating_add(1).saturating_add(width(word));
        if line.is_empty() {
            line.push_str(word);
        } else if wanted <= columns {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.into_iter().map(|line| Line::styled(line, style)).collect()
}

/// What stands in the middle of a screen that has nothing to show: a title and
/// what can be done about it.
pub(crate) fn empty(frame: &mut Frame, area: Rect, theme: &Theme, title: &str, text: &str) {
    let columns = usize::from(area.width).min(56);
    let mut lines = vec![Line::styled(title.to_owned(), theme.strong()), Line::raw("")];
    lines.extend(paragraph(text, columns, theme.dim()));
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let free = area.height.saturating_sub(height);
    let top = area.y.saturating_add(free.checked_div(3).unwrap_or(0));
    for (y, line) in (top..area.bottom()).zip(lines) {
        let row = Rect { y, height: 1, ..area };
        frame.render_widget(line.alignment(Alignment::Center), row);
    }
}

/// A number and what is counted: `1 message`, `2,048 messages`.
pub(crate) fn count(number: u64, one: &str) -> String {
    let many = if number == 1 { "" } else { "s" };
    format!("{} {one}{many}", thousands(number))
}

/// A number with its digits in groups.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        let left = digits.len().saturating_sub(at);
        if at > 0 && left.is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of bytes.
pub(crate) fn size(bytes: u64) -> String {
    let steps = [(1_u64 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "kB")];
    for (step, unit) in steps {
        if bytes >= step {
            let tenths = bytes.saturating_mul(10).checked_div(step).unwrap_or(0);
            let (whole, tenth) = (tenths.checked_div(10), tenths.checked_rem(10));
            return format!("{}.{} {unit}", whole.unwrap_or(0), tenth.unwrap_or(0));
        }
    }
    format!("{bytes} B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_000), "1,000");
        assert_eq!(thousands(12_345_678), "12,345,678");
        assert_eq!(count(1, "event"), "1 event");
        assert_eq!(count(1_024, "event"), "1,024 events");
    }

    #[test]
    fn sizes_have_one_digit_behind_the_point() {
        assert_eq!(size(812), "812 B");
        assert_eq!(size(48_200), "47.0 kB");
        assert_eq!(size(2_411_724), "2.2 MB");
        assert_eq!(size(u64::MAX), "17179869184.0 GB".replace("17179869184.0", &whole()));
    }

    /// Of the largest number, which is not multiplied beyond its end.
    fn whole() -> String {
        format!("{}.{}", (u64::MAX / (1 << 30)) / 10, (u64::MAX / (1 << 30)) % 10)
    }

    #[test]
    fn sentences_are_broken_between_words() {
        let lines = paragraph("one two three four", 9, Style::new());
        let text: Vec<String> = lines.iter().map(ToString::to_string).collect();
        assert_eq!(text, ["one two", "three", "four"]);
    }

    #[test]
    fn the_right_end_stays_and_the_left_one_is_cut() {
        let line = ends(vec![Span::raw("a long name")], vec![Span::raw("12:00")], 12);
        assert_eq!(line.width(), 12);
        assert!(line.to_string().ends_with(" 12:00"), "{line}");
        let line = ends(vec![Span::raw("Ann")], vec![Span::raw("12:00")], 12);
        assert_eq!(line.to_string(), "Ann    12:00");
    }
}
