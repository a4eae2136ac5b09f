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

/// The request that submits a report. Its id is new for every run of a command: what makes a report one case however
/// often a file is sent is the sender's own key, and a new request is answered with the case as it stands now.
pub(crate) fn submission(intake: Intake, route_later: bool) -> SubmitIntakeRequest {
    SubmitIntakeRequest {
        request_id: fresh().to_string(),
        intake: Some(intake),
        route_later,
    }
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

    #[test]
    fn the_same_content_has_the_same_id_and_another_word_another() {
        assert_eq!(
            of_content("AcceptOffer", &intake()),
            of_content("AcceptOffer", &intake())
        );
        let mut other_word = intake();
        other_word.persons[0].name.push('!');
        assert_ne!(
            of_content("AcceptOffer", &other_word),
            of_content("AcceptOffer", &intake())
        );
    }

    #[test]
    fn a_report_sent_by_two_runs_is_two_requests() {
        assert_ne!(
            submission(intake(), false).request_id,
            submission(intake(), false).request_id
        );
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
