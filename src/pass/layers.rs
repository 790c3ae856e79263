//! The operations of one forward pass, layer group by layer group: how much each computes and reads, and how long that
//! takes by its kernel law. Attention of prompts and of decode stands in a method for each kind of attention (`grouped`,
//! `latent`, `recurrent`, `compressed`), experts and collectives behind them.

use super::numerics::ACTIVATION;
use super::op::OpKind;
use super::plan::{Laws, Plan, STATE};
use super::shape::Shape;
use super::shared::Shared;
use super::sink::{Sink, link_op, repeated};
use crate::catalog::model::{Attention, Ffn, Indexer};
use crate::catalog::number::NumberFormat;
use crate::machine::{Bound, ExchangePart, Form, Grouped, Heads, Kernel, Latent, Parcel, Work};
use crate::units::{Bytes, Flops, Seconds, larger, smaller};

impl Plan<'_> {
    /// Sends the operations of a pass, one after another.
    pub(super) fn walk(&self, shape: &Shape, sink: &mut impl Sink) {
        Walk::new(self, shape, sink).all();
    }
}

/// One way through the layers: the plan, the load, and where the operations go.
struct Walk<'p, 'a, S> {
    plan: &'p Plan<'a>,
    /// Prefills run other kernels than decode steps, and outside graphs.
    laws: &'p Laws,
    shape: &'p Shape,
    /// New tokens of a rank: its part of the prompts, and those of all sequences.
    tokens: f64,
    /// New tokens of each prompt on a rank, and those that others have of it.
    prompt: [f64; 2],
    /// How the contexts of the layers at hand are shared out, where they are.
    sharing: Option<Shared<'p>>,
    sink: &'p mut S,
    /// Time and bytes of the sum over the tensor-parallel ranks, which is the same after every layer.
    sum: (Seconds, Bytes),
    /// Norm, residual, rotary embedding and activation, which are too: the residual stream read and written twice.
    small: (Work, Bound),
}

impl<'p, 'a, S: Sink> Walk<'p, 'a, S> {
    fn new(plan: &'p Plan<'a>, shape: &'p Shape, sink: &'p mut S) -> Self {
        let laws = &plan.laws[usize::from(shape.prompts > 0.0)];
        let new = shape.prompt.get();
        let (tokens, prompt) = match &plan.context {
            None => (shape.tokens(), [new, 0.0]),
            Some(context) => {
                let own = new / context.copies;
                (shape.prompts * own + shape.sequences * shape.width, [own, new - own])
            }
        };
        let stream = Bytes::new(tokens * f64::from(plan.model.hidden) * ACTIVATION);
        let small = Work::plain(8.0 * f64::from(plan.model.hidden), tokens, stream * 4.0);
        let bound = laws.elementwise.time(&small);
        let around = plan.engine.layer / 2.0;
        let small = (small, Bound { time: bound.time + around, fixed: bound.fixed + around, ..bound });
        Self { plan, laws, shape, tokens, prompt, sharing: None, sink, sum: plan.sum.time(stream), small }
    }

    fn all(&mut self) {
        if self.tokens <= 0.0 {
            return;
        }
        let (plan, portion) = (self.plan, self.plan.portion);
        for (group, layers) in plan.model.attention.iter().enumerate().filter(|_| portion.has_attention()) {
            self.sharing = plan.context.as_deref().and_then(|own| Shared::of(own, group, self.shape));
            self.attention(layers.count, &layers.kind);
            self.rank_sum(layers.count);
            self.small_kernels(layers.count);
        }
        for layers in self.plan.model.ffn.iter().filter(|_| portion.has_ffn()) {
            match layers.kind {
                Ffn::Dense { inter, matrices } => {
                    self.dense_ffn(layers.count, OpKind::DenseFfn, f64::from(inter), matrices);
                    self.rank_sum(layers.count);
                }
                Ffn::Moe { .. } => self.experts(layers.count, &layers.kind),
            }
            self.small_kernels(layers.count);
        }
        if portion.has_attention() {
            self.head();
        }
        self.hops();
    }

