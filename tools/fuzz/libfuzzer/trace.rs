//! The entry of libFuzzer to the target of this name.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzz::targets::trace(bytes, fuzz::execution::Turn::of(bytes));
});
