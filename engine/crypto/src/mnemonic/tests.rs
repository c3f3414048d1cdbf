use super::*;
use proptest::prelude::*;

const PHRASE: &str =
    "vexed enjoy pigment films adept voted vexed enjoy pigment films adept voted adept";

#[test]
fn the_list_is_sorted_and_three_letters_tell_its_words_apart() {
    assert_eq!(WORDS.len(), 1626);
    assert_eq!((WORDS.first(), WORDS.last()), (Some(&"abbey"), Some(&"zoom")));
    assert!(WORDS.windows(2).all(|pair| pair[0].get(..3) < pair[1].get(..3)));
}

#[test]
fn an_error_names_the_word_but_never_the_phrase() {
    let message = |phrase: &str| decode(phrase).err().unwrap().to_string();
    let wrong = message(&PHRASE.replacen("pigment", "qqqq", 1));
    assert!(wrong.contains("word 3") && wrong.contains("qqqq") && !wrong.contains("enjoy"));
    let swapped = message(&PHRASE.replacen("vexed enjoy", "enjoy vexed", 1));
    assert!(swapped.contains("swapped") && !swapped.contains("vexed"));
    assert!(message("vexed enjoy").contains("has 2"));
}

#[test]
fn a_seed_of_32_bytes_has_no_phrase_of_13_words() {
    let long = encode(&Seed::from_bytes32([1; 32]));
    assert_eq!(decode(&long).err(), Some(MnemonicError::TooManyWords { found: 25 }));
    assert_eq!(decode_bytes(&long).unwrap().as_slice(), [1; 32]);
    assert!(encode_bytes(&[1; 6]).is_none());
    assert!(encode_bytes(&[]).is_none());
}

proptest! {
    #[test]
    fn a_phrase_leads_back_to_its_seed(entropy: [u8; 16]) {
        let phrase = encode(&Seed::from_entropy16(entropy));
        prop_assert_eq!(phrase.split(' ').count(), 13);
        let seed = decode(&phrase.to_uppercase()).unwrap();
        prop_assert_eq!(seed.entropy16(), Some(&entropy));
    }

    #[test]
    fn any_multiple_of_four_bytes_comes_back(words in prop::collection::vec(any::<u32>(), 1..20)) {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        prop_assert_eq!(&*decode_bytes(&encode_bytes(&bytes).unwrap()).unwrap(), &bytes);
        let bare = encode_without_checksum(&bytes).unwrap();
        prop_assert_eq!(&*decode_without_checksum(&bare).unwrap(), &bytes);
    }

    #[test]
    fn any_text_is_a_phrase_or_an_error(text: String) {
        let _ = decode(&text);
        let _ = decode_bytes(&text);
    }

    #[test]
    fn any_words_of_the_list_are_a_phrase_or_an_error(
        picks in prop::collection::vec(prop::sample::select(WORDS.clone()), 0..16),
    ) {
        if let Ok(seed) = decode(&picks.join(" ")) {
            prop_assert_eq!(&*encode(&seed), &picks.join(" "));
        }
    }
}