    /// A matrix product of `rows` by `k` with `k` by `n`.
    fn product(&self, (law, format): (&Kernel, NumberFormat), rows: f64, n: f64, k: f64) -> Work {
        let weight = self.plan.numerics.weight_bytes(format);
        Work::product(rows, n, k, weight, activation(law, format))
    }

    fn dense(&mut self, kind: OpKind, count: u32, rows: f64, n: f64, k: f64) {
        if rows <= 0.0 || n <= 0.0 || k <= 0.0 {
            return;
        }
        let (numerics, laws) = (&self.plan.numerics, self.laws);
        let (law, format) = match kind {
            OpKind::DenseFfn => (&laws.dense, numerics.dense),
            OpKind::SharedExperts | OpKind::Experts => (&laws.shared, numerics.shared),
            _ => (&laws.attention, numerics.attention),
        };
        let work = self.product((law, format), rows, n, k);
        self.sink.kernel(kind, count, law, &work);
    }

    fn wide(&mut self, kind: OpKind, count: u32, rows: f64, n: f64, k: f64) {
        if rows <= 0.0 || n <= 0.0 || k <= 0.0 {
            return;
        }
        let work = self.product((&self.laws.wide, NumberFormat::Bf16), rows, n, k);
        self.sink.kernel(kind, count, &self.laws.wide, &work);
    }

    fn kernel(&mut self, kind: OpKind, count: u32, law: &Kernel, work: &Work) {
        if work.rows > 0.0 && work.flops_per_row > 0.0 {
            self.sink.kernel(kind, count, law, work);
        }
    }

    fn attention(&mut self, count: u32, kind: &Attention) {
        match *kind {
            Attention::Grouped { .. } => self.grouped(count, kind),
            Attention::Latent { .. } => self.latent(count, kind),
            Attention::Linear { .. } | Attention::Mamba { .. } => self.recurrent(count, kind),
            Attention::Compressed { .. } => self.compressed(count, kind),
        }
    }

    /// Multi-head, grouped-query and multi-query attention.
    fn grouped(&mut self, count: u32, kind: &Attention) {
        let Attention::Grouped { heads, kv_heads, head_dim, v_dim, window, shared_kv, output_gate, indexer } =
            *kind
        else {
            return;
        };
        let tp = f64::from(self.plan.layout.tp);
        let hidden = f64::from(self.plan.model.hidden);
        let (d, v) = (f64::from(head_dim), f64::from(v_dim));
        let q = larger(f64::from(heads) / tp, 1.0);
        let kv = larger(f64::from(kv_heads) / tp, 1.0);
        // One projection may make keys and values, but both are cached and read.
        let made = if shared_kv { d } else { d + v };
        let gate = if output_gate { v } else { 0.0 };
        self.dense(OpKind::Projection, count, self.tokens, q * (d + gate) + kv * made, hidden);
        if let Some(indexer) = indexer {
            self.index(count, &indexer, hidden, 1.0);
        }
        let reach = reach(window, indexer);
        let own = Heads { q, kv, d, v, cached: d + v, element: self.plan.numerics.kv.cached_bytes() };
        if self.shape.prompts > 0.0 {
            let [new, others] = self.prompt;
            let past = (self.shape.past.get() + others).min(reach.unwrap_or(f64::INFINITY));
            let work = Work::prefill(own, self.shape.prompts, new, past, self.shape.mean_keys(reach));
            self.kernel(OpKind::PrefillAttention, count, &self.laws.prefill_attention, &work);
            if let Some(shared) = self.sharing {
                self.sink.take(shared.prompts(count, (&self.laws.prefill_attention, &work), &own, window));
            }
        }
        if self.shape.sequences > 0.0 {
            let keys = smaller(self.shape.context.get(), reach.unwrap_or(f64::INFINITY));
            let gathered = Heads { q: q * self.gathered(), ..own };
            let work = Work::decode(gathered, self.shape.sequences, keys / self.shards(), self.shape.width);
            self.kernel(OpKind::DecodeAttention, count, &self.laws.decode_attention, &work);
            if let Some(shared) = self.sharing {
                self.sink.take(shared.step(count, q, [d, v]));
            }
        }
        self.dense(OpKind::Projection, count, self.tokens, hidden, q * v);
    }

