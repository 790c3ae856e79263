//! The accuracy page: how far the model lies from measured runs, by model, chip, engine and load, as one static page.
//!
//! The page is written by `tandem check FILE --html` and kept in `public/`, so its figures are those of the constants in
//! the same commit. Between its tables stand embeds of curves with measured runs on them.

use super::check::{percent, ratio, share, signed};
use super::html::escaped;
use crate::check::{CheckReport, Interval, Point, Stats};

/// What the field's reference tool misses on rows it was not tuned to, median in percent (methods survey, 2026-11).
const REFERENCE: [(&str, &str); 2] = [("TTFT", "50"), ("TPOT", "19.7")];

/// The page.
#[must_use]
pub fn html(report: &CheckReport) -> String {
    let mut page = String::from(HEAD);
    page.push_str(&format!(
        "<p>{} served points of public runs, {} of them predicted ({}). The constants were fitted on these points; \
         the bands come from points left out of the fit.</p>\n",
        report.rows,
        report.predicted,
        share(ratio(report.predicted, report.rows))
    ));
    page.push_str(
        "<table><caption>All points: error of the prediction in percent</caption><thead><tr><th scope=\"col\">Figure</th>\
         <th scope=\"col\">Median</th><th scope=\"col\">90th percentile</th><th scope=\"col\">Bias</th>\
         <th scope=\"col\">Within 25 %</th><th scope=\"col\">Inside the 80 % band</th>\
         <th scope=\"col\">Reference tool, median</th></tr></thead><tbody>\n",
    );
    for (name, stats) in [("TTFT", &report.ttft), ("TPOT", &report.tpot), ("tok/s/chip", &report.throughput)]
    {
        let reference = REFERENCE.iter().find(|own| own.0 == name).map_or("–", |own| own.1);
        page.push_str(&format!(
            "<tr><th scope=\"row\">{name}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{reference}</td></tr>\n",
            percent(stats.median_ape),
            percent(stats.p90_ape),
            signed(stats.bias),
            share(stats.within_25),
            share(stats.coverage_80)
        ));
    }
    page.push_str(&format!(
        "</tbody></table>\n<p>Of {} pairs of deployments whose measured throughput per chip lies more than 15 % apart, \
         the faster one is named right in {}.</p>\n",
        report.order.pairs,
        share(report.order.agreement)
    ));
    page.push_str(LIVE);
    for (title, of) in [
        ("By model", (|point: &Point| point.setup.model.clone()) as fn(&Point) -> String),
        ("By chip", |point| point.setup.chip.clone()),
        ("By engine", |point| point.setup.engine.clone()),
        ("By load", |point| load(point.setup.concurrency).to_owned()),
    ] {
        page.push_str(&table(title, &groups(report, of)));
    }
    page.push_str(FOOT);
    super::html::live_page("Accuracy of Tandem", &page)
}

/// Users of a run, in four classes whose names sort by size.
fn load(users: f64) -> &'static str {
    match users {
        users if users <= 8.0 => "1 to 8 users",
        users if users <= 64.0 => "9 to 64 users",
        users if users <= 512.0 => "65 to 512 users",
        _ => "More than 512 users",
    }
}

/// Points with equal names, largest group first.
fn groups(report: &CheckReport, of: fn(&Point) -> String) -> Vec<(String, Vec<&Point>)> {
    let mut groups: Vec<(String, Vec<&Point>)> = Vec::new();
    for point in &report.points {
        let name = of(point);
        match groups.iter_mut().find(|own| own.0 == name) {
            Some(own) => own.1.push(point),
            None => groups.push((name, vec![point])),
        }
    }
    groups.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then(a.0.cmp(&b.0)));
    groups
}

