//! The accuracy page: how far the model lies from measured runs, by model, chip, engine and load, as one static page.
//!
//! The page is written by `tandem check FILE --html` and kept in `public/`, so its figures are those of the constants in
//! the same commit. Between its tables stand embeds of curves with measured runs on them.

use super::check::{percent, ratio, share, signed};
use super::html::escaped;
use crate::check::{CheckReport, Interval, Point, Stats};

/// What the field's reference tool misses on rows it was not tuned to, median in percent (methods survey, 2026-11).
const REFERENCE: [(&str, &str); 2] = [("TTFT", "50"), ("TPOT", "19.7")];

/// The page. `left_out` is what was predicted of the rows by constants that were fitted without their source, as text; the
/// page leads with it.
#[must_use]
pub fn html(report: &CheckReport, left_out: &str) -> String {
    let mut page = String::from(HEAD);
    let others = others(report, left_out);
    if !others.is_empty() {
        page.push_str(&strangers(&others));
    }
    page.push_str(KNOWN);
    page.push_str(&format!(
        "<h2>Rows that the constants were fitted on</h2>\n<p>In sample: {} served points of public runs, {} of them predicted ({}). \
         The constants were fitted on these points, so that these figures say what the form can follow and not what to expect \
         elsewhere; the bands come from points left out of the fit.</p>\n",
        report.rows,
        report.predicted,
        share(ratio(report.predicted, report.rows))
    ));
    page.push_str(&figures("All points, in sample", [&report.ttft, &report.tpot, &report.throughput]));
    page.push_str(&format!(
        "<p>Of {} pairs of deployments whose measured throughput per chip lies more than 15 % apart, \
         the faster one is named right in {}.</p>\n",
        report.order.pairs,
        share(report.order.agreement)
    ));
    page.push_str(LIVE);
    for (title, of) in [
        ("By model, in sample", (|point: &Point| point.setup.model.clone()) as fn(&Point) -> String),
        ("By chip, in sample", |point| point.setup.chip.clone()),
        ("By engine, in sample", |point| point.setup.engine.clone()),
        ("By load, in sample", |point| load(point.setup.concurrency).to_owned()),
    ] {
        page.push_str(&table(title, &groups(&report.points, of)));
    }
    page.push_str(FOOT);
    super::html::live_page("Accuracy of Tandem", &page)
}

/// Errors of three figures as a table.
fn figures(title: &str, stats: [&Stats; 3]) -> String {
    let mut table = format!(
        "<table><caption>{title}: error of the prediction in percent</caption><thead><tr><th scope=\"col\">Figure</th>\
         <th scope=\"col\">Median</th><th scope=\"col\">90th percentile</th><th scope=\"col\">Bias</th>\
         <th scope=\"col\">Within 25 %</th><th scope=\"col\">Inside the 80 % band</th>\
         <th scope=\"col\">Reference tool, median</th></tr></thead><tbody>\n"
    );
    for (name, stats) in ["TTFT", "TPOT", "tok/s/chip"].into_iter().zip(stats) {
        let reference = REFERENCE.iter().find(|own| own.0 == name).map_or("–", |own| own.1);
        table.push_str(&format!(
            "<tr><th scope=\"row\">{name}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{reference}</td></tr>\n",
            percent(stats.median_ape),
            percent(stats.p90_ape),
            signed(stats.bias),
            share(stats.within_25),
            share(stats.coverage_80)
        ));
    }
    table.push_str("</tbody></table>\n");
    table
}

/// A row as constants predict it that were fitted without its source, and its evidence class then.
type Other<'a> = (Point, &'a str);

/// The rows that `left_out` has, in its columns `id`, `class`, then value, low and high end of TTFT, TPOT and throughput.
fn others<'a>(report: &CheckReport, left_out: &'a str) -> Vec<Other<'a>> {
    let known: std::collections::BTreeMap<&str, &Point> =
        report.points.iter().map(|point| (point.id.as_str(), point)).collect();
    let read = |line: &'a str| -> Option<Other<'a>> {
        let mut cells = line.split(',');
        let point = *known.get(cells.next()?)?;
        let class = cells.next()?;
        let mut interval = || {
            let mut number = || cells.next()?.parse().ok();
            Some(Interval { value: number()?, low: number()?, high: number()? })
        };
        let (ttft_ms, tpot_ms, tok_s_per_chip) = (interval()?, interval()?, interval()?);
        Some((Point { ttft_ms, tpot_ms, tok_s_per_chip, ..point.clone() }, class))
    };
    left_out.lines().filter(|line| !line.starts_with('#')).filter_map(read).collect()
}

/// Whether a row stands for ordinary runs of many sources: InferenceX's and NVIDIA's are two of them, with most rows.
fn of_many(point: &Point) -> bool {
    point.setup.origin.flag == "ok"
}

