//! What a replay is asked: drawn from a scenario, or read from a trace.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says plainly what it expects"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;
use tandem::replay::cache::{ByPlace, Cache};
use tandem::replay::requests::{Pacing, Request, Source};
use tandem::scenario::trace::{Format, Loaded, Reader, Trace};
use tandem::scenario::{Scenario, link};
use tandem::units::Seconds;

fn scenario(text: &str) -> Scenario {
    let parsed = link::parse(text);
    assert_eq!(parsed.notices, [], "{text}");
    parsed.scenario
}

/// Answers every request after a time of its own, on as many servers as it takes; gives the requests and the most that
/// were under way at once.
fn serve(source: &mut Source, time: impl Fn(&Request) -> f64) -> (Vec<Request>, usize) {
    let mut running: Vec<(f64, Request)> = Vec::new();
    let (mut done, mut most) = (Vec::new(), 0);
    loop {
        let first = running
            .iter()
            .enumerate()
            .min_by(|a, b| a.1.0.total_cmp(&b.1.0))
            .map(|(at, (end, _))| (at, *end));
        match (source.peek().map(Seconds::get), first) {
            (Some(next), end) if end.is_none_or(|(_, end)| next < end) => {
                let request = source.next(Seconds::new(next)).expect("what was announced comes");
                assert_eq!(request.arrival.get(), next);
                assert_eq!(request.index as usize, done.len());
                assert!(request.input > 0 && request.output > 0 && request.given < request.input);
                done.push(request.clone());
                running.push((next + time(&request), request));
                most = most.max(running.len());
            }
            (_, Some((at, end))) => {
                let (_, request) = running.remove(at);
                source.completed(&request, Seconds::new(end));
            }
            (_, None) => return (done, most),
        }
    }
}

