//! proto2's rules over the wire format. [`message!`] writes a schema down as
//! appendix A of 01 does, and makes of it a struct, its parser and its writer.
//!
//! Why not a ready-made codec: those for Rust follow proto3's mind. They take
//! a missing required field for a zero and a number outside an enum for a
//! value, and fail on a field of an unexpected form, where the libraries of
//! the apps fail, see nothing, and pass over.

use zeroize::ZeroizeOnDrop;

use super::ProtoError;
use super::wire::{self, Raw, Reader};

/// How many elements a repeated field may have. The apps send at most 32
/// attachments and some thousand read times; a bound keeps a short message
/// of empty elements from filling the memory.
pub(crate) const MAX_ELEMENTS: usize = 16_384;

/// A message of the schema.
pub(crate) trait Message: Sized {
    /// What has been read of it so far.
    type Partial: Default;

    /// Takes in one field; passes over one that it does not know.
    fn merge_field(
        partial: &mut Self::Partial,
        number: u32,
        raw: Raw<'_>,
    ) -> Result<(), ProtoError>;

    /// The message, if no required field is missing.
    fn finish(partial: Self::Partial) -> Result<Self, ProtoError>;

    /// Appends its fields in ascending order.
    fn write(&self, out: &mut Vec<u8>);
}

/// Reads a message.
pub(crate) fn decode<M: Message>(bytes: &[u8]) -> Result<M, ProtoError> {
    let mut partial = M::Partial::default();
    merge::<M>(&mut partial, bytes)?;
    M::finish(partial)
}

fn merge<M: Message>(partial: &mut M::Partial, bytes: &[u8]) -> Result<(), ProtoError> {
    let mut reader = Reader::new(bytes);
    while let Some((number, raw)) = reader.field()? {
        M::merge_field(partial, number, raw)?;
    }
    Ok(())
}

/// Writes a message.
pub(crate) fn encode<M: Message>(message: &M) -> Vec<u8> {
    let mut out = Vec::new();
    message.write(&mut out);
    out
}

/// What can stand in a field.
pub(crate) trait Value: Sized {
    /// What has been read of it so far. A later scalar replaces an earlier
    /// one, a later part of a message is merged into it.
    type Partial: Default;
    /// Whether a repeated field of it may come packed.
    const PACKS: bool = false;

    fn merge(
        partial: &mut Self::Partial,
        raw: Raw<'_>,
        field: &'static str,
    ) -> Result<(), ProtoError>;
    /// The value, or `None` if the field was absent.
    fn finish(partial: Self::Partial) -> Result<Option<Self>, ProtoError>;
    fn write(&self, number: u32, out: &mut Vec<u8>);
}

/// A [`Value`] that is one number or run of bytes.
macro_rules! scalar {
    ($type:ty, packs: $packs:literal,
     read($raw:pat, $field:ident) $read:expr,
     write($self:ident, $number:ident, $out:ident) $write:expr) => {
        impl Value for $type {
            type Partial = Option<Self>;
            const PACKS: bool = $packs;

            fn merge(
                partial: &mut Option<Self>,
                raw: Raw<'_>,
                $field: &'static str,
            ) -> Result<(), ProtoError> {
                if let $raw = raw {
                    *partial = Some($read);
                }
                Ok(())
            }

            fn finish(partial: Option<Self>) -> Result<Option<Self>, ProtoError> {
                Ok(partial)
            }

            fn write(&$self, $number: u32, $out: &mut Vec<u8>) {
                $write
            }
        }
    };
}

scalar! { u64, packs: true,
    read(Raw::Varint(number), _field) number,
    write(self, number, out) wire::put_varint_field(number, *self, out)
}
scalar! { i64, packs: true,
    read(Raw::Varint(number), _field) number.cast_signed(),
    write(self, number, out) wire::put_varint_field(number, self.cast_unsigned(), out)
}
scalar! { u32, packs: true,
    read(Raw::Varint(number), _field) low_half(number),
    write(self, number, out) wire::put_varint_field(number, u64::from(*self), out)
}
scalar! { bool, packs: true,
    read(Raw::Varint(number), _field) number != 0,
    write(self, number, out) wire::put_varint_field(number, u64::from(*self), out)
}
scalar! { Fixed64, packs: false,
    read(Raw::Fixed64(number), _field) Fixed64(number),
    write(self, number, out) wire::put_fixed64_field(number, self.0, out)
}
scalar! { Vec<u8>, packs: false,
    read(Raw::Bytes(bytes), _field) bytes.to_vec(),
    write(self, number, out) wire::put_bytes_field(number, self, out)
}
scalar! { SecretBytes, packs: false,
    read(Raw::Bytes(bytes), _field) SecretBytes(bytes.to_vec()),
    write(self, number, out) wire::put_bytes_field(number, &self.0, out)
}
scalar! { String, packs: false,
    read(Raw::Bytes(bytes), field)
        std::str::from_utf8(bytes).map_err(|_| ProtoError::Utf8 { field })?.to_owned(),
    write(self, number, out) wire::put_bytes_field(number, self.as_bytes(), out)
}

