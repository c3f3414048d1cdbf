//! Sub-accounts: how the members of a group may ask its swarm in the group's
//! name (02 section 4.3). The owner signs a token that names a key and its
//! rights; the member signs requests with that key. The key is the member's
//! own, blinded, so that the swarm does not learn who the members are.

use curve25519_dalek::montgomery::MontgomeryPoint;
use curve25519_dalek::{EdwardsPoint, Scalar};
use ramson_types::{AccountId, Ed25519PublicKey, Prefix};
use sha2::{Digest, Sha512};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{AccountKeys, Ed25519Secret, blake2b, ed25519};

/// What a token allows; one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Access(pub u8);

impl Access {
    /// To retrieve messages and their expiries.
    pub const READ: Self = Self(1);
    /// To store messages and change their expiry.
    pub const WRITE: Self = Self(2);
    /// To delete messages.
    pub const DELETE: Self = Self(4);
    /// To be used with accounts of another prefix than the token's.
    pub const ANY_PREFIX: Self = Self(8);
    /// What members of a group get.
    pub const MEMBER: Self = Self(3);

    /// Both together.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether everything in `other` is allowed.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// A token: prefix, rights, two zero bytes, Ed25519 key; 36 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubaccountToken(pub [u8; 36]);

impl SubaccountToken {
    /// A token for a key.
    pub fn new(prefix: Prefix, access: Access, key: &Ed25519PublicKey) -> Self {
        let mut token = [0; 36];
        let (head, tail) = token.split_at_mut(4);
        head.copy_from_slice(&[prefix.byte(), access.0, 0, 0]);
        tail.copy_from_slice(&key.0);
        Self(token)
    }

    /// The prefix of the accounts it is for.
    pub const fn prefix_byte(&self) -> u8 {
        let [prefix, ..] = self.0;
        prefix
    }

    /// What it allows.
    pub const fn access(&self) -> Access {
        let [_, access, ..] = self.0;
        Access(access)
    }

    /// The key that signs requests.
    pub fn key(&self) -> Ed25519PublicKey {
        let [_, _, _, _, key @ ..] = self.0;
        Ed25519PublicKey(key)
    }
}

/// Why a token does not open an account. A service node answers 401 to all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenRefused {
    /// It is for accounts with another prefix.
    #[error("the token is for ids that start with {token:02x}, not for {account}")]
    Prefix {
        /// The token's prefix byte.
        token: u8,
        /// The account that was asked for.
        account: AccountId,
    },
    /// It does not allow the request.
    #[error("the token allows {given:?}, the request needs {required:?}")]
    Access {
        /// What it allows.
        given: Access,
        /// What the request needs.
        required: Access,
    },
    /// The account's owner has not signed it.
    #[error("the token is not signed by the owner of {account}")]
    Signature {
        /// The account that was asked for.
        account: AccountId,
    },
}

/// Checks a token as a service node does, except for revocations. `owner` is
/// the account's Ed25519 key. Gives the key that must have signed the request.
pub fn accept_token(
    account: &AccountId,
    owner: &Ed25519PublicKey,
    token: &SubaccountToken,
    signature: &[u8; 64],
    required: Access,
) -> Result<Ed25519PublicKey, TokenRefused> {
    let given = token.access();
    let prefix = token.prefix_byte();
    if prefix != account.prefix().byte() && !given.contains(Access::ANY_PREFIX) {
        return Err(TokenRefused::Prefix { token: prefix, account: *account });
    }
    if !given.contains(required) {
        return Err(TokenRefused::Access { given, required });
    }
    if !ed25519::verify(owner, &token.0, signature) {
        return Err(TokenRefused::Signature { account: *account });
    }
    Ok(token.key())
}

/// What an owner gives to a member: the token with the blinding factor in
/// place of the key, and the owner's signature of the token.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SubaccountAuth {
    prefix: u8,
    access: u8,
    factor: Scalar,
    signature: [u8; 64],
}

impl SubaccountAuth {
    /// Length of the form that travels.
    pub const LEN: usize = 100;

    /// The owner's side: access for the member `member` to the group of
    /// `group`. `None` if the id is not an account's.
    pub fn grant(group: &Ed25519Secret, member: &AccountId, access: Access) -> Option<Self> {
        let id = AccountId::group(group.public());
        let mask = Zeroizing::new(blake2b::keyed32(b"SessionGroupSubaccountMask", &[group.seed()]));
        let factor = Scalar::from_bytes_mod_order_wide(&Zeroizing::new(blake2b::keyed64(
            &mask,
            &[&member.to_bytes(), &id.to_bytes()],
        )));
        let token = SubaccountToken::new(Prefix::Group, access, &blinded_key(&factor, member)?);
        let signature = group.sign(&token.0);
        Some(Self { prefix: Prefix::Group.byte(), access: access.0, factor, signature })
    }