    /// Multi-head latent attention: expanded over prompts, absorbed over the cache.
    fn latent(&mut self, count: u32, kind: &Attention) {
        let Attention::Latent { heads, q_rank, kv_rank, rope_dim, nope_dim, v_dim, indexer } = *kind else {
            return;
        };
        let tp = f64::from(self.plan.layout.tp);
        let hidden = f64::from(self.plan.model.hidden);
        let tokens = self.tokens;
        let h = larger(f64::from(heads) / tp, 1.0);
        let (rank, rope, nope, v) =
            (f64::from(kv_rank), f64::from(rope_dim), f64::from(nope_dim), f64::from(v_dim));
        match q_rank.map(f64::from) {
            Some(q) => {
                self.dense(OpKind::Projection, count, tokens, q + rank + rope, hidden);
                self.dense(OpKind::Projection, count, tokens, h * (nope + rope), q);
            }
            None => self.dense(OpKind::Projection, count, tokens, h * (nope + rope) + rank + rope, hidden),
        }
        if let Some(indexer) = indexer {
            self.index(count, &indexer, q_rank.map_or(hidden, f64::from), 1.0);
        }
        let reach = reach(None, indexer);
        if self.shape.prompts > 0.0 {
            let [new, others] = self.prompt;
            let keys = self.shape.mean_keys(reach);
            let past = self.shape.past.get() + others;
            // What others have of a prompt comes as latents, and every rank expands it for its heads.
            let expanded = self.shape.prompts * (new + past);
            self.dense(OpKind::Projection, count, expanded, h * (nope + v), rank);
            let work = Work::prefill_latent(h, [nope + rope, v], self.shape.prompts, [new, past], keys);
            self.kernel(OpKind::PrefillAttention, count, &self.laws.prefill_mla, &work);
            if let Some(shared) = self.sharing {
                self.sink.take(shared.entries(count, (&self.laws.prefill_mla, &work), rank + rope, 1.0));
            }
        }
        if self.shape.sequences > 0.0 {
            let (b, width) = (self.shape.sequences, self.shape.width);
            // Absorbed up-projections work on the latent, in 16 bits.
            self.wide(OpKind::Projection, count, b * width, h * nope, rank);
            self.wide(OpKind::Projection, count, b * width, h * v, rank);
            let keys = smaller(self.shape.context.get(), reach.unwrap_or(f64::INFINITY));
            let element = self.plan.numerics.kv.cached_bytes();
            let latent = Latent { heads: h * self.gathered(), rank, rope, element };
            let work = Work::decode_latent(latent, b, keys / self.shards(), width);
            self.kernel(OpKind::DecodeAttention, count, &self.laws.decode_mla, &work);
            if let Some(shared) = self.sharing {
                self.sink.take(shared.step(count, h, [rank + rope, rank]));
            }
        }
        self.dense(OpKind::Projection, count, tokens, hidden, h * v);
    }

    /// Linear attention and Mamba: projections, and one update of a state of constant size per token or, over a prompt,
    /// per chunk of tokens.
    fn recurrent(&mut self, count: u32, kind: &Attention) {
        let tp = f64::from(self.plan.layout.tp);
        let hidden = f64::from(self.plan.model.hidden);
        let (width_in, width_out, state) = match *kind {
            Attention::Linear { key_heads, value_heads, key_dim, value_dim, extra_parameters } => {
                let keys = f64::from(key_heads) * f64::from(key_dim);
                let values = f64::from(value_heads) * f64::from(value_dim);
                let extra = f64::from(extra_parameters) / hidden;
                (
                    2.0 * keys + values + extra,
                    values,
                    f64::from(value_heads) * f64::from(key_dim) * f64::from(value_dim),
                )
            }
            Attention::Mamba { heads, head_dim, state, groups } => {
                let inner = f64::from(heads) * f64::from(head_dim);
                let mixed = 2.0 * inner + 2.0 * f64::from(groups) * f64::from(state) + f64::from(heads);
                (mixed, inner, inner * f64::from(state))
            }
            _ => return,
        };
        let tokens = self.tokens;
        self.dense(OpKind::Projection, count, tokens, width_in / tp, hidden);
        let state = state / tp;
        // A decode step reads and writes the state of each sequence; a prompt does so once per 64 tokens and multiplies
        // inside the chunk.
        let updates = self.shape.sequences + self.shape.prompts * (self.prompt[0] / 64.0).ceil();
        let bytes = updates * 2.0 * state * STATE + tokens * (width_in + width_out) / tp * ACTIVATION;
        let work = Work::plain(6.0 * state, tokens, Bytes::new(bytes));
        self.kernel(OpKind::StateUpdate, count, &self.laws.elementwise, &work);
        if let Some(shared) = self.sharing {
            self.sink.take(shared.states(count, state * STATE));
        }
        self.dense(OpKind::Projection, count, tokens, hidden, width_out / tp);
    }

