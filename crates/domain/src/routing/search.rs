//! The search itself: tier by tier, judge who could serve at all, stop where somebody can, order them.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use time::{Duration, OffsetDateTime};

use super::decision::Outcome;
use super::rules::{PREFERENCES, Preference, REQUIREMENTS, Requirement};
use super::{Candidate, Permanence, PlaceFit, PreferenceName, Request, ScopeTier, TravelClass};
use crate::directory::{Directory, Entry};
use crate::id::FacilityId;

/// Facilities tried in turn before a search gives up and the case waits.
pub(super) const MAX_CHOICES: usize = 32;

/// Requirements that the directory's index answers: the first of the registry.
const INDEXED: usize = 3;

/// What a facility costs under each preference, in the policy's order; what the policy leaves out costs nothing.
pub(super) type Costs = [i64; PREFERENCES.len()];

/// A facility that fails exactly one requirement.
pub(super) struct NearMiss<'a> {
    pub(super) candidate: Candidate<'a>,
    pub(super) rule: &'static Requirement,
    pub(super) why: Permanence,
}

/// What a search has found.
pub(super) struct Found<'a> {
    pub(super) outcome: Outcome,
    /// Where somebody was found.
    pub(super) tier: Option<ScopeTier>,
    /// Nobody farther away was looked at; `None` = no limit.
    pub(super) within_minutes: Option<u32>,
    /// When a waiting case may look further.
    pub(super) widens_at: Option<OffsetDateTime>,
    /// The best first, at most `MAX_CHOICES`.
    pub(super) ranked: Vec<(Costs, Candidate<'a>)>,
    pub(super) near_misses: Vec<NearMiss<'a>>,
    /// Facilities by the first requirement they fail, by its position in the registry.
    pub(super) excluded: BTreeMap<usize, usize>,
}

/// Facilities judged so far, by what may be done with them.
struct Judged<'a> {
    /// All requirements met: places are known to be free.
    able: Vec<Candidate<'a>>,
    /// Only the places are unknown: may be asked.
    askable: Vec<Candidate<'a>>,
    near_misses: Vec<NearMiss<'a>>,
    excluded: BTreeMap<usize, usize>,
    /// Somebody may become able by itself.
    may_change: bool,
    /// By position in the directory.
    seen: Vec<bool>,
}

/// Climbs the ladder until a tier has somebody; facilities of unknown capacity are asked where the policy says so,
/// and anyway when nobody else is left.
///
/// A tier that the clock has not opened yet stays shut while somebody nearer may have room later; with nobody to wait
/// for, waiting would help no one and the search goes on.
pub(super) fn search<'a>(request: &mut Request<'_>, directory: &'a Directory) -> Found<'a> {
    let policy = request.urgency_policy();
    let (ladder, asks_first) = (&policy.ladder, policy.ask_unknown_before_widening);
    let mut judged = Judged::none_of(directory);
    let mut widens_at = None;
    for step in ladder {
        let opens_at = request.reported_at + Duration::seconds(step.after_seconds.into());
        if request.now < opens_at && (judged.may_change || !judged.askable.is_empty()) {
            widens_at = Some(opens_at);
            break;
        }
        request.within = step.tier;
        if step.tier == ScopeTier::Nation && asks_the_nearest_first(request) {
            judged.judge_by_travel(request, directory);
        } else {
            judged.judge_tier(request, directory);
        }
        if !judged.able.is_empty() || asks_first && !judged.askable.is_empty() {
            break;
        }
    }
    judged.count_the_rest(request, directory);
    judged.conclude(request, directory, widens_at)
}

/// Whether whoever is nearer always comes first, so that a search need not go farther than where enough are found.
fn asks_the_nearest_first(request: &Request<'_>) -> bool {
    match request.urgency_policy().preferences.first() {
        Some(PreferenceName::TravelClass | PreferenceName::TravelMinutes) => true,
        Some(
            PreferenceName::ScopeTier
            | PreferenceName::CoversForms
            | PreferenceName::Specialised
            | PreferenceName::Implementer
            | PreferenceName::Load
            | PreferenceName::AnswerRecord,
        )
        | None => false,
    }
}

impl<'a> Judged<'a> {
    fn none_of(directory: &Directory) -> Self {
        Self {
            able: vec![],
            askable: vec![],
            near_misses: vec![],
            excluded: BTreeMap::new(),
            may_change: false,
            seen: vec![false; directory.len()],
        }
    }

