//! Candidates for what somebody began to write: `@names`, `:emoji:` and
//! `/commands`.

use std::cmp::Reverse;
use std::ops::Range;

use ramson_wire::AccountId;

use super::commands::COMMANDS;
use crate::emoji::{self, Frequent};

/// How many candidates there are at most.
const MAX: usize = 8;

/// The longest word that is looked up, in code points.
const MAX_WORD: usize = 40;

/// What the composer asks the rest of the program.
pub trait Words {
    /// Whom a mention can name.
    fn people(&self) -> Vec<(AccountId, String)>;

    /// What to call somebody.
    fn name_of(&self, id: &AccountId) -> String;

    /// How much which emoji is used.
    fn frequent(&self) -> Option<&Frequent> {
        None
    }
}

/// Knows nobody.
impl Words for () {
    fn people(&self) -> Vec<(AccountId, String)> {
        Vec::new()
    }

    fn name_of(&self, id: &AccountId) -> String {
        id.short()
    }
}

/// Candidates for the word at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// What they are.
    pub kind: CompletionKind,
    /// They, the best first; never none.
    pub candidates: Vec<Candidate>,
    /// The number of the one that is taken when there is no other wish.
    pub selected: usize,
    /// What they take the place of.
    pub(super) word: Range<usize>,
}

/// What candidates are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompletionKind {
    /// People, to be mentioned.
    Mention,
    /// Emoji.
    Emoji,
    /// Commands.
    Command,
}

/// What a word can become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What is shown.
    pub label: String,
    /// What is shown beside it, with less weight.
    pub detail: String,
    /// What is put into the text.
    pub insert: String,
}

impl Completion {
    /// The candidates for the word that ends at the cursor.
    pub(super) fn of(text: &str, cursor: usize, words: &dyn Words) -> Option<Self> {
        let (kind, word) = word_at(text, cursor)?;
        let written = text.get(word.clone())?;
        let query = written.get(1..)?;
        let candidates = match kind {
            CompletionKind::Mention => people(query, words),
            CompletionKind::Emoji => emoji(query, words),
            CompletionKind::Command => commands(query),
        };
        // What is complete needs no candidates: the next key is for the text.
        let complete = candidates.iter().any(|candidate| candidate.insert.trim_end() == written);
        let any = !candidates.is_empty() && !complete;
        any.then_some(Self { kind, candidates, selected: 0, word })
    }

    /// Goes to another candidate, around the ends.
    pub(super) fn select(&mut self, forward: bool) {
        let last = self.candidates.len().saturating_sub(1);
        self.selected = match (forward, self.selected) {
            (true, selected) if selected >= last => 0,
            (true, selected) => selected.saturating_add(1),
            (false, 0) => last,
            (false, selected) => selected.saturating_sub(1),
        };
    }
}

/// The word at the cursor that asks for candidates, with its sign.
fn word_at(text: &str, cursor: usize) -> Option<(CompletionKind, Range<usize>)> {
    let head = text.get(..cursor)?;
    let mut begin = cursor;
    let mut sign = None;
    for one in head.chars().rev().take(MAX_WORD).take_while(|one| !one.is_whitespace()) {
        begin = begin.saturating_sub(one.len_utf8());
        let kind = match one {
            '@' => CompletionKind::Mention,
            ':' => CompletionKind::Emoji,
            '/' if begin == 0 => CompletionKind::Command,
            _ => continue,
        };
        sign = Some(kind);
        break;
    }
    let kind = sign?;
    let word = head.get(begin..)?.get(1..)?;
    let beside = head.get(..begin)?.chars().next_back();
    let begins = beside.is_none_or(|one| !one.is_alphanumeric() && !matches!(one, ':' | '@' | '/'));
    let fits = match kind {
        CompletionKind::Mention | CompletionKind::Command => true,
        CompletionKind::Emoji => {
            let letter = |one: char| one.is_ascii_alphanumeric() || matches!(one, '_' | '+' | '-');
            word.len() >= 2 && word.chars().all(letter)
        }
    };
    (begins && fits).then_some((kind, begin..cursor))
}

/// The emoji that is written out before the cursor as `:name:`, and where.
pub(super) fn written_out(text: &str, cursor: usize) -> Option<(Range<usize>, &'static str)> {
    let before_colon = cursor.checked_sub(1)?;
    text.get(before_colon..cursor).filter(|it| *it == ":")?;
    let (kind, word) = word_at(text, before_colon)?;
    let code = text.get(word.clone())?;
    let emoji = (kind == CompletionKind::Emoji).then(|| emoji::of_shortcode(code))??;
    Some((word.start..cursor, emoji))
}

fn people(query: &str, words: &dyn Words) -> Vec<Candidate> {
    let query = query.to_lowercase();
    let rank = |id: &AccountId, name: &str| {
        let name = name.to_lowercase();
        if name.starts_with(&query) {
            Some(0_u8)
        } else if name.split_whitespace().any(|word| word.starts_with(&query)) {
            Some(1)
        } else if name.contains(&query) {
            Some(2)
        } else {
            id.to_string().starts_with(&query).then_some(3)
        }
    };
    let people = words.people().into_iter();
    let mut found: Vec<_> = people
        .filter_map(|(id, name)| Some((rank(&id, &name)?, name.to_lowercase(), id, name)))
        .collect();
    found.sort();
    let candidate = |(_, _, id, name): (u8, String, AccountId, String)| Candidate {
        label: format!("@{name}"),
        detail: id.short(),
        insert: format!("@{id} "),
    };
    found.into_iter().take(MAX).map(candidate).collect()
}

fn emoji(query: &str, words: &dyn Words) -> Vec<Candidate> {
    let mut found = emoji::search(query, MAX.saturating_mul(4));
    if let Some(frequent) = words.frequent() {
        found.sort_by_key(|found| Reverse(frequent.weight(found.emoji)));
    }
    let candidate = |found: emoji::Found| Candidate {
        label: found.emoji.to_owned(),
        detail: format!(":{}:", found.shortcode),
        insert: found.emoji.to_owned(),
    };
    found.into_iter().take(MAX).map(candidate).collect()
}

fn commands(query: &str) -> Vec<Candidate> {
    let query = query.to_lowercase();
    let begins = COMMANDS.iter().filter(|command| command.name.starts_with(&query));
    let candidates = begins.map(|command| {
        let space = if command.argument.is_empty() { "" } else { " " };
        Candidate {
            label: format!("/{}{space}{}", command.name, command.argument),
            detail: command.help.to_owned(),
            insert: format!("/{}{space}", command.name),
        }
    });
    // All of them: there are few, and a lone slash shows what there is.
    candidates.collect()
}