/// Errors on sources left out, where they sit, and the worst of them.
fn strangers(others: &[Other<'_>]) -> String {
    let mut page = String::from(
        "<h2>Sources left out</h2>\n<p>Each row below is predicted by constants that were fitted without any row of its source: what to \
         expect of a run that we do not know.</p>\n",
    );
    let stats = |chosen: &dyn Fn(&Point) -> bool| {
        let of = |read: fn(&Point) -> (Option<f64>, Interval)| {
            Stats::of(others.iter().filter(|own| chosen(&own.0)).map(|own| read(&own.0)))
        };
        [of(Point::ttft), of(Point::tpot), of(Point::throughput)]
    };
    for (title, chosen) in [
        ("Other sources, complete rows", &of_many as &dyn Fn(&Point) -> bool),
        ("InferenceX and NVIDIA, each left out, one pool", &|point| {
            point.setup.origin.flag.is_empty() && !point.setup.pools.contains('>')
        }),
        ("InferenceX and NVIDIA, each left out, prefill and decode apart", &|point| {
            point.setup.origin.flag.is_empty() && point.setup.pools.contains('>')
        }),
    ] {
        let own = stats(chosen);
        page.push_str(&figures(title, [&own[0], &own[1], &own[2]]));
    }
    page.push_str(&plot("TPOT", others, Point::tpot));
    page.push_str(&plot("TTFT", others, Point::ttft));
    page.push_str(&worst(others));
    let points: Vec<Point> = others.iter().filter(|own| of_many(&own.0)).map(|own| own.0.clone()).collect();
    page.push_str(&table("By source, left out", &groups(&points, |point| point.setup.origin.source.clone())));
    page.push_str(&table("By chip, its source left out", &groups(&points, |point| point.setup.chip.clone())));
    page
}

/// The ten complete rows of other sources that are farthest off, and what is said of them.
fn worst(others: &[Other<'_>]) -> String {
    let off = |point: &Point| {
        let far = |(measured, predicted): (Option<f64>, Interval)| {
            measured.map_or(0.0, |measured| libm::log(predicted.value / measured).abs())
        };
        far(point.tpot()).max(0.5 * far(point.ttft()))
    };
    let mut rows: Vec<&Other<'_>> = others.iter().filter(|own| of_many(&own.0)).collect();
    rows.sort_by(|a, b| off(&b.0).total_cmp(&off(&a.0)));
    let mut table = String::from(
        "<table><caption>The ten rows farthest off: predicted over measured</caption><thead><tr><th scope=\"col\">Row</th>\
         <th scope=\"col\">What ran</th><th scope=\"col\">TPOT</th><th scope=\"col\">TTFT</th><th scope=\"col\">Class</th>\
         <th scope=\"col\">Why</th></tr></thead><tbody>\n",
    );
    for (point, class) in rows.into_iter().take(10) {
        let of = |(measured, predicted): (Option<f64>, Interval)| {
            measured.map_or_else(|| "–".to_owned(), |measured| format!("{:.2}", predicted.value / measured))
        };
        let setup = &point.setup;
        table.push_str(&format!(
            "<tr><th scope=\"row\">{}</th><td>{} on {} under {}, {} users</td><td>{}</td><td>{}</td><td>{class}</td><td>{}</td></tr>\n",
            escaped(&point.id),
            escaped(&setup.model),
            escaped(&setup.pools),
            escaped(&setup.engine),
            setup.concurrency,
            of(point.tpot()),
            of(point.ttft()),
            escaped(why(point, class))
        ));
    }
    table.push_str("</tbody></table>\n");
    table
}

/// What is known of the reason: what the row's own note says of it, else what its class lacks.
fn why<'a>(point: &'a Point, class: &str) -> &'a str {
    let note = point.setup.origin.note.as_str();
    if !note.is_empty() {
        return note;
    }
    match class {
        "datasheet-only" => "Nobody measured kernels of this chip: its family's prior stands in for them.",
        "same-family" => "No other source served a model on this chip.",
        "same-chip" => "Other models, engines or loads were measured on this chip.",
        _ => "Settings that the source does not state.",
    }
}

/// Side of a plot, and the room around it, in pixels.
const SIDE: f64 = 360.0;
const ROOM: f64 = 56.0;