    /// Judges those of the tier that have not been judged in a nearer one.
    fn judge_tier(&mut self, request: &Request<'_>, directory: &'a Directory) {
        let licensed = directory.licensed(request.cluster, request.facts.need.base);
        for position in directory.balai() {
            self.judge_at(request, directory, (*position, 0));
        }
        let mut judge = |positions: &[usize]| {
            for position in positions {
                self.judge_at(request, directory, (*position, INDEXED));
            }
        };
        let home = request.home.code();
        match request.within {
            ScopeTier::Regency => judge(directory.within(licensed, home)),
            ScopeTier::Province => judge(directory.within(licensed, home.province().unwrap_or(home))),
            ScopeTier::WorkingArea => {
                judge(directory.within(licensed, home.province().unwrap_or(home)));
                for region in &request.responsible_area {
                    judge(directory.within(licensed, *region));
                }
                let own_areas = directory.with_area().iter();
                let own_areas = own_areas.filter(|position| licensed.binary_search(position).is_ok());
                judge(&own_areas.copied().collect::<Vec<_>>());
            }
            ScopeTier::Nation => judge(licensed),
        }
    }

    /// Judges the nation class by class of travel, and no farther than where more are found than can be tried.
    fn judge_by_travel(&mut self, request: &mut Request<'_>, directory: &'a Directory) {
        let mut by_class: BTreeMap<TravelClass, Vec<(usize, u32)>> = BTreeMap::new();
        for position in directory.licensed(request.cluster, request.facts.need.base) {
            if let Some(place) = directory.place_at(*position) {
                let minutes = request.reach.minutes(place).get();
                let class = by_class.entry(TravelClass::of(minutes)).or_default();
                class.push((*position, minutes));
            }
        }
        for class in TravelClass::all() {
            request.within_class = class;
            for position in directory.balai() {
                self.judge_at(request, directory, (*position, 0));
            }
            for (position, minutes) in by_class.remove(&class).unwrap_or_default() {
                if let Some(entry) = directory.entry_at(position) {
                    let candidate = Candidate::at(entry, minutes);
                    self.judge_unless_seen(request, (position, INDEXED), candidate);
                }
            }
            if self.able.len() >= MAX_CHOICES {
                break;
            }
        }
    }

    /// `met` = how many requirements, the first in the registry, the entry at `position` is known to meet.
    fn judge_at(&mut self, request: &Request<'_>, directory: &'a Directory, (position, met): (usize, usize)) {
        if let Some(entry) = directory.entry_at(position) {
            self.judge_unless_seen(request, (position, met), Candidate::new(entry));
        }
    }

    fn judge_unless_seen(
        &mut self,
        request: &Request<'_>,
        (position, met): (usize, usize),
        candidate: Candidate<'a>,
    ) {
        let seen = self.seen.get_mut(position);
        if let Some(seen) = seen.filter(|seen| !**seen && request.reaches(&candidate)) {
            *seen = true;
            self.judge(request, candidate, met);
        }
    }

    /// Checks the requirements in order; stops at the second failure, when nothing more can be learnt.
    fn judge(&mut self, request: &Request<'_>, candidate: Candidate<'a>, met: usize) {
        let rules = REQUIREMENTS.iter().enumerate().skip(met);
        let mut failures = rules.filter_map(|(position, rule)| {
            let why = (rule.check)(request, &candidate).err()?;
            Some((position, rule, why))
        });
        match (failures.next(), failures.next()) {
            (None, _) => self.able.push(candidate),
            (Some((position, rule, why)), None) => {
                self.may_change |= why == Permanence::Temporary;
                if matches!(candidate.fit(request), PlaceFit::Unknown { .. }) {
                    // Everything but the places is in order, or it would have failed two rules.
                    self.askable.push(candidate);
                } else {
                    *self.excluded.entry(position).or_default() += 1;
                    self.near_misses.push(NearMiss { candidate, rule, why });
                }
            }
            (Some((position, _, first)), Some((_, _, second))) => {
                // `has_places` is last, so a temporary pair is a facility that is, say, suspended and full.
                self.may_change |= first == Permanence::Temporary && second == Permanence::Temporary;
                *self.excluded.entry(position).or_default() += 1;
            }
        }
    }

