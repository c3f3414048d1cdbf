//! The secret by which clients over HTTP are known. It lies in the home, in a
//! file that only its owner may read.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use ramson_host::{Readers, put_in_place};
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize as _, Zeroizing};

/// The file's name in the home.
const FILE: &str = "rpc-token";

/// How many bytes it has.
const BYTES: usize = 32;

/// The secret. It is wiped and never shown.
pub struct Token(Zeroizing<String>);

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file cannot be read or written.
    #[error("the token file {} cannot be used: {error}; see that its folder can be written", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Others may read it.
    #[error("the token file {} can be read by others; remove it, and a new one is made", path.display())]
    Open {
        /// Which.
        path: PathBuf,
    },
    /// It holds something else.
    #[error("the token file {} holds no token of 64 hex digits; remove it, and a new one is made", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
    },
}

impl Token {
    /// Where the token of a home lies.
    pub fn path_in(home: &Path) -> PathBuf {
        home.join(FILE)
    }

    /// The token of a home. Where there is none yet it is made of `random`.
    pub fn of_home(home: &Path, mut random: [u8; BYTES]) -> Result<Self, TokenError> {
        let path = Self::path_in(home);
        let token = match fs::read_to_string(&path).map(Zeroizing::new) {
            Ok(text) => Self::read(&path, &text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let text = Zeroizing::new(hex::encode(random));
                let line = Zeroizing::new(format!("{}\n", text.as_str()));
                match put_in_place(&path, &line, Readers::Owner) {
                    Ok(()) => Ok(Self(text)),
                    Err(error) => Err(TokenError::File { path, error }),
                }
            }
            Err(error) => Err(TokenError::File { path, error }),
        };
        random.zeroize();
        token
    }

    fn read(path: &Path, text: &str) -> Result<Self, TokenError> {
        let about = fs::metadata(path);
        let about = about.map_err(|error| TokenError::File { path: path.to_owned(), error })?;
        if about.mode() & 0o077 != 0 {
            return Err(TokenError::Open { path: path.to_owned() });
        }
        let text = text.trim();
        match text.len() == 2 * BYTES && text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            true => Ok(Self(Zeroizing::new(text.to_ascii_lowercase()))),
            false => Err(TokenError::Damaged { path: path.to_owned() }),
        }
    }

    /// Whether it is this one. How long that takes does not tell how much of
    /// it is right.
    pub(crate) fn is(&self, given: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(given).into()
    }

    #[cfg(test)]
    pub(crate) fn of_text(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_token_is_made_once_for_its_owner_alone() {
        let home = tempfile::tempdir().unwrap();
        let made = Token::of_home(home.path(), [7; 32]).unwrap();
        let path = Token::path_in(home.path());
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n", "07".repeat(32)));
        let again = Token::of_home(home.path(), [9; 32]).unwrap();
        for token in [made, again] {
            assert!(token.is("07".repeat(32).as_bytes()));
            for other in ["", "07", &"08".repeat(32), &"07".repeat(33)] {
                assert!(!token.is(other.as_bytes()), "{other}");
            }
        }
    }

    #[test]
    fn a_token_that_others_may_read_is_refused_and_so_is_one_that_is_none() {
        let home = tempfile::tempdir().unwrap();
        Token::of_home(home.path(), [7; 32]).unwrap();
        let path = Token::path_in(home.path());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let open = Token::of_home(home.path(), [7; 32]).err().unwrap();
        assert!(matches!(open, TokenError::Open { .. }), "{open}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "secret").unwrap();
        let damaged = Token::of_home(home.path(), [7; 32]).err().unwrap();
        assert!(damaged.to_string().ends_with("remove it, and a new one is made"), "{damaged}");
    }
}
