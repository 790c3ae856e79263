//! Laws that every kernel on every chip of the catalogue keeps, whatever was fitted.

use tandem::catalog::model::GROUP;
use tandem::catalog::{self, Chip, ComputeType, NumberFormat};
use tandem::check::kernels::{Table, check_kernels};
use tandem::evaluate::evaluate;
use tandem::machine::{Form, Grouped, Heads, Kernel, Latent, Limit, Operator, Skew, Work, constants};
use tandem::scenario::link;

/// Chips that kernel laws describe.
fn chips() -> Vec<&'static Chip> {
    let has_kernels = |chip: &&Chip| chip.gap().is_none() && constants().sram(chip).is_none();
    let chips: Vec<&Chip> = catalog::chips().iter().filter(has_kernels).collect();
    assert!(chips.len() > 30, "only {} chips", chips.len());
    chips
}

#[allow(clippy::unwrap_used, reason = "every chip of `chips` has laws")]
fn find(chip: &Chip, operator: Operator, format: NumberFormat) -> Kernel {
    Kernel::find(&constants().measured(&chip.id), operator, chip, format).unwrap()
}

const PRODUCTS: [Operator; 2] = [Operator::Gemm, Operator::GemmVllm];
const CACHES: [NumberFormat; 2] = [NumberFormat::Bf16, NumberFormat::Fp8];

fn heads(format: NumberFormat) -> Heads {
    Heads { q: 32.0, kv: 8.0, d: 128.0, v: 128.0, cached: 256.0, element: format.cached_bytes() }
}

fn product(format: NumberFormat, [m, n, k]: [f64; 3]) -> Work {
    Work::product(m, n, k, format.weight_bytes(GROUP), format.compute_type().activation_bytes())
}

fn experts(format: NumberFormat, [tokens, width, inter]: [f64; 3], skew: Skew) -> Work {
    let own = Grouped {
        experts: 128.0,
        slots: 128.0,
        top_k: 8.0,
        ep: 4.0,
        width,
        inter,
        matrices: 3.0,
        weight: format.weight_bytes(GROUP),
        activation: format.compute_type().activation_bytes(),
    };
    Work::experts(own, tokens, skew)
}

/// An operator as a function of three sizes.
struct Case {
    operator: Operator,
    format: NumberFormat,
    work: Box<dyn Fn([f64; 3]) -> Work>,
    sizes: [[f64; 3]; 3],
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for format in NumberFormat::ALL {
        for operator in PRODUCTS {
            cases.push(Case {
                operator,
                format,
                work: Box::new(move |sizes| product(format, sizes)),
                sizes: [[1.0, 17.0, 3000.0], [512.0, 4096.0, 30_000.0], [512.0, 4096.0, 20_000.0]],
            });
        }
        cases.push(Case {
            operator: Operator::Experts,
            format,
            work: Box::new(move |sizes| experts(format, sizes, Form::served())),
            sizes: [[1.0, 60.0, 9000.0], [1024.0, 4096.0, 7168.0], [256.0, 1536.0, 4096.0]],
        });
    }
    for format in CACHES {
        cases.push(Case {
            operator: Operator::DecodeAttention,
            format,
            work: Box::new(move |[b, keys, width]| Work::decode(heads(format), b, keys, width)),
            sizes: [[1.0, 9.0, 200.0], [100.0, 4000.0, 120_000.0], [1.0, 2.0, 6.0]],
        });
        cases.push(Case {
            operator: Operator::DecodeMla,
            format,
            work: Box::new(move |[b, keys, width]| {
                let element = format.cached_bytes();
                Work::decode_latent(Latent { heads: 16.0, rank: 512.0, rope: 64.0, element }, b, keys, width)
            }),
            sizes: [[1.0, 9.0, 200.0], [100.0, 4000.0, 120_000.0], [1.0, 2.0, 6.0]],
        });
        cases.push(Case {
            operator: Operator::PrefillAttention,
            format,
            work: Box::new(move |[b, new, past]| {
                Work::prefill(heads(format), b, new, past, past + new / 2.0)
            }),
            sizes: [[1.0, 2.0, 8.0], [16.0, 1000.0, 32_000.0], [1.0, 5000.0, 100_000.0]],
        });
        cases.push(Case {
            operator: Operator::PrefillMla,
            format,
            work: Box::new(|[b, new, past]| {
                Work::prefill_latent(16.0, [192.0, 128.0], b, [new, past], past + new / 2.0)
            }),
            sizes: [[1.0, 2.0, 8.0], [16.0, 1000.0, 32_000.0], [1.0, 5000.0, 100_000.0]],
        });
    }
    cases
}

/// Calls with every combination of the sizes of a case.
fn each(case: &Case, mut call: impl FnMut([f64; 3])) {
    for a in case.sizes[0] {
        for b in case.sizes[1] {
            for c in case.sizes[2] {
                call([a, b, c]);
            }
        }
    }
}

