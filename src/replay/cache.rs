//! The prefix cache: which KV blocks lie where, and which have to give way.
//!
//! Equal prefixes share blocks. Each place (the chips' memory, host DRAM, flash, the network) has room for so many
//! blocks and gives up the least recently used ones; what falls out of one place goes on to the next with room at all,
//! and out of the last it is gone. A block lies in one place only. Within a prompt the tail is older than the head, as
//! in vLLM, because a head without its tail still serves and a tail without its head never does.
//!
//! Blocks under a running sequence are pinned: they lie in the chips' memory and never give way. What a sequence writes
//! without anybody being able to share it (an unfinished block, the answer under way) is reserved by number alone.
//!
//! The cache holds runs of consecutive blocks, not blocks: an ordered map finds the run of a block, and an intrusive
//! list per place keeps runs in order of last use. Touching a prompt puts its pieces together again, so that the cost of
//! an operation goes with runs (their number's logarithm each) and hardly ever with blocks. No order here comes from a
//! hash.

use std::collections::BTreeMap;

use crate::scenario::trace::BlockRun;
use crate::scenario::traffic::Place;

/// Places a block may lie in.
const PLACES: usize = Place::ALL.len();
/// The end of a list.
const NONE: u32 = u32::MAX;

/// Blocks by place, in the order of [`Place::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByPlace(pub [u64; PLACES]);

impl ByPlace {
    /// Blocks in one place.
    #[must_use]
    pub const fn at(&self, place: Place) -> u64 {
        let [hbm, dram, ssd, network] = self.0;
        match place {
            Place::Hbm => hbm,
            Place::Dram => dram,
            Place::Ssd => ssd,
            Place::Network => network,
        }
    }

    /// Blocks in all places.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().fold(0, |sum, blocks| sum.saturating_add(*blocks))
    }

    fn add(&mut self, place: usize, blocks: u64) {
        if let Some(slot) = self.0.get_mut(place) {
            *slot = slot.saturating_add(blocks);
        }
    }

    fn subtract(&mut self, place: usize, blocks: u64) {
        if let Some(slot) = self.0.get_mut(place) {
            *slot = slot.saturating_sub(blocks);
        }
    }

    fn get(&self, place: usize) -> u64 {
        self.0.get(place).copied().unwrap_or(0)
    }
}

/// Part of a prompt that lies in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where.
    pub place: Place,
    /// How much.
    pub blocks: u64,
}

/// What the cache has of a prompt: its longest prefix that lies somewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// From the head on, neighbours in different places.
    pub segments: Vec<Segment>,
}

impl Match {
    /// Blocks found.
    #[must_use]
    pub fn blocks(&self) -> u64 {
        self.segments.iter().fold(0, |sum, part| sum.saturating_add(part.blocks))
    }

    /// Blocks found, by place.
    #[must_use]
    pub fn by_place(&self) -> ByPlace {
        let mut found = ByPlace::default();
        for part in &self.segments {
            found.add(part.place as usize, part.blocks);
        }
        found
    }

    /// Blocks at the head that need no loading.
    #[must_use]
    pub fn resident(&self) -> u64 {
        match self.segments.first() {
            Some(Segment { place: Place::Hbm, blocks }) => *blocks,
            _ => 0,
        }
    }

    fn push(&mut self, place: Place, blocks: u64) {
        match self.segments.last_mut() {
            Some(last) if last.place == place => last.blocks = last.blocks.saturating_add(blocks),
            _ => self.segments.push(Segment { place, blocks }),
        }
    }
}

/// Where blocks came from that now are in the chips' memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// By the place they lay in before; for [`Place::Hbm`] nothing had to move.
    pub from: ByPlace,
    /// Blocks that were nowhere: to be computed.
    pub fresh: u64,
}

/// There is no room that could be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full {
    /// Blocks of room that were asked for.
    pub needed: u64,
    /// Blocks that are free or may give way.
    pub available: u64,
}

/// What moved since the cache was made, in blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Written into a place because they fell out of a nearer one.
    pub demoted: ByPlace,
    /// Read from a place into the chips' memory.
    pub loaded: ByPlace,
    /// New in the chips' memory.
    pub inserted: u64,
    /// Gone for good.
    pub dropped: u64,
}

