//! Reading bencode.

use super::{Dict, Integer, MAX_DEPTH, MAX_VALUES, Value};

/// Why bytes are not bencode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BtError {
    /// They end too early.
    #[error("the bencode ends at byte {at}, in the middle of a value")]
    End {
        /// Where they end.
        at: usize,
    },
    /// A byte that cannot stand there.
    #[error("the bencode has an unexpected byte 0x{byte:02x} at {at}")]
    Unexpected {
        /// Where.
        at: usize,
        /// The byte.
        byte: u8,
    },
    /// A string that leads beyond the end.
    #[error("the bencode has a string of {length} bytes at {at}, but only {available} follow")]
    Length {
        /// Where it begins.
        at: usize,
        /// What it says.
        length: usize,
        /// What there is.
        available: usize,
    },
    /// A number, or the length of a string, beyond 64 bits.
    #[error("the bencode has a number at {at} that does not fit into 64 bits")]
    Range {
        /// Where it begins.
        at: usize,
    },
    /// Leading zeros or a negative zero, in the canonical form.
    #[error("the bencode has a number at {at} that is not in its shortest form")]
    NotShortest {
        /// Where it begins.
        at: usize,
    },
    /// A key that does not come after the one before it, in the canonical
    /// form.
    #[error("the bencode has a key at {at} that does not come after the one before it")]
    Order {
        /// Where it begins.
        at: usize,
    },
    /// Lists in lists in lists.
    #[error("the bencode is nested more than {MAX_DEPTH} deep at {at}")]
    TooDeep {
        /// Where.
        at: usize,
    },
    /// More values than anybody needs.
    #[error("the bencode has more than {most} values")]
    TooMany {
        /// How many are taken.
        most: usize,
    },
    /// Something behind the value.
    #[error("the bencode ends at byte {at}, but {length} bytes follow")]
    Trailing {
        /// Where the value ends.
        at: usize,
        /// How many bytes are left.
        length: usize,
    },
}

/// Reads one value, which must be all there is and in canonical form.
pub fn decode(bytes: &[u8]) -> Result<Value, BtError> {
    Reader::new(bytes, true).whole()
}

/// Reads one value, which must be all there is. As the reference library's
/// general reader, takes leading zeros and `-0`, and keys in any order; of a
/// repeated key the first value counts.
pub fn decode_tolerant(bytes: &[u8]) -> Result<Value, BtError> {
    Reader::new(bytes, false).whole()
}

/// Reads a list of at most `most` strings, without copying them. Leading zeros
/// are taken.
pub fn strings(bytes: &[u8], most: usize) -> Result<Vec<&[u8]>, BtError> {
    let mut reader = Reader::new(bytes, false);
    reader.expect(b'l')?;
    let mut strings = Vec::new();
    while !reader.take(b'e') {
        if strings.len() >= most {
            return Err(BtError::TooMany { most });
        }
        strings.push(reader.string()?);
    }
    reader.end()?;
    Ok(strings)
}

/// Reads value by value, for formats that ask more of their bytes than being
/// bencode. [`Reader::tolerant`] takes what [`decode_tolerant`] does.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    length: usize,
    values: usize,
    canonical: bool,
}

impl<'a> Reader<'a> {
    const fn new(bytes: &'a [u8], canonical: bool) -> Self {
        Self { rest: bytes, length: bytes.len(), values: 0, canonical }
    }

    /// Begins with the first byte.
    pub const fn tolerant(bytes: &'a [u8]) -> Self {
        Self::new(bytes, false)
    }

    /// How many bytes were read.
    pub const fn at(&self) -> usize {
        self.length.saturating_sub(self.rest.len())
    }

    fn whole(mut self) -> Result<Value, BtError> {
        let value = self.value(0)?;
        self.end()?;
        Ok(value)
    }

    fn end(&self) -> Result<(), BtError> {
        match self.rest.len() {
            0 => Ok(()),
            length => Err(BtError::Trailing { at: self.at(), length }),
        }
    }

