//! Named starting points: scenarios as links, each with what there is to notice.

/// A scenario worth starting from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Identifier.
    pub id: &'static str,
    /// Name for menus.
    pub name: &'static str,
    /// The scenario.
    pub link: &'static str,
}

/// What a visitor sees who brings no link: a deployment that others have measured, over the load at which they did,
/// and asked as they asked it: a benchmark's first tokens wait longer than those of a service that has settled.
pub const LANDING: &str = "v1&model=deepseek-v3&weights=nvfp4&spread=0.8&engine=sglang&profile=inferencex&prefill=b200*4&decode=b200*8&x=load";

/// Its name.
pub const LANDED: &str = "DeepSeek-V3 on B200, as measured";

/// All presets, in the order of menus.
pub const PRESETS: [Preset; 14] = apart().0;

/// What to notice in each of them, in a sentence: apart from them, because the page reads it where the gallery is opened.
pub const NOTICES: [&str; 14] = apart().1;

const fn apart() -> ([Preset; 14], [&'static str; 14]) {
    let (mut presets, mut notices) = ([ALL[0].0; 14], [""; 14]);
    let mut at = 0;
    while at < ALL.len() {
        (presets[at], notices[at]) = ALL[at];
        at += 1;
    }
    (presets, notices)
}

const ALL: [(Preset, &str); 14] = [
    (
        Preset { id: "mixed", name: "Prefill on H100, decode on H200", link: "v1" },
        "Chips with less memory bandwidth read prompts while the ones with more write answers; \
                 move chips from one pool to the other and watch which half binds.",
    ),
    (
        Preset {
            id: "deepseek",
            name: "DeepSeek-V3: 8 × B200 against 8 × H200",
            link: "v1&model=deepseek-v3&engine=sglang&pool=b200*8&y=interactivity&x=load\
                   &pin=v1%26model=deepseek-v3%26engine=sglang%26pool=h200*8",
        },
        "The same model, users and rack space one generation apart: compare speed per user with \
                 price per token as load grows.",
    ),
    (
        Preset {
            id: "lpu",
            name: "Decode on SRAM: Groq 3 LPU behind H200",
            link: "v1&isl=4k&concurrency=4&prefill=h200*8&decode=groq3-lp30*256&link=50GB/s&x=load\
                   &y=interactivity",
        },
        "Weights in SRAM answer several times faster than any memory chip, on hundreds of chips; \
                 raise the load and see what the speed costs in chips. Nobody outside its maker has \
                 measured it.",
    ),
    (
        Preset {
            id: "rubin-lpx",
            name: "Vera Rubin prefill, Groq 3 LPX decode",
            link: "v1&kv=fp8&isl=32k&concurrency=8&prefill=vr200-nvl72*8&decode=groq3-lp30*256&link=50GB/s&x=isl\
                   &y=ttft",
        },
        "Massive context on one side, instant answers on the other: with longer prompts the time \
                 moves from decode to prefill. A projection from announced figures.",
    ),
    (
        Preset {
            id: "lpx-ffn",
            name: "Vera Rubin attends, LPX multiplies experts",
            link: "v1&model=deepseek-v3&isl=32k&concurrency=16&split=pd-afd&prefill=vr200-nvl72*8\
                   &attention=vr200-nvl72*8:tp8&ffn=groq3-lp30*2048&link=100GB/s:2us&x=load&y=interactivity",
        },
        "Every layer's activations go to SRAM and back, 58 times a token and more: halve the latency of \
                 the link, then double its bandwidth, and see which of them users feel. The link is assumed, \
                 the chips are announced.",
    ),
    (
        Preset {
            id: "lpx-draft",
            name: "LPX drafts, Vera Rubin checks",
            link: "v1&concurrency=16&split=draft&draft=groq3-lp30*128&verify=vr200-nvl72*8:tp8\
                   &spec=llama3-8b:4:0.75&link=100GB/s:2us&x=load&y=interactivity",
        },
        "A small model in SRAM proposes four tokens while the large one sleeps, and one pass checks them \
                 all. Lower the acceptance, or raise the load, until drafting costs more than it saves.",
    ),
    (
        Preset {
            id: "trainium-cerebras",
            name: "Trainium prefill, Cerebras decode",
            link: "v1&isl=16k&concurrency=8&prefill=trn2*16&decode=wse3*8&link=efa&x=isl&y=e2e",
        },
        "What AWS pairs: chips one can rent read prompts, wafers write answers. With long prompts the \
                 answer waits for the cheap half.",
    ),
    (
        Preset {
            id: "moe",
            name: "gpt-oss-120b on 4 × H100",
            link: "v1&model=gpt-oss-120b&isl=1k&concurrency=128&pool=h100-sxm*4&x=load&y=per-chip",
        },
        "Few of the experts work for one token, but a large batch touches them all: throughput \
                 climbs with load much longer than in a dense model.",
    ),
    (
        Preset {
            id: "long-context",
            name: "Long context: 120k tokens on 8 × B200",
            link: "v1&isl=120k&concurrency=16&pool=b200*8&x=isl&y=cost",
        },
        "The KV cache outgrows the weights and attention the rest of prefill; follow the cost \
                 per token from 1k to 128k.",
    ),
    (
        Preset {
            id: "tpu",
            name: "Qwen3 235B on 8 × TPU7x",
            link: "v1&model=qwen3-235b-a22b&weights=fp8&experts=fp8&pool=tpu-7x*8&x=load&y=interactivity\
                   &pin=v1%26model=qwen3-235b-a22b%26weights=fp8%26experts=fp8%26pool=b200*8",
        },
        "A TPU against B200 at equal count. Nobody published kernels of the TPU, so look at the \
                 bands before the curves.",
    ),
    (
        Preset {
            id: "mi355x",
            name: "DeepSeek-V3 on 8 × MI355X",
            link: "v1&model=deepseek-v3&engine=sglang&pool=mi355x*8&x=load&y=cost\
                   &pin=v1%26model=deepseek-v3%26engine=sglang%26pool=b200*8",
        },
        "More memory and a lower rent than B200: where do the two cost the same per token, and \
                 does the band allow to say so?",
    ),
    (
        Preset {
            id: "desktop",
            name: "Llama 3 8B for one user on RTX 5090",
            link: "v1&model=llama3-8b&weights=fp8&isl=2k&osl=512&concurrency=1&pool=rtx-5090*1&x=size\
                   &y=interactivity",
        },
        "One user alone waits for the weights to be read once per token: bytes over bandwidth \
                 says nearly everything. Grow the model until the memory is full.",
    ),
    (
        Preset {
            id: "agents",
            name: "Coding agents: 64k context, 90 % cached",
            link: "v1&model=minimax-m2&isl=64k&osl=512&hit=0.9&concurrency=32&pool=h200*8&x=hit&y=cost",
        },
        "An agent sends its whole history with every step. Lower the hit rate and watch prefill \
                 take over; the cache decides the bill.",
    ),
    (
        Preset {
            id: "open-loop",
            name: "Qwen3 32B at 8 req/s",
            link: "v1&model=qwen3-32b&weights=fp8&isl=4k&osl=512&rate=8&pool=h100-sxm*8&x=load&y=ttft",
        },
        "Requests that arrive on their own do not wait for earlier answers: the time to first \
                 token stays flat, then turns up sharply near capacity.",
    ),
];

/// The preset with this identifier.
#[must_use]
pub fn preset(id: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::link;

    #[test]
    fn the_landing_says_exactly_what_it_means() {
        let parsed = link::parse(LANDING);
        assert_eq!(parsed.notices, []);
        assert!(LANDING.starts_with(&link::write(&parsed.scenario, &[])));
    }

    #[test]
    fn every_preset_says_exactly_what_it_means() {
        for (index, preset) in PRESETS.iter().enumerate() {
            let parsed = link::parse(preset.link);
            assert_eq!(parsed.notices, [], "{}", preset.id);
            // Page keys of a pin carry no scenario, so that only the scenario itself must be canonical.
            let scenario = link::write(&parsed.scenario, &[]);
            assert!(preset.link.starts_with(&scenario), "{}: {scenario}", preset.id);
            for (_, pin) in parsed.view.iter().filter(|(key, _)| key == "pin") {
                assert_eq!(link::parse(pin).notices, [], "{}", preset.id);
            }
            assert!(PRESETS.iter().skip(index + 1).all(|other| other.id != preset.id), "{} twice", preset.id);
        }
    }
}
