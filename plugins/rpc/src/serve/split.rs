//! Bytes as lines of bounded length.

use std::io;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};

use crate::limits;

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A line, without its break.
    Line(Vec<u8>),
    /// The beginning of one that is too long; the rest of it is passed over.
    TooLong,
    /// One that does not end.
    Endless,
    /// Nothing comes any more.
    End,
}

/// Reads lines.
pub(super) struct Split<R> {
    reader: BufReader<R>,
    line: Vec<u8>,
    /// Bytes of this line so far, those passed over among them.
    length: usize,
}

impl<R: AsyncRead + Unpin> Split<R> {
    pub(super) fn new(stream: R) -> Self {
        Self { reader: BufReader::new(stream), line: Vec::new(), length: 0 }
    }

    /// What comes next. Dropping the future loses nothing. A last line may do
    /// without a break.
    pub(super) async fn next(&mut self) -> io::Result<Piece> {
        loop {
            let ready = self.reader.fill_buf().await?;
            if ready.is_empty() {
                let whole = self.length <= limits::LINE && !self.line.is_empty();
                self.length = 0;
                let line = std::mem::take(&mut self.line);
                return Ok(if whole { Piece::Line(line) } else { Piece::End });
            }
            let end = ready.iter().position(|byte| *byte == b'\n');
            let part = ready.get(..end.unwrap_or(ready.len())).unwrap_or_default();
            let before = self.length;
            self.length = before.saturating_add(part.len());
            let fits = self.length <= limits::LINE;
            if fits {
                self.line.extend_from_slice(part);
            }
            let used = part.len().saturating_add(usize::from(end.is_some()));
            self.reader.consume(used);
            if self.length > limits::ENDLESS_LINE {
                return Ok(Piece::Endless);
            }
            if !fits && before <= limits::LINE {
                self.line = Vec::new();
                if end.is_some() {
                    self.length = 0;
                }
                return Ok(Piece::TooLong);
            }
            if end.is_some() {
                self.length = 0;
                if fits {
                    return Ok(Piece::Line(std::mem::take(&mut self.line)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(bytes: &[u8]) -> Vec<Piece> {
        let mut split = Split::new(bytes);
        let mut pieces = Vec::new();
        loop {
            let piece = split.next().await.unwrap();
            let over = matches!(piece, Piece::End | Piece::Endless);
            pieces.push(piece);
            if over {
                return pieces;
            }
        }
    }

    fn line(text: &str) -> Piece {
        Piece::Line(text.as_bytes().to_vec())
    }

    #[tokio::test]
    async fn lines_come_one_by_one_and_the_last_one_may_do_without_a_break() {
        assert_eq!(all(b"a\n\nbc\n").await, [line("a"), line(""), line("bc"), Piece::End]);
        assert_eq!(all(b"a\nb").await, [line("a"), line("b"), Piece::End]);
        assert_eq!(all(b"").await, [Piece::End]);
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_passed_over() {
        let mut bytes = vec![b'x'; limits::LINE];
        bytes.extend_from_slice(b"\n");
        let [Piece::Line(whole), Piece::End] = &all(&bytes).await[..] else { panic!("it fits") };
        assert_eq!(whole.len(), limits::LINE);
        for more in [1, 5_000, limits::LINE] {
            let mut bytes = vec![b'x'; limits::LINE + more];
            bytes.extend_from_slice(b"\nnext\n");
            assert_eq!(all(&bytes).await, [Piece::TooLong, line("next"), Piece::End], "{more}");
        }
        let endless = vec![b'x'; limits::ENDLESS_LINE + 1];
        assert_eq!(all(&endless).await, [Piece::TooLong, Piece::Endless]);
        let cut = vec![b'x'; limits::LINE + 1];
        assert_eq!(all(&cut).await, [Piece::TooLong, Piece::End]);
    }
}
