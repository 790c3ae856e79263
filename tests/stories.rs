//! The stories of the gallery hold: every step is a link without a remark that gives an answer, every figure in its
//! words is one that the model gives, and what a step claims of another is so. A story that is no longer true fails.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a test says plainly what it expects"
)]

use std::collections::BTreeSet;

use serde::Deserialize;
use tandem::evaluate::{Evaluation, evaluate};
use tandem::metric::Metric;
use tandem::report::words;
use tandem::scenario::{Role, link};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Library {
    stories: Vec<Story>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Story {
    id: String,
    title: String,
    summary: String,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    title: String,
    text: String,
    link: String,
    holds: Vec<Claim>,
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Claim {
    /// A metric of this step against the same of another, counted from 0.
    Figure { metric: String, than: usize, is: Side, by: f64 },
    /// What limits the deployment, or a phase.
    Bound { metric: Why, is: String },
    /// Another link that must not fit.
    Refused { refused: String },
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Side {
    Less,
    More,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Why {
    Bound,
    Prefill,
    Decode,
}

impl Why {
    fn read(&self, own: &Evaluation) -> &'static str {
        let phase = |role| own.steady.phase(role).unwrap().reason.limit;
        words::binding(match self {
            Self::Bound => own.steady.binding,
            Self::Prefill => phase(Role::Prefill),
            Self::Decode => phase(Role::Decode),
        })
    }
}

fn stories() -> Vec<Story> {
    serde_json::from_str::<Library>(include_str!("../public/stories.json")).unwrap().stories
}

/// The answer of a link that has to be read as it stands.
fn answer(text: &str) -> Evaluation {
    let parsed = link::parse(text);
    assert_eq!(parsed.notices, [], "{text}");
    for (_, pin) in parsed.view.iter().filter(|(key, _)| key == "pin") {
        assert_eq!(link::parse(pin).notices, [], "{pin}");
        assert!(evaluate(&link::parse(pin).scenario).is_ok(), "{pin}");
    }
    evaluate(&parsed.scenario).unwrap_or_else(|refusal| panic!("{text}: {refusal:?}"))
}

fn value(evaluation: &Evaluation, id: &str) -> f64 {
    let metric = Metric::from_id(id).unwrap_or_else(|| panic!("no metric {id}"));
    metric.read(evaluation).unwrap_or_else(|reason| panic!("{id}: {reason}")).value
}

/// The words between braces.
fn placeholders(text: &str) -> Vec<&str> {
    text.split('{').skip(1).map(|rest| rest.split_once('}').expect("a closing brace").0).collect()
}

/// What is wrong with a claim, if anything.
fn fault(claim: &Claim, own: &Evaluation, all: &[Evaluation]) -> Option<String> {
    match claim {
        Claim::Figure { metric, than, is, by } => {
            let (here, there) = (value(own, metric), value(&all[*than], metric));
            let factor = match is {
                Side::Less => there / here,
                Side::More => here / there,
            };
            (factor < *by)
                .then(|| format!("{metric} is {here} here and {there} in step {than}: {factor} < {by}"))
        }
        Claim::Bound { metric, is } => {
            let bound = metric.read(own);
            (!bound.starts_with(is.as_str())).then(|| format!("{bound}, not {is}"))
        }
        Claim::Refused { refused } => {
            evaluate(&link::parse(refused).scenario).is_ok().then(|| format!("{refused} fits"))
        }
    }
}

#[test]
fn every_story_is_true() {
    let stories = stories();
    assert!(stories.len() >= 4);
    for story in &stories {
        let answers: Vec<Evaluation> = story.steps.iter().map(|step| answer(&step.link)).collect();
        for (step, own) in story.steps.iter().zip(&answers) {
            for claim in &step.holds {
                if let Some(fault) = fault(claim, own, &answers) {
                    panic!("{}, “{}”: {fault}", story.id, step.title);
                }
            }
            for word in placeholders(&step.text) {
                if !["bound", "prefill", "decode"].contains(&word) {
                    assert!(value(own, word).is_finite(), "{}, “{}”: {word}", story.id, step.title);
                }
            }
        }
    }
}

#[test]
fn stories_are_short_and_can_be_named_in_a_link() {
    let mut ids = BTreeSet::new();
    for story in &stories() {
        assert!(story.id.bytes().all(|byte| byte.is_ascii_lowercase()), "{}", story.id);
        assert!(ids.insert(story.id.clone()), "{} twice", story.id);
        assert!(!story.title.is_empty() && story.summary.len() < 160, "{}", story.id);
        assert!((3..=5).contains(&story.steps.len()), "{} has {} steps", story.id, story.steps.len());
        for step in &story.steps {
            assert!(step.text.len() < 330, "{}, “{}”: {} letters", story.id, step.title, step.text.len());
            // Steps must be found again by what they open: the step itself is no part of its link.
            assert!(!step.link.contains("story="), "{}", step.link);
        }
        assert!(story.steps.iter().skip(1).all(|step| !step.holds.is_empty()), "{} claims nothing", story.id);
    }
}

#[test]
fn a_claim_that_is_not_so_is_found() {
    let (slow, fast) = (answer("v1&isl=32k"), answer("v1"));
    let claim: Claim =
        serde_json::from_str(r#"{"metric": "ttft", "than": 1, "is": "less", "by": 1}"#).unwrap();
    assert!(fault(&claim, &slow, &[slow.clone(), fast]).is_some());
    let claim: Claim = serde_json::from_str(r#"{"metric": "bound", "is": "nothing"}"#).unwrap();
    assert!(fault(&claim, &slow, &[]).is_some());
    let claim: Claim = serde_json::from_str(r#"{"refused": "v1"}"#).unwrap();
    assert!(fault(&claim, &slow, &[]).is_some());
}
