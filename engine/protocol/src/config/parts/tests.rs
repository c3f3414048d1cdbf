use super::*;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// A padded text of so many bytes.
fn padded(length: usize) -> Vec<u8> {
    (0..length).map(|at| if at < 7 { 0 } else { (at % 251) as u8 | 1 }).collect()
}

fn hash(at: usize) -> StorageHash {
    format!("h{at}")
}

proptest! {
    #[test]
    fn parts_come_together_in_any_order_and_more_than_once(
        length in CHUNK + 1..CHUNK * 5,
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let whole = padded(length);
        let (_, texts) = split(&whole);
        let mut sets = PartSets::default();
        let all = (0..texts.len()).rev();
        let order: Vec<usize> =
            order.into_iter().map(|at| at.index(texts.len())).chain(all).collect();
        let mut missing: BTreeSet<usize> = (0..texts.len()).collect();
        for at in order {
            let complete = missing.is_empty();
            missing.remove(&at);
            let taken = sets.take(&texts[at], &hash(at), NOW);
            if missing.is_empty() && !complete {
                let hashes = (0..texts.len()).map(hash).collect();
                prop_assert_eq!(taken, Taken::Whole(whole[7..].to_vec(), hashes));
            } else {
                prop_assert_eq!(taken, Taken::Kept);
            }
            let active = if missing.is_empty() { 0 } else { texts.len() - missing.len() };
            prop_assert_eq!(sets.active().count(), active);
        }
    }

    #[test]
    fn garbage_is_refused(garbage: Vec<u8>) {
        let text = [&[MARK], &garbage[..]].concat();
        prop_assert_eq!(PartSets::default().take(&text, &hash(0), NOW), Taken::Refused);
    }
}

#[test]
fn a_full_part_fills_a_stored_message() {
    let (_, texts) = split(&padded(CHUNK + 9_999));
    let lengths: Vec<usize> = texts.iter().map(Vec::len).collect();
    assert_eq!(lengths, [76_760, 9_999 + AROUND]);
    assert!(texts[0].ends_with(b"e"));
    assert!(texts[1].ends_with(b"e\0"));
}

fn text(hash: &[u8], index: &[u8], count: &[u8], chunk: &[u8], end: &[u8]) -> Vec<u8> {
    let mut text = vec![MARK, b'l'];
    [hash, index, count, chunk].iter().for_each(|part| put_bytes(&mut text, part));
    text.extend_from_slice(end);
    text
}

#[test]
fn only_whole_and_consistent_parts_are_taken() {
    let whole = [1; 32];
    let mut sets = PartSets::default();
    for bad in [
        text(&whole[1..], &[0], &[2], b"c", b"e"),
        text(&whole, &[], &[2], b"c", b"e"),
        text(&whole, &[0, 0], &[2], b"c", b"e"),
        text(&whole, &[0], &[1], b"c", b"e"),
        text(&whole, &[2], &[2], b"c", b"e"),
        text(&whole, &[0], &[2], b"", b"e"),
        text(&whole, &[0], &[2], b"c", b"0:e"),
        text(&whole, &[0], &[2], b"c", b""),
    ] {
        assert_eq!(sets.take(&bad, &hash(0), NOW), Taken::Refused);
        assert!(sets.0.is_empty());
    }
    assert_eq!(sets.take(&text(&whole, &[0], &[3], b"c", b"ex"), &hash(0), NOW), Taken::Kept);
    assert_eq!(sets.take(&text(&whole, &[1], &[2], b"c", b"e"), &hash(1), NOW), Taken::Refused);
}

#[test]
fn a_set_whose_hash_is_wrong_begins_again() {
    let mut sets = PartSets::default();
    let whole = padded(CHUNK + 1);
    let (name, texts) = split(&whole);
    let forged = text(&name, &[0], &[2], b"forged", b"e");
    assert_eq!(sets.take(&forged, &hash(7), NOW), Taken::Kept);
    assert_eq!(sets.take(&texts[1], &hash(1), NOW), Taken::Refused);
    assert_eq!(sets.take(&texts[1], &hash(1), NOW), Taken::Kept);
    assert!(matches!(sets.take(&texts[0], &hash(0), NOW), Taken::Whole(..)));
}

#[test]
fn sets_are_dropped_in_time_and_bounded_in_number() {
    let mut sets = PartSets::default();
    let one = |index, whole| text(&[whole; 32], &[index], &[3], b"c", b"e");
    sets.take(&one(0, 1), &hash(0), NOW);
    let later = NOW.plus(DAY);
    sets.take(&one(1, 1), &hash(1), later);
    assert!(!sets.expire(NOW.plus(INCOMPLETE)), "the wait begins with the last part");
    assert!(sets.expire(later.plus(INCOMPLETE)));
    sets.complete([2; 32], NOW);
    assert!(!sets.expire(NOW.plus(INCOMPLETE)));
    assert!(sets.expire(NOW.plus(COMPLETE)));
    for whole in 0..=MAX_INCOMPLETE {
        let at = NOW.plus(Duration::from_secs(whole as u64));
        sets.take(&one(0, whole as u8), &hash(whole), at);
    }
    assert_eq!(sets.0.len(), MAX_INCOMPLETE);
    assert!(!sets.0.contains_key(&[0; 32]), "the one that waited longest is gone");
}
