//! What goes over the socket. A frame is its length as `u32`, one byte that
//! says what it is, and its fields in little endian; the last field may be
//! bytes to the frame's end.
//!
//! Neither side trusts a length: what is longer than its kind may be is an
//! error, and nothing is set aside for it.

#[cfg(test)]
mod tests;

use std::io::{self, Read, Write};

use ramson_abi::{MAX_EVENT, MAX_LOG, MAX_REQUEST};

/// Room for the fields before the bytes.
const FIELDS: usize = 32;

/// The longest frame that the plugin's process is sent.
pub(super) const MOST_TO_CHILD: usize = MAX_EVENT + FIELDS;

/// The longest frame that the host takes.
pub(super) const MOST_TO_HOST: usize = MAX_REQUEST + FIELDS;

/// The longest line, and one byte more, which shows that it was cut.
const MOST_TEXT: usize = MAX_LOG + 1;

/// Why something is no frame.
#[derive(Debug, thiserror::Error)]
pub(super) enum FrameError {
    /// The socket is not what it was.
    #[error("{0}")]
    Socket(#[from] io::Error),
    /// More bytes than it may have.
    #[error("a frame has {length} bytes, and {most} are the most")]
    TooLong {
        /// How many.
        length: usize,
        /// How many it may have.
        most: usize,
    },
    /// No frame begins like this.
    #[error("a frame begins with {kind}, which means nothing")]
    Unknown {
        /// The byte.
        kind: u8,
    },
    /// It ends before its fields do, or goes on behind them.
    #[error("a frame that begins with {kind} has {length} bytes, which is not its length")]
    Misshapen {
        /// Its first byte.
        kind: u8,
        /// How many bytes it has.
        length: usize,
    },
    /// Nobody waits for it.
    #[error("a call returned that was not made")]
    Unasked,
}

/// What the host tells the plugin's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ToChild<'a> {
    /// Map the library at this path. Answered.
    Map { library: &'a [u8] },
    /// Create the plugin. Answered.
    Create { granted: u64, config: &'a [u8] },
    /// An event of the next call.
    Event { seq: u64, reply_to: u64, kind: u32, payload: &'a [u8] },
    /// Hand over the events that were sent. Answered.
    OnEvents,
    /// Destroy the plugin, and end. Answered.
    Destroy,
    /// What came of the request with this ticket.
    Submitted { ticket: u64, status: i32 },
}

/// What the plugin's process tells the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ToHost<'a> {
    /// The library is mapped.
    Mapped,
    /// It is not, and why; whether it is no plugin at all.
    NotMapped { refused: bool, reason: &'a [u8] },
    /// A call returned.
    Returned { status: i32 },
    /// The plugin asks for something. Answered with the ticket.
    Submit { ticket: u64, kind: u32, id: u64, payload: &'a [u8] },
    /// The plugin writes to the log.
    Log { level: i32, text: &'a [u8] },
}

impl<'a> ToChild<'a> {
    /// Reads a frame.
    pub(super) fn parse(frame: &'a [u8]) -> Result<Self, FrameError> {
        let mut fields = Fields::of(frame)?;
        let parsed = match fields.kind {
            1 => Self::Map { library: fields.rest() },
            2 => Self::Create { granted: fields.u64()?, config: fields.rest() },
            3 => Self::Event {
                seq: fields.u64()?,
                reply_to: fields.u64()?,
                kind: fields.u32()?,
                payload: fields.rest(),
            },
            4 => Self::OnEvents,
            5 => Self::Destroy,
            6 => Self::Submitted { ticket: fields.u64()?, status: fields.i32()? },
            kind => return Err(FrameError::Unknown { kind }),
        };
        fields.end(parsed)
    }

    /// Writes it as a frame.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut frame = Head::default();
        let bytes: &[u8] = match *self {
            Self::Map { library } => {
                frame.kind(1);
                library
            }
            Self::Create { granted, config } => {
                frame.kind(2).u64(granted);
                config
            }
            Self::Event { seq, reply_to, kind, payload } => {
                frame.kind(3).u64(seq).u64(reply_to).u32(kind);
                payload
            }
            Self::OnEvents => {
                frame.kind(4);
                &[]
            }
            Self::Destroy => {
                frame.kind(5);
                &[]
            }
            Self::Submitted { ticket, status } => {
                frame.kind(6).u64(ticket).i32(status);
                &[]
            }
        };
        frame.write(bytes, MOST_TO_CHILD, out)
    }
}

impl<'a> ToHost<'a> {
    /// Reads a frame.
    pub(super) fn parse(frame: &'a [u8]) -> Result<Self, FrameError> {
        let mut fields = Fields::of(frame)?;
        let parsed = match fields.kind {
            1 => Self::Mapped,
            2 => Self::NotMapped { refused: fields.flag()?, reason: fields.at_most(MOST_TEXT)? },
            3 => Self::Returned { status: fields.i32()? },
            4 => Self::Submit {
                ticket: fields.u64()?,
                kind: fields.u32()?,
                id: fields.u64()?,
                payload: fields.at_most(MAX_REQUEST)?,
            },
            5 => Self::Log { level: fields.i32()?, text: fields.at_most(MOST_TEXT)? },
            kind => return Err(FrameError::Unknown { kind }),
        };
        fields.end(parsed)
    }

    /// Writes it as a frame.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut frame = Head::default();
        let bytes: &[u8] = match *self {
            Self::Mapped => {
                frame.kind(1);
                &[]
            }
            Self::NotMapped { refused, reason } => {
                frame.kind(2).flag(refused);
                reason.get(..MOST_TEXT).unwrap_or(reason)
            }
            Self::Returned { status } => {
                frame.kind(3).i32(status);
                &[]
            }
            Self::Submit { ticket, kind, id, payload } => {
                frame.kind(4).u64(ticket).u32(kind).u64(id);
                payload
            }
            Self::Log { level, text } => {
                frame.kind(5).i32(level);
                text.get(..MOST_TEXT).unwrap_or(text)
            }
        };
        frame.write(bytes, MOST_TO_HOST, out)
    }
}

/// Reads the next frame into `frame`. `false` at the end, which is between two
/// frames.
pub(super) fn next(
    from: &mut impl Read,
    frame: &mut Vec<u8>,
    most: usize,
) -> Result<bool, FrameError> {
    let mut length = [0; 4];
    let mut at = 0;
    while let Some(left) = length.get_mut(at..).filter(|left| !left.is_empty()) {
        match from.read(left) {
            Ok(0) if at == 0 => return Ok(false),
            Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            Ok(read) => at = at.saturating_add(read),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
    if length > most {
        return Err(FrameError::TooLong { length, most });
    }
    frame.clear();
    frame.resize(length, 0);
    from.read_exact(frame)?;
    Ok(true)
}

/// The beginning of a frame that is written.
#[derive(Default)]
struct Head(Vec<u8>);

impl Head {
    fn kind(&mut self, kind: u8) -> &mut Self {
        self.0.push(kind);
        self
    }

    fn flag(&mut self, flag: bool) -> &mut Self {
        self.0.push(u8::from(flag));
        self
    }

    fn u32(&mut self, number: u32) -> &mut Self {
        self.0.extend(number.to_le_bytes());
        self
    }

    fn u64(&mut self, number: u64) -> &mut Self {
        self.0.extend(number.to_le_bytes());
        self
    }

    fn i32(&mut self, number: i32) -> &mut Self {
        self.0.extend(number.to_le_bytes());
        self
    }

    fn write(self, bytes: &[u8], most: usize, out: &mut impl Write) -> io::Result<()> {
        let length = self.0.len().saturating_add(bytes.len());
        let whole = u32::try_from(length).ok().filter(|_| length <= most);
        let too_long = || io::Error::other(FrameError::TooLong { length, most });
        let mut start = whole.ok_or_else(too_long)?.to_le_bytes().to_vec();
        start.extend(self.0);
        // At once where it is short, so that it is one call to the system.
        if bytes.len() <= 4_096 {
            start.extend(bytes);
            return out.write_all(&start);
        }
        out.write_all(&start)?;
        out.write_all(bytes)
    }
}

/// What is left of a frame that is read.
struct Fields<'a> {
    kind: u8,
    length: usize,
    left: &'a [u8],
}

impl<'a> Fields<'a> {
    fn of(frame: &'a [u8]) -> Result<Self, FrameError> {
        let (kind, left) =
            frame.split_first().ok_or(FrameError::Misshapen { kind: 0, length: 0 })?;
        Ok(Self { kind: *kind, length: frame.len(), left })
    }

    fn misshapen(&self) -> FrameError {
        FrameError::Misshapen { kind: self.kind, length: self.length }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        let (taken, left) = self.left.split_first_chunk().ok_or_else(|| self.misshapen())?;
        self.left = left;
        Ok(*taken)
    }

    fn flag(&mut self) -> Result<bool, FrameError> {
        match self.take()? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(self.misshapen()),
        }
    }

    fn u32(&mut self) -> Result<u32, FrameError> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, FrameError> {
        self.take().map(u64::from_le_bytes)
    }

    fn i32(&mut self) -> Result<i32, FrameError> {
        self.take().map(i32::from_le_bytes)
    }

    fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.left)
    }

    fn at_most(&mut self, most: usize) -> Result<&'a [u8], FrameError> {
        let bytes = self.rest();
        match bytes.len() {
            length if length > most => Err(FrameError::TooLong { length, most }),
            _ => Ok(bytes),
        }
    }

    fn end<T>(self, parsed: T) -> Result<T, FrameError> {
        if self.left.is_empty() { Ok(parsed) } else { Err(self.misshapen()) }
    }
}