fn drawn(text: &str, time: f64) -> (Vec<Request>, usize) {
    serve(&mut Source::from_scenario(&scenario(text), 16), |_| time)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn cv(values: &[f64]) -> f64 {
    let mean = mean(values);
    (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt() / mean
}

fn gaps(requests: &[Request]) -> Vec<f64> {
    requests.windows(2).map(|pair| pair[1].arrival.get() - pair[0].arrival.get()).collect()
}

fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[(values.len() as f64 * share) as usize]
}

fn blocks(request: &Request) -> Vec<u64> {
    request.prompt.iter().flat_map(|run| run.first..run.end()).collect()
}

fn near(value: f64, expected: f64, share: f64) {
    assert!((value / expected - 1.0).abs() < share, "{value} instead of {expected}");
}

#[test]
fn open_arrivals_have_their_rate_and_cv() {
    for asked in [0.0, 0.5, 1.0, 2.5] {
        let (requests, _) = drawn(&format!("v1&rate=4&cv={asked}&horizon=60000req"), 0.0);
        let gaps = gaps(&requests);
        near(mean(&gaps), 0.25, 0.04);
        assert!((cv(&gaps) - asked).abs() < 0.05 * asked.max(0.01), "{asked}: {}", cv(&gaps));
    }
}

#[test]
fn bursts_keep_the_rate_and_have_the_cv_of_theory() {
    // An interrupted Poisson process: 12 requests/s inside on-periods of 0.5 s, off-periods of 1 s. The squared
    // coefficient of variation is 1 + 2 * rate inside * r / (r + s)^2, with the rates r and s of leaving on and off.
    let (requests, _) = drawn("v1&rate=4&burst=500ms/1s&horizon=200000req", 0.0);
    let gaps = gaps(&requests);
    near(mean(&gaps), 0.25, 0.03);
    near(cv(&gaps), (1.0 + 2.0 * 12.0 * 2.0 / 9.0_f64).sqrt(), 0.03);
}

#[test]
fn even_the_most_broken_up_arrivals_take_little_time() {
    let (requests, _) = drawn("v1&rate=0.0001&burst=1ms/86400s&horizon=100req", 0.0);
    assert_eq!(requests.len(), 100);
    let (requests, _) = drawn("v1&rate=4&cv=20&burst=86400s/1ms&horizon=1000req", 0.0);
    assert_eq!(requests.len(), 1000);
    // A million users in the midst of long sessions take their seats without living through them.
    let (requests, _) = drawn("v1&concurrency=1M&sessions=10000x1M&lengths=agent&horizon=10req", 0.0);
    assert_eq!(requests.len(), 10);
    assert!(requests.iter().all(|request| request.input <= 1 << 26));
}

#[test]
fn lengths_of_a_workload_have_its_quantiles_and_the_means_of_the_closed_form() {
    for id in ["chat", "code-completion", "agent", "reasoning"] {
        let scenario = scenario(&format!("v1&rate=1&lengths={id}&horizon=60000req"));
        let (requests, _) = serve(&mut Source::from_scenario(&scenario, 16), |_| 0.0);
        let preset = tandem::catalog::workload(id).unwrap();
        let inputs: Vec<f64> = requests.iter().map(|request| f64::from(request.input)).collect();
        let outputs: Vec<f64> = requests.iter().map(|request| f64::from(request.output)).collect();
        near(quantile(inputs.clone(), 0.5), preset.input.p50.get(), 0.02);
        near(quantile(inputs.clone(), 0.95), preset.input.p95.get(), 0.03);
        near(quantile(outputs.clone(), 0.95), preset.output.p95.get(), 0.05);
        near(mean(&inputs), scenario.mean_input().get(), 0.02);
        near(mean(&outputs), scenario.workload.mean_osl().get(), 0.04);
    }
}

#[test]
fn typical_agents_ask_as_counted() {
    // The counts that the catalogue cites: 77.8k tokens in per call, 84 % and more of them cached.
    let (workload, traffic) = tandem::scenario::Traffic::typical(tandem::catalog::workload("agent").unwrap());
    let scenario = Scenario { workload, traffic, ..Scenario::default() };
    assert_eq!(scenario.check(), []);
    near(scenario.mean_input().get(), 77_800.0, 0.03);
    let ceiling = scenario.traffic.reuse_ceiling(&scenario.workload);
    assert!((0.84..0.99).contains(&ceiling), "{ceiling}");
    for preset in tandem::catalog::workloads() {
        let (workload, traffic) = tandem::scenario::Traffic::typical(preset);
        let scenario = Scenario { workload, traffic, ..Scenario::default() };
        assert_eq!(link::parse(&link::write(&scenario, &[])).scenario, scenario, "{}", preset.id);
    }
}

#[test]
fn spread_lengths_lie_evenly_in_their_range() {
    let (requests, _) = drawn("v1&rate=1&isl=1000&osl=200&spread=0.6&hit=50%&horizon=20000req", 0.0);
    let inputs: Vec<f64> = requests.iter().map(|request| f64::from(request.input)).collect();
    assert!(inputs.iter().all(|&input| (600.0..=1000.0).contains(&input)));
    near(mean(&inputs), 800.0, 0.01);
    near(cv(&inputs), 400.0 / 12.0_f64.sqrt() / 800.0, 0.03);
    // The scenario says which share is cached where nothing names blocks.
    assert!(requests.iter().all(|request| request.given == request.input / 2 && request.prompt.is_empty()));
}

/// The turns of each session, in order.
fn by_session(requests: &[Request]) -> BTreeMap<u64, Vec<&Request>> {
    let mut sessions: BTreeMap<u64, Vec<&Request>> = BTreeMap::new();
    for request in requests {
        sessions.entry(request.session).or_default().push(request);
    }
    sessions
}

#[test]
fn each_turn_repeats_all_that_was_said_and_adds_to_it() {
    let text = "v1&rate=2&isl=2000&osl=100&sessions=5x500&shared=1000&pause=2s&horizon=20000req";
    let (requests, _) = drawn(text, 3.0);
    near(mean(&gaps(&requests)), 0.5, 0.03);
    let sessions = by_session(&requests);
    let mut whole = 0;
    for turns in sessions.values() {
        assert!(turns.len() <= 5);
        whole += usize::from(turns.len() == 5);
        for (turn, request) in turns.iter().enumerate() {
            assert_eq!(request.turn as usize, turn);
            assert_eq!(request.input as usize, 2000 + turn * 600);
            assert_eq!(request.prompt_blocks(), u64::from(request.input / 16));
            // 62 blocks of 16 tokens are the shared head.
            assert_eq!(request.prompt[0].end(), 62);
        }
        for pair in turns.windows(2) {
            assert!(pair[1].arrival.get() >= pair[0].arrival.get() + 3.0);
            let mut said = blocks(pair[0]);
            said.extend(pair[0].answer.iter().flat_map(|run| run.first..run.end()));
            // Prompt and answer but for the last token, in full blocks.
            assert_eq!(said.len() as u32, (pair[0].input + pair[0].output - 1) / 16);
            assert!(blocks(pair[1]).starts_with(&said));
        }
    }
    assert!(whole > 3900, "{whole}");
    // Two sessions share the head and nothing else.
    let heads: Vec<Vec<u64>> = sessions.values().take(2).map(|turns| blocks(turns[0])).collect();
    assert_eq!(heads[0].iter().filter(|block| heads[1].contains(block)).count(), 62);
}

#[test]
fn an_unbounded_cache_serves_what_sessions_repeat() {
    for text in [
        "v1&rate=2&isl=2000&osl=160&sessions=8x480&shared=960&horizon=20000req",
        "v1&rate=2&isl=2000&osl=160&sessions=8x480&shared=960&agents=3x4&horizon=20000req",
    ] {
        let scenario = scenario(text);
        let (requests, _) = serve(&mut Source::from_scenario(&scenario, 16), |_| 1.0);
        let mut cache = Cache::new(ByPlace([1 << 40, 0, 0, 0]));
        let (mut hits, mut input) = (0.0, 0.0);
        for request in &requests {
            hits += f64::from(request.saved(cache.lookup(&request.prompt).blocks(), 16));
            input += f64::from(request.input);
            cache.insert(&request.prompt);
            cache.insert(&[request.prompt.as_slice(), &request.answer].concat());
        }
        near(input / requests.len() as f64, scenario.mean_input().get(), 0.02);
        // What is lost to blocks that are not full is less than a block and a token per turn.
        let ceiling = scenario.traffic.reuse_ceiling(&scenario.workload);
        assert!(
            hits / input <= ceiling + 0.002 && hits / input > ceiling - 0.01,
            "{} {ceiling}",
            hits / input
        );
    }
}

#[test]
fn users_of_a_closed_loop_wait_for_answers_and_think() {
    let (requests, most) = drawn("v1&concurrency=8&pause=2s&horizon=40000req", 3.0);
    assert_eq!(most, 8);
    // Eight users, each in a cycle of 3 s of service and 2 s of thought.
    let end = requests.last().unwrap().arrival.get();
    near(requests.len() as f64 / end, 8.0 / 5.0, 0.02);
    let (requests, most) = drawn("v1&concurrency=8&horizon=800req", 3.0);
    // A hundred rounds, and one rest of less than one of them: users with equal answers are not in lock step.
    let last = requests.last().unwrap().arrival.get();
    assert!(most == 8 && last > 297.0 && last < 300.0, "{most} {last}");
}

#[test]
fn sessions_of_a_closed_loop_are_as_many_as_users_and_start_all_over() {
    let text = "v1&concurrency=10&isl=4000&osl=100&sessions=20x300&horizon=5000req";
    let (requests, most) = drawn(text, 1.0);
    assert_eq!(most, 10);
    let first: Vec<u32> = requests.iter().take(10).map(|request| request.turn).collect();
    assert_eq!(first, [0, 2, 4, 6, 8, 10, 12, 14, 16, 18], "seats are taken evenly over a session");
    let inputs: Vec<f64> = requests.iter().map(|request| f64::from(request.input)).collect();
    near(mean(&inputs), scenario(text).mean_input().get(), 0.01);
    assert!(requests.iter().all(|request| request.input == 4000 + request.turn * 400));
}

#[test]
fn sub_agents_are_waited_for() {
    let text = "v1&concurrency=1&isl=4000&osl=100&sessions=6x300&shared=1600&agents=4x3&horizon=1800req";
    let (requests, most) = drawn(text, 1.0);
    assert_eq!(most, 1, "four sub-agents over five gaps: one at a time");
    // 6 turns and 4 x 3 of sub-agents.
    let sessions = by_session(&requests);
    let own = sessions.values().filter(|turns| turns[0].input == 4000).count();
    let agents = sessions.values().filter(|turns| turns[0].input == 1900).count();
    assert_eq!((own, agents, sessions.len()), (100, 400, 500));
    assert!(sessions.values().all(|turns| turns.len() == if turns[0].input == 4000 { 6 } else { 3 }));
    // With many at once the session stands still until the last is back.
    let (requests, most) =
        drawn("v1&concurrency=1&isl=4000&osl=100&sessions=2x300&agents=5x3&horizon=1700req", 1.0);
    assert_eq!(most, 5);
    let second = requests.iter().find(|request| request.turn == 1 && request.input == 4400).unwrap();
    assert_eq!(second.arrival.get(), 4.0);
}

#[test]
fn the_same_seed_gives_the_same_requests() {
    let text = "v1&rate=3&cv=2&lengths=chat&sessions=4x300&agents=2x3&shared=500&pause=1s/9s&horizon=3000req";
    let (a, _) = drawn(text, 2.0);
    assert_eq!(a, drawn(text, 2.0).0);
    assert_ne!(a, drawn(&format!("{text}&seed=2"), 2.0).0);
    // What a session says depends neither on how fast it is served nor on the others. (The order in which sub-agents
    // are numbered does, so they stay out of this.)
    let text = "v1&rate=3&cv=2&lengths=chat&sessions=4x300&shared=500&pause=1s/9s&horizon=3000req";
    let said = |time: f64| -> BTreeMap<(u64, u32), (u32, u32)> {
        let (requests, _) = drawn(text, time);
        requests
            .iter()
            .map(|request| ((request.session, request.turn), (request.input, request.output)))
            .collect()
    };
    let (fast, slow) = (said(0.1), said(20.0));
    let both =
        fast.iter().filter(|(turn, lengths)| slow.get(turn).is_some_and(|other| other == *lengths)).count();
    let common = fast.keys().filter(|turn| slow.contains_key(turn)).count();
    assert!(common > 2000 && both == common, "{both} of {common}");
}

/// A checksum of the first requests: a link must give the same ones for ever, on every machine.
#[test]
fn requests_are_what_they_were() {
    let text = "v1&rate=3&cv=2&lengths=chat&sessions=4x300&agents=2x3&shared=500&pause=1s/9s&burst=30s/60s&horizon=500req";
    let (requests, _) = drawn(text, 2.0);
    let sum = requests.iter().fold(0_u64, |sum, request| {
        let parts = [request.arrival.get().to_bits(), u64::from(request.input), u64::from(request.output)];
        parts.iter().fold(sum, |sum, part| (sum ^ part).wrapping_mul(0x100_0000_01b3).rotate_left(5))
    });
    assert_eq!(sum, CHECKSUM);
}

const CHECKSUM: u64 = 8_173_021_506_741_705_642;

#[test]
fn the_horizon_ends_it() {
    let (requests, _) = drawn("v1&rate=4&horizon=600s", 0.0);
    assert!(requests.last().unwrap().arrival.get() <= 600.0);
    near(requests.len() as f64, 2400.0, 0.06);
    assert_eq!(drawn("v1&rate=4&horizon=123req", 0.0).0.len(), 123);
    assert_eq!(drawn("v1&rate=4", 0.0).0.len(), 10_000);
}

// ---------------------------------------------------------------------------------------------------------------- traces

const AZURE: &str = "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 23:59:59.5000000,4808,10\n\
                     2023-11-17 00:00:01.0000000,3180,8\n2023-11-17 00:00:00.0000000,110,27\n";
const BURST: &str = "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type\r\n\
                     5,a,1.5,ChatGPT,472,18,490,Conversation log\r\n45,b,2,GPT-4,1087,230,1317,API log\r\n\
                     100.5,a,2,ChatGPT,600,40,640,Conversation log\r\n";
const MOONCAKE: &str = "{\"timestamp\": 0, \"input_length\": 1500, \"output_length\": 50, \"hash_ids\": [0, 1, 2]}\n\
                        {\"timestamp\": 3000, \"input_length\": 1600, \"output_length\": 7, \"hash_ids\": [0, 1, 9, 10]}\n";
const AGENTX: &str = "{\"id\":\"s1\",\"block_size\":64,\"hash_id_scope\":\"local\",\"requests\":[\
                      {\"t\":0.0,\"type\":\"n\",\"in\":128,\"out\":10,\"hash_ids\":[1,2],\"api_time\":1.0},\
                      {\"t\":2.0,\"type\":\"subagent\",\"agent_id\":\"x\",\"requests\":[\
                      {\"t\":2.0,\"in\":64,\"out\":5,\"hash_ids\":[7],\"api_time\":0.5},{\"t\":3.0,\"in\":64,\"out\":0}]},\
                      {\"t\":4.0,\"type\":\"s\",\"in\":192,\"out\":10,\"hash_ids\":[1,2,3],\"api_time\":1.0}]}\n\
                      {\"id\":\"s2\",\"block_size\":64,\"hash_id_scope\":\"local\",\"requests\":[\
                      {\"t\":1.0,\"in\":64,\"out\":3,\"hash_ids\":[1]}]}\n";

fn read(text: &str) -> Loaded {
    let mut reader = Reader::new();
    reader.push(text.as_bytes());
    reader.finish()
}

fn numbers(trace: &Trace) -> Vec<(f64, f64, f64)> {
    trace.records().map(|record| (record.arrival.get(), record.input.get(), record.output.get())).collect()
}

#[test]
fn formats_are_found_and_read() {
    let azure = read(AZURE);
    assert_eq!((azure.format, azure.skipped, azure.lines), (Some(Format::Azure), 0, 4));
    // In order of arrival, over midnight.
    assert_eq!(numbers(&azure.trace), [(0.0, 4808.0, 10.0), (0.5, 110.0, 27.0), (1.5, 3180.0, 8.0)]);

    let burst = read(BURST);
    assert_eq!((burst.format, burst.skipped), (Some(Format::BurstGpt), 0));
    assert_eq!(numbers(&burst.trace), [(0.0, 472.0, 18.0), (40.0, 1087.0, 230.0), (95.5, 600.0, 40.0)]);
    let sessions: Vec<Option<u32>> = burst.trace.records().map(|record| record.session).collect();
    assert_eq!((sessions, burst.trace.sessions()), (vec![Some(0), Some(1), Some(0)], 2));

    let mooncake = read(MOONCAKE);
    assert_eq!((mooncake.format, mooncake.trace.block_tokens()), (Some(Format::Mooncake), Some(512)));
    let second = mooncake.trace.get(1).unwrap();
    let blocks: Vec<u64> = second.blocks.iter().flat_map(|run| run.first..run.end()).collect();
    assert_eq!((second.arrival.get(), blocks, second.blocks.len()), (3.0, vec![0, 1, 9, 10], 2));

    let agents = read(AGENTX);
    assert_eq!(
        (agents.format, agents.trace.block_tokens(), agents.skipped),
        (Some(Format::AgentX), Some(64), 1)
    );
    assert_eq!(
        agents.problems[0].to_string(),
        "line 1: requests[1].requests[1].out 0: expected a whole number, 1 to 1048576 tokens"
    );
    assert_eq!(
        numbers(&agents.trace),
        [(0.0, 128.0, 10.0), (1.0, 64.0, 3.0), (2.0, 64.0, 5.0), (4.0, 192.0, 10.0)]
    );
    let last = agents.trace.get(3).unwrap();
    assert_eq!((last.session, last.pause), (Some(0), Some(Seconds::new(1.5))));
    // The same numbers in two sessions are different blocks.
    assert_ne!(agents.trace.get(0).unwrap().blocks[0].first, agents.trace.get(1).unwrap().blocks[0].first);
}

#[test]
fn lines_may_be_cut_anywhere() {
    for text in [AZURE, BURST, MOONCAKE, AGENTX] {
        for size in [1, 2, 7, 64] {
            let mut reader = Reader::new();
            for chunk in text.as_bytes().chunks(size) {
                reader.push(chunk);
            }
            assert_eq!(reader.finish(), read(text));
        }
        assert_eq!(read(text.trim_end()).trace, read(text).trace, "the last line needs no end");
    }
}

#[test]
fn bad_lines_are_named_and_the_rest_survives() {
    let text = "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.97,4808,10\nyesterday,1,1\n\n\
                2023-11-16 18:17:04,-5,1\n2023-11-16 18:17:04,99999999,1\n2023-11-16 18:17:04,7\n2023-11-16 18:17:05,7,0\n\
                2023-11-16 18:17:06,7,7\n";
    let loaded = read(text);
    assert_eq!((loaded.trace.len(), loaded.skipped), (2, 5));
    let words: Vec<String> = loaded.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            "line 3: TIMESTAMP yesterday: expected a time such as 2023-11-16 18:17:03.97",
            "line 5: ContextTokens -5: expected a whole number, 1 to 16777216 tokens",
            "line 6: ContextTokens 99999999: expected a whole number, 1 to 16777216 tokens",
            "line 7: GeneratedTokens is missing: expected a whole number, 1 to 1048576 tokens",
            "line 8: GeneratedTokens 0: expected a whole number, 1 to 1048576 tokens",
        ]
    );
    let loaded = read(&MOONCAKE.replace("\"output_length\": 50", "\"output_length\": \"many\""));
    assert_eq!(
        loaded.problems[0].to_string(),
        "line 1: output_length many: expected a whole number, 1 to 1048576 tokens"
    );
    assert_eq!(loaded.trace.len(), 1);
    let loaded = read(&format!("{MOONCAKE}{{\"timestamp\": 1, \n"));
    assert!(
        loaded.problems[0].to_string().starts_with("line 3: {\"timestamp\": 1,: expected a request as JSON"),
        "{}",
        loaded.problems[0]
    );
    assert_eq!(loaded.trace.len(), 2);
    let many = format!("TIMESTAMP,ContextTokens,GeneratedTokens\n{}", "x\n".repeat(1000));
    assert_eq!((read(&many).skipped, read(&many).problems.len()), (1000, 20));
}

