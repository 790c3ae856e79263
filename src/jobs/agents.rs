//! How many agents a deployment carries: a ladder of replays, climbed slice by slice.

use super::slice::{Answered, Ask, Comes, Slice, Work};
use super::wire::{line, message, messages, tagged};
use crate::explore::agents::{Agents, Ladder, Point, Step};
use crate::report::explore::agents as told;
use crate::report::replay::refused;
use crate::scenario::link;
use crate::units::format::Unit;

/// What to ask of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The scenario.
    pub link: String,
}

/// What is known so far, with what there is to say of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// What is replayed, in sentences.
    pub notes: Vec<String>,
    /// Where the cliffs are, in words.
    pub sentence: String,
    /// Why there is nothing, or nothing more.
    pub refused: Option<String>,
    /// The ladder.
    pub found: Agents,
}

/// What is said after each point.
struct Cliffs {
    sentence: String,
    knee: Option<f64>,
}

message!(Question { link });
message!(Point { sessions, tiered, hit, p50, p95, cost, tasks });
message!(Cliffs { sentence, knee });

/// What comes over.
enum Piece {
    /// What is assumed.
    Note(String),
    /// Another number of sessions.
    Point(Point),
    /// Where the cliffs are by now.
    Cliffs(Cliffs),
    /// Why there is nothing, or nothing more.
    Refused(String),
}

tagged!(Piece { "note" Note, "point" Point, "told" Cliffs, "refused" Refused });

impl Ask for Question {
    const VERB: &'static str = "agents";
    const COMES: Comes = Comes::Growing("point");
    type Answer = Told;

    fn answer(text: &str) -> Told {
        let mut told = Told::default();
        for piece in messages(text) {
            match piece {
                Piece::Note(own) => told.notes.push(own),
                Piece::Point(own) => told.found.points.push(own),
                Piece::Cliffs(Cliffs { sentence, knee }) => {
                    (told.sentence, told.found.knee) = (sentence, knee);
                }
                Piece::Refused(own) => told.refused = Some(own),
            }
        }
        told
    }
}

impl Answered for Question {
    fn links(&self) -> Vec<&str> {
        vec![&self.link]
    }

    fn start(self) -> Box<dyn Work> {
        Box::new(Climbing(Ladder::new(link::parse(&self.link).scenario)))
    }
}

struct Climbing(Ladder);

impl Work for Climbing {
    fn step(&mut self) -> Slice {
        let text = match self.0.step() {
            Step::OnTheWay => String::new(),
            Step::SetUp => told::notes(&self.0).into_iter().map(|own| line(&Piece::Note(own))).collect(),
            Step::Point(point) => {
                let cliffs = Cliffs { sentence: told::sentence(&self.0), knee: self.0.knee() };
                line(&Piece::Point(point)) + &line(&Piece::Cliffs(cliffs))
            }
            Step::Refused(sessions, refusal) => {
                let reason = refused(&refusal);
                let few = || format!("{} sessions: {reason}", Unit::Count.format(f64::from(sessions)));
                line(&Piece::Refused(if sessions > 1 { few() } else { reason.clone() }))
            }
        };
        Slice { text, done: self.0.is_done() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::question::pieces;

    fn asked(link: &str) -> Told {
        Question::answer(&pieces(Question { link: link.to_owned() }).concat())
    }

    #[test]
    fn points_come_over_with_their_words() {
        let link = "v1&model=kimi-k3&pool=b300*8&tier=dram:100GB@50GB/s";
        let told = asked(link);
        let mut ladder = Ladder::new(link::parse(link).scenario);
        let mut points = Vec::new();
        while !ladder.is_done() {
            if let Step::Point(point) = ladder.step() {
                points.push(point);
            }
        }
        assert_eq!(told.found, Agents { points, knee: ladder.knee() });
        assert!(told.notes[0].contains("Coding agent"), "{:?}", told.notes);
        assert!(told.sentence.contains("Hit rate holds to"), "{}", told.sentence);
        let tiers = "100 GB of DRAM per chip at 50 GB/s";
        assert!(told.sentence.replace('\u{a0}', " ").contains(tiers), "{}", told.sentence);
    }

    #[test]
    fn what_cannot_be_served_says_why() {
        let told = asked("v1&model=deepseek-v3&pool=h100-sxm*1");
        assert!(told.refused.unwrap().contains("fit"));
        assert!(told.found.points.is_empty());
    }
}
