//! What links are worth where the truth is known: precision, recall, and how they change with the threshold.

/// What is asked of links that are made without a human.
const HIGH_PRECISION: f64 = 0.99;

/// A candidate that was found for a person, beside the truth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    pub probability: f64,
    /// Orders candidates of the same probability.
    pub weight: f64,
    pub is_right: bool,
    /// Whether a link was made.
    pub is_link: bool,
}

/// How good the links of one threshold are.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Point {
    /// Everybody with at least this probability is linked.
    pub probability: f64,
    /// How many links that makes, and how many of them are right.
    pub links: usize,
    pub right: usize,
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
}

/// How good a file of links is.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Quality {
    /// Persons who are in the registry.
    pub registered: usize,
    /// Of the links that were made.
    pub made: Point,
    /// The threshold with the best F1.
    pub best: Point,
    /// The highest recall of a threshold that keeps 99 % precision.
    pub recall_at_99_percent_precision: f64,
    /// Every threshold, highest first.
    #[serde(skip)]
    pub curve: Vec<Point>,
}

impl Quality {
    /// `registered`: how many persons have a row to be found.
    #[must_use]
    pub fn of(mut judged: Vec<Judged>, registered: usize) -> Self {
        let made = judged.iter().filter(|judged| judged.is_link);
        let right = made.clone().filter(|judged| judged.is_right).count();
        let lowest = made
            .clone()
            .map(|judged| judged.probability)
            .fold(f64::INFINITY, f64::min);
        let made = Point::of(
            if lowest.is_finite() { lowest } else { 1.0 },
            made.count(),
            right,
            registered,
        );
        judged.sort_by(|left, right| {
            let by_probability = right.probability.total_cmp(&left.probability);
            by_probability.then(right.weight.total_cmp(&left.weight))
        });
        let mut curve: Vec<Point> = Vec::new();
        let (mut links, mut right) = (0, 0);
        // A threshold cannot part what is equal.
        for equal in judged.chunk_by(|left, right| {
            left.probability.total_cmp(&right.probability).is_eq()
                && left.weight.total_cmp(&right.weight).is_eq()
        }) {
            links += equal.len();
            right += equal.iter().filter(|judged| judged.is_right).count();
            let probability = equal.first().map_or(1.0, |judged| judged.probability);
            curve.push(Point::of(probability, links, right, registered));
        }
        let best = curve
            .iter()
            .copied()
            .max_by(|left, right| left.f1.total_cmp(&right.f1));
        let precise = curve.iter().filter(|point| point.precision >= HIGH_PRECISION);
        Self {
            registered,
            made,
            best: best.unwrap_or_default(),
            recall_at_99_percent_precision: precise.map(|point| point.recall).fold(0.0, f64::max),
            curve,
        }
    }
}

impl Point {
    fn of(probability: f64, links: usize, right: usize, registered: usize) -> Self {
        let (precision, recall) = (share(right, links), share(right, registered));
        let sum = precision + recall;
        Self {
            probability,
            links,
            right,
            precision,
            recall,
            f1: if sum > 0.0 {
                2.0 * precision * recall / sum
            } else {
                0.0
            },
        }
    }
}

/// Nothing of nothing is nothing.
#[expect(clippy::cast_precision_loss, reason = "counts of people are far below 2^52")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(probability: f64, is_right: bool, is_link: bool) -> Judged {
        Judged {
            probability,
            weight: 0.0,
            is_right,
            is_link,
        }
    }

    #[test]
    fn figures_are_those_of_the_links_made_and_of_every_threshold() {
        let quality = Quality::of(
            vec![
                judged(0.3, true, false),
                judged(0.9, true, true),
                judged(0.8, false, true),
                judged(0.95, true, true),
            ],
            4,
        );
        assert_eq!((quality.made.links, quality.made.right), (3, 2));
        assert!((quality.made.precision - 2.0 / 3.0).abs() < 1e-9);
        assert!((quality.made.recall - 0.5).abs() < 1e-9);
        assert!((quality.recall_at_99_percent_precision - 0.5).abs() < 1e-9);
        assert!((quality.best.f1 - 0.75).abs() < 1e-9);
        let links: Vec<usize> = quality.curve.iter().map(|point| point.links).collect();
        assert_eq!(links, [1, 2, 3, 4]);
    }

    #[test]
    fn a_threshold_does_not_part_equals_and_nobody_is_no_division_by_zero() {
        let equal = vec![judged(0.5, true, true), judged(0.5, false, true)];
        assert_eq!(Quality::of(equal, 1).curve.len(), 1);
        let nobody = Quality::of(Vec::new(), 0);
        assert!(nobody.made.f1.abs() < f64::EPSILON && nobody.best.f1.abs() < f64::EPSILON);
        assert!(nobody.recall_at_99_percent_precision.abs() < f64::EPSILON);
    }
}
