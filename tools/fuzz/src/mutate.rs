//! Damages an input: bytes, numbers, words and whole pieces between separators are changed, dropped, doubled, moved or
//! taken from elsewhere.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// Random draws.
#[derive(Clone, Debug)]
pub struct Draw(Xoshiro256PlusPlus);

impl Draw {
    /// The draws of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `end`, or 0.
    pub fn below(&mut self, end: usize) -> usize {
        // The bias of a remainder does not matter here.
        usize::try_from(self.any() >> 1).unwrap_or(0) % end.max(1)
    }

    /// One of some.
    pub fn of<'a, T>(&mut self, some: &'a [T]) -> Option<&'a T> {
        some.get(self.below(some.len()))
    }
}

/// Numbers at which something ends.
const NUMBERS: [&str; 38] = [
    "0",
    "-0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "8",
    "16",
    "0.5",
    "1e-9",
    "1e-308",
    "5e-324",
    "1e308",
    "1.8e308",
    "1e999",
    "-1e308",
    "127",
    "128",
    "255",
    "256",
    "32767",
    "65535",
    "65536",
    "1048576",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "18446744073709551616",
    "99999999999999999999999999",
    "NaN",
    "inf",
    "-Infinity",
    "0x10",
    "1_000",
];

/// What separates pieces in one format or another.
const SEPARATORS: &[u8] = b"&=,:;*/@# \t\r\n\"{}[]<>%+-.x";

/// Most changes to one input.
const MOST_CHANGES: usize = 6;

/// An input made of `seed`, words, and pieces of `other`, at most `longest` bytes long.
#[must_use]
pub fn mutate(draw: &mut Draw, seed: &[u8], other: &[u8], words: &[String], longest: usize) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    // Half have one change only: what has many is mostly nonsense, and nonsense is refused at its first letter.
    for number in 0..MOST_CHANGES {
        if number > 0 && draw.below(2) == 0 {
            break;
        }
        change(draw, &mut bytes, other, words);
        bytes.truncate(longest);
    }
    bytes
}

fn change(draw: &mut Draw, bytes: &mut Vec<u8>, other: &[u8], words: &[String]) {
    let at = draw.below(bytes.len() + 1);
    match draw.below(14) {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << draw.below(8);
            }
        }
        1 => bytes.insert(at, draw.any() as u8),
        2 => {
            let end = (at + 1 + draw.below(8)).min(bytes.len());
            bytes.drain(at.min(end)..end);
        }
        3 => {
            let end = (at + draw.below(64)).min(bytes.len());
            let copy = bytes.get(at..end).unwrap_or_default().to_vec();
            bytes.splice(at..at, copy);
        }
        4 => bytes.truncate(at),
        // The end of another input behind the start of this one.
        5 => {
            bytes.truncate(at);
            bytes.extend_from_slice(other.get(draw.below(other.len() + 1)..).unwrap_or_default());
        }
        6 | 7 => {
            let (from, to) = number(bytes, at);
            let new = draw.of(&NUMBERS).copied().unwrap_or_default();
            bytes.splice(from..to, new.bytes());
        }
        8 | 9 => {
            let word = draw.of(words).map_or(&[][..], |word| word.as_bytes()).to_vec();
            // In the place of a piece, or between two.
            let (from, to) = if draw.below(2) == 0 { piece(bytes, at) } else { (at, at) };
            bytes.splice(from..to, word);
        }
        10 => {
            let (from, to) = piece(bytes, at);
            bytes.drain(from..to);
        }
        11 => {
            let (from, to) = piece(bytes, at);
            let copy = bytes.get(from..to).unwrap_or_default().to_vec();
            let separator = draw.of(SEPARATORS).copied().unwrap_or(b'&');
            let place = draw.below(bytes.len() + 1);
            bytes.splice(place..place, std::iter::once(separator).chain(copy));
        }
        12 => {
            let (from, to) = piece(other, draw.below(other.len() + 1));
            let taken = other.get(from..to).unwrap_or_default().to_vec();
            let (from, to) = piece(bytes, at);
            bytes.splice(from..to, taken);
        }
        // The same piece many times, which finds what takes time with the square of it.
        _ => {
            let (from, to) = piece(bytes, at);
            let copy =
                bytes.get(from..(to + 1).min(bytes.len())).unwrap_or_default().repeat(1 + draw.below(40));
            bytes.splice(to..to, copy);
        }
    }
}

/// The number at or after a place, or an empty place.
fn number(bytes: &[u8], at: usize) -> (usize, usize) {
    let digit = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    let from = (at..bytes.len()).find(|&place| bytes.get(place).is_some_and(digit)).unwrap_or(at);
    let to = (from..bytes.len()).find(|&place| !bytes.get(place).is_some_and(digit)).unwrap_or(bytes.len());
    (from, to.max(from))
}

/// The piece between separators that holds a place.
fn piece(bytes: &[u8], at: usize) -> (usize, usize) {
    let ends = |byte: &u8| SEPARATORS.contains(byte);
    let head = bytes.get(..at).unwrap_or(bytes);
    let from = head.iter().rposition(ends).map_or(0, |place| place + 1);
    let tail = bytes.get(at..).unwrap_or_default();
    let to = tail.iter().position(ends).map_or(bytes.len(), |place| at + place);
    (from.min(to), to)
}