    /// Compressed sparse attention: a short window and one entry per `ratio` tokens, one shared head.
    fn compressed(&mut self, count: u32, kind: &Attention) {
        let Attention::Compressed { heads, head_dim, q_rank, window, ratio, out_groups, out_rank, indexer } =
            *kind
        else {
            return;
        };
        let tp = f64::from(self.plan.layout.tp);
        let hidden = f64::from(self.plan.model.hidden);
        let tokens = self.tokens;
        let (h, d) = (larger(f64::from(heads) / tp, 1.0), f64::from(head_dim));
        let q = f64::from(q_rank);
        self.dense(OpKind::Projection, count, tokens, q + 2.0 * d, hidden);
        self.dense(OpKind::Projection, count, tokens, h * d, q);
        let ratio = ratio.map(f64::from);
        if let (Some(indexer), Some(ratio)) = (indexer, ratio) {
            self.index(count, &indexer, q, ratio);
        }
        let entries = |context: f64| {
            let far = ratio.map_or(0.0, |ratio| context / ratio);
            context.min(f64::from(window))
                + far.min(indexer.map_or(f64::INFINITY, |own| f64::from(own.top_k)))
        };
        if self.shape.prompts > 0.0 {
            let keys = entries(self.shape.mean_keys(None));
            let new = self.prompt[0];
            let bytes = Bytes::new(self.shape.prompts * new * (2.0 * h + 2.0) * d * ACTIVATION);
            let work = Work::prompts(4.0 * h * d, h, self.shape.prompts, [new, keys], bytes);
            self.kernel(OpKind::PrefillAttention, count, &self.laws.prefill_mla, &work);
            if let Some(shared) = self.sharing {
                self.sink.take(shared.entries(
                    count,
                    (&self.laws.prefill_mla, &work),
                    d,
                    ratio.unwrap_or(f64::INFINITY),
                ));
            }
        }
        if self.shape.sequences > 0.0 {
            let (b, width) = (self.shape.sequences, self.shape.width);
            let keys = entries(self.shape.context.get());
            // Keys and values are the same entry, as in a latent without a rotary part of its own.
            let element = self.plan.numerics.kv.cached_bytes();
            let latent = Latent { heads: h * self.gathered(), rank: d, rope: 0.0, element };
            let work = Work::decode_latent(latent, b, keys / self.shards(), width);
            self.kernel(OpKind::DecodeAttention, count, &self.laws.decode_mla, &work);
            if let Some(shared) = self.sharing {
                self.sink.take(shared.step(count, h, [d, d]));
            }
        }
        let (groups, rank) = (f64::from(out_groups), f64::from(out_rank));
        self.dense(OpKind::Projection, count, tokens, rank, h * d);
        self.dense(OpKind::Projection, count, tokens, hidden, groups * rank / tp);
    }

