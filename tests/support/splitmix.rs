//! Numbers that follow from a seed: SplitMix64.

/// Where the numbers have come to.
pub struct SplitMix(pub u64);

impl SplitMix {
    /// The next of them.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut own = self.0;
        own = (own ^ (own >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        own = (own ^ (own >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        own ^ (own >> 31)
    }
}
