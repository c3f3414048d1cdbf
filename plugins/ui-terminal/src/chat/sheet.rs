//! The messages of the open conversation as rows. They are made when they are
//! looked at, from the lower edge of the screen upwards.

use std::collections::BTreeMap;

use ramson_view::Thread;
use ramson_view::thread::{Slot, item, outline};
use ramson_wire::MessageId;

use super::bubble::{Look, Row};
use crate::screen::Cx;

/// A part of the outline: a message, and what stands above it.
pub(super) struct Block {
    pub(super) slots: Vec<Slot>,
    pub(super) id: MessageId,
}

pub(super) fn blocks(thread: &Thread, cx: &Cx) -> Vec<Block> {
    let (mut blocks, mut slots) = (Vec::new(), Vec::new());
    for slot in outline(thread, &cx.clock()) {
        slots.push(slot);
        if let Slot::Message { id, .. } = slot {
            blocks.push(Block { slots: std::mem::take(&mut slots), id });
        }
    }
    blocks
}

/// The blocks, with the rows of those that were looked at.
pub(super) struct Sheet<'a, 'c> {
    pub(super) blocks: Vec<Block>,
    pub(super) look: Look<'a>,
    pub(super) cx: &'a Cx<'c>,
    pub(super) thread: &'a Thread,
    pub(super) rows: BTreeMap<usize, Vec<Row>>,
}

impl Sheet<'_, '_> {
    pub(super) fn find(&self, id: MessageId) -> Option<usize> {
        self.blocks.iter().rposition(|block| block.id == id)
    }

    pub(super) fn rows(&mut self, index: usize) -> &[Row] {
        let (blocks, look, cx, thread) = (&self.blocks, &self.look, self.cx, self.thread);
        self.rows.entry(index).or_insert_with(|| {
            let slots = blocks.get(index).map(|block| block.slots.as_slice()).unwrap_or_default();
            let clock = cx.clock();
            let items = slots.iter().filter_map(|slot| item(*slot, thread, cx.model, &clock));
            items.flat_map(|item| look.rows(&item)).collect()
        })
    }

    pub(super) fn height(&mut self, index: usize) -> usize {
        self.rows(index).len().max(1)
    }

    pub(super) fn up(
        &mut self,
        (mut index, mut hidden): (usize, usize),
        rows: usize,
    ) -> (usize, usize) {
        hidden = hidden.saturating_add(rows);
        while index > 0 && hidden >= self.height(index) {
            hidden = hidden.saturating_sub(self.height(index));
            index = index.saturating_sub(1);
        }
        (index, hidden.min(self.height(index).saturating_sub(1)))
    }

    pub(super) fn down(
        &mut self,
        (mut index, mut hidden): (usize, usize),
        mut rows: usize,
    ) -> (usize, usize) {
        let last = self.blocks.len().saturating_sub(1);
        while rows > hidden && index < last {
            rows = rows.saturating_sub(hidden);
            index = index.saturating_add(1);
            hidden = self.height(index);
        }
        (index, hidden.saturating_sub(rows))
    }

    /// The first block on a screen of a height, and how many rows are left
    /// above it.
    pub(super) fn fill(
        &mut self,
        (index, hidden): (usize, usize),
        height: usize,
    ) -> (usize, usize) {
        let mut left = height.saturating_add(hidden);
        let mut first = index;
        loop {
            left = left.saturating_sub(self.height(first));
            if left == 0 || first == 0 {
                return (first, left);
            }
            first = first.saturating_sub(1);
        }
    }

    /// The place nearest to one at which all of a block is on the screen; of
    /// one that is too long, its beginning.
    pub(super) fn reveal(
        &mut self,
        at: (usize, usize),
        wanted: usize,
        height: usize,
    ) -> (usize, usize) {
        if wanted > at.0 || wanted == at.0 && at.1 > 0 {
            let hidden = self.height(wanted).saturating_sub(height);
            return (wanted, hidden);
        }
        let mut below = 0_usize;
        for index in wanted..=at.0 {
            below = below.saturating_add(self.height(index));
            if below >= height {
                let hidden = below.saturating_sub(height);
                let lower = (index, hidden);
                // Already on the screen as a whole?
                return if index == at.0 && hidden <= at.1 { at } else { lower };
            }
        }
        at
    }
}