    /// Reads the form that travels: prefix, rights, two zero bytes, factor
    /// (32), signature (64). `None` if the factor is not reduced.
    pub fn from_bytes(bytes: &[u8; Self::LEN]) -> Option<Self> {
        let [prefix, access, _, _, rest @ ..] = bytes;
        let (factor, signature) = rest.split_first_chunk::<32>()?;
        let factor = Option::from(Scalar::from_canonical_bytes(*factor))?;
        let signature = signature.try_into().ok()?;
        Some(Self { prefix: *prefix, access: *access, factor, signature })
    }

    /// Writes the form that travels. It is a secret.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let head = [self.prefix, self.access, 0, 0];
        Zeroizing::new([head.as_slice(), self.factor.as_bytes(), &self.signature].concat())
    }

    /// The owner's signature of the token: `subaccount_sig` of requests.
    pub const fn signature(&self) -> &[u8; 64] {
        &self.signature
    }

    /// The token of the member it was granted to. `None` if the id is not an
    /// account's.
    pub fn token(&self, member: &AccountId) -> Option<SubaccountToken> {
        let mut token = [0; 36];
        let (head, tail) = token.split_at_mut(4);
        head.copy_from_slice(&[self.prefix, self.access, 0, 0]);
        tail.copy_from_slice(&blinded_key(&self.factor, member)?.0);
        Some(SubaccountToken(token))
    }
}

/// The member's side: signs requests with the blinded key.
#[derive(ZeroizeOnDrop)]
pub struct SubaccountSigner {
    #[zeroize(skip)]
    token: SubaccountToken,
    scalar: Scalar,
    nonce_seed: [u8; 32],
}

impl SubaccountSigner {
    /// From the member's keys and what the owner gave.
    #[expect(clippy::arithmetic_side_effects, reason = "scalars are reduced, not overflown")]
    pub fn new(member: &AccountKeys, auth: &SubaccountAuth) -> Option<Self> {
        let token = auth.token(&member.account_id())?;
        let secret = member.ed25519_secret();
        let mut scalar = secret.scalar();
        // The token's key comes from the Account ID, which has lost the sign.
        if secret.public().0.last().is_some_and(|byte| byte & 0x80 != 0) {
            *scalar = -*scalar;
        }
        Some(Self {
            token,
            scalar: auth.factor * *scalar,
            nonce_seed: blake2b::keyed32(b"SubaccountSeed", &[secret.seed()]),
        })
    }

    /// The token to send along.
    pub const fn token(&self) -> &SubaccountToken {
        &self.token
    }

    /// Signs a request; an ordinary Ed25519 signature under the token's key.
    #[expect(clippy::arithmetic_side_effects, reason = "scalars are reduced, not overflown")]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let key = self.token.key();
        let nonce = Zeroizing::new(Scalar::from_bytes_mod_order_wide(&Zeroizing::new(
            blake2b::keyed64(b"SubaccountSig", &[&self.nonce_seed, key.as_bytes(), message]),
        )));
        let point = EdwardsPoint::mul_base(&nonce).compress();
        let hash = Sha512::new()
            .chain_update(point.as_bytes())
            .chain_update(key.as_bytes())
            .chain_update(message)
            .finalize();
        let hash = Scalar::from_bytes_mod_order_wide(&hash.into());
        let answer = *nonce + hash * self.scalar;
        let mut signature = [0; 64];
        let (first, last) = signature.split_at_mut(32);
        first.copy_from_slice(point.as_bytes());
        last.copy_from_slice(answer.as_bytes());
        signature
    }
}

/// factor · T, where T is the member's point with sign bit 0.
#[expect(clippy::arithmetic_side_effects, reason = "a point times a scalar is a point")]
fn blinded_key(factor: &Scalar, member: &AccountId) -> Option<Ed25519PublicKey> {
    let point = MontgomeryPoint(member.x25519()?.0).to_edwards(0)?;
    Some(Ed25519PublicKey((factor * point).compress().to_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Seed;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_member_can_sign_and_the_swarm_accepts(
            group: [u8; 32], member: [u8; 32], message: Vec<u8>,
        ) {
            let group = Ed25519Secret::from_seed(&group);
            let account = AccountId::group(group.public());
            let member = AccountKeys::new(&Seed::from_bytes32(member));
            let granted = SubaccountAuth::grant(&group, &member.account_id(), Access::MEMBER);
            let bytes = granted.unwrap().to_bytes();
            let auth = SubaccountAuth::from_bytes(bytes.as_slice().try_into().unwrap()).unwrap();
            let signer = SubaccountSigner::new(&member, &auth).unwrap();
            let accept = |required| {
                accept_token(&account, &group.public(), signer.token(), auth.signature(), required)
            };
            let key = accept(Access::READ).unwrap();
            prop_assert!(ed25519::verify(&key, &message, &signer.sign(&message)));
            let refused = TokenRefused::Access { given: Access::MEMBER, required: Access::DELETE };
            prop_assert_eq!(accept(Access::DELETE), Err(refused));
        }

        #[test]
        fn any_bytes_may_be_read_as_auth_data(bytes in prop::collection::vec(any::<u8>(), 100)) {
            let _ = SubaccountAuth::from_bytes(bytes.as_slice().try_into().unwrap());
        }
    }
}