/// Predicted against measured, both by their logarithms, a mark for each row: filled of other sources, an open ring of
/// InferenceX and NVIDIA; the darker the better the class.
fn plot(name: &str, others: &[Other<'_>], of: fn(&Point) -> (Option<f64>, Interval)) -> String {
    let marks: Vec<(f64, f64, &str, bool)> = others
        .iter()
        .filter_map(|(point, class)| {
            let (measured, predicted) = of(point);
            Some((measured?, predicted.value, *class, !point.setup.origin.flag.is_empty()))
        })
        .collect();
    let ends = marks
        .iter()
        .flat_map(|mark| [mark.0, mark.1])
        .fold((f64::INFINITY, 0.0_f64), |(low, high), own| (low.min(own), high.max(own)));
    if marks.is_empty() || ends.0 <= 0.0 {
        return String::new();
    }
    let (low, high) = (libm::log10(ends.0).floor(), libm::log10(ends.1).ceil());
    let at = |value: f64| (libm::log10(value) - low) / (high - low) * SIDE;
    let side = SIDE + ROOM + 12.0;
    let mut svg = format!(
        "<figure><svg viewBox=\"0 0 {side} {side}\" width=\"{side}\" height=\"{side}\" role=\"img\" aria-label=\"{name} predicted \
         against measured, on sources left out\" fill=\"none\" stroke=\"currentColor\">\n<rect x=\"{ROOM}\" y=\"12\" width=\"{SIDE}\" \
         height=\"{SIDE}\" opacity=\"0.3\"/><path d=\"M{ROOM} {} L{} 12\" opacity=\"0.6\"/>\n",
        SIDE + 12.0,
        ROOM + SIDE
    );
    let mut decade = low;
    while decade <= high {
        let (place, text) = (at(libm::pow(10.0, decade)), milliseconds(decade));
        svg.push_str(&format!(
            "<text x=\"{:.0}\" y=\"{:.0}\" font-size=\"11\" text-anchor=\"middle\" fill=\"currentColor\" stroke=\"none\">{text}</text>\
             <text x=\"{:.0}\" y=\"{:.0}\" font-size=\"11\" text-anchor=\"end\" fill=\"currentColor\" stroke=\"none\">{text}</text>\n",
            ROOM + place,
            SIDE + 28.0,
            ROOM - 4.0,
            SIDE + 16.0 - place
        ));
        decade += 1.0;
    }
    for (measured, predicted, class, many) in marks {
        let shade = match class {
            "measured-nearby" => 1.0,
            "same-chip" => 0.7,
            "same-family" => 0.5,
            _ => 0.35,
        };
        let fill = if many { " fill=\"currentColor\"" } else { "" };
        svg.push_str(&format!(
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"2\" opacity=\"{shade}\"{fill}/>",
            ROOM + at(measured),
            SIDE + 12.0 - at(predicted)
        ));
    }
    svg.push_str(&format!(
        "</svg>\n<figcaption>{name}, predicted (upwards) against measured, each row with its source left out. Filled: other sources; \
         rings: InferenceX and NVIDIA. The fainter, the weaker the evidence class. On the line both agree.</figcaption></figure>\n"
    ));
    svg
}

/// Ten to this power of milliseconds, in a unit that suits.
fn milliseconds(decade: f64) -> String {
    match decade as i32 {
        own @ 3.. => format!("{:.0} s", libm::pow(10.0, f64::from(own - 3))),
        own => format!("{} ms", libm::pow(10.0, f64::from(own))),
    }
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
fn groups(points: &[Point], of: fn(&Point) -> String) -> Vec<(String, Vec<&Point>)> {
    let mut groups: Vec<(String, Vec<&Point>)> = Vec::new();
    for point in points {
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
"#;

/// What a reader should know of the errors.
const KNOWN: &str = r#"<h2>What is good, and what is not</h2>
<ul>
<li>TPOT of dense and fine-grained models on one node is known best; the order of deployments is nearly always right.</li>
<li>TTFT under load depends on scheduler and streaming settings that a run does not publish; some SGLang runs start with
seconds of warm-up that no model of the steady state can know.</li>
<li>Runs with multi-token prediction are mixed with runs without it, unlabelled: they look up to twice as fast as modelled.</li>
<li>Chips of makers other than NVIDIA, SRAM machines and mixes of unlike chips have few public measurements or none: their
bands are wide, and are meant.</li>
</ul>
"#;

/// Where a reader sees the runs on the curves: one that is known best, and one that is not.
const LIVE: &str = r#"<h2>Runs on the curves</h2>
<p>Rings are measured runs, the shade is the 80 % band. Move to other models and chips behind “Open in playground”: wherever
somebody measured a curve, its runs lie on it.</p>
<tandem-embed poster="Time per token against users, with measured runs" label="Time per output token of DeepSeek-V3 on 8 H200 against users, with measured runs" scenario="v1&amp;model=deepseek-v3&amp;pool=h200*8&amp;isl=1k&amp;x=load&amp;y=tpot"></tandem-embed>
<tandem-embed poster="Time to first token against users, with measured runs" label="Time to first token of DeepSeek-V3 on 8 H200 against users, with measured runs" scenario="v1&amp;model=deepseek-v3&amp;pool=h200*8&amp;isl=1k&amp;x=load&amp;y=ttft"></tandem-embed>
"#;

const FOOT: &str = "<p>Sources: InferenceX runs and NVIDIA runs as collected in aiconfigurator-core 0.12.0 (both Apache-2.0; see NOTICE), and public pages of others, named in <code>data/measurements/served.csv</code>. Written by <code>tandem check data/measurements/served.csv --html --left-out data/measurements/left_out.csv</code>.</p>
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
        let left_out =
            "# told\nid,class\na,same-chip,44,30,60,9,7,11,100,80,120\nz,same-chip,1,1,1,1,1,1,1,1,1\n";
        let page = html(&report, left_out);
        // What stands first is of sources left out.
        assert!(page.find("Sources left out") < page.find("Rows that the constants were fitted on"));
        assert_eq!(page.matches("<circle").count(), 2, "a mark in each plot");
        let plain = html(&report, "");
        assert!(!plain.contains("Sources left out"));
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
