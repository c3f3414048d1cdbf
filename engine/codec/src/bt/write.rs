//! Writing bencode: the canonical form only.

use super::{Integer, Value};

impl Value {
    /// The canonical form.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.put(&mut out);
        out
    }

    /// Appends the canonical form. Goes as deep as the value does, which for
    /// values that were read is [`MAX_DEPTH`](super::MAX_DEPTH) at most.
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Integer(number) => put_integer(out, *number),
            Self::Bytes(bytes) => put_bytes(out, bytes),
            Self::List(values) => {
                out.push(b'l');
                values.iter().for_each(|value| value.put(out));
                out.push(b'e');
            }
            Self::Dict(values) => {
                out.push(b'd');
                for (key, value) in values {
                    put_bytes(out, key);
                    value.put(out);
                }
                out.push(b'e');
            }
        }
    }
}

/// Appends a string.
pub fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(bytes.len().to_string().as_bytes());
    out.push(b':');
    out.extend_from_slice(bytes);
}

/// Appends a number.
pub fn put_integer(out: &mut Vec<u8>, number: impl Into<Integer>) {
    out.push(b'i');
    out.extend_from_slice(number.into().to_string().as_bytes());
    out.push(b'e');
}