    /// The byte that comes next.
    pub fn peek(&self) -> Result<u8, BtError> {
        self.rest.first().copied().ok_or(BtError::End { at: self.at() })
    }

    /// Steps over a byte if it is the next.
    pub fn take(&mut self, byte: u8) -> bool {
        match self.rest.split_first() {
            Some((first, rest)) if *first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// Steps over a byte, which must be the next.
    pub fn expect(&mut self, byte: u8) -> Result<(), BtError> {
        if self.take(byte) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// The error that the next byte is.
    pub fn unexpected(&self) -> BtError {
        match self.peek() {
            Ok(byte) => BtError::Unexpected { at: self.at(), byte },
            Err(end) => end,
        }
    }

    /// Counts one value more; there may be [`MAX_VALUES`].
    pub fn count(&mut self) -> Result<(), BtError> {
        self.values = self.values.saturating_add(1);
        if self.values > MAX_VALUES {
            return Err(BtError::TooMany { most: MAX_VALUES });
        }
        Ok(())
    }

    /// A value that lies `depth` lists and dicts deep. Calls itself for what is
    /// inside, [`MAX_DEPTH`] times at most.
    pub fn value(&mut self, depth: usize) -> Result<Value, BtError> {
        self.count()?;
        let inside = depth.saturating_add(1);
        match self.peek()? {
            b'i' => self.integer().map(Value::Integer),
            b'0'..=b'9' => Ok(self.string()?.into()),
            b'l' | b'd' if depth >= MAX_DEPTH => Err(BtError::TooDeep { at: self.at() }),
            b'l' => self.list(inside),
            b'd' => self.dict(inside),
            _ => Err(self.unexpected()),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, BtError> {
        self.expect(b'l')?;
        let mut values = Vec::new();
        while !self.take(b'e') {
            values.push(self.value(depth)?);
        }
        Ok(Value::List(values))
    }

    fn dict(&mut self, depth: usize) -> Result<Value, BtError> {
        self.expect(b'd')?;
        let mut values = Dict::new();
        let mut before: Option<&[u8]> = None;
        while !self.take(b'e') {
            let at = self.at();
            let key = self.string()?;
            if self.canonical && before.is_some_and(|before| before >= key) {
                return Err(BtError::Order { at });
            }
            before = Some(key);
            let value = self.value(depth)?;
            values.entry(key.to_vec()).or_insert(value);
        }
        Ok(Value::Dict(values))
    }

    /// A number.
    pub fn integer(&mut self) -> Result<Integer, BtError> {
        self.expect(b'i')?;
        let at = self.at();
        let negative = self.take(b'-');
        let digits = self.digits(at)?;
        if self.canonical && negative && digits == 0 {
            return Err(BtError::NotShortest { at });
        }
        self.expect(b'e')?;
        let number = i128::from(digits);
        let number = if negative { number.saturating_neg() } else { number };
        Integer::new(number).ok_or(BtError::Range { at })
    }

    /// A string, or a dict's key.
    pub fn string(&mut self) -> Result<&'a [u8], BtError> {
        let at = self.at();
        let length = self.digits(at)?;
        self.expect(b':')?;
        let length = usize::try_from(length).map_err(|_| BtError::Range { at })?;
        let available = self.rest.len();
        let cut = self.rest.split_at_checked(length);
        let (string, rest) = cut.ok_or(BtError::Length { at, length, available })?;
        self.rest = rest;
        Ok(string)
    }

    /// The number of one digit or more, which began at `at`.
    fn digits(&mut self, at: usize) -> Result<u64, BtError> {
        let count = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let Some((digits, rest)) = self.rest.split_at_checked(count).filter(|_| count > 0) else {
            return Err(self.unexpected());
        };
        if self.canonical && count > 1 && digits.first() == Some(&b'0') {
            return Err(BtError::NotShortest { at });
        }
        let number = digits.iter().try_fold(0_u64, |number, digit| {
            number.checked_mul(10)?.checked_add(u64::from(digit.wrapping_sub(b'0')))
        });
        self.rest = rest;
        number.ok_or(BtError::Range { at })
    }
}
