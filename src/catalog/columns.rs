//! The tables of `data/` and the columns of each that the library reads, by the names in their headers.
//!
//! `build.rs` includes this file: it finds the columns by name, leaves out the others and all comments, and writes the rest
//! in the order of these lists, which readers use by the same names. A column that a file lacks stops the build.

/// A table whose rows are read as text at run time, as lines without comments and header.
pub struct Table {
    /// The file in `data/constants/`.
    pub file: &'static str,
    /// Its columns that the library reads.
    pub columns: &'static [&'static str],
}

/// A table whose rows become constants of numbers, each called after the columns that name it: a row that the library needs
/// and the file lacks does not compile, and neither does one that nothing reads.
pub struct NamedRows {
    /// The file in `data/constants/`.
    pub file: &'static str,
    /// The columns that name a row.
    pub names: &'static [&'static str],
    /// Its columns of numbers that the library reads.
    pub numbers: &'static [&'static str],
}

/// The tables that are read as text.
pub const TABLES: [Table; 11] = [
    Table { file: "kernels.csv", columns: &Kernels::NAMES },
    Table { file: "collectives.csv", columns: &Collectives::NAMES },
    Table { file: "exchanges.csv", columns: &Exchanges::NAMES },
    Table { file: "fabrics.csv", columns: &Fabrics::NAMES },
    Table { file: "wires.csv", columns: &Wires::NAMES },
    Table { file: "families.csv", columns: &Families::NAMES },
    Table { file: "sram.csv", columns: &SramMachines::NAMES },
    Table { file: "served.csv", columns: &Served::NAMES },
    Table { file: "memory.csv", columns: &MemoryShares::NAMES },
    Table { file: "profiles.csv", columns: &Profiles::NAMES },
    Table { file: "power.csv", columns: &Power::NAMES },
];

/// The tables that become constants.
pub const NAMED_ROWS: [NamedRows; 5] = [
    NamedRows { file: "form.csv", names: &["law"], numbers: &KernelForm::NAMES },
    NamedRows { file: "engines.csv", names: &["engine", "generation"], numbers: &Engines::NAMES },
    NamedRows { file: "links.csv", names: &["link"], numbers: &Links::NAMES },
    NamedRows { file: "bands.csv", names: &["class", "split"], numbers: &Bands::NAMES },
    NamedRows { file: "distance.csv", names: &["of"], numbers: &Slopes::NAMES },
];

/// Tables in `data/` that are built in as they are, header and all: they only lose their comments.
pub const WITH_HEADER: [&str; 3] = ["schedulers.csv", "lacks.csv", "claims.csv"];

/// Defines the columns of a table, each a place in a line of it.
macro_rules! columns {
    ($(#[$doc:meta])* $name:ident: $($column:ident),+) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        #[allow(non_camel_case_types, missing_docs, reason = "called as in the header of the file, which explains them")]
        pub enum $name { $($column),+ }

        impl $name {
            /// Their names.
            pub const NAMES: [&'static str; [$(stringify!($column)),+].len()] = [$(stringify!($column)),+];

            /// The number of this column in a row of numbers.
            #[must_use]
            pub const fn of(self, row: &[f64; Self::NAMES.len()]) -> f64 {
                row[self as usize]
            }
        }

        impl From<$name> for usize {
            fn from(column: $name) -> Self {
                column as Self
            }
        }
    };
}

columns!(
    /// Columns of `kernels.csv`.
    Kernels:
    operator, chip, format, unit, t0_us, ramp_us, compute, bandwidth, l2, half, split, pad_rows, stream, exponential,
    extra_keys, beside, host_us, tile_rows
);
columns!(
    /// Numbers of the row of `form.csv`.
    KernelForm:
    ramp_MB, large_cache_MB, cache_edge, cores, reach, power_law, popularity, replica, packing, drift, redundant
);
columns!(
    /// Columns of `collectives.csv`.
    Collectives:
    operation, chip, library, t0_us, hop_us, low, switch_us, efficiency, pair, crowd
);
columns!(
    /// Columns of `exchanges.csv`.
    Exchanges:
    kernel, part, chip, t0_us, hop_us, efficiency, base, sms, sm_GBps, node_us, network, crowd
);
columns!(
    /// Columns of `fabrics.csv`.
    Fabrics:
    fabric, chips, topology, links, host, t0_us, hop_us, low, switch_us, efficiency, pair, crowd
);
columns!(
    /// Columns of `families.csv`.
    Families:
    chip, generation, sibling, cores, floor_us, compute, bandwidth, matrix, block, core
);
columns!(
    /// Columns of `sram.csv`.
    SramMachines:
    chip, weights, token_us, hop_us, layer_us, moe_us, share, wide, usable, compute, peak_TFLOPS, tpot_low, tpot_high,
    speculation, evidence
);
columns!(
    /// Columns of `served.csv`.
    Served:
    chip, model, engine, format, weights, kv, profile, split, isl_low, isl_high, osl_low, osl_high, users_low, users_high,
    ranks_low, ranks_high, scatter_low, scatter_high
);
columns!(
    /// Columns of `memory.csv`.
    MemoryShares:
    engine, chip, from_GiB, of, share, tokens, sequences, wide, fixed_MiB, token_MiB, sequence_MiB, rank_MiB, dp_MiB,
    dp_most, dp_share, floor_MiB, context_MB, ranks_MB, graph_MB, rows, logit_B, beyond, held
);
columns!(
    /// Columns of `profiles.csv`.
    Profiles:
    profile, engine, from_GiB, silicon, model, chunk, prompts, spare, max_seqs, ranks, memory, stream, textless, first_split,
    poll, poll_busy, balance, mixed, users, kv, version
);
columns!(
    /// Columns of `power.csv`.
    Power:
    silicon, idle, awake, compute, bend, memory, held, knee, slowest, low, high
);
columns!(
    /// Numbers of a row of `engines.csv`.
    Engines:
    step_us, host_us, sequence_us, layer_us, expert_layer_us, floor, gemm, attention, experts, experts_fp4,
    experts_mixed, link, interference, mixing, prefill, prefill_mixed, launch_us, launch_experts_us,
    request_ms
);
columns!(
    /// Numbers of a row of `links.csv`.
    Links:
    latency_us, efficiency
);
columns!(
    /// Columns of `wires.csv`.
    Wires:
    wire, chip, bandwidth_GBps, latency_us, efficiency
);
columns!(
    /// Numbers of a row of `bands.csv`.
    Bands:
    ttft_low, ttft_high, tpot_low, tpot_high, throughput_low, throughput_high
);
columns!(
    /// Numbers of the row of `distance.csv`.
    Slopes:
    model, engine, format, run, far, beyond, changed
);
