//! What there is to say beside a result: warnings of serving, combinations that do not exist and what happens instead
//! (`data/lacks.csv`), and prices that are estimates or old.

use super::{price, words};
use crate::catalog::{self, Engine, NumberFormat};
use crate::machine::constants;
use crate::pass::Numerics;
use crate::scenario::{Overlap, Scenario};
use crate::serve::{Scheduler, Steady, find_model};

/// Every remark on a result, the gravest kind first.
#[must_use]
pub fn remarks(scenario: &Scenario, steady: &Steady) -> Vec<String> {
    let mut told: Vec<String> = steady.warnings.iter().map(words::warning).collect();
    told.extend(missing(scenario, steady));
    told.extend(price::warnings(scenario));
    told
}

/// What is asked of an engine that it does not do, or that changes nothing.
fn missing(scenario: &Scenario, steady: &Steady) -> Vec<String> {
    let Ok(model) = find_model(scenario) else { return Vec::new() };
    let numerics = Numerics::resolve(&model, scenario.formats);
    let mut formats: Vec<NumberFormat> = numerics.linear(&model).map(|(_, format)| format).collect();
    formats.sort_unstable();
    formats.dedup();
    let spread =
        |wide: fn(&crate::scenario::Layout) -> bool| steady.pools.iter().any(|pool| wide(&pool.layout));
    let (parallel, exchanged) = (spread(|own| own.dp > 1), spread(|own| own.ep > 1));
    let asked = scenario.experts;
    let mut told = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for pool in &steady.pools {
        let id = pool.chip.as_str();
        let chip = catalog::chip(id).filter(|chip| constants().sram(chip).is_none() && !seen.contains(&id));
        let Some(chip) = chip.filter(|chip| Scheduler::runs_on(scenario.engine, &chip.vendor)) else {
            continue;
        };
        seen.push(id);
        let on = words::chip(id);
        let lacks = |what: &str| lack(scenario.engine, what, id, &chip.vendor);
        let mut say = |what: &str, text: String| {
            if let Some(instead) = lacks(what) {
                told.push(sentence(scenario.engine, &text, instead));
            }
        };
        for format in &formats {
            say(format.id(), format!("{} weights on {on}", format.id()));
        }
        if numerics.kv != NumberFormat::Bf16 {
            say("kv8", format!("8-bit KV cache on {on}"));
        }
        if scenario.split.prefill().is_some() {
            say("pd", "pools of their own for prefill and decode".to_owned());
        }
        if parallel {
            say("dp", "data-parallel attention".to_owned());
        }
        if exchanged && model.has_moe() {
            say("ep", "experts spread over ranks".to_owned());
        }
        if asked.overlap == Overlap::Tbo && parallel && model.has_moe() {
            say("tbo", "two-batch overlap".to_owned());
        }
        if numerics.kv == NumberFormat::Fp8 && chip.peaks.fp8.is_none() {
            told.push(format!("{on} has no 8-bit floats: attention unpacks the cache to 16 bits."));
        }
    }
    told.dedup();
    if matches!(numerics.kv, NumberFormat::Nvfp4 | NumberFormat::Mxfp4 | NumberFormat::Int4) {
        told.push("A KV cache of 4 bits counts as one of 8: no attention over less was measured.".to_owned());
    }
    told.extend(idle(scenario, model.has_moe(), parallel, exchanged));
    told
}

/// Keys about experts that change nothing in this deployment.
fn idle(scenario: &Scenario, routes: bool, parallel: bool, exchanged: bool) -> Vec<String> {
    let asked = scenario.experts;
    let why = |held: bool, needs: &'static str| match (routes, held) {
        (false, _) => Some("the model has no experts".to_owned()),
        (true, false) => Some(needs.to_owned()),
        (true, true) => None,
    };
    let overlap = (asked.overlap != Overlap::Auto)
        .then(|| why(parallel, "tokens travel to their experts only with data-parallel attention (:dpN)"))
        .flatten();
    let redundant = asked
        .redundant
        .filter(|copies| *copies > 0)
        .and_then(|_| why(exchanged, "no pool spreads its experts over ranks (:epN)"));
    [("overlap", overlap), ("redundant", redundant)]
        .into_iter()
        .filter_map(|(key, why)| Some(format!("{key}= changes nothing: {}.", why?)))
        .collect()
}

fn sentence(engine: Engine, what: &str, instead: &str) -> String {
    let instead = if instead.is_empty() { "the figures are what they would be if it had" } else { instead };
    format!("{} has no {what}: {instead}.", engine.name())
}

