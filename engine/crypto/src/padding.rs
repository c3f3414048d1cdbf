//! Padding of the Content of direct and community messages to multiples of 160
//! bytes, so that its length says little (01 section 2.2).

const BLOCK: usize = 160;

/// The text, `0x80`, and zeros to the next multiple of 160. There is always at
/// least one zero: where the mark ends a block, a whole block of zeros follows.
pub fn pad(text: &[u8]) -> Vec<u8> {
    let blocks = (text.len() / BLOCK).saturating_add(1);
    // The last place of the last block must stay free for a zero.
    let blocks = if text.len() % BLOCK == BLOCK - 1 { blocks.saturating_add(1) } else { blocks };
    let length = blocks.saturating_mul(BLOCK);
    let mut padded = Vec::with_capacity(length);
    padded.extend_from_slice(text);
    padded.push(0x80);
    padded.resize(length, 0);
    padded
}

/// Takes zeros off the end and then one `0x80`, if it is there. The length is
/// not checked: older apps padded to other lengths, and unpadded data loses
/// only zeros at its end.
pub fn unpad(padded: &[u8]) -> &[u8] {
    let end = padded.iter().rposition(|byte| *byte != 0).map_or(0, |at| at.saturating_add(1));
    let text = padded.get(..end).unwrap_or(padded);
    text.strip_suffix(&[0x80]).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn unpadding_gives_the_text_back(text in prop::collection::vec(any::<u8>(), 0..700)) {
            let padded = pad(&text);
            prop_assert_eq!(padded.len() % 160, 0);
            prop_assert_eq!(padded.len(), (text.len() + 1) + (160 - (text.len() + 1) % 160));
            prop_assert_eq!(padded.last(), Some(&0));
            prop_assert_eq!(unpad(&padded), &text[..]);
        }

        #[test]
        fn unpadding_shortens_anything_only_at_its_end(bytes: Vec<u8>) {
            prop_assert!(bytes.starts_with(unpad(&bytes)));
        }
    }
}