#[test]
fn what_is_no_trace_is_told() {
    for text in ["", "\n\n", "hello\nworld\n", "{}", "a,b,c\n1,2,3\n"] {
        let loaded = read(text);
        assert_eq!((loaded.format, loaded.trace.len()), (None, 0));
        assert!(loaded.problems[0].to_string().contains("TIMESTAMP,ContextTokens"), "{text}");
    }
    // A repeated block ends what can be shared.
    let loaded = read(&MOONCAKE.replace("[0, 1, 9, 10]", "[0, 1, 9, 1, 10]"));
    assert_eq!(loaded.trace.get(1).unwrap().blocks.iter().map(|run| run.count).sum::<u32>(), 3);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_line_is_a_request_or_a_problem(
        kind in 0_usize..3,
        lines in proptest::collection::vec((any::<bool>(), 0_u32..3_000_000, "[^\n\r]{0,30}"), 0..40),
        cut in 1_usize..200,
    ) {
        let mut text = ["TIMESTAMP,ContextTokens,GeneratedTokens\n", "Timestamp,Model,Request tokens,Response tokens\n", MOONCAKE][kind].to_owned();
        let mut expected = if kind == 2 { 2 } else { 0 };
        for (good, number, noise) in &lines {
            if *good {
                let sum = number + 1;
                text.push_str(&[
                    format!("2023-11-16 18:17:03,{sum},5\n"),
                    format!("{number},m,{sum},5\n"),
                    format!("{{\"timestamp\":{number},\"input_length\":{sum},\"output_length\":5}}\n"),
                ][kind]);
            } else {
                text.push_str(noise);
                text.push('\n');
            }
            expected += u64::from(*good || !noise.trim_start_matches('\u{feff}').trim().is_empty());
        }
        let mut reader = Reader::new();
        for chunk in text.as_bytes().chunks(cut) {
            reader.push(chunk);
        }
        let loaded = reader.finish();
        prop_assert_eq!(u64::from(loaded.trace.len()) + loaded.skipped, expected);
        let times: Vec<f64> = loaded.trace.records().map(|record| record.arrival.get()).collect();
        prop_assert!(times.is_sorted() && times.first().is_none_or(|&first| first == 0.0));
        for problem in &loaded.problems {
            prop_assert!(!problem.to_string().chars().any(char::is_control));
        }
    }

    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let mut reader = Reader::new();
        reader.push(&bytes);
        let _ = reader.finish().trace.summary();
    }
}

