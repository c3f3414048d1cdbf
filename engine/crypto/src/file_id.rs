//! What a file server names a file by (02 section 6.3): a hash of its bytes,
//! so that equal content has one id.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::blake2b;

/// The salt of the hash.
const SALT: [u8; 16] = *b"SessionFileSvr\0\0";

/// Length of an id, in characters.
pub const LEN: usize = 44;

/// The digest behind an id.
pub fn digest(content: &[u8]) -> [u8; 33] {
    blake2b::salted33(&SALT, &[content])
}

/// The id of a file: its digest in base64 for URLs, 44 characters. Clients
/// take ids as they come; older files have decimal numbers.
pub fn file_id(content: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest(content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_44_characters_that_need_no_escaping() {
        for content in [&b""[..], b"a", &[0xff; 1000]] {
            let id = file_id(content);
            assert_eq!(id.len(), LEN);
            assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        }
        assert_ne!(file_id(b"a"), file_id(b"b"));
        assert_eq!(file_id(b""), "iBE4bTXi02LqZpnAFL99yO2KWKpbpFYtGjEEk43-oiTg");
    }
}
