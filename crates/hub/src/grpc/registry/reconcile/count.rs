//! Counts rows by the surest thing that was decided about each, as results come in the order of the rows.

use serasi_domain::registry::RowCounts;
use serasi_store::reconciliations::Decided;

#[derive(Default)]
pub(super) struct Counting {
    counts: RowCounts,
    /// The row that may have more results.
    row: u64,
    surest: Surest,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Surest {
    #[default]
    Nobody,
    Ambiguous,
    Probable,
    Exact,
}

impl Counting {
    pub(super) fn add(&mut self, decided: &Decided) {
        if decided.row != self.row {
            self.count();
            (self.row, self.surest) = (decided.row, Surest::Nobody);
        }
        let surest = match decided.result.as_str() {
            "exact" => Surest::Exact,
            "probable" => Surest::Probable,
            "ambiguous" => Surest::Ambiguous,
            // A human has rejected it meanwhile.
            _ => Surest::Nobody,
        };
        self.surest = self.surest.max(surest);
    }

    pub(super) fn end(mut self) -> RowCounts {
        self.count();
        self.counts
    }

    const fn count(&mut self) {
        match self.surest {
            Surest::Nobody => {}
            Surest::Ambiguous => self.counts.ambiguous += 1,
            Surest::Probable => self.counts.probable += 1,
            Surest::Exact => self.counts.exact += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_row_counts_once_as_what_it_most_surely_is() {
        let person = "3273-01933b5c-7a3e-7c3a-9d55-0242ac120002".parse().unwrap();
        let mut counting = Counting::default();
        for (row, result) in [
            (2, "ambiguous"),
            (2, "exact"),
            (3, "rejected"),
            (4, "ambiguous"),
            (4, "ambiguous"),
            (5, "probable"),
        ] {
            counting.add(&Decided {
                person,
                row,
                result: result.to_owned(),
                weight: 1.0,
                probability: 0.5,
                why: Value::Null,
            });
        }
        let counted = counting.end();
        assert_eq!((counted.exact, counted.probable, counted.ambiguous), (1, 1, 1));
    }
}
