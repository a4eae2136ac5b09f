//! Ids of requests: the same for a retry, another for another request.
//!
//! Where the request can have one effect only, its id is made from its content, so that the command can be
//! run again after a lost answer; where doing it twice means something else, chance makes it.

use prost::Message;
use rand::Rng;
use serasi_proto::v1::{Intake, SubmitIntakeRequest};
use uuid::{Builder, Uuid};

/// Namespace of ids that are made from content; never to be changed, or replays are no longer recognised.
const NAMESPACE: Uuid = Uuid::from_u128(0x5e4a_511d_8c1b_4f0e_9d3a_7b60_2f6c_a1e5);

/// The request that submits a report: the same request, whoever makes it and however often.
pub(crate) fn submission(intake: Intake, route_later: bool) -> SubmitIntakeRequest {
    let mut request = SubmitIntakeRequest {
        request_id: String::new(),
        intake: Some(intake),
        route_later,
    };
    request.request_id = of_content("SubmitIntake", &request).to_string();
    request
}

/// The id of a request that has one effect; `request` must not carry an id yet.
pub(crate) fn of_content(verb: &str, request: &impl Message) -> Uuid {
    // Prost writes fields in the order of their numbers and the contract has no maps: same content, same bytes.
    let mut name = verb.as_bytes().to_vec();
    name.push(0);
    name.extend(request.encode_to_vec());
    Uuid::new_v5(&NAMESPACE, &name)
}

/// An id that no other request has.
pub(crate) fn fresh() -> Uuid {
    Builder::from_random_bytes(rand::rng().random()).into_uuid()
}

#[cfg(test)]
mod tests {
    use serasi_proto::v1::Person;

    use super::*;

    fn intake() -> Intake {
        Intake {
            source_system: "hotline-171".into(),
            source_ref: "H171-1".into(),
            story: "Nenek tinggal sendiri.".into(),
            persons: vec![Person {
                name: "Daeng Bollo".into(),
                ..Person::default()
            }],
            ..Intake::default()
        }
    }

    fn id_of(intake: Intake) -> String {
        submission(intake, false).request_id
    }

    #[test]
    fn the_same_report_has_the_same_id_on_every_machine() {
        // Pinned: a change here means that reports sent before are no longer recognised as replays.
        assert_eq!(id_of(intake()), "9b9b8989-aef8-5e34-87ef-296fbc2d0d6f");
        assert_eq!(id_of(intake()), id_of(intake()));
    }

    #[test]
    fn another_key_or_another_word_is_another_request() {
        let mut other_key = intake();
        other_key.source_ref = "H171-2".into();
        let mut other_system = intake();
        other_system.source_system = "hotline-129".into();
        let mut other_word = intake();
        other_word.persons[0].name.push('!');
        for other in [other_key, other_system, other_word] {
            assert_ne!(id_of(other), id_of(intake()));
        }
        assert_ne!(submission(intake(), true).request_id, id_of(intake()));
    }

    #[test]
    fn another_verb_is_another_request_and_fresh_ids_differ() {
        assert_ne!(
            of_content("AcceptOffer", &intake()),
            of_content("DeclineOffer", &intake())
        );
        assert_ne!(fresh(), fresh());
    }
}
