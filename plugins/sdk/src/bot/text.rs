//! Texts that are too long for one message.

/// So many code points fit into one.
pub(crate) const LONGEST: usize = 2_000;

/// A text in pieces that fit, cut at the last line break if that is not far
/// back, else at the last space, else where it has to be. Space at a cut is
/// left out.
pub(crate) fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut left = text.trim();
    while let Some((end, _)) = left.char_indices().nth(LONGEST) {
        let fits = left.get(..end).unwrap_or_default();
        let line = fits.rfind('\n').filter(|at| *at >= end.midpoint(0));
        let next = left.get(end..).unwrap_or_default();
        let at = match (next.chars().next(), line) {
            (Some('\n'), _) => end,
            (_, Some(line)) => line,
            (Some(next), None) if next.is_whitespace() => end,
            _ => fits.rfind(char::is_whitespace).unwrap_or(end),
        };
        let (piece, rest) = left.split_at_checked(at).unwrap_or((left, ""));
        pieces.push(piece.trim_end());
        left = rest.trim_start();
    }
    if !left.is_empty() {
        pieces.push(left);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_long_text_is_cut_at_lines_then_at_spaces() {
        let line = "a b ".repeat(450);
        let text = format!("{line}\n{line}\n{}", "x".repeat(4_500));
        let cut = pieces(&text);
        let lengths: Vec<_> = cut.iter().map(|piece| piece.chars().count()).collect();
        assert_eq!(lengths, [1_799, 1_799, 2_000, 2_000, 500]);
        assert_eq!(pieces("  hello "), ["hello"]);
        assert!(pieces(" \n ").is_empty());
    }

    proptest! {
        #[test]
        fn every_piece_fits_and_nothing_but_space_is_lost(
            words in prop::collection::vec("[a-zä€😀]{1,900}[ \n]{0,3}", 0..12)
        ) {
            let text = words.concat();
            let cut = pieces(&text);
            let solid = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(solid(&cut.concat()), solid(&text));
            for piece in cut {
                prop_assert!((1..=LONGEST).contains(&piece.chars().count()));
            }
        }
    }
}
