//! All that is wrong with a policy, each with the path of its field: who corrects one sees the others too.

use std::fmt;
use std::ops::RangeInclusive;

use super::{LadderStep, Policy, UrgencyPolicy};
use crate::case::record::DurationDays;
use crate::case::stage::Stage;
use crate::deadline::{Allowance, Clock};
use crate::need::Urgency;
use crate::privacy::DataClass;
use crate::regulation::Article;
use crate::routing::ScopeTier;

/// Longest version text.
const MAX_VERSION_CHARS: usize = 40;
const HOURS: RangeInclusive<u32> = 1..=720;
/// A slip of the pen must not erase what was closed yesterday.
const RETENTION_YEARS: RangeInclusive<u32> = 1..=100;
const REFUSALS: RangeInclusive<i32> = 1..=20;
/// Days.
const REOPENING: RangeInclusive<u32> = 1..=365;
/// 366 days: nobody plans further ahead.
const MAX_SECONDS: u32 = 366 * 24 * 3600;

/// One thing that is wrong with a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// E.g. `urgent.ladder[1].after_seconds`.
    pub path: String,
    /// What it must be.
    pub what: String,
    /// The article that orders it, where there is one.
    pub article: Option<Article>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.path, self.what)?;
        self.article.map_or(Ok(()), |article| write!(f, " ({article})"))
    }
}

/// Faults found so far.
#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn add(&mut self, path: impl Into<String>, what: impl Into<String>, article: Option<Article>) {
        self.0.push(Fault {
            path: path.into(),
            what: what.into(),
            article,
        });
    }

    /// Every value that an earlier one equals.
    fn repeats<T: PartialEq>(&mut self, path: &str, values: &[T]) {
        for (position, value) in values.iter().enumerate() {
            if values.iter().take(position).any(|earlier| earlier == value) {
                self.add(format!("{path}[{position}]"), "must not stand twice", None);
            }
        }
    }
}

impl Policy {
    /// All that is wrong; empty = the policy can be used.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Faults::default();
        self.check_numbers(&mut faults);
        self.check_calendar(&mut faults);
        self.check_retention(&mut faults);
        self.check_documents(&mut faults);
        self.check_registry(&mut faults);
        for (cluster, fields) in &self.required {
            faults.repeats(&format!("required.{cluster}"), fields);
        }
        for urgency in Urgency::ALL {
            let policy = self.of(*urgency);
            policy.check(*urgency, &mut faults);
            self.check_haste(*urgency, &mut faults);
        }
        self.check_care(&mut faults);
        faults.0
    }

    fn check_care(&self, faults: &mut Faults) {
        if !REOPENING.contains(&self.care.reopen_within_days) {
            let what = format!("must be {}-{}", REOPENING.start(), REOPENING.end());
            faults.add("care.reopen_within_days", what, None);
        }
        for (cluster, aspects) in &self.care.required_aspects {
            faults.repeats(&format!("care.required_aspects.{cluster}"), aspects);
        }
        for (cluster, days) in &self.care.longest_days {
            if !(1..=DurationDays::MAX).contains(days) {
                let what = format!("must be 1-{}", DurationDays::MAX);
                faults.add(
                    format!("care.longest_days.{cluster}"),
                    what,
                    Some(Article::P16Ps26),
                );
            }
        }
        for urgency in Urgency::ALL {
            let times = self.care.of(*urgency);
            let stages = Stage::ALL.iter().map(|stage| (stage.code(), times.stage(*stage)));
            for (name, allowance) in std::iter::once(("whole", times.whole)).chain(stages) {
                if !(1..=MAX_SECONDS).contains(&allowance.seconds) {
                    let path = format!("care.{urgency}.{name}.seconds");
                    faults.add(path, format!("must be 1-{MAX_SECONDS}"), None);
                }
            }
        }
    }

    fn check_numbers(&self, faults: &mut Faults) {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-');
        let length = self.version.chars().count();
        if !(1..=MAX_VERSION_CHARS).contains(&length) || !self.version.chars().all(is_plain) {
            faults.add(
                "version",
                format!("must be 1-{MAX_VERSION_CHARS} letters, digits, dots and dashes"),
                None,
            );
        }
        if !REFUSALS.contains(&self.refusals_before_escalation) {
            let what = format!("must be {}-{}", REFUSALS.start(), REFUSALS.end());
            faults.add("refusals_before_escalation", what, None);
        }
        for (path, hours) in [
            ("capacity_validity_hours", self.capacity_validity_hours),
            ("full_parks_for_hours", self.full_parks_for_hours),
        ] {
            if !HOURS.contains(&hours) {
                faults.add(path, format!("must be {}-{}", HOURS.start(), HOURS.end()), None);
            }
        }
    }

    fn check_calendar(&self, faults: &mut Faults) {
        if !self.working_hours.are_valid() {
            let what = "must start before they end, between 0 and 23";
            faults.add("working_hours", what, None);
        }
        for (position, pair) in self.holidays.windows(2).enumerate() {
            if pair.first() >= pair.last() {
                let path = format!("holidays[{}]", position + 1);
                faults.add(path, "must be later than the one before", None);
            }
        }
    }

    fn check_documents(&self, faults: &mut Faults) {
        if !(1..=MAX_SECONDS).contains(&self.emergency_documents.seconds) {
            let what = format!("must be 1-{MAX_SECONDS}");
            faults.add("emergency_documents.seconds", what, Some(Article::P16Ps10Ay5));
        }
    }

    fn check_retention(&self, faults: &mut Faults) {
        let Some(retention) = self.retention else { return };
        for class in DataClass::ALL {
            if !RETENTION_YEARS.contains(&retention.years(*class)) {
                let what = format!("must be {}-{}", RETENTION_YEARS.start(), RETENTION_YEARS.end());
                faults.add(format!("retention.{class}_years"), what, None);
            }
        }
    }

    fn check_registry(&self, faults: &mut Faults) {
        let registry = self.registry();
        for (name, allowance) in [
            ("report", registry.report),
            ("acknowledge", registry.acknowledge),
            ("propose", registry.propose),
        ] {
            check_seconds(&format!("registry.{name}"), allowance, faults);
        }
        let reconcile = registry.reconcile;
        for (name, value, most) in [
            ("refused_per_million", reconcile.refused_per_million, 1_000_000),
            ("leavers_percent", reconcile.leavers_percent, 100),
        ] {
            if value > most {
                faults.add(
                    format!("registry.reconcile.{name}"),
                    format!("must be 0-{most}"),
                    None,
                );
            }
        }
    }

    /// An emergency is served first: nobody may be given more time for it than for an ordinary case.
    fn check_haste(&self, urgency: Urgency, faults: &mut Faults) {
        let article = Some(Article::P16Ps10Ay5);
        let less_urgent = match urgency {
            Urgency::Regular => return,
            Urgency::Urgent => Urgency::Regular,
            Urgency::Emergency => Urgency::Urgent,
        };
        let (own, longest) = (self.of(urgency).answer, self.of(less_urgent).answer.seconds);
        if longest > 0 && own.seconds > longest {
            let what = format!("must not exceed the time to answer of {less_urgent} cases");
            faults.add(format!("{urgency}.answer.seconds"), what, article);
        }
        if own.clock == Clock::Working && urgency == Urgency::Emergency {
            faults.add(
                format!("{urgency}.answer.clock"),
                "must be wall: an emergency has no office hours",
                article,
            );
        }
    }
}