/// The traces that lie beside the checkout on machines of the project; they are not part of it.
fn beside(name: &str) -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = here
        .ancestors()
        .skip(1)
        .map(|above| above.join("shared/traces").join(name))
        .find(|path| path.exists());
    if found.is_none() {
        eprintln!("{name} is not beside the checkout: not tested");
    }
    found
}

#[test]
fn public_traces_have_their_known_shape() {
    for (name, requests, input, output, rate, cv) in [
        ("azure_2023_code.csv", 8819, [2048.0, 1469.0, 5188.0, 7436.0], [28.0, 13.0, 55.0, 251.0], 2.6, 13.0),
        (
            "azure_2023_conversation.csv",
            19_366,
            [1155.0, 1020.0, 2734.0, 4142.0],
            [211.0, 129.0, 424.0, 601.0],
            5.5,
            1.09,
        ),
        (
            "mooncake_conversation.jsonl",
            12_031,
            [12_035.0, 6909.0, 27_367.0, 85_400.0],
            [343.0, 350.0, 597.0, 1119.0],
            3.4,
            3.0,
        ),
    ] {
        let Some(path) = beside(name) else { return };
        let bytes = std::fs::read(path).unwrap();
        let start = std::time::Instant::now();
        let mut reader = Reader::new();
        for chunk in bytes.chunks(1 << 16) {
            reader.push(chunk);
        }
        let loaded = reader.finish();
        eprintln!("{name}: {:.0} MB/s", bytes.len() as f64 / 1e6 / start.elapsed().as_secs_f64());
        let summary = loaded.trace.summary();
        assert_eq!((summary.requests, loaded.skipped), (requests, 0), "{name}");
        for (found, expected) in [(summary.input, input), (summary.output, output)] {
            let found = [found.mean, found.p50, found.p90, found.p99].map(|tokens| tokens.get());
            for (found, expected) in found.into_iter().zip(expected) {
                assert!(
                    (found - expected).abs() <= 0.5 + 0.002 * expected,
                    "{name}: {found} instead of {expected}"
                );
            }
        }
        assert!((summary.rate.unwrap().get() - rate).abs() < 0.15, "{name}: {:?}", summary.rate);
        assert!((summary.gap_cv.unwrap() / cv - 1.0).abs() < 0.05, "{name}: {:?}", summary.gap_cv);
    }
}