#[test]
fn no_kernel_is_faster_than_the_data_sheet() {
    for chip in chips() {
        for case in cases() {
            let law = find(chip, case.operator, case.format);
            let peak = chip.rate(law.unit).unwrap().peak;
            let bandwidth = chip.memory.as_ref().unwrap().bandwidth;
            each(&case, |sizes| {
                let work = (case.work)(sizes);
                let bound = law.time(&work);
                let light = (work.flops() / peak).max(work.bytes / bandwidth);
                let what = format!("{} {:?} {:?} {sizes:?}", chip.id, case.operator, case.format);
                assert!(bound.time >= light * (1.0 - 1e-12), "{what}: {:?} under {light:?}", bound.time);
                assert!((bound.roof.get() / light.get() - 1.0).abs() < 1e-9, "{what}");
                assert!(bound.time.get().is_finite());
            });
        }
    }
}

#[test]
fn time_grows_with_every_size_and_makes_no_jump() {
    for chip in chips() {
        for case in cases() {
            let law = find(chip, case.operator, case.format);
            each(&case, |sizes| {
                let before = law.time(&(case.work)(sizes)).time;
                for place in 0..3 {
                    let mut more = sizes;
                    more[place] *= 1.001;
                    let after = law.time(&(case.work)(more)).time;
                    let what = format!("{} {:?} {:?} {sizes:?}", chip.id, case.operator, case.format);
                    assert!(after >= before * (1.0 - 1e-9), "{what}: falls with size {place}");
                    assert!(after.get() <= before.get() * 1.005, "{what}: jumps with size {place}");
                }
            });
        }
    }
}

#[test]
fn a_newer_sibling_is_not_slower_at_the_same_work() {
    for (new, old) in [("h200", "h100-sxm"), ("b300", "b200"), ("gb300-nvl72", "gb200-nvl72")] {
        let [new, old] = [new, old].map(|id| catalog::chip(id).unwrap());
        for case in cases() {
            let laws = [new, old].map(|chip| find(chip, case.operator, case.format));
            // Blackwell Ultra gave up most of its 8-bit integers.
            if laws.iter().any(|law| law.unit == ComputeType::Int8) {
                continue;
            }
            each(&case, |sizes| {
                let [newer, older] = laws.map(|law| law.time(&(case.work)(sizes)).time);
                assert!(
                    newer <= older * 1.02,
                    "{} {:?} {:?} {sizes:?}: {newer:?} against {older:?}",
                    new.id,
                    case.operator,
                    case.format
                );
            });
        }
    }
}

#[test]
fn tokens_checked_together_read_the_cache_once() {
    for chip in chips() {
        for format in CACHES {
            let law = find(chip, Operator::DecodeAttention, format);
            let time = |width| law.time(&Work::decode(heads(format), 8.0, 16_000.0, width)).time;
            let (one, four) = (time(1.0), time(4.0));
            let read = Work::decode(heads(format), 8.0, 16_000.0, 4.0).bytes;
            assert!(read < Work::decode(heads(format), 8.0, 16_000.0, 1.0).bytes * 1.02);
            // Chips without matrix units pay for the arithmetic.
            if constants().measured(&chip.id).matrix_units {
                assert!(four < one * 1.5, "{} {format:?}: {four:?} against {one:?}", chip.id);
            }
        }
    }
}

#[test]
fn one_sequence_in_decode_is_never_bound_by_compute() {
    for chip in chips() {
        for format in NumberFormat::ALL {
            for operator in PRODUCTS {
                let bound = find(chip, operator, format).time(&product(format, [1.0, 28_672.0, 8192.0]));
                assert_ne!(bound.limit, Limit::Compute, "{} {format:?}", chip.id);
            }
            let work = experts(format, [1.0, 4096.0, 1536.0], Form::served());
            let bound = find(chip, Operator::Experts, format).time(&work);
            assert_ne!(bound.limit, Limit::Compute, "{} experts in {format:?}", chip.id);
        }
    }
}

#[test]
fn decode_attention_of_grouped_queries_waits_for_an_hbm() {
    let mut seen = 0;
    for chip in chips().into_iter().filter(|chip| chip.memory.as_ref().unwrap().kind.starts_with("HBM")) {
        for format in CACHES {
            let law = find(chip, Operator::DecodeAttention, format);
            for (b, keys) in [(64.0, 4000.0), (256.0, 1000.0), (16.0, 64_000.0)] {
                let bound = law.time(&Work::decode(heads(format), b, keys, 1.0));
                assert_eq!(bound.limit, Limit::Bandwidth, "{} {format:?} {b} x {keys}", chip.id);
                seen += 1;
            }
        }
    }
    assert!(seen > 60);
}