fn table(title: &str, groups: &[(String, Vec<&Point>)]) -> String {
    let mut table = format!(
        "<table><caption>{title}: median error in percent, and bias</caption><thead><tr><th scope=\"col\">Group</th>\
         <th scope=\"col\">Points</th><th scope=\"col\">TTFT</th><th scope=\"col\">TPOT</th>\
         <th scope=\"col\">tok/s/chip</th></tr></thead><tbody>\n"
    );
    for (name, points) in groups {
        let cell = |of: fn(&Point) -> (Option<f64>, Interval)| {
            let stats = Stats::of(points.iter().map(|point| of(point)));
            format!("{} ({})", percent(stats.median_ape), signed(stats.bias))
        };
        table.push_str(&format!(
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
            escaped(name),
            points.len(),
            cell(Point::ttft),
            cell(Point::tpot),
            cell(Point::throughput)
        ));
    }
    table.push_str("</tbody></table>\n");
    table
}

const HEAD: &str = r#"<h1>How far to trust the figures</h1>
<p>Each figure of the playground is a model's. This page holds it against runs that others measured: mean time to first
token, time per output token, and output tokens per second and chip. Repeat runs of one configuration differ by 6 % in
TPOT and 10 % in TTFT, so nobody can do better than that.</p>
<h2>What is good, and what is not</h2>
<ul>
<li>TPOT of dense and fine-grained models on one node is known best; the order of deployments is nearly always right.</li>
<li>TTFT under load depends on scheduler and streaming settings that a run does not publish; some SGLang runs start with
seconds of warm-up that no model of the steady state can know.</li>
<li>Runs with multi-token prediction are mixed with runs without it, unlabelled: they look up to twice as fast as modelled.</li>
<li>Chips of makers other than NVIDIA, SRAM machines and mixes of unlike chips have few public measurements or none: their
bands are wide, and are meant.</li>
</ul>
<h2>Served points</h2>
"#;

/// Where a reader sees the runs on the curves: one that is known best, and one that is not.
const LIVE: &str = r#"<h2>Runs on the curves</h2>
<p>Rings are measured runs, the shade is the 80 % band. Move to other models and chips behind “Open in playground”: wherever
somebody measured a curve, its runs lie on it.</p>
<tandem-embed poster="Time per token against users, with measured runs" label="Time per output token of DeepSeek-V3 on 8 H200 against users, with measured runs" scenario="v1&amp;model=deepseek-v3&amp;pool=h200*8&amp;isl=1k&amp;x=load&amp;y=tpot"></tandem-embed>
<tandem-embed poster="Time to first token against users, with measured runs" label="Time to first token of DeepSeek-V3 on 8 H200 against users, with measured runs" scenario="v1&amp;model=deepseek-v3&amp;pool=h200*8&amp;isl=1k&amp;x=load&amp;y=ttft"></tandem-embed>
"#;

const FOOT: &str = "<p>Sources: InferenceX runs and NVIDIA runs as collected in aiconfigurator-core 0.12.0 (both Apache-2.0; see NOTICE). Written by <code>tandem check FILE --html</code>.</p>
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::check;

    #[test]
    fn every_point_is_in_one_group_of_each_table() {
        let file = "id,model,engine,isl,osl,concurrency,pool,prefill,decode,ttft_ms,tpot_ms\n\
            a,llama3-8b,vllm,1024,256,4,h100-sxm*1:tp1,,,40,8\n\
            b,llama3-8b,trtllm,1024,256,600,h200*2:tp2,,,400,20\n";
        let report = check(file).expect("two rows that can be read");
        let page = html(&report);
        for group in
            ["llama3-8b", "h100-sxm", "h200", "vllm", "trtllm", "1 to 8 users", "More than 512 users"]
        {
            assert!(page.contains(&format!("<th scope=\"row\">{group}</th>")), "{group} is missing");
        }
        assert_eq!(page.matches("<tandem-embed").count(), 2);
        assert!(page.contains("script-src 'self'; frame-src 'self'") && page.contains("src=\"embed.js\""));
        assert_eq!(page.matches("<table>").count(), page.matches("</table>").count());
    }
}