/// What happens instead where an engine lacks something on a chip of a maker; none where it has it.
fn lack(engine: Engine, what: &str, chip: &str, maker: &str) -> Option<&'static str> {
    let text: &'static str = include_str!(concat!(env!("OUT_DIR"), "/lacks.csv"));
    text.lines().skip(1).find_map(|line| {
        let mut cells = line.splitn(4, ',');
        let mut cell = || cells.next();
        let (own, kinds, silicon) = (cell()?, cell()?, cell()?);
        let here = |part: &str| part == "*" || part == maker || chip.starts_with(part);
        let holds =
            own == engine.id() && kinds.split(' ').any(|own| own == what) && silicon.split(' ').any(here);
        holds.then(|| cell().unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Overlap, link};

    const KINDS: [&str; 5] = ["kv8", "pd", "dp", "ep", "tbo"];

    /// Each row of the table is of an engine that is known, of things that it may lack, and somewhere.
    #[test]
    fn the_table_names_what_there_is() {
        let text = include_str!(concat!(env!("OUT_DIR"), "/lacks.csv"));
        for line in text.lines().skip(1) {
            let cells: Vec<&str> = line.splitn(4, ',').collect();
            assert_eq!(cells.len(), 4, "{line}");
            assert!(Engine::from_id(cells[0]).is_some(), "{line}");
            for what in cells[1].split(' ') {
                assert!(KINDS.contains(&what) || NumberFormat::from_id(what).is_some(), "{line}");
            }
            for part in cells[2].split(' ') {
                let known =
                    catalog::chips().iter().any(|chip| chip.vendor == part || chip.id.starts_with(part));
                assert!(part == "*" || known, "{line}");
            }
        }
    }

    fn told(link: &str) -> Vec<String> {
        let scenario = link::parse(link).scenario;
        let steady =
            crate::serve::serve(&scenario, constants()).unwrap_or_else(|own| panic!("{link}: {own}"));
        remarks(&scenario, &steady)
    }

    fn says(link: &str, part: &str) {
        let told = told(link);
        assert!(told.iter().any(|own| own.contains(part)), "{link}: {told:?}");
    }

    #[test]
    fn what_does_not_exist_says_so_and_what_happens_instead() {
        let llama = "v1&model=llama3-8b&isl=1k&osl=256&concurrency=8";
        for (link, part) in [
            (format!("{llama}&engine=trtllm&pool=mi300x*1"), "TensorRT-LLM does not run on MI300X"),
            (format!("{llama}&engine=neuron&pool=h100-sxm*1"), "vLLM Neuron does not run on H100"),
            (format!("{llama}&engine=vllm-tpu&pool=h100-sxm*1"), "vLLM TPU does not run on H100"),
            (format!("{llama}&pool=m3-ultra*1"), "engine=mlx"),
            (format!("{llama}&pool=tpu-v6e*4"), "engine=vllm-tpu"),
            (format!("{llama}&pool=trn2*4"), "engine=neuron"),
            (format!("{llama}&weights=nvfp4&pool=h200*1"), "read in 4 bits and multiplied in 16"),
            (format!("{llama}&weights=mxfp4&pool=h200*1"), "read in 4 bits and multiplied in 16"),
            (format!("{llama}&weights=fp8&pool=a100-80*1"), "read in 8 bits and multiplied in 16"),
            (
                format!("{llama}&weights=nvfp4&engine=trtllm&pool=h200*1"),
                "TensorRT-LLM has no nvfp4 weights on H200",
            ),
            (
                format!("{llama}&weights=fp8&engine=trtllm&pool=a100-80*1"),
                "TensorRT-LLM has no fp8 weights on A100",
            ),
            (
                format!("{llama}&kv=fp8&engine=trtllm&pool=a100-80*1"),
                "TensorRT-LLM has no 8-bit KV cache on A100",
            ),
            (format!("{llama}&kv=fp8&pool=a100-80*1"), "A100 80GB SXM has no 8-bit floats"),
            (format!("{llama}&kv=nvfp4&pool=b200*1"), "A KV cache of 4 bits counts as one of 8"),
            (format!("{llama}&weights=nvfp4&pool=mi355x*1"), "unpacks such weights to 16 bits"),
            (format!("{llama}&weights=fp8&engine=llamacpp&pool=h100-sxm*1"), "Q8_0"),
            (format!("{llama}&weights=fp8&engine=mlx&pool=m3-ultra*1"), "mxfp8"),
            (format!("{llama}&engine=llamacpp&prefill=h100-sxm*1&decode=h100-sxm*1"), "pools of their own"),
            (format!("{llama}&engine=mlx&prefill=m3-ultra*1&decode=m3-ultra*1"), "pools of their own"),
            (
                format!("{llama}&overlap=sbo&pool=h200*1"),
                "overlap= changes nothing: the model has no experts",
            ),
            (
                format!("{llama}&redundant=8&pool=h200*1"),
                "redundant= changes nothing: the model has no experts",
            ),
            (format!("{llama}&spec=mtp:2&pool=h200*1"), "without a prediction head"),
        ] {
            says(&link, part);
        }
        let wide = "v1&model=deepseek-v3&isl=1k&osl=256&concurrency=64&pool=h200*8";
        for (link, part) in [
            (
                format!("{wide}:tp1:dp8:ep8&engine=trtllm&overlap=tbo"),
                "TensorRT-LLM has no two-batch overlap",
            ),
            (format!("{wide}:tp8&overlap=tbo"), "only with data-parallel attention"),
            (format!("{wide}:tp8&redundant=32"), "redundant= changes nothing: no pool spreads"),
            (format!("{wide}:tp1:dp8:ep8&engine=llamacpp"), "llama.cpp has no data-parallel attention"),
            (format!("{wide}:tp8:ep8:etp1&engine=llamacpp"), "llama.cpp has no experts spread over ranks"),
            (format!("{wide}:tp8&weights=nvfp4"), "read in 4 bits and multiplied in 16"),
        ] {
            says(&link, part);
        }
    }

    /// Over every engine, a chip of each maker and every format: what exists is not remarked upon, what does not is, and each
    /// remark is a sentence that stands once.
    #[test]
    fn the_grid_of_engines_makers_and_formats() {
        let chips = [
            "a100-80",
            "h200",
            "b200",
            "mi300x",
            "mi355x",
            "tpu-v6e",
            "trn2",
            "m3-ultra",
            "gaudi3",
            "ascend-910b",
        ];
        let peak = |chip: &str, format| {
            let peaks = catalog::chip(chip).unwrap().peaks;
            match format {
                NumberFormat::Fp8 | NumberFormat::Fp8Block => peaks.fp8.is_some(),
                NumberFormat::Int8 => peaks.int8.is_some(),
                NumberFormat::Nvfp4 | NumberFormat::Mxfp4 => peaks.fp4.is_some(),
                NumberFormat::Bf16 | NumberFormat::Int4 => true,
            }
        };
        for engine in Engine::ALL {
            for chip in chips {
                let runs = Scheduler::runs_on(engine, &catalog::chip(chip).unwrap().vendor);
                for format in NumberFormat::ALL {
                    let link = format!(
                        "v1&model=llama3-8b&isl=512&osl=64&concurrency=1&engine={}&weights={}&pool={chip}*1",
                        engine.id(),
                        format.id()
                    );
                    let told = told(&link);
                    let has = |part: &str| told.iter().any(|own| own.contains(part));
                    assert_eq!(has("does not run on"), !runs, "{link}: {told:?}");
                    assert_eq!(has("no unit for"), !peak(chip, format), "{link}: {told:?}");
                    let lacks =
                        lack(engine, format.id(), chip, &catalog::chip(chip).unwrap().vendor).is_some();
                    assert_eq!(has("weights on"), runs && lacks, "{link}: {told:?}");
                    let mut once = told.clone();
                    once.sort();
                    once.dedup();
                    assert_eq!(once.len(), told.len(), "{told:?}");
                    assert!(told.iter().all(|own| own.ends_with('.') && own.len() > 20), "{told:?}");
                }
            }
        }
    }

    /// What exists and changes something is no remark.
    #[test]
    fn what_exists_is_not_remarked_upon() {
        for link in [
            "v1&model=llama3-8b&weights=fp8&concurrency=8&pool=h200*1",
            "v1&model=llama3-8b&weights=nvfp4&concurrency=8&engine=trtllm&pool=b200*1",
            "v1&model=llama3-8b&weights=int4&concurrency=8&pool=a100-80*1",
            "v1&model=deepseek-v3&pool=h200*8:tp1:dp8:ep8&overlap=tbo&redundant=32",
        ] {
            assert_eq!(told(link), Vec::<String>::new(), "{link}");
        }
        assert_eq!(Overlap::default(), Overlap::Auto);
    }
}
