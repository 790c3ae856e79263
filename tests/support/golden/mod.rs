//! Goldens that outlive a harmless change: insta keeps them, and what is made now may differ from what it kept by a
//! tolerance. A golden that agrees is left as it is, by `cargo xtask bless` too, so that small steps do not add up.
//!
//! Where they do not agree, a report of the differences is printed, largest first, in place of a difference of texts.

pub mod pictures;
pub mod reports;

use std::fmt;
use std::marker::PhantomData;

use insta::internals::SnapshotContents;
use insta::{Comparator, Settings, Snapshot};

/// How many differences are told one by one.
const TOLD: usize = 20;

/// How many characters of an old or a new text are told.
const CLIP: usize = 100;

/// A kind of golden text: what its lines are, which of them speak of the same, and when two agree.
pub trait Form: Send + Sync + 'static {
    /// A line, taken apart.
    type Line;

    /// The lines of a golden text.
    fn lines(text: &str) -> Vec<Self::Line>;

    /// Whether an old and a new line are to be put beside each other.
    fn beside(old: &Self::Line, new: &Self::Line) -> bool;

    /// Whether two lines that were left over may be one that has changed.
    fn akin(old: &Self::Line, new: &Self::Line) -> bool;

    /// How a line differs from what it was; nothing within the tolerance.
    fn difference(old: &Self::Line, new: &Self::Line) -> Option<Difference>;

    /// Where a line stands and what it says.
    fn place(line: &Self::Line) -> (String, String);
}

/// Something that is not as it was.
#[derive(Debug)]
pub struct Difference {
    /// Where.
    pub place: String,
    /// What was there; nothing for a line that is new.
    pub old: Option<String>,
    /// What is there; nothing for a line that is gone.
    pub new: Option<String>,
    /// By how much, where it can be measured: a share of the number for reports, CSS pixels for pictures.
    pub size: Option<f64>,
    /// The size for people.
    pub change: String,
}

/// All that is not as it was.
#[derive(Debug)]
pub struct Differences(Vec<Difference>);

impl Differences {
    /// Between two texts of a form; what cannot be measured stands first.
    pub fn between<F: Form>(old: &str, new: &str) -> Self {
        let (old, new) = (F::lines(old), F::lines(new));
        let mut found = Vec::new();
        let (mut gone, mut come) = (Vec::new(), Vec::new());
        for step in aligned(&old, &new, F::beside) {
            match step {
                (Some(old), Some(new)) => {
                    found.extend(leftover::<F>(&mut gone, &mut come));
                    found.extend(F::difference(old, new));
                }
                (old, new) => {
                    gone.extend(old);
                    come.extend(new);
                }
            }
        }
        found.extend(leftover::<F>(&mut gone, &mut come));
        let size = |difference: &Difference| difference.size.unwrap_or(f64::INFINITY);
        found.sort_by(|a, b| size(b).total_cmp(&size(a)));
        Self(found)
    }

    /// Whether the texts agree.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Differences {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clipped = |text: &str| match text.char_indices().nth(CLIP) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text.to_owned(),
        };
        for Difference { place, old, new, change, .. } in self.0.iter().take(TOLD) {
            match (old.as_deref().map(clipped), new.as_deref().map(clipped)) {
                (Some(old), Some(new)) => writeln!(out, "  {place}: {old} → {new}{change}")?,
                (Some(old), None) => writeln!(out, "  {place}: gone: {old}")?,
                (None, new) => writeln!(out, "  {place}: new: {}", new.unwrap_or_default())?,
            }
        }
        match self.0.len().saturating_sub(TOLD) {
            0 => Ok(()),
            more => writeln!(out, "  and {more} more"),
        }
    }
}