    /// The scoring pass of a sparse indexer: one narrow key per cached entry, every position scored. `ratio` is the
    /// number of tokens per entry.
    fn index(&mut self, count: u32, indexer: &Indexer, input: f64, ratio: f64) {
        let (heads, dim) = (f64::from(indexer.heads), f64::from(indexer.dim));
        self.dense(OpKind::Indexer, count, self.tokens, heads * dim, input);
        if self.shape.prompts > 0.0 {
            let keys = self.shape.mean_keys(None) / ratio;
            let new = self.prompt[0];
            let bytes = Bytes::new(self.shape.prompts * new * (heads + 1.0) * dim);
            let scores = Work::prompts(2.0 * heads * dim, heads, self.shape.prompts, [new, keys], bytes);
            // Scores are compared, not turned into weights.
            let work = Work { exponentials: 0.0, ..scores };
            self.kernel(OpKind::Indexer, count, &self.laws.indexer, &work);
            if let Some(shared) = self.sharing {
                self.sink.take(shared.entries(count, (&self.laws.indexer, &work), dim / ACTIVATION, ratio));
            }
        }
        if self.shape.sequences > 0.0 {
            let keys = self.shape.context.get() / ratio / self.shards();
            let b = self.shape.sequences;
            let latent = Latent { heads, rank: 0.0, rope: dim, element: 1.0 };
            let work = Work::decode_latent(latent, b, keys, self.shape.width);
            self.kernel(OpKind::Indexer, count, &self.laws.decode_mla, &work);
            if let Some(shared) = self.sharing {
                self.sink.take(shared.candidates(count, f64::from(indexer.top_k)));
            }
        }
    }

    /// Ranks whose query heads come together on each of them.
    fn gathered(&self) -> f64 {
        self.sharing.map_or(1.0, |own| own.ranks())
    }

    /// Parts of a sequence's cache beyond its heads.
    fn shards(&self) -> f64 {
        self.sharing.map_or(1.0, |own| own.shards())
    }

    fn dense_ffn(&mut self, count: u32, kind: OpKind, inter: f64, matrices: u32) {
        let hidden = f64::from(self.plan.model.hidden);
        let inter = inter / f64::from(self.plan.layout.tp);
        let up = f64::from(matrices.saturating_sub(1));
        self.dense(kind, count, self.tokens, up * inter, hidden);
        self.dense(kind, count, self.tokens, hidden, inter);
    }

    /// Router, routed experts, shared experts and the exchange of tokens.
    fn experts(&mut self, count: u32, kind: &Ffn) {
        let Ffn::Moe { experts, top_k, inter, width, shared_inter, matrices } = *kind else { return };
        let hidden = f64::from(self.plan.model.hidden);
        let tokens = self.tokens;
        let (all, k) = (f64::from(experts), f64::from(top_k));
        self.wide(OpKind::Router, count, tokens, all, hidden);
        let width_of_expert = width.map_or(hidden, f64::from);
        if width.is_some() {
            // A latent mixture projects into its own width and back.
            self.dense(OpKind::Experts, count, tokens, width_of_expert, hidden);
            self.dense(OpKind::Experts, count, tokens, hidden, width_of_expert);
        }
        let own = Grouped {
            experts: all,
            slots: self.plan.slots(all),
            top_k: k,
            ep: f64::from(self.plan.layout.ep),
            width: width_of_expert,
            inter: f64::from(inter) / f64::from(self.plan.layout.etp),
            matrices: f64::from(matrices),
            weight: self.plan.numerics.weight_bytes(self.plan.numerics.experts),
            activation: activation(&self.laws.experts, self.plan.numerics.experts),
        };
        let skew = Form::served();
        let group = self.routed() * larger(self.shape.active_ranks, 1.0);
        let work = Work::experts(own, group, skew);
        self.kernel(OpKind::Experts, count, &self.laws.experts, &work);
        let around = Bound::latency(self.plan.engine.expert_layer);
        self.sink.take(repeated(OpKind::Router, count, Flops::ZERO, Bytes::ZERO, around));
        if shared_inter > 0 {
            self.dense_ffn(count, OpKind::SharedExperts, f64::from(shared_inter), matrices);
        }
        self.expert_exchange(count, &own, skew.by_popularity(&own, group));
    }