impl UrgencyPolicy {
    fn check(&self, urgency: Urgency, faults: &mut Faults) {
        self.check_ladder(&format!("{urgency}.ladder"), faults);
        let preferences = format!("{urgency}.preferences");
        if self.preferences.is_empty() {
            faults.add(&preferences, "must name at least one", None);
        }
        faults.repeats(&preferences, &self.preferences);
        let allowances = [
            ("answer", self.answer),
            ("coordinate", self.coordinate),
            ("admit", self.admit),
            ("review", self.review),
            ("follow_up", self.follow_up),
        ];
        for (name, allowance) in allowances {
            check_seconds(&format!("{urgency}.{name}"), allowance, faults);
        }
    }

    fn check_ladder(&self, path: &str, faults: &mut Faults) {
        let article = Some(Article::P16Ps28);
        if self.ladder.last().map(|step| step.tier) != Some(ScopeTier::Nation) {
            faults.add(
                path,
                "must end with the nation, or cases would fall off it",
                article,
            );
        }
        if self.ladder.first().is_some_and(|step| step.after_seconds > 0) {
            let path = format!("{path}[0].after_seconds");
            faults.add(path, "must be 0: somebody is searched for at once", article);
        }
        let pairs = self.ladder.iter().zip(self.ladder.iter().skip(1));
        for (position, (near, far)) in pairs.enumerate() {
            let step = format!("{path}[{}]", position + 1);
            check_widening(&step, *near, *far, faults);
        }
    }
}

fn check_seconds(path: &str, allowance: Allowance, faults: &mut Faults) {
    if !(1..=MAX_SECONDS).contains(&allowance.seconds) {
        faults.add(
            format!("{path}.seconds"),
            format!("must be 1-{MAX_SECONDS}"),
            None,
        );
    }
}

fn check_widening(path: &str, near: LadderStep, far: LadderStep, faults: &mut Faults) {
    let article = Some(Article::P16Ps28);
    if far.tier <= near.tier {
        faults.add(
            format!("{path}.tier"),
            "must be wider than the step before",
            article,
        );
    }
    if far.after_seconds < near.after_seconds {
        let path = format!("{path}.after_seconds");
        faults.add(path, "must not be less than that of the step before", article);
    } else if far.after_seconds > MAX_SECONDS {
        faults.add(
            format!("{path}.after_seconds"),
            format!("must be 0-{MAX_SECONDS}"),
            article,
        );
    }
}