/// What two runs of lines without a counterpart have become: changed where they are akin, else gone or new.
fn leftover<F: Form>(gone: &mut Vec<&F::Line>, come: &mut Vec<&F::Line>) -> Vec<Difference> {
    let alone = |line: &F::Line, is_new: bool| {
        let (place, text) = F::place(line);
        let (old, new) = if is_new { (None, Some(text)) } else { (Some(text), None) };
        Difference { place, old, new, size: None, change: String::new() }
    };
    let mut found = Vec::new();
    for old in gone.drain(..) {
        match come.iter().position(|new| F::akin(old, new)) {
            Some(index) => {
                // A line that says the same elsewhere has moved, which is no less a difference.
                let new = come.remove(index);
                match F::difference(old, new) {
                    Some(difference) => found.push(difference),
                    None => found.extend([alone(old, false), alone(new, true)]),
                }
            }
            None => found.push(alone(old, false)),
        }
    }
    found.extend(come.drain(..).map(|line| alone(line, true)));
    found
}

/// The lines of two texts beside each other, as many of them in pairs as can be without changing their order.
fn aligned<'a, L>(
    old: &'a [L],
    new: &'a [L],
    beside: fn(&L, &L) -> bool,
) -> Vec<(Option<&'a L>, Option<&'a L>)> {
    let head = old.iter().zip(new).take_while(|(old, new)| beside(old, new)).count();
    let (rest, fresh) = (&old[head..], &new[head..]);
    let tail = rest.iter().rev().zip(fresh.iter().rev()).take_while(|(old, new)| beside(old, new)).count();
    let (rest, fresh) = (&rest[..rest.len() - tail], &fresh[..fresh.len() - tail]);

    // How many pairs the lines from here to the end can make.
    let width = fresh.len() + 1;
    let mut pairs = vec![0_u32; (rest.len() + 1) * width];
    for (i, old) in rest.iter().enumerate().rev() {
        for (j, new) in fresh.iter().enumerate().rev() {
            let skip = pairs[(i + 1) * width + j].max(pairs[i * width + j + 1]);
            let here = if beside(old, new) { pairs[(i + 1) * width + j + 1] + 1 } else { 0 };
            pairs[i * width + j] = skip.max(here);
        }
    }

    let pair = |(old, new): (&'a L, &'a L)| (Some(old), Some(new));
    let mut steps: Vec<_> = old.iter().zip(new).take(head).map(pair).collect();
    let (mut i, mut j) = (0, 0);
    while i < rest.len() || j < fresh.len() {
        let best = |i: usize, j: usize| pairs[i * width + j];
        if i < rest.len()
            && j < fresh.len()
            && beside(&rest[i], &fresh[j])
            && best(i, j) == best(i + 1, j + 1) + 1
        {
            steps.push((Some(&rest[i]), Some(&fresh[j])));
            (i, j) = (i + 1, j + 1);
        } else if j == fresh.len() || i < rest.len() && best(i + 1, j) == best(i, j) {
            steps.push((Some(&rest[i]), None));
            i += 1;
        } else {
            steps.push((None, Some(&fresh[j])));
            j += 1;
        }
    }
    steps.extend(old[old.len() - tail..].iter().zip(&new[new.len() - tail..]).map(pair));
    steps
}

/// Compares by [`Differences`] and prints them.
struct Tolerant<F>(PhantomData<F>);

impl<F: Form> Comparator for Tolerant<F> {
    fn matches(&self, reference: &Snapshot, test: &Snapshot) -> bool {
        let (SnapshotContents::Text(old), SnapshotContents::Text(new)) =
            (reference.contents(), test.contents())
        else {
            return false;
        };
        let differences = Differences::between::<F>(&old.to_string(), &new.to_string());
        if !differences.is_empty() {
            eprintln!("Not as the golden has it (old → new), largest difference first:\n{differences}");
        }
        differences.is_empty()
    }

    fn dyn_clone(&self) -> Box<dyn Comparator> {
        Box::new(Self(PhantomData))
    }
}

/// Settings under which goldens of a form compare. A golden file does not tell the expression it was made by, which
/// would change it with every name in a test.
pub fn settings<F: Form>() -> Settings {
    let mut settings = Settings::clone_current();
    settings.set_comparator(Box::new(Tolerant::<F>(PhantomData)));
    settings.set_omit_expression(true);
    settings
}