#[test]
fn a_trace_is_replayed_as_recorded_or_user_by_user() {
    let trace = Arc::new(read(MOONCAKE).trace);
    let plain = Scenario::default();
    let mut source = Source::from_trace(trace, Pacing::Recorded { speed: 2.0 }, &plain, 16);
    assert_eq!(source.block(), 512);
    let (requests, _) = serve(&mut source, |_| 1.0);
    let times: Vec<f64> = requests.iter().map(|request| request.arrival.get()).collect();
    assert_eq!(times, [0.0, 1.5]);

    // The session asks, then its sub-agent 1 s after the answer, then the session again, 1.5 s after the sub-agent is
    // back; the next session follows.
    let agents = Arc::new(read(AGENTX).trace);
    let mut source = Source::from_trace(Arc::clone(&agents), Pacing::Closed { concurrency: 1 }, &plain, 16);
    let (requests, most) = serve(&mut source, |_| 10.0);
    let times: Vec<f64> = requests.iter().map(|request| request.arrival.get()).collect();
    assert_eq!((times, most), (vec![0.0, 11.0, 22.5, 32.5], 1));
    let mut source = Source::from_trace(agents, Pacing::Closed { concurrency: 9 }, &plain, 16);
    assert_eq!(serve(&mut source, |_| 10.0).1, 2);

    // Sessions without blocks: a longer prompt repeats what was said, a shorter one starts anew.
    let mut source =
        Source::from_trace(Arc::new(read(BURST).trace), Pacing::Recorded { speed: 1.0 }, &plain, 16);
    let (requests, _) = serve(&mut source, |_| 1.0);
    let (first, third) = (blocks(&requests[0]), blocks(&requests[2]));
    assert_eq!((first.len(), third.len()), (29, 37));
    assert!(third.starts_with(&first));
}