#[test]
fn decode_attention_on_an_h200_is_a_floor_and_its_bandwidth() {
    // Measured with 32 query heads over 8 KV heads of 128: gigabytes of cache and microseconds.
    let chip = catalog::chip("h200").unwrap();
    let law = find(chip, Operator::DecodeAttention, NumberFormat::Bf16);
    for (giga, micros) in [(0.27, 90.0), (0.54, 143.0), (1.07, 261.0), (2.15, 498.0)] {
        let keys = giga * 1e9 / (16.0 * 8.0 * 256.0 * 2.0);
        let time = law.time(&Work::decode(heads(NumberFormat::Bf16), 16.0, keys, 1.0)).time;
        assert!((time.get() * 1e6 / micros - 1.0).abs() < 0.08, "{giga} GB: {} µs", time.get() * 1e6);
    }
}

/// What a shorter wait for the first token may add to the batch in which the others are served.
const QUEUE: f64 = 1e-4;

/// TPOT of a link, where the model fits.
fn tpot(text: &str) -> Option<f64> {
    let parsed = link::parse(text);
    assert!(parsed.notices.is_empty(), "{text}: {:?}", parsed.notices);
    evaluate(&parsed.scenario).ok().map(|own| own.steady.tpot.get())
}

#[test]
fn fewer_bytes_are_never_slower_for_one_user() {
    let mut seen = 0;
    for chip in chips() {
        for (model, chips) in [("llama3-8b", 1), ("qwen3-30b-a3b", 1), ("llama3-70b", 8)] {
            let link = |rest: &str| {
                format!(
                    "v1&model={model}&isl=1k&osl=128&concurrency=1&pool={}*{chips}:tp{chips}&{rest}",
                    chip.id
                )
            };
            let Some(wide) = tpot(&link("weights=bf16&kv=bf16")) else { continue };
            // On CDNA3 the release of Qwen3 30B in fp8, whose weights have block scales, runs by fallback kernels.
            let fallback = constants().measured(&chip.id).block.is_some() && model == "qwen3-30b-a3b";
            for narrow in ["fp8", "int8", "int4", "nvfp4"].into_iter().skip(usize::from(fallback)) {
                let own = tpot(&link(&format!("weights={narrow}&experts={narrow}&kv=bf16"))).unwrap();
                assert!(own <= wide * (1.0 + QUEUE), "{} {model} {narrow}: {own} against {wide}", chip.id);
                seen += 1;
            }
        }
    }
    assert!(seen > 200, "only {seen}");
}

#[test]
fn a_cache_in_8_bits_is_never_slower() {
    let mut seen = 0;
    for chip in chips() {
        for (model, chips, length) in [
            ("llama3-8b", 1, "64k"),
            ("qwen3-30b-a3b", 1, "8k"),
            ("llama3-70b", 8, "8k"),
            ("deepseek-v3", 8, "8k"),
        ] {
            for (users, length) in [(1, length), (16, "1k")] {
                let link = |kv: &str| {
                    format!(
                        "v1&model={model}&weights=fp8&kv={kv}&isl={length}&osl=64&concurrency={users}&pool={}*{chips}:tp{chips}",
                        chip.id
                    )
                };
                let (Some(wide), Some(narrow)) = (tpot(&link("bf16")), tpot(&link("fp8"))) else { continue };
                assert!(
                    narrow <= wide * (1.0 + QUEUE),
                    "{} {model} {users}: {narrow} against {wide}",
                    chip.id
                );
                seen += 1;
            }
        }
    }
    assert!(seen > 60, "only {seen}");
}

#[test]
fn tables_of_kernels_are_read_by_what_they_are_of() {
    let text = "system,eng,dtype,kv,b,s,hq,hkv,d,us\n\
                h200_sxm,trtllm,bf16,bf16,16,4118,32,8,128,90\n\
                rtx-4090,mine,bf16,fp8,16,4118,32,8,128,400\n\
                h200_sxm,trtllm,bf16,int3,16,4118,32,8,128,90\n\
                b61,x,bf16,bf16,1,1,1,1,1,1\n";
    let report = check_kernels(Table::named("attn_gen").unwrap(), text).unwrap();
    assert_eq!((report.rows, report.predicted), (4, 2));
    let own = &report.kernels["decode-attention"];
    assert!(own.by_chip["h200"].median_ape.unwrap() < 5.0);
    assert_eq!((own.by_chip["rtx-4090"].predicted, own.by_format["fp8"].predicted), (1, 1));
    let reasons: Vec<&str> = report.unpredicted.iter().map(|row| row.reason.as_str()).collect();
    assert!(reasons[0].contains("line 4") && reasons[0].contains("bf16 or fp8"), "{reasons:?}");
    assert!(reasons[1].contains("\"b61\""), "{reasons:?}");
    assert!(check_kernels(Table::Gemm, text).unwrap_err().to_string().contains("m, n, k"));
    assert!(Table::named("decode-attention").is_some() && Table::named("nothing").is_none());
}