    /// Tokens to their experts and back. With data-parallel attention each rank holds other tokens: they are gathered
    /// and the results scattered, or sent to just the ranks that need them, whichever is faster; popular experts are sent
    /// `busy` times their share (what chance does is in the measured exchanges). Without it every rank has all tokens and the
    /// partial results are summed. Where attention has a pool of its own, the way there and back is the exchange.
    fn expert_exchange(&mut self, count: u32, own: &Grouped, busy: f64) {
        let tokens = self.routed();
        let hidden = f64::from(self.plan.model.hidden);
        if !self.plan.portion.has_attention() {
            // Tensor-parallel parts of an expert are summed where they are.
            if self.plan.layout.etp > 1 {
                self.rank_sum(count);
            }
            return;
        }
        let Some(([gather, scatter], exchange)) = &self.plan.exchange else {
            return self.rank_sum(count);
        };
        let all = Bytes::new(tokens * f64::from(self.plan.layout.dp) * hidden * ACTIVATION);
        let floor = gather.latency() + scatter.latency();
        let (gather, gathered) = gather.time(all);
        let (scatter, scattered) = scatter.time(all);
        let prefill = self.shape.prompts > 0.0;
        let copies = if self.plan.layout.shares_experts() { self.plan.layout.pcp } else { 1 };
        let sharers = f64::from(self.plan.layout.tp) * f64::from(copies);
        let send = |part, bytes: f64| {
            let tokens = tokens / sharers * busy;
            let parcel = Parcel { tokens, top_k: own.top_k, bytes: Bytes::new(own.width * bytes) };
            exchange.timed(prefill, part, &parcel)
        };
        let activation = activation(&self.laws.experts, self.plan.numerics.experts);
        let (dispatch, combine) =
            (send(ExchangePart::Dispatch, activation), send(ExchangePart::Combine, ACTIVATION));
        let [sparse, kept, unlinked] = [0, 1, 2].map(|at| dispatch[at] + combine[at]);
        let time = (gather + scatter).min(sparse);
        let floor = if sparse < gather + scatter { unlinked } else { floor };
        // Gathering and scattering are taken to keep processors for as much of their time.
        let held = if sparse > Seconds::ZERO { time / sparse } else { 0.0 };
        self.sink.held(kept * (held * f64::from(count)));
        self.sink.take(link_op(OpKind::ExpertExchange, count, gathered + scattered, time, floor.min(time)));
    }

    /// New tokens of a data-parallel rank whose experts the same ranks have.
    fn routed(&self) -> f64 {
        if self.plan.layout.shares_experts() { self.shape.tokens() } else { self.tokens }
    }

    /// Sum over the tensor-parallel ranks after a layer.
    fn rank_sum(&mut self, count: u32) {
        let (time, bytes) = self.sum;
        if self.plan.layout.tp > 1 {
            self.sink.take(link_op(OpKind::AllReduce, count, bytes, time, self.plan.sum.latency()));
        }
    }

    fn small_kernels(&mut self, count: u32) {
        let (work, time) = self.small;
        self.sink.take(repeated(OpKind::Elementwise, count, work.flops(), work.bytes, time));
    }

    /// Output head over the last token of each sequence, and the sampling after it.
    fn head(&mut self) {
        let sequences = self.shape.prompts + self.shape.sequences * self.shape.width;
        let vocab = f64::from(self.plan.model.vocab) / f64::from(self.plan.layout.tp);
        self.wide(OpKind::Head, 1, sequences, vocab, f64::from(self.plan.model.hidden));
    }

    /// Activations from stage to stage.
    fn hops(&mut self) {
        let hops = self.plan.layout.pp.saturating_sub(1);
        if hops == 0 {
            return;
        }
        let bytes = Bytes::new(
            self.tokens * f64::from(self.plan.model.hidden) * ACTIVATION / f64::from(self.plan.layout.tp),
        );
        let (floor, time) = self.plan.hop(bytes);
        self.sink.take(link_op(OpKind::StageHop, hops, bytes, time, floor));
    }
}

/// Bytes of an activation that enters a product of weights in a format: of the unit that multiplies, where that is wider.
fn activation(law: &Kernel, format: NumberFormat) -> f64 {
    larger(format.compute_type().activation_bytes(), law.unit.activation_bytes())
}

/// How far back a query sees: the window, or as many tokens as the indexer selects.
fn reach(window: Option<u32>, indexer: Option<Indexer>) -> Option<f64> {
    match (window, indexer.map(|own| own.top_k)) {
        (Some(window), Some(selected)) => Some(f64::from(window.min(selected))),
        (own, other) => own.or(other).map(f64::from),
    }
}