    /// Counts those nobody looked at under the first requirement they fail: the index knows it without a look.
    fn count_the_rest(&mut self, request: &Request<'_>, directory: &Directory) {
        let is_unseen = |position: &&usize| self.seen.get(**position) == Some(&false);
        let licensed = directory.licensed(request.cluster, request.facts.need.base);
        let serving = directory.count_serving(request.cluster);
        let others = directory.len() - directory.balai().len();
        let mut counts: [usize; INDEXED] = [
            others - serving,
            serving - licensed.len(),
            licensed.iter().filter(is_unseen).count(),
        ];
        for position in directory.balai().iter().filter(is_unseen) {
            let candidate = directory.entry_at(*position).map(Candidate::new);
            let fails = |rule: &Requirement| {
                candidate
                    .as_ref()
                    .is_some_and(|candidate| (rule.check)(request, candidate).is_err())
            };
            let first = REQUIREMENTS.iter().take(counts.len()).position(fails);
            if let Some(count) = first.and_then(|first| counts.get_mut(first)) {
                *count += 1;
            }
        }
        for (rule, count) in counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
            *self.excluded.entry(rule).or_default() += count;
        }
    }

    fn conclude(
        mut self,
        request: &Request<'_>,
        directory: &'a Directory,
        widens_at: Option<OffsetDateTime>,
    ) -> Found<'a> {
        let (outcome, pool) = if !self.able.is_empty() {
            self.pass_over_the_unknown();
            (Outcome::Offered, std::mem::take(&mut self.able))
        } else if !self.askable.is_empty() {
            (Outcome::Asked, std::mem::take(&mut self.askable))
        } else if self.may_change {
            (Outcome::Waiting, vec![])
        } else {
            self.look_at_all_others(request, directory);
            (Outcome::NoCandidate, vec![])
        };
        Found {
            outcome,
            tier: (!pool.is_empty()).then_some(request.within),
            within_minutes: request.within_class.end_minutes(),
            widens_at: widens_at.filter(|_| outcome == Outcome::Waiting),
            ranked: ranked(request, pool),
            near_misses: self.near_misses,
            excluded: self.excluded,
        }
    }

    /// Whoever has stated nothing stands behind those who have, and may ask why.
    fn pass_over_the_unknown(&mut self) {
        let Some((position, rule)) = REQUIREMENTS.iter().enumerate().next_back() else {
            return;
        };
        if !self.askable.is_empty() {
            *self.excluded.entry(position).or_default() += self.askable.len();
        }
        let misses = self.askable.drain(..).map(|candidate| NearMiss {
            candidate,
            rule,
            why: Permanence::Temporary,
        });
        self.near_misses.extend(misses);
    }

    /// When nobody may take the case, a house of another kind that could take it otherwise is worth knowing.
    fn look_at_all_others(&mut self, request: &Request<'_>, directory: &'a Directory) {
        let mut others = Self::none_of(directory);
        let unseen = directory.entries().zip(&self.seen).filter(|(_, seen)| !**seen);
        for (entry, _) in unseen {
            others.judge(request, Candidate::new(entry), 0);
        }
        self.near_misses.extend(others.near_misses);
    }
}

/// The best of `pool`, in order.
fn ranked<'a>(request: &Request<'_>, pool: Vec<Candidate<'a>>) -> Vec<(Costs, Candidate<'a>)> {
    let preferences = &request.urgency_policy().preferences;
    let rules: Vec<_> = preferences.iter().map(|name| name.rule()).collect();
    let costs = |candidate: &Candidate<'_>| {
        let mut costs = Costs::default();
        for (cost, rule) in costs.iter_mut().zip(&rules) {
            *cost = (rule.cost)(request, candidate);
        }
        costs
    };
    let mut ranked: Vec<_> = foremost(request, pool, &rules)
        .into_iter()
        .map(|candidate| (costs(&candidate), candidate))
        .collect();
    // The facility id last: two runs over the same facilities in another order agree.
    ranked.sort_unstable_by(|(a, left), (b, right)| {
        a.cmp(b).then_with(|| id(left.entry).cmp(&id(right.entry)))
    });
    ranked.truncate(MAX_CHOICES);
    ranked
}

/// Leaves out whoever cannot be among the first `MAX_CHOICES`. A search through the nation has hundreds: each rule is
/// asked of those only whom the weightier ones left level around the last place.
fn foremost<'a>(
    request: &Request<'_>,
    pool: Vec<Candidate<'a>>,
    rules: &[&Preference],
) -> Vec<Candidate<'a>> {
    let mut ahead = vec![];
    let mut level = pool;
    for rule in rules {
        let places = MAX_CHOICES.saturating_sub(ahead.len());
        if level.len() <= places {
            break;
        }
        let costs: Vec<i64> = level
            .iter()
            .map(|candidate| (rule.cost)(request, candidate))
            .collect();
        let mut sorted = costs.clone();
        let (_, last, _) = sorted.select_nth_unstable(places - 1);
        let mut still_level = vec![];
        for (candidate, cost) in level.into_iter().zip(costs) {
            match cost.cmp(last) {
                Ordering::Less => ahead.push(candidate),
                Ordering::Equal => still_level.push(candidate),
                Ordering::Greater => {}
            }
        }
        level = still_level;
    }
    ahead.append(&mut level);
    ahead
}

pub(super) const fn id(entry: &Entry) -> FacilityId {
    entry.facility.id
}