#[test]
fn sub_agents_of_a_trace_work_side_by_side() {
    // Two sub-agents start after the first answer; the session goes on 2 s after the slower one is back.
    let line = "{\"block_size\":64,\"requests\":[{\"t\":0,\"in\":64,\"out\":1,\"api_time\":1},\
                {\"t\":1.5,\"requests\":[{\"t\":1.5,\"in\":65,\"out\":1,\"api_time\":1},{\"t\":3,\"in\":66,\"out\":1,\"api_time\":2}]},\
                {\"t\":1.5,\"requests\":[{\"t\":1.5,\"in\":67,\"out\":1,\"api_time\":1}]},\
                {\"t\":7,\"in\":68,\"out\":1,\"api_time\":1}]}";
    let trace = Arc::new(read(line).trace);
    let run = |time: f64| {
        let mut source = Source::from_trace(
            Arc::clone(&trace),
            Pacing::Closed { concurrency: 1 },
            &Scenario::default(),
            64,
        );
        let (requests, most) = serve(&mut source, |_| time);
        (requests.iter().map(|request| (request.input, request.arrival.get())).collect::<Vec<_>>(), most)
    };
    // As recorded where answers take as long, and stretched where they take longer.
    assert_eq!(run(1.0), (vec![(64, 0.0), (65, 1.5), (67, 1.5), (66, 3.0), (68, 6.0)], 2));
    assert_eq!(run(10.0), (vec![(64, 0.0), (65, 10.5), (67, 10.5), (66, 21.0), (68, 33.0)], 2));
}

#[test]
fn every_request_of_a_closed_trace_comes_once() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/traces/mooncake_first_500.jsonl");
    let trace = Arc::new(read(&std::fs::read_to_string(path).unwrap()).trace);
    let mut source =
        Source::from_trace(Arc::clone(&trace), Pacing::Closed { concurrency: 7 }, &Scenario::default(), 16);
    let (requests, most) = serve(&mut source, |request| f64::from(request.output) * 0.01);
    assert_eq!((requests.len(), most), (500, 7));
    let asked: u64 = requests.iter().map(|request| u64::from(request.input)).sum();
    assert_eq!(asked as f64, trace.records().map(|record| record.input.get()).sum::<f64>());
}
