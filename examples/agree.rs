use tandem::machine::constants::constants;
use tandem::scenario::{Load, link, presets::PRESETS, traffic::Horizon};
use tandem::serve::{self, Deployment, replay::{Asked, Replay}};
use tandem::units::RequestsPerSecond;
fn main() {
    let only = std::env::args().nth(1);
    println!("{:14} {:>8} | {:>9} {:>9} {:>6} | {:>9} {:>9} {:>6} | {:>8} {:>8} {:>6}", "preset","load","ttft cf","replay","","tpot cf","replay","","rate cf","replay","");
    for preset in PRESETS {
        if only.as_deref().is_some_and(|o| o != preset.id) { continue; }
        let base = link::parse(preset.link).scenario;
        let mut open = base.clone(); open.load = Load::Open { rate: RequestsPerSecond::new(0.01), cv: 1.0 };
        let capacity = serve::serve(&open, constants()).unwrap().capacity.get();
        for mode in ["as is", "30%", "60%"] {
            let mut s = base.clone();
            match mode {
                "30%" => s.load = Load::Open { rate: RequestsPerSecond::new(capacity*0.3), cv: 1.0 },
                "60%" => s.load = Load::Open { rate: RequestsPerSecond::new(capacity*0.6), cv: 1.0 },
                _ => {}
            }
            if let Load::Closed{..} = s.load { if let Ok(v)=std::env::var("SPREAD") { s.workload.spread = v.parse().unwrap(); } }
            let n = match s.load { Load::Closed{concurrency} => (concurrency*10.0) as u32, _ => 8000 };
            s.traffic.horizon = Some(Horizon::Requests { count: n });
            let cf = serve::serve(&s, constants()).unwrap();
            let model = serve::find_model(&s).unwrap();
            let d = Deployment::new(&s, constants(), &model).unwrap();
            let t = std::time::Instant::now();
            let mut e = Replay::start(&d, &Asked::Scenario);
            let p = e.run(u64::MAX);
            let el = t.elapsed();
            let r = e.result(s.slo, Asked::Scenario.warm_up(&s, p.arrived));
            let (Some(ttft), Some(tpot)) = (&r.ttft, &r.tpot) else { println!("{} nothing {:?}", preset.id, r.counts); continue };
            let pc = |a: f64, b: f64| format!("{:+.1}%", (b/a-1.0)*100.0);
            let (a,b)=(cf.ttft.get(), ttft.mean.value.get()); let (c,dd)=(cf.tpot.get(), tpot.mean.value.get()); let (f,g)=(cf.rate.get(), r.rate.get());
            println!("{:14} {:>8} | {:9.4} {:9.4} {:>6} | {:9.6} {:9.6} {:>6} | {:8.3} {:8.3} {:>6} | sat {} p99 {:.3} batch {:.1} util {:.2} ev {} {:?} fin {} rej {} pre {}", preset.id, mode, a,b,pc(a,b),c,dd,pc(c,dd),f,g,pc(f,g), r.saturated, ttft.p99.value.get(), r.pools.last().unwrap().batch, r.pools.last().unwrap().utilisation, p.events, el, r.counts.finished, r.counts.rejected, r.counts.preemptions); if only.is_some() { println!("   {:?} reps {} room {} fits(ctx) {:.2} longest {}", d.decode.settled.replica.layout(), d.decode.settled.replicas, r.pools.last().unwrap().room, d.decode.settled.replica.sequences_that_fit(d.lengths.context), d.lengths.longest.get()); println!("   pools {:?}", r.pools.iter().map(|p| (p.utilisation,p.prefill_share,p.occupancy,p.peak_occupancy,p.batch)).collect::<Vec<_>>()); }
        }
    }
}
