//! Laws of collectives and expert exchanges that no constants may break, over all chips and engines: never faster than the
//! links, more of anything takes no less time, and beyond the domain nothing gets better.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use tandem::catalog::{self, Chip, Engine};
use tandem::machine::{
    Constants, ExchangeKernel, ExchangePart, Fabric, Operation, Parcel, Topology, constants,
};
use tandem::units::{Bytes, BytesPerSecond};

/// Messages from next to nothing to the whole of a long prefill.
const SIZES: [f64; 12] = [2.0, 512.0, 4e3, 14e3, 6e4, 2.5e5, 1e6, 4e6, 1.6e7, 6e7, 2.5e8, 1e9];

fn fabric(chip: &Chip, engine: Engine) -> Fabric<'static> {
    let tables: &'static Constants = constants();
    Fabric::new(tables, chip, tables.engine(engine, &chip.id), tables.measured(&chip.id))
}

/// Every chip that has links, under every engine.
fn each(mut check: impl FnMut(&Chip, &Fabric<'_>, &str)) {
    for chip in catalog::chips().iter().filter(|chip| chip.scale_up.is_some()) {
        for engine in Engine::ALL {
            check(chip, &fabric(chip, engine), &format!("{} under {}", chip.id, engine.id()));
        }
    }
}

/// Powers of two up to four domains, but no more than a few racks.
fn degrees(chip: &Chip) -> impl Iterator<Item = u32> {
    let most = chip.scale_up.map_or(1, |up| up.domain).saturating_mul(4).min(512);
    (0..10).map(|power| 1 << power).take_while(move |ranks| *ranks <= most)
}

fn time(fabric: &Fabric<'_>, operation: Operation, ranks: u32, bytes: f64) -> f64 {
    fabric.collective(operation, ranks).time(Bytes::new(bytes)).0.get()
}

#[test]
fn one_rank_has_nobody_to_talk_to() {
    each(|_, fabric, what| {
        for operation in Operation::ALL {
            assert_eq!(time(fabric, operation, 1, 1e6), 0.0, "{what}");
        }
        let parcel = Parcel { tokens: 64.0, top_k: 8.0, bytes: Bytes::new(14336.0) };
        for part in [ExchangePart::Dispatch, ExchangePart::Combine] {
            assert_eq!(fabric.exchange(1).time(false, part, &parcel).get(), 0.0, "{what}");
        }
    });
}

#[test]
fn a_longer_message_never_takes_less_time() {
    each(|chip, fabric, what| {
        for operation in Operation::ALL {
            for ranks in degrees(chip).skip(1) {
                let collective = fabric.collective(operation, ranks);
                let times = SIZES.map(|bytes| collective.time(Bytes::new(bytes)).0.get());
                assert!(times.is_sorted(), "{what}, {operation:?} among {ranks}: {times:?}");
                assert!(collective.latency().get() <= times[0], "{what}");
            }
        }
    });
}

/// vLLM and SGLang fuse all-reduces with the norm behind them on Blackwell, by TensorRT-LLM's kernels; on Hopper and without
/// NVLink they have their own.
#[test]
fn engines_that_fuse_are_no_slower_than_what_they_fuse() {
    let small = |collective: tandem::machine::Collective| collective.time(Bytes::new(23_040.0)).0.get();
    for id in ["b200", "gb200-nvl72", "h200", "rtx-pro-6000-bw"] {
        let chip = catalog::chip(id).unwrap();
        for engine in [Engine::Vllm, Engine::Sglang] {
            let fabric = fabric(chip, engine);
            let scale = constants().engine(engine, id).link_scale;
            let own = small(fabric.collective(Operation::AllReduce, 4));
            let [alone, theirs] = [engine, Engine::Trtllm]
                .map(|library| small(fabric.by(Operation::AllReduce, 4, Some(library))) * scale);
            let fuses = id.contains("b200");
            let best = if fuses { alone.min(theirs) } else { alone };
            assert!(own <= best * 1.0001, "{id} {}: {own} against {best}", engine.id());
            assert!(fuses || own >= alone * 0.8, "{id} {}: {own} against {alone}", engine.id());
        }
    }
}

#[test]
fn nothing_jumps_where_the_way_changes() {
    each(|chip, fabric, what| {
        for ranks in degrees(chip).skip(1) {
            let collective = fabric.collective(Operation::AllReduce, ranks);
            let mut bytes = 64.0;
            while bytes < 1e9 {
                let now = collective.time(Bytes::new(bytes)).0.get();
                let next = collective.time(Bytes::new(bytes * 1.02)).0.get();
                assert!(next <= now * 1.0201, "{what} among {ranks}: {now} at {bytes}, then {next}");
                bytes *= 1.02;
            }
        }
    });
}

#[test]
fn more_ranks_never_take_less_time() {
    each(|chip, fabric, what| {
        // On a mesh or a torus more ranks use more links: there only an empty message tells.
        let shared = matches!(constants().fabric(&chip.id).topology, Topology::Switch | Topology::Bus);
        for operation in Operation::ALL {
            for bytes in SIZES.into_iter().filter(|bytes| shared || *bytes < 4.0) {
                let times: Vec<f64> =
                    degrees(chip).map(|ranks| time(fabric, operation, ranks, bytes)).collect();
                // NCCL takes over from an engine's own kernels at the border of the host, and both are fitted: a part in fifty.
                let rises = times.windows(2).all(|pair| pair[0] <= pair[1] * 1.02);
                assert!(rises, "{what}, {operation:?} of {bytes}: {times:?}");
            }
        }
    });
}

#[test]
fn no_message_is_faster_than_the_links() {
    each(|chip, fabric, what| {
        let up = chip.scale_up.unwrap();
        for operation in Operation::ALL {
            let passes = if operation == Operation::AllReduce { 2.0 } else { 1.0 };
            for ranks in degrees(chip).skip(1) {
                let inside = f64::from(ranks.min(up.domain));
                let outside = f64::from(ranks) / inside;
                let link = passes * (inside - 1.0) / inside / up.bandwidth.get();
                let network = chip.scale_out.map_or(up.bandwidth, |own| own).get();
                let across = passes * (outside - 1.0) / outside / inside / network;
                for bytes in SIZES {
                    let least = bytes * (link + across);
                    let took = time(fabric, operation, ranks, bytes);
                    assert!(took >= least * (1.0 - 1e-9), "{what}, {operation:?} of {bytes} among {ranks}");
                }
            }
        }
    });
}

#[test]
fn leaving_the_domain_costs() {
    each(|chip, fabric, what| {
        let domain = chip.scale_up.unwrap().domain;
        if domain > 512 {
            return;
        }
        for operation in Operation::ALL {
            for bytes in SIZES {
                let inside = time(fabric, operation, domain, bytes);
                let beyond = time(fabric, operation, domain * 2, bytes);
                assert!(beyond > inside, "{what}, {operation:?} of {bytes}: {inside} then {beyond}");
            }
            // A network message is tens of microseconds, whatever it carries.
            let crossing = time(fabric, operation, domain * 2, 2.0) - time(fabric, operation, domain, 2.0);
            assert!(crossing > 10e-6, "{what}, {operation:?}: {crossing}");
        }
    });
}

#[test]
fn an_all_reduce_is_a_reduce_scatter_and_an_all_gather() {
    // NCCL's, which TensorRT-LLM uses where it has no kernels of its own, on chips that were measured.
    for id in ["h100-sxm", "h200", "b200", "b300", "a100-80"] {
        let chip = catalog::chip(id).unwrap();
        let fabric = fabric(chip, Engine::Vllm);
        for ranks in [16, 32] {
            for bytes in [1e3, 1e5, 1e7, 1e9] {
                let whole = time(&fabric, Operation::AllReduce, ranks, bytes);
                let halves = time(&fabric, Operation::ReduceScatter, ranks, bytes)
                    + time(&fabric, Operation::AllGather, ranks, bytes);
                let ratio = whole / halves;
                assert!((0.65..1.35).contains(&ratio), "{id}, {bytes} among {ranks}: {ratio}");
            }
        }
    }
}

#[test]
fn a_pair_on_a_mesh_has_one_link() {
    let chip = catalog::chip("mi300x").unwrap();
    let fabric = fabric(chip, Engine::Sglang);
    let bytes = 1e9;
    let bandwidth = |ranks: u32| {
        let ways = f64::from(ranks);
        bytes * 2.0 * (ways - 1.0) / ways / time(&fabric, Operation::AllReduce, ranks, bytes) / 1e9
    };
    assert!((40.0..=64.0).contains(&bandwidth(2)), "{}", bandwidth(2));
    assert!((280.0..=448.0).contains(&bandwidth(8)), "{}", bandwidth(8));
}

#[test]
fn cards_on_pci_express_share_the_host() {
    for (id, most) in [("l40s", 6.0), ("rtx-4090", 6.0), ("rtx-pro-6000-bw", 40.0)] {
        let chip = catalog::chip(id).unwrap();
        let fabric = fabric(chip, Engine::Vllm);
        let bytes = 5e8;
        let bandwidth = bytes * 1.5 / time(&fabric, Operation::AllReduce, 4, bytes) / 1e9;
        assert!(bandwidth > 1.0 && bandwidth < most, "{id}: {bandwidth} GB/s among four");
    }
}

#[test]
fn an_all_reduce_over_infiniband_is_bound_by_latency() {
    let chip = catalog::chip("h100-sxm").unwrap();
    let fabric = fabric(chip, Engine::Sglang);
    // Two nodes of eight: 75 us for 4 kB (NVIDIA/nccl issue 1453).
    let small = time(&fabric, Operation::AllReduce, 16, 14336.0);
    assert!((45e-6..120e-6).contains(&small), "{small}");
    // 48 GB/s a card is the most that NVIDIA calls good (nccl-tests issue 290).
    let bytes = 4e9;
    let rate = bytes * 2.0 * 15.0 / 16.0 / time(&fabric, Operation::AllReduce, 16, bytes) / 1e9;
    assert!((180.0..400.0).contains(&rate), "{rate} GB/s of bus bandwidth on eight cards");
}

#[test]
fn exchanges_grow_with_tokens_experts_and_bytes() {
    each(|chip, fabric, what| {
        for prefill in [false, true] {
            for part in [ExchangePart::Dispatch, ExchangePart::Combine] {
                for ranks in degrees(chip).skip(1) {
                    let time = |tokens: f64, top_k: f64, bytes: f64| {
                        let parcel = Parcel { tokens, top_k, bytes: Bytes::new(bytes) };
                        fabric.exchange(ranks).time(prefill, part, &parcel).get()
                    };
                    let base = time(64.0, 8.0, 7168.0);
                    assert!(base > 1e-6 && base < 0.1, "{what} among {ranks}: {base}");
                    assert!(time(65.0, 8.0, 7168.0) > base, "{what} among {ranks}");
                    assert!(time(64.0, 9.0, 7168.0) >= base, "{what} among {ranks}");
                    assert!(time(64.0, 8.0, 14336.0) > base, "{what} among {ranks}");
                }
            }
        }
    });
}

#[test]
fn no_exchange_is_faster_than_the_links() {
    each(|chip, fabric, what| {
        let up = chip.scale_up.unwrap();
        for prefill in [false, true] {
            for ranks in degrees(chip).skip(1) {
                // Each of the others gets one copy of each token that it holds an expert for, at least.
                let inside = f64::from(ranks.min(up.domain));
                let nodes = f64::from(ranks) / inside;
                let others = |all: f64| (all - 1.0) * (1.0 - (1.0 - 1.0 / all).powi(8));
                let parcel = Parcel { tokens: 1e5, top_k: 8.0, bytes: Bytes::new(7168.0) };
                let took = fabric.exchange(ranks).time(prefill, ExchangePart::Combine, &parcel).get();
                let network: BytesPerSecond = chip.scale_out.unwrap_or(up.bandwidth);
                let bytes = 1e5 * 7168.0;
                let across = if nodes > 1.0 { bytes * others(nodes) / network.get() } else { 0.0 };
                let within = if nodes > 1.0 { 0.0 } else { bytes * others(inside) / up.bandwidth.get() };
                assert!(took >= across.max(within) * 0.999, "{what} among {ranks}: {took}");
            }
        }
    });
}

#[test]
fn exchanges_across_nodes_cost_more() {
    for id in ["h100-sxm", "h200", "h800", "h20", "b200", "mi300x"] {
        let chip = catalog::chip(id).unwrap();
        let fabric = fabric(chip, Engine::Sglang);
        for prefill in [false, true] {
            for tokens in [1.0, 64.0, 4096.0] {
                let parcel = Parcel { tokens, top_k: 8.0, bytes: Bytes::new(14336.0) };
                let times = [8, 16, 32, 64]
                    .map(|ranks| fabric.exchange(ranks).time(prefill, ExchangePart::Combine, &parcel).get());
                assert!(times.is_sorted(), "{id}, {tokens} tokens: {times:?}");
            }
        }
    }
}

/// Measured on the chips themselves: DeepEP on Hopper (tokens of a rank, k = 8, 7168 wide).
#[test]
fn deepep_on_hopper_takes_what_was_measured() {
    let fabric = fabric(catalog::chip("h100-sxm").unwrap(), Engine::Sglang);
    for (kernel, ranks, tokens, sms, measured) in [
        (ExchangeKernel::Low, 8, 128.0, None, 72e-6),
        (ExchangeKernel::Low, 32, 128.0, None, 263e-6),
        (ExchangeKernel::Low, 64, 128.0, None, 305e-6),
        (ExchangeKernel::Normal, 16, 4096.0, Some(24.0), 1827e-6),
        (ExchangeKernel::Normal, 32, 4096.0, Some(20.0), 4266e-6),
        (ExchangeKernel::Normal, 32, 4096.0, Some(4.0), 12010e-6),
    ] {
        let parcel = Parcel { tokens, top_k: 8.0, bytes: Bytes::new(14336.0) };
        let time = fabric.exchange_by(kernel, ExchangePart::Combine, ranks, &parcel, sms).unwrap();
        let ratio = time.get() / measured;
        assert!((0.75..1.33).contains(&ratio), "{kernel:?} among {ranks}, {tokens} tokens: {ratio}");
    }
}