/// Consecutive blocks in one place with the same pins; the further back, the less recently used.
#[derive(Clone, Copy, Debug)]
struct Node {
    first: u64,
    count: u32,
    pins: u32,
    place: usize,
    newer: u32,
    older: u32,
}

#[derive(Clone, Copy, Debug)]
struct Ends {
    newest: u32,
    oldest: u32,
}

/// Prefix blocks of one replica over all places.
#[derive(Clone, Debug)]
pub struct Cache {
    nodes: Vec<Node>,
    spare: Vec<u32>,
    /// Node of each run by its first block.
    index: BTreeMap<u64, u32>,
    lists: [Ends; PLACES],
    capacity: ByPlace,
    used: ByPlace,
    /// Of those in the chips' memory.
    pinned: u64,
    reserved: u64,
    moved: Moved,
}

impl Cache {
    /// An empty cache with so many blocks of room in each place.
    #[must_use]
    pub fn new(capacity: ByPlace) -> Self {
        Self {
            nodes: Vec::new(),
            spare: Vec::new(),
            index: BTreeMap::new(),
            lists: [Ends { newest: NONE, oldest: NONE }; PLACES],
            capacity,
            used: ByPlace::default(),
            pinned: 0,
            reserved: 0,
            moved: Moved::default(),
        }
    }

    /// Room in each place.
    #[must_use]
    pub const fn capacity(&self) -> ByPlace {
        self.capacity
    }

    /// Blocks that lie in each place, without the reserved ones.
    #[must_use]
    pub const fn used(&self) -> ByPlace {
        self.used
    }

    /// Blocks of the chips' memory that running sequences share or could share.
    #[must_use]
    pub const fn pinned(&self) -> u64 {
        self.pinned
    }

    /// Blocks of the chips' memory that belong to one running sequence each.
    #[must_use]
    pub const fn reserved(&self) -> u64 {
        self.reserved
    }

    /// Blocks of the chips' memory that are free or may give way.
    #[must_use]
    pub fn available(&self) -> u64 {
        self.capacity.get(0).saturating_sub(self.reserved).saturating_sub(self.pinned)
    }

    /// What moved so far.
    #[must_use]
    pub const fn moved(&self) -> Moved {
        self.moved
    }

