//! JSON lines of bounded length over a stream.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use zeroize::Zeroizing;

/// Reads lines, none of them longer than a limit.
pub(super) struct Lines<R> {
    reader: BufReader<R>,
    limit: usize,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn new(stream: R, limit: usize) -> Self {
        Self { reader: BufReader::new(stream), limit }
    }

    /// The next line; `None` at the end. What stands behind the last line
    /// break is not a line.
    pub(super) async fn next<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        let mut line = Zeroizing::new(Vec::new());
        loop {
            let ready = self.reader.fill_buf().await?;
            if ready.is_empty() {
                return Ok(None);
            }
            let end = ready.iter().position(|byte| *byte == b'\n');
            let part = ready.get(..end.unwrap_or(ready.len())).unwrap_or_default();
            if line.len() + part.len() > self.limit {
                let reason = format!("a line is longer than {} bytes", self.limit);
                return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
            }
            line.extend_from_slice(part);
            let used = part.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() {
                return serde_json::from_slice(&line).map(Some).map_err(io::Error::from);
            }
        }
    }
}

/// Writes one line.
pub(super) async fn write<T: Serialize>(
    stream: &mut (impl AsyncWrite + Unpin),
    value: &T,
) -> io::Result<()> {
    let mut line = Zeroizing::new(serde_json::to_vec(value)?);
    line.push(b'\n');
    stream.write_all(&line).await?;
    stream.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(bytes: &[u8], limit: usize) -> io::Result<Vec<u32>> {
        let mut lines = Lines::new(bytes, limit);
        let mut found = Vec::new();
        while let Some(number) = lines.next().await? {
            found.push(number);
        }
        Ok(found)
    }

    #[tokio::test]
    async fn lines_are_read_one_by_one_and_never_too_long() {
        assert_eq!(all(b"1\n22\n", 2).await.unwrap(), [1, 22]);
        assert!(all(b"", 2).await.unwrap().is_empty());
        assert_eq!(all(b"1\n2", 2).await.unwrap(), [1]);
        let long = all(b"1\n333\n", 2).await.unwrap_err();
        assert_eq!(long.kind(), io::ErrorKind::InvalidData);
        assert!(all(b"x\n", 2).await.is_err());
    }

    #[tokio::test]
    async fn what_is_written_is_one_line() {
        let mut bytes = Vec::new();
        write(&mut bytes, &"a\nb").await.unwrap();
        assert_eq!(bytes, b"\"a\\nb\"\n");
    }
}
