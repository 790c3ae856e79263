//! How names are compared: what people write differently without meaning another thing is one spelling.

/// Longest name that is looked at, in characters; identifiers of model hubs reach some ninety.
pub const LONGEST: usize = 128;

/// The spelling under which a name is filed: small letters, blanks and underscores as hyphens, and no hyphen between a
/// letter and a digit, so that `Llama 3.1-8B` is `llama3.1-8b` and `H100_SXM` is `h100sxm`. Hyphens between two letters
/// or two digits stay, as they tell names apart.
#[must_use]
pub fn key(name: &str) -> String {
    let mut key = String::new();
    let mut before = ' ';
    let mut hyphen = false;
    for symbol in name.trim().chars().take(LONGEST) {
        if matches!(symbol, '-' | '_' | ' ') {
            hyphen = !key.is_empty();
            continue;
        }
        let symbol = symbol.to_ascii_lowercase();
        let turns = |one: char, other: char| one.is_ascii_digit() && other.is_ascii_alphabetic();
        if std::mem::take(&mut hyphen) && !turns(before, symbol) && !turns(symbol, before) {
            key.push('-');
        }
        key.push(symbol);
        before = symbol;
    }
    key
}

#[cfg(test)]
mod tests {
    use super::key;

    #[test]
    fn what_means_the_same_is_spelt_the_same() {
        for (one, other) in [
            ("Llama-3.1-8B", "llama3.1-8b"),
            ("H100 SXM", "h100-sxm"),
            ("gemma_3_27b", "gemma3-27b"),
            ("TPU-7x", "tpu7x"),
            ("M3Ultra", "m3-ultra"),
            ("rtx5090", "RTX 5090"),
        ] {
            assert_eq!(key(one), key(other), "{one}");
        }
        for (one, other) in [
            ("qwen3-14b", "qwen314b"),
            ("qwen3-1.4b", "qwen3-14b"),
            ("deepseekv3", "deepseek-v3"),
            ("l4", "l40"),
        ] {
            assert_ne!(key(one), key(other), "{one}");
        }
        assert_eq!(key("--a--b--"), "a-b");
        assert_eq!(key(&"x".repeat(1000)).len(), super::LONGEST);
    }
}
