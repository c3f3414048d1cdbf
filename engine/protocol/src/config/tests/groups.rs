//! Signed configs: only admins write, members take what is signed.

use ramson_crypto::Ed25519Secret;
use ramson_types::Ed25519PublicKey;
use zeroize::Zeroizing;

use super::*;

struct Group {
    secret: Ed25519Secret,
    keys: Vec<Zeroizing<[u8; 32]>>,
}

impl Group {
    fn new() -> Self {
        let keys = vec![Zeroizing::new([2; 32]), Zeroizing::new([1; 32])];
        Self { secret: Ed25519Secret::from_seed(&[3; 32]), keys }
    }

    fn admin(&self) -> Owner<'_> {
        Owner::Group { group: self.id(), admin: Some(&self.secret), keys: &self.keys }
    }

    fn member(&self) -> Owner<'_> {
        Owner::Group { group: self.id(), admin: None, keys: &self.keys }
    }

    fn id(&self) -> Ed25519PublicKey {
        self.secret.public()
    }
}

fn info() -> Config {
    Config::new(ConfigKind::GroupInfo)
}

fn store(device: &mut Config, owner: &Owner<'_>) -> (StorageHash, Vec<u8>) {
    let push = device.push(owner, NOW).unwrap();
    let data = push.messages.into_iter().next().unwrap();
    device.confirm(push.seqno, BTreeSet::from([storage_hash(&data)]));
    (storage_hash(&data), data)
}

fn take(device: &mut Config, owner: &Owner<'_>, all: &[&(StorageHash, Vec<u8>)]) -> usize {
    let stored: Vec<Stored<'_>> = all.iter().map(|(hash, data)| Stored { hash, data }).collect();
    device.merge(owner, &stored, NOW).accepted.len()
}

#[test]
fn members_take_what_admins_sign_and_nothing_else() {
    let group = Group::new();
    let (mut admin, mut member) = (info(), info());
    admin.set(&[b"n"], "Group");
    let signed = store(&mut admin, &group.admin());
    assert_eq!(take(&mut member, &group.member(), &[&signed]), 1);
    assert_eq!(member.data(), admin.data());
    let mut forger = member.clone();
    forger.set(&[b"n"], "Mine");
    let unsigned = store(&mut forger, &group.member());
    assert_eq!(take(&mut member, &group.member(), &[&unsigned]), 0);
    assert_eq!(take(&mut admin, &group.admin(), &[&unsigned]), 0);
    // With an older key of the group it is read, too.
    let mut old = Group::new();
    old.keys.remove(0);
    let old_key = store(&mut admin, &old.admin());
    assert_eq!(take(&mut info(), &group.member(), &[&old_key]), 1);
}

#[test]
fn members_take_the_higher_of_two_and_admins_merge() {
    let group = Group::new();
    let (mut a, mut b, mut member) = (info(), info(), info());
    a.set(&[b"n"], "A");
    b.set(&[b"o"], "B");
    let (of_a, of_b) = (store(&mut a, &group.admin()), store(&mut b, &group.admin()));
    // One by one or together makes no difference.
    for of in [&of_a, &of_b] {
        take(&mut member, &group.member(), &[of]);
        assert!(member.is_clean());
    }
    let mut other = info();
    take(&mut other, &group.member(), &[&of_b, &of_a]);
    assert_eq!(member.data(), other.data());
    take(&mut a, &group.admin(), &[&of_b]);
    assert!(a.is_dirty());
    let merged = store(&mut a, &group.admin());
    take(&mut member, &group.member(), &[&merged]);
    assert_eq!(member.data(), a.data());
    assert!(member.push(&group.member(), NOW).unwrap().obsolete.is_empty());
}

#[test]
fn signatures_of_others_are_kept_in_dumps_and_own_ones_are_made_again() {
    let group = Group::new();
    let (mut admin, mut member) = (info(), info());
    admin.set(&[b"n"], "Group");
    let signed = store(&mut admin, &group.admin());
    take(&mut member, &group.member(), &[&signed]);
    let dump = admin.dump();
    assert!(!dump.windows(6).any(|part| part == b"1:~64:"));
    let mut admin = Config::load(ConfigKind::GroupInfo, &group.admin(), &dump).unwrap();
    assert_eq!(store(&mut admin, &group.admin()), signed);
    let dump = member.dump();
    assert!(dump.windows(6).any(|part| part == b"1:~64:"));
    let mut member = Config::load(ConfigKind::GroupInfo, &group.member(), &dump).unwrap();
    let again = member.push(&group.member(), NOW).unwrap().messages;
    assert_eq!(again, [signed.1]);
}
