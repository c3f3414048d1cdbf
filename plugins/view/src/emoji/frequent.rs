//! The emoji that somebody uses.

use std::collections::BTreeMap;

/// Those that are offered before any was used.
pub const STARTERS: [&str; 6] = ["👍", "❤️", "😂", "😮", "😢", "🎉"];

/// How many are remembered.
const MAX: usize = 64;

/// Which emoji are used, and how often: what was used lately counts more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frequent {
    /// How often each was used, in 256ths, and when last.
    used: BTreeMap<String, (u32, u64)>,
    uses: u64,
}

impl Frequent {
    /// An emoji was used. Of too many the least used one is forgotten.
    pub fn used(&mut self, emoji: &str) {
        self.uses = self.uses.saturating_add(1);
        for (weight, _) in self.used.values_mut() {
            *weight = weight.saturating_sub(weight.div_ceil(16));
        }
        let entry = self.used.entry(emoji.to_owned()).or_default();
        *entry = (entry.0.saturating_add(256), self.uses);
        if self.used.len() > MAX {
            let least = self.used.iter().min_by_key(|(_, used)| **used);
            if let Some(least) = least.map(|(emoji, _)| emoji.clone()) {
                self.used.remove(&least);
            }
        }
    }

    /// At most `limit` emoji, the one that is used most first; filled up with
    /// [`STARTERS`].
    pub fn top(&self, limit: usize) -> Vec<String> {
        let mut used: Vec<_> = self.used.iter().collect();
        used.sort_by_key(|(_, used)| std::cmp::Reverse(**used));
        let mut top: Vec<String> = used.into_iter().map(|(emoji, _)| emoji.clone()).collect();
        for starter in STARTERS {
            if !top.iter().any(|emoji| emoji == starter) {
                top.push(starter.to_owned());
            }
        }
        top.truncate(limit);
        top
    }

    /// How much an emoji is used; 0 is never.
    pub(crate) fn weight(&self, emoji: &str) -> u32 {
        self.used.get(emoji).map_or(0, |(weight, _)| *weight)
    }
}