/// A 32-bit field keeps the low half of what is given.
pub(crate) const fn low_half(number: u64) -> u32 {
    let [a, b, c, d, ..] = number.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// A number that is always written as eight bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fixed64(pub u64);

/// Bytes that are a key: wiped when dropped, and never shown.
#[derive(PartialEq, Eq, ZeroizeOnDrop)]
pub struct SecretBytes(pub Vec<u8>);

impl<M: Message> Value for M {
    type Partial = Option<M::Partial>;

    fn merge(
        partial: &mut Self::Partial,
        raw: Raw<'_>,
        _field: &'static str,
    ) -> Result<(), ProtoError> {
        match raw {
            Raw::Bytes(bytes) => merge::<M>(partial.get_or_insert_default(), bytes),
            _ => Ok(()),
        }
    }

    fn finish(partial: Self::Partial) -> Result<Option<Self>, ProtoError> {
        partial.map(M::finish).transpose()
    }

    fn write(&self, number: u32, out: &mut Vec<u8>) {
        wire::put_bytes_field(number, &encode(self), out);
    }
}

/// The labels of fields, a module each, so that [`message!`] can call their
/// functions by the label itself.
pub(crate) mod label {
    use super::{MAX_ELEMENTS, ProtoError, Raw, Reader, Value};

    pub(crate) mod required {
        use super::{ProtoError, Raw, Value};

        pub(crate) type Partial<T> = <T as Value>::Partial;

        pub(crate) fn merge<T: Value>(
            partial: &mut T::Partial,
            raw: Raw<'_>,
            field: &'static str,
        ) -> Result<(), ProtoError> {
            T::merge(partial, raw, field)
        }

        pub(crate) fn finish<T: Value>(
            partial: T::Partial,
            field: &'static str,
        ) -> Result<T, ProtoError> {
            T::finish(partial)?.ok_or(ProtoError::Missing { field })
        }

        pub(crate) fn write<T: Value>(value: &T, number: u32, out: &mut Vec<u8>) {
            value.write(number, out);
        }
    }

    pub(crate) mod optional {
        use super::{ProtoError, Value};

        pub(crate) use super::required::{Partial, merge};

        pub(crate) fn finish<T: Value>(
            partial: T::Partial,
            _field: &'static str,
        ) -> Result<Option<T>, ProtoError> {
            T::finish(partial)
        }

        pub(crate) fn write<T: Value>(value: &Option<T>, number: u32, out: &mut Vec<u8>) {
            if let Some(value) = value {
                value.write(number, out);
            }
        }
    }

    pub(crate) mod repeated {
        use super::{MAX_ELEMENTS, ProtoError, Raw, Reader, Value};

        pub(crate) type Partial<T> = Vec<T>;

        pub(crate) fn merge<T: Value>(
            elements: &mut Vec<T>,
            raw: Raw<'_>,
            field: &'static str,
        ) -> Result<(), ProtoError> {
            if T::PACKS
                && let Raw::Bytes(bytes) = raw
            {
                let mut reader = Reader::new(bytes);
                while let Some(number) = reader.packed()? {
                    push(elements, Raw::Varint(number), field)?;
                }
                return Ok(());
            }
            push(elements, raw, field)
        }

        fn push<T: Value>(
            elements: &mut Vec<T>,
            raw: Raw<'_>,
            field: &'static str,
        ) -> Result<(), ProtoError> {
            let mut partial = T::Partial::default();
            T::merge(&mut partial, raw, field)?;
            if let Some(element) = T::finish(partial)? {
                if elements.len() >= MAX_ELEMENTS {
                    return Err(ProtoError::TooMany { field });
                }
                elements.push(element);
            }
            Ok(())
        }

        pub(crate) fn finish<T: Value>(
            elements: Vec<T>,
            _field: &'static str,
        ) -> Result<Vec<T>, ProtoError> {
            Ok(elements)
        }

        pub(crate) fn write<T: Value>(elements: &[T], number: u32, out: &mut Vec<u8>) {
            for element in elements {
                element.write(number, out);
            }
        }
    }
}

/// Whether each number is larger than the one before.
pub(crate) const fn ascending(mut numbers: &[u32]) -> bool {
    while let [first, rest @ ..] = numbers {
        if let [second, ..] = rest
            && *first >= *second
        {
            return false;
        }
        numbers = rest;
    }
    true
}

/// The Rust type of a field with that label.
macro_rules! field_type {
    (required $type:ty) => { $type };
    (optional $type:ty) => { Option<$type> };
    (repeated $type:ty) => { Vec<$type> };
}

/// Messages, one field a line, in ascending order: label, name, type, number.
macro_rules! message {
    ($(
        $(#[$attribute:meta])*
        pub struct $name:ident {
            $($(#[$doc:meta])* $label:ident $field:ident: $type:ty = $number:literal,)*
        }
    )*) => {$(
        $(#[$attribute])*
        #[derive(PartialEq)]
        pub struct $name {
            $($(#[$doc])* pub $field: $crate::proto::schema::field_type!($label $type),)*
        }

        #[allow(unused_imports, unused_variables, reason = "some messages have no fields")]
        const _: () = {
            use $crate::proto::ProtoError;
            use $crate::proto::schema::{self, Message, label};
            use $crate::proto::wire::Raw;

            assert!(schema::ascending(&[$($number),*]), "fields are written in ascending order");

            #[derive(Default)]
            pub(crate) struct Partial {
                $($field: label::$label::Partial<$type>,)*
            }

            impl Message for $name {
                type Partial = Partial;

                fn merge_field(
                    partial: &mut Partial,
                    number: u32,
                    raw: Raw<'_>,
                ) -> Result<(), ProtoError> {
                    match number {
                        $($number => label::$label::merge::<$type>(
                            &mut partial.$field,
                            raw,
                            concat!(stringify!($name), ".", stringify!($field)),
                        ),)*
                        _ => Ok(()),
                    }
                }

                fn finish(partial: Partial) -> Result<Self, ProtoError> {
                    Ok(Self {$(
                        $field: label::$label::finish::<$type>(
                            partial.$field,
                            concat!(stringify!($name), ".", stringify!($field)),
                        )?,
                    )*})
                }

                fn write(&self, out: &mut Vec<u8>) {
                    $(label::$label::write::<$type>(&self.$field, $number, out);)*
                }
            }
        };
    )*};
}

/// An enum of the schema. A number that it does not list counts as absent.
macro_rules! enumeration {
    ($(
        $(#[$attribute:meta])*
        pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $number:literal,)* }
    )*) => {$(
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$doc])* $variant = $number,)* }

        impl $name {
            /// The number on the wire.
            pub const fn number(self) -> u32 {
                match self { $(Self::$variant => $number,)* }
            }

            /// The value that a number names, if it names one.
            pub const fn from_number(number: u32) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)* _ => None }
            }
        }

        impl $crate::proto::schema::Value for $name {
            type Partial = Option<Self>;
            const PACKS: bool = true;

            fn merge(
                partial: &mut Option<Self>,
                raw: $crate::proto::wire::Raw<'_>,
                _field: &'static str,
            ) -> Result<(), $crate::proto::ProtoError> {
                if let $crate::proto::wire::Raw::Varint(number) = raw
                    && let Some(known) = Self::from_number($crate::proto::schema::low_half(number))
                {
                    *partial = Some(known);
                }
                Ok(())
            }

            fn finish(partial: Option<Self>) -> Result<Option<Self>, $crate::proto::ProtoError> {
                Ok(partial)
            }

            fn write(&self, number: u32, out: &mut Vec<u8>) {
                $crate::proto::wire::put_varint_field(number, u64::from(self.number()), out);
            }
        }
    )*};
}

pub(crate) use {enumeration, field_type, message};