    /// Runs that are kept apart: what an operation's cost grows with, as a logarithm.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.index.len()
    }

    /// The longest prefix of a prompt that lies somewhere. Changes nothing, not even what was used last.
    #[must_use]
    pub fn lookup(&self, prompt: &[BlockRun]) -> Match {
        let mut found = Match::default();
        for run in prompt {
            let (mut at, end) = (run.first, run.first.saturating_add(u64::from(run.count)));
            while at < end {
                let Some(node) = self.node_of(at).and_then(|node| self.nodes.get(node as usize)) else {
                    return found;
                };
                let stop = node.end().min(end);
                found
                    .push(Place::ALL.get(node.place).copied().unwrap_or(Place::Hbm), stop.saturating_sub(at));
                at = stop;
            }
        }
        found
    }

    /// Brings the blocks `from..to` of a prompt into the chips' memory and pins them, once more where they are pinned
    /// already. What lies further off is loaded, what lies nowhere is new; others give way.
    ///
    /// # Errors
    /// [`Full`] if there is no room even after all that may give way; then nothing has changed.
    pub fn hold(&mut self, prompt: &[BlockRun], from: u64, to: u64) -> Result<Taken, Full> {
        let parts = slice(prompt, from, to);
        // Room is needed for what is not in the chips' memory, and may not come from what is about to be pinned.
        let (mut missing, mut own) = (0_u64, 0_u64);
        for part in &parts {
            self.survey(part, |blocks, node| match node {
                Some(node) if node.place == 0 => own += if node.pins == 0 { blocks } else { 0 },
                _ => missing += blocks,
            });
        }
        let available = self.available().saturating_sub(own);
        if missing > available {
            return Err(Full { needed: missing, available });
        }
        Ok(self.take(&parts, 1))
    }

    /// Lets go of the blocks `from..to` of a prompt that [`Self::hold`] pinned. They stay until others need the room,
    /// and are the most recently used from here on.
    pub fn release(&mut self, prompt: &[BlockRun], from: u64, to: u64) {
        for part in slice(prompt, from, to).iter().rev() {
            self.cut(part.first);
            self.cut(part.end());
            let nodes: Vec<u32> = self.index.range(part.first..part.end()).map(|(_, &node)| node).collect();
            for node in nodes.into_iter().rev() {
                let Some(entry) = self.nodes.get_mut(node as usize) else { continue };
                if entry.place != 0 || entry.pins == 0 {
                    continue;
                }
                entry.pins -= 1;
                let (pins, count) = (entry.pins, u64::from(entry.count));
                if pins == 0 {
                    self.pinned = self.pinned.saturating_sub(count);
                    self.push_newest(node);
                    self.join_older(node);
                }
            }
            self.join_pinned(part.first);
            self.join_pinned(part.end());
        }
    }

    /// Puts a prompt into the chips' memory as the most recently used one, without pinning it; others give way. Where
    /// there is not enough room, its head goes in.
    pub fn insert(&mut self, prompt: &[BlockRun]) -> Taken {
        let total = prompt.iter().fold(0_u64, |sum, run| sum.saturating_add(u64::from(run.count)));
        // Pinned blocks of the prompt take no room of what is left for others.
        let (mut room, mut to) = (self.available(), 0_u64);
        for part in &slice(prompt, 0, total) {
            let mut open = true;
            self.survey(part, |blocks, node| {
                let pinned = node.is_some_and(|node| node.pins > 0);
                let fits = if pinned { blocks } else { blocks.min(room) };
                if open {
                    to += fits;
                    room -= if pinned { 0 } else { fits };
                }
                open &= fits == blocks;
            });
            if !open {
                break;
            }
        }
        self.take(&slice(prompt, 0, to), 0)
    }

    /// Sets aside blocks of the chips' memory for one sequence; others give way.
    ///
    /// # Errors
    /// [`Full`] if there is no room even after all that may give way; then nothing has changed.
    pub fn reserve(&mut self, blocks: u64) -> Result<(), Full> {
        let available = self.available();
        if blocks > available {
            return Err(Full { needed: blocks, available });
        }
        self.reserved = self.reserved.saturating_add(blocks);
        self.make_room(0);
        Ok(())
    }

    /// Gives back blocks that [`Self::reserve`] set aside.
    pub fn unreserve(&mut self, blocks: u64) {
        self.reserved = self.reserved.saturating_sub(blocks);
    }

    /// Brings parts into the chips' memory, with so many more pins. There must be room.
    fn take(&mut self, parts: &[BlockRun], pins: u32) -> Taken {
        let mut taken = Taken::default();
        // First out of the lists, so that nothing that is to be used gives way.
        let mut pieces: Vec<Node> = Vec::new();
        for part in parts {
            self.cut(part.first);
            self.cut(part.end());
            let nodes: Vec<u32> = self.index.range(part.first..part.end()).map(|(_, &node)| node).collect();
            let mut at = part.first;
            let mut piece = |first: u64, end: u64, pins: u32| {
                let mut rest = first;
                while rest < end {
                    let count = u32::try_from(end - rest).unwrap_or(u32::MAX);
                    match pieces.last_mut() {
                        Some(last)
                            if last.end() == rest
                                && last.pins == pins
                                && last.count.checked_add(count).is_some() =>
                        {
                            last.count += count;
                        }
                        _ => {
                            pieces.push(Node {
                                first: rest,
                                count,
                                pins,
                                place: 0,
                                newer: NONE,
                                older: NONE,
                            });
                        }
                    }
                    rest += u64::from(count);
                }
            };
            for id in nodes {
                let Some(&node) = self.nodes.get(id as usize) else { continue };
                let gap = node.first.saturating_sub(at);
                taken.fresh += gap;
                piece(at, node.first, pins);
                taken.from.add(node.place, u64::from(node.count));
                piece(node.first, node.end(), node.pins.saturating_add(pins));
                at = node.end();
                self.remove(id);
            }
            taken.fresh += part.end().saturating_sub(at);
            piece(at, part.end(), pins);
        }
        self.moved.inserted += taken.fresh;
        for (slot, blocks) in self.moved.loaded.0.iter_mut().zip(taken.from.0).skip(1) {
            *slot += blocks;
        }
        let coming = pieces.iter().fold(0, |sum, piece| sum + u64::from(piece.count));
        self.make_room(coming);
        // The head of the prompt comes last and so is the newest.
        for piece in pieces.iter().rev() {
            let node = self.add(*piece);
            if piece.pins == 0 {
                self.push_newest(node);
                self.join_older(node);
            } else {
                self.pinned += u64::from(piece.count);
            }
        }
        for part in parts {
            self.join_pinned(part.first);
            self.join_pinned(part.end());
        }
        taken
    }

    /// Lets the least recently used blocks of the chips' memory give way until so many fit.
    fn make_room(&mut self, coming: u64) {
        let capacity = self.capacity.get(0).saturating_sub(self.reserved);
        let over = self.used.get(0).saturating_add(coming).saturating_sub(capacity);
        self.evict(0, over);
    }

    /// Moves the least recently used blocks of a place on to the next one.
    fn evict(&mut self, place: usize, mut over: u64) {
        while over > 0 {
            let Some(oldest) = self.lists.get(place).map(|ends| ends.oldest).filter(|&node| node != NONE)
            else {
                return;
            };
            let Some(&node) = self.nodes.get(oldest as usize) else { return };
            let count = u32::try_from(over).unwrap_or(u32::MAX).min(node.count);
            let first = node.end() - u64::from(count);
            if count == node.count {
                self.remove(oldest);
            } else if let Some(entry) = self.nodes.get_mut(oldest as usize) {
                entry.count -= count;
                self.used.subtract(place, u64::from(count));
            }
            self.demote(first, count, place + 1);
            over -= u64::from(count);
        }
    }

    /// Puts blocks that fell out of nearer places into the next with room, tail first where it is too small for all.
    fn demote(&mut self, first: u64, count: u32, place: usize) {
        if place >= PLACES {
            self.moved.dropped += u64::from(count);
            return;
        }
        let kept = u32::try_from(self.capacity.get(place)).unwrap_or(u32::MAX).min(count);
        let over = (self.used.get(place) + u64::from(kept)).saturating_sub(self.capacity.get(place));
        // What lies here is older than what comes, and so goes on before it.
        self.evict(place, over);
        if kept < count {
            self.demote(first + u64::from(kept), count - kept, place + 1);
        }
        if kept == 0 {
            return;
        }
        self.moved.demoted.add(place, u64::from(kept));
        let node = self.add(Node { first, count: kept, pins: 0, place, newer: NONE, older: NONE });
        self.push_newest(node);
        self.join_older(node);
    }

    /// The node that holds a block.
    fn node_of(&self, block: u64) -> Option<u32> {
        let (_, &node) = self.index.range(..=block).next_back()?;
        self.nodes.get(node as usize).filter(|entry| block < entry.end()).map(|_| node)
    }

    /// Visits a part piece by piece, with the node that holds each, if one does.
    fn survey(&self, part: &BlockRun, mut visit: impl FnMut(u64, Option<&Node>)) {
        let mut at = part.first;
        if let Some(node) = self.node_of(at).and_then(|node| self.nodes.get(node as usize)) {
            let stop = node.end().min(part.end());
            visit(stop - at, Some(node));
            at = stop;
        }
        for (_, &node) in self.index.range(at..part.end().max(at)) {
            let Some(node) = self.nodes.get(node as usize) else { continue };
            if node.first > at {
                visit(node.first - at, None);
            }
            let stop = node.end().min(part.end());
            visit(stop - node.first, Some(node));
            at = stop;
        }
        if at < part.end() {
            visit(part.end() - at, None);
        }
    }

    /// Makes a border between nodes before a block.
    fn cut(&mut self, block: u64) {
        let Some(left) = self.node_of(block) else { return };
        let Some(&node) = self.nodes.get(left as usize) else { return };
        if node.first == block {
            return;
        }
        let kept = u32::try_from(block - node.first).unwrap_or(u32::MAX);
        let right = Node { first: block, count: node.count - kept, newer: left, ..node };
        if let Some(entry) = self.nodes.get_mut(left as usize) {
            entry.count = kept;
        }
        let right = self.place(right);
        if node.pins == 0 {
            // The tail is the older part.
            self.set_newer(node.older, right, node.place);
            if let Some(entry) = self.nodes.get_mut(left as usize) {
                entry.older = right;
            }
        }
    }

    /// Takes a node up, with its blocks.
    fn add(&mut self, node: Node) -> u32 {
        self.used.add(node.place, u64::from(node.count));
        self.place(node)
    }

    fn place(&mut self, node: Node) -> u32 {
        let id = match self.spare.pop() {
            Some(id) => id,
            None => {
                self.nodes.push(node);
                u32::try_from(self.nodes.len() - 1).unwrap_or(NONE)
            }
        };
        if let Some(entry) = self.nodes.get_mut(id as usize) {
            *entry = node;
        }
        self.index.insert(node.first, id);
        id
    }

    /// Takes a node out of everything.
    fn remove(&mut self, id: u32) {
        let Some(&node) = self.nodes.get(id as usize) else { return };
        if node.pins == 0 {
            self.unlink(&node);
        } else {
            self.pinned = self.pinned.saturating_sub(u64::from(node.count));
        }
        self.used.subtract(node.place, u64::from(node.count));
        self.index.remove(&node.first);
        self.spare.push(id);
    }

    fn unlink(&mut self, node: &Node) {
        self.set_newer(node.older, node.newer, node.place);
        self.set_older(node.newer, node.older, node.place);
    }

    /// Says what is newer than a node, or which node is the oldest.
    fn set_newer(&mut self, id: u32, newer: u32, place: usize) {
        if id == NONE {
            if let Some(ends) = self.lists.get_mut(place) {
                ends.oldest = newer;
            }
        } else if let Some(entry) = self.nodes.get_mut(id as usize) {
            entry.newer = newer;
        }
    }

    /// Says what is older than a node, or which node is the newest.
    fn set_older(&mut self, id: u32, older: u32, place: usize) {
        if id == NONE {
            if let Some(ends) = self.lists.get_mut(place) {
                ends.newest = older;
            }
        } else if let Some(entry) = self.nodes.get_mut(id as usize) {
            entry.older = older;
        }
    }

    fn push_newest(&mut self, id: u32) {
        let Some(place) = self.nodes.get(id as usize).map(|node| node.place) else { return };
        let Some(before) = self.lists.get(place).map(|ends| ends.newest) else { return };
        if let Some(entry) = self.nodes.get_mut(id as usize) {
            (entry.newer, entry.older) = (NONE, before);
        }
        self.set_newer(before, id, place);
        self.set_older(NONE, id, place);
    }

    /// Puts a node together with the next older one where that is its own tail.
    fn join_older(&mut self, id: u32) {
        let Some(&node) = self.nodes.get(id as usize) else { return };
        let Some(&tail) = self.nodes.get(node.older as usize) else { return };
        let Some(count) = node.count.checked_add(tail.count).filter(|_| tail.first == node.end()) else {
            return;
        };
        let older = node.older;
        self.remove(older);
        self.used.add(node.place, u64::from(tail.count));
        if let Some(entry) = self.nodes.get_mut(id as usize) {
            entry.count = count;
        }
    }

    /// Puts the two nodes that meet before a block together where both are pinned alike.
    fn join_pinned(&mut self, block: u64) {
        let (Some(right), Some(left)) =
            (self.index.get(&block).copied(), block.checked_sub(1).and_then(|last| self.node_of(last)))
        else {
            return;
        };
        let (Some(&tail), Some(&head)) = (self.nodes.get(right as usize), self.nodes.get(left as usize))
        else {
            return;
        };
        let Some(count) =
            head.count.checked_add(tail.count).filter(|_| head.pins > 0 && head.pins == tail.pins)
        else {
            return;
        };
        self.index.remove(&tail.first);
        self.spare.push(right);
        if let Some(entry) = self.nodes.get_mut(left as usize) {
            entry.count = count;
        }
    }
}

impl Node {
    fn end(&self) -> u64 {
        self.first.saturating_add(u64::from(self.count))
    }
}

/// The blocks `from..to` of a prompt.
fn slice(prompt: &[BlockRun], from: u64, to: u64) -> Vec<BlockRun> {
    let mut parts = Vec::with_capacity(prompt.len());
    let mut start = 0_u64;
    for run in prompt {
        let end = start.saturating_add(u64::from(run.count));
        let (low, high) = (from.max(start), to.min(end));
        if low < high {
            let count = u32::try_from(high - low).unwrap_or(run.count);
            parts.push(BlockRun { first: run.first.saturating_add(low - start), count });
        }
        start = end;
    }
    parts
}
