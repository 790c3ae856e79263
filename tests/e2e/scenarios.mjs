// Random scenarios as links: every split, chips with and without HBM, chips and models of one's own, both kinds of load.
// Most of them can be served. The same seed gives the same links.

/** Draws from a seed. */
export function draws(seed) {
  let state = seed | 0;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end) => Math.floor(random() * end);
  return { random, below, of: (list) => list[below(list.length)] };
}

const SPLITS = {
  colocated: ["pool"],
  pd: ["prefill", "decode"],
  afd: ["attention", "ffn"],
  draft: ["draft", "verify"],
  "pd-afd": ["prefill", "attention", "ffn"],
  "pd-draft": ["prefill", "draft", "verify"],
};
const CHIPS = [
  "h100-sxm",
  "h200",
  "b200",
  "gb300-nvl72",
  "mi300x",
  "mi355x",
  "tpu-7x",
  "trn2",
  "gaudi3",
  "l40s",
  "rtx-5090",
];
const SRAM = ["groq-lpu1", "groq3-lp30", "wse3", "sn40l", "corsair"];
const MODELS = [
  "llama3-8b",
  "llama3-70b",
  "qwen3-32b",
  "gpt-oss-120b",
  "mixtral-8x7b",
  "deepseek-v3",
  "gemma3-27b",
  "qwen3-next-80b-a3b",
  "minimax-m2",
  "dense:13B",
  "moe:235B:9%25",
  "mla-moe:671B:5.5%25",
];
const OWN_MODEL = "arch=mine:h=4096:v=128256:gqa=32x8x128*32:ffn=14336*32&model=mine";

/** So many links of a seed; `known` are identifiers of the catalogue, of which some take part. */
export function links(seed, count, known = { chips: [], models: [] }) {
  const { random, below, of } = draws(seed);
  const between = (low, high) => Math.round(low * (high / low) ** random());
  const one = () => {
    const parts = ["v1"];
    const maybe = (share, part) => random() < share && parts.push(part());
    const split = of(Object.keys(SPLITS));
    const own = random() < 0.15;
    if (own)
      parts.push(
        `chip=my-npu:bf16=${between(100, 3000)}:fp8=${between(200, 6000)}:mem=${between(48, 288)}:bw=${between(900, 9000)}:up=400x8:out=50:w=700:usd=2.5`,
      );
    const chip = () => {
      const draw = random();
      if (own && draw < 0.4) return `my-npu*${of([4, 8, 16])}`;
      if (draw < 0.25) return `${of(SRAM)}*${of([16, 64, 576, 2048])}`;
      if (draw < 0.35 && known.chips.length > 0) return `${of(known.chips)}*${of([8, 64])}`;
      const chips = of([2, 8, 16, 72]);
      return `${of(CHIPS)}*${chips}${random() < 0.3 ? `:tp${Math.min(chips, of([1, 2, 4, 8]))}` : ""}`;
    };
    if (random() < 0.1) parts.push(OWN_MODEL);
    // biome-ignore lint/suspicious/noDuplicateElseIf: each call draws anew
    else if (random() < 0.1 && known.models.length > 0) parts.push(`model=${of(known.models)}`);
    else parts.push(`model=${of(MODELS)}`);
    maybe(0.4, () => `weights=${of(["bf16", "fp8", "int8", "nvfp4", "native"])}`);
    maybe(0.2, () => `kv=${of(["fp8", "bf16"])}`);
    parts.push(`isl=${between(64, 60_000)}`, `osl=${between(8, 4000)}`);
    maybe(0.3, () => `hit=${random().toFixed(3)}`);
    maybe(0.3, () => `spread=${(0.2 + 0.8 * random()).toFixed(2)}`);
    if (random() < 0.4) {
      parts.push(`rate=${(0.01 * 2000 ** random()).toPrecision(3)}`);
      maybe(0.5, () => `cv=${(3 * random()).toFixed(2)}`);
    } else {
      parts.push(`concurrency=${between(1, 600)}`);
      maybe(0.15, () => `pause=${between(1, 60)}s`);
    }
    maybe(0.5, () => `engine=${of(["vllm", "sglang", "trtllm"])}`);
    parts.push(`split=${split}`, ...SPLITS[split].map((role) => `${role}=${chip()}`));
    maybe(0.4, () => `link=${of(["auto", "domain", "pcie5", "ib400", "eth800", "efa", "50GB/s:10us", "2TB/s:1us"])}`);
    if (split.includes("draft")) maybe(0.7, () => `spec=${of(["llama3.2-1b:4", "llama3-8b:3:0.7", "dense:1B:5:0.8"])}`);
    else maybe(0.15, () => `spec=${of(["mtp:2", "mtp:3:0.8", "llama3.2-1b:4"])}`);
    if (split.includes("afd")) maybe(0.4, () => `micro=${1 + below(4)}`);
    maybe(0.3, () => `price=${of(["own", "contract", "list", "tco"])}`);
    maybe(0.2, () => `ttft=${between(100, 9000)}ms`);
    return parts.join("&");
  };
  return Array.from({ length: count }, one);
}
