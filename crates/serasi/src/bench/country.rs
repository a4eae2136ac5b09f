//! Where invented reports come from: people live where they live, so regencies are drawn by population.

use rand::Rng;
use rand::distr::Distribution;
use rand::distr::weighted::WeightedIndex;
use rand::seq::IndexedRandom;
use serasi_geography::{RegionCode, atlas};

/// Counted where the reference data has no number, so that no place is left out.
const FEWEST_PERSONS: u32 = 1_000;

/// The regencies with their districts and weights.
pub(super) struct Country {
    districts: Vec<Vec<RegionCode>>,
    by_population: WeightedIndex<u32>,
}

impl Country {
    pub(super) fn load() -> Self {
        let regencies: Vec<_> = atlas()
            .regencies()
            .map(|regency| {
                let districts: Vec<_> = atlas()
                    .districts_of(regency.code)
                    .map(|district| district.code)
                    .collect();
                let persons = regency.population_persons.unwrap_or(0).max(FEWEST_PERSONS);
                (districts, persons)
            })
            .filter(|(districts, _)| !districts.is_empty())
            .collect();
        let by_population = WeightedIndex::new(regencies.iter().map(|(_, persons)| *persons))
            .expect("the country has regencies, all with weights, and fewer people than a u32 counts");
        let districts = regencies.into_iter().map(|(districts, _)| districts).collect();
        Self {
            districts,
            by_population,
        }
    }

    /// A district: the regency by its population, within it each as likely as the others.
    pub(super) fn district(&self, rng: &mut impl Rng) -> RegionCode {
        let districts = self.districts.get(self.by_population.sample(rng));
        *districts
            .and_then(|districts| districts.choose(rng))
            .expect("the index is one of the regencies, and each has a district")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn reports_come_from_where_people_live() {
        let country = Country::load();
        let mut rng = StdRng::seed_from_u64(7);
        let mut by_province: BTreeMap<_, u32> = BTreeMap::new();
        for _ in 0..10_000 {
            *by_province
                .entry(country.district(&mut rng).province())
                .or_default() += 1;
        }
        let of = |code: &str| by_province.get(&code.parse().ok()).copied().unwrap_or(0);
        // Jawa Barat has 18% of the country, Kalimantan Utara 0.3%.
        assert!((1_500..2_200).contains(&of("32")), "{}", of("32"));
        assert!((5..80).contains(&of("65")), "{}", of("65"));
        assert_eq!(by_province.len(), 38);
    }
}
