//! Emoji by their short names and in groups.

use unicode_segmentation::UnicodeSegmentation;

/// An emoji that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The emoji.
    pub emoji: &'static str,
    /// Its short name, without colons.
    pub shortcode: &'static str,
    /// What it is called.
    pub name: &'static str,
}

/// Emoji that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What they are.
    pub name: &'static str,
    /// They.
    pub emoji: Vec<Found>,
}

/// The emoji of a short name; colons around it do not matter.
pub fn of_shortcode(code: &str) -> Option<&'static str> {
    emojis::get_by_shortcode(code.trim_matches(':')).map(emojis::Emoji::as_str)
}

/// At most `limit` emoji for what somebody began to write: first those whose
/// short name begins with it, short ones first, then those in whose short name
/// or name it begins a word, then those that have it anywhere.
pub fn search(query: &str, limit: usize) -> Vec<Found> {
    let query = query.trim_matches(':').trim().to_lowercase();
    if query.is_empty() {
        return all().take(limit).collect();
    }
    let mut found: Vec<_> = emojis::iter()
        .filter_map(|emoji| {
            let codes = emoji.shortcodes().filter_map(|code| Some((rank(code, &query)?, code)));
            let (rank_of_code, code) = codes.min_by_key(|(rank, code)| (*rank, code.len())).unzip();
            let rank_of_name = rank(&emoji.name().to_lowercase(), &query).map(|rank| rank.max(1));
            let rank = rank_of_code.into_iter().chain(rank_of_name).min()?;
            let mut found = found(emoji)?;
            // The name that was meant is the one that is shown.
            found.shortcode = code.unwrap_or(found.shortcode);
            Some((rank, found.shortcode.len(), found))
        })
        .collect();
    found.sort_by_key(|(rank, length, _)| (*rank, *length));
    found.into_iter().map(|(_, _, found)| found).take(limit).collect()
}

fn rank(name: &str, query: &str) -> Option<u8> {
    if name.starts_with(query) {
        return Some(0);
    }
    let mut places = name.match_indices(query).map(|(at, _)| at).peekable();
    places.peek()?;
    let begins = |at| name.get(..at).is_some_and(|head| head.ends_with(['_', ' ', '-']));
    Some(if places.any(begins) { 1 } else { 2 })
}

/// All of them in groups, for those who look rather than write.
pub fn groups() -> Vec<Group> {
    emojis::Group::iter()
        .map(|group| Group {
            name: name_of(group),
            emoji: group.emojis().filter_map(found).collect(),
        })
        .collect()
}

const fn name_of(group: emojis::Group) -> &'static str {
    match group {
        emojis::Group::SmileysAndEmotion => "Smileys",
        emojis::Group::PeopleAndBody => "People",
        emojis::Group::AnimalsAndNature => "Nature",
        emojis::Group::FoodAndDrink => "Food",
        emojis::Group::TravelAndPlaces => "Travel",
        emojis::Group::Activities => "Activities",
        emojis::Group::Objects => "Objects",
        emojis::Group::Symbols => "Symbols",
        emojis::Group::Flags => "Flags",
    }
}

/// Whether a text is one emoji that this version knows, as a reaction is.
pub fn is_one_emoji(text: &str) -> bool {
    // Digits and signs of ASCII are emoji only with what makes pictures of
    // them.
    text.len() > 1 && text.graphemes(true).take(2).count() == 1 && emojis::get(text).is_some()
}

pub(super) fn all() -> impl Iterator<Item = Found> {
    emojis::iter().filter_map(found)
}

pub(super) fn found(emoji: &'static emojis::Emoji) -> Option<Found> {
    Some(Found { emoji: emoji.as_str(), shortcode: emoji.shortcode()?, name: emoji.name() })
}
