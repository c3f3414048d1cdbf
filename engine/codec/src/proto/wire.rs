//! Protobuf's wire format: keys, values and how to pass over what nobody knows.

use super::ProtoError;

/// How deep groups may nest in fields that are passed over.
const MAX_GROUP_DEPTH: u32 = 100;

/// The value of one field as it lies on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Raw<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    /// A form that no field here has: four fixed bytes, or a group.
    Other,
}

/// Reads the fields of one message, in the order in which they lie.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next field's number and value; `None` at the end.
    pub(crate) fn field(&mut self) -> Result<Option<(u32, Raw<'a>)>, ProtoError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (number, form) = self.key()?;
        Ok(Some((number, self.value(number, form, MAX_GROUP_DEPTH)?)))
    }

    /// The next varint; `None` at the end.
    pub(crate) fn packed(&mut self) -> Result<Option<u64>, ProtoError> {
        if self.rest.is_empty() { Ok(None) } else { self.varint().map(Some) }
    }

    fn key(&mut self) -> Result<(u32, u32), ProtoError> {
        let key = self.varint()?;
        let key = u32::try_from(key).map_err(|_| ProtoError::Key { key })?;
        match key >> 3 {
            0 => Err(ProtoError::Key { key: key.into() }),
            number => Ok((number, key & 7)),
        }
    }

    fn value(&mut self, number: u32, form: u32, depth: u32) -> Result<Raw<'a>, ProtoError> {
        Ok(match form {
            0 => Raw::Varint(self.varint()?),
            1 => Raw::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| ProtoError::Truncated)?;
                let (bytes, rest) =
                    self.rest.split_at_checked(length).ok_or(ProtoError::Truncated)?;
                self.rest = rest;
                Raw::Bytes(bytes)
            }
            3 => {
                self.skip_group(number, depth)?;
                Raw::Other
            }
            5 => {
                self.array::<4>()?;
                Raw::Other
            }
            form => return Err(ProtoError::Form { number, form }),
        })
    }

    /// Passes over everything up to the end of a group.
    fn skip_group(&mut self, group: u32, depth: u32) -> Result<(), ProtoError> {
        let depth = depth.checked_sub(1).ok_or(ProtoError::Depth { number: group })?;
        loop {
            match self.key()? {
                (number, 4) if number == group => return Ok(()),
                (number, form) => self.value(number, form, depth)?,
            };
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ProtoError> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(ProtoError::Truncated)?;
        self.rest = rest;
        Ok(*array)
    }

    fn varint(&mut self) -> Result<u64, ProtoError> {
        let mut value = 0;
        for shift in (0..70).step_by(7) {
            let (byte, rest) = self.rest.split_first().ok_or(ProtoError::Truncated)?;
            self.rest = rest;
            // The tenth byte holds one bit; what lies above 64 bits is lost.
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(ProtoError::Varint)
    }
}

/// Appends a varint.
pub(crate) fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            out.push(low & 0x7f);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Appends a field's key and a varint.
pub(crate) fn put_varint_field(number: u32, value: u64, out: &mut Vec<u8>) {
    put_varint(u64::from(number) << 3, out);
    put_varint(value, out);
}

/// Appends a field's key and eight fixed bytes.
pub(crate) fn put_fixed64_field(number: u32, value: u64, out: &mut Vec<u8>) {
    put_varint((u64::from(number) << 3) | 1, out);
    out.extend_from_slice(&value.to_le_bytes());
}

/// Appends a field's key, a length and bytes.
pub(crate) fn put_bytes_field(number: u32, bytes: &[u8], out: &mut Vec<u8>) {
    put_varint((u64::from(number) << 3) | 2, out);
    // A usize has at most 64 bits on every platform that Rust knows.
    put_varint(u64::try_from(bytes.len()).unwrap_or(u64::MAX), out);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn varint(bytes: &[u8]) -> Result<u64, ProtoError> {
        Reader::new(bytes).varint()
    }

    #[test]
    fn varints_of_every_length() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut bytes = Vec::new();
            put_varint(value, &mut bytes);
            assert_eq!(varint(&bytes), Ok(value));
            bytes.pop();
            assert_eq!(varint(&bytes), Err(ProtoError::Truncated));
        }
        assert_eq!(varint(&[0x80, 0x00]), Ok(0), "longer than needed is read");
        assert_eq!(varint(&[0x80; 11]), Err(ProtoError::Varint));
    }

    #[test]
    fn groups_are_passed_over_to_their_own_end() {
        // Group 4 with a varint and group 5 inside, then field 1.
        let bytes = [0x23, 0x08, 0x01, 0x2b, 0x2c, 0x24, 0x08, 0x07];
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.field(), Ok(Some((4, Raw::Other))));
        assert_eq!(reader.field(), Ok(Some((1, Raw::Varint(7)))));
        assert_eq!(reader.field(), Ok(None));
        assert_eq!(Reader::new(&[0x23, 0x08, 0x01]).field(), Err(ProtoError::Truncated));
        assert_eq!(
            Reader::new(&[0x23, 0x2c]).field(),
            Err(ProtoError::Form { number: 5, form: 4 })
        );
        assert_eq!(Reader::new(&[0x23; 5000]).field(), Err(ProtoError::Depth { number: 4 }));
    }

    #[test]
    fn keys_that_are_none() {
        assert_eq!(Reader::new(&[0x00, 0x01]).field(), Err(ProtoError::Key { key: 0 }));
        assert_eq!(Reader::new(&[0x0f]).field(), Err(ProtoError::Form { number: 1, form: 7 }));
        let long = [0xff, 0xff, 0xff, 0xff, 0x7f, 0x00];
        assert!(matches!(Reader::new(&long).field(), Err(ProtoError::Key { .. })));
    }

    #[test]
    fn a_length_past_the_end_takes_no_memory() {
        let huge = [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
        assert_eq!(Reader::new(&huge).field(), Err(ProtoError::Truncated));
    }
}
