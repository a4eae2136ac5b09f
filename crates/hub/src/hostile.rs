//! What strangers send meets this first: the decoders and parsers of the handlers, without a hub around them, so that
//! fuzzing can hit them a million times. Nothing else uses it.

use prost::{DecodeError, Message};
use serasi_proto::v1;
use time::OffsetDateTime;

use crate::error::HubError;
use crate::wire::{self, PageToken, Parse};

/// A message whose parser has more to do than to read an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Intake,
    Facility,
    CapacityReport,
    Need,
    Policy,
    PageToken,
}

impl Shape {
    pub const ALL: [Self; 6] = [
        Self::Intake,
        Self::Facility,
        Self::CapacityReport,
        Self::Need,
        Self::Policy,
        Self::PageToken,
    ];
}

/// Decodes and parses `bytes` as a message of this shape; the fields that are wrong.
pub fn read(shape: Shape, bytes: &[u8], now: OffsetDateTime) -> Result<Vec<String>, DecodeError> {
    let mut parse = Parse::default();
    match shape {
        Shape::Intake => {
            let message = v1::SubmitIntakeRequest::decode(bytes)?;
            parse.request_id(&message.request_id);
            if let Some(message) = parse.require("intake", message.intake.as_ref(), "must be given") {
                parse.nested("intake", |parse| wire::intake(parse, message, now));
            }
        }
        Shape::Facility => {
            wire::profile(&mut parse, &v1::Facility::decode(bytes)?);
        }
        Shape::CapacityReport => {
            wire::capacity_report(&mut parse, &v1::CapacityReport::decode(bytes)?);
        }
        Shape::Need => {
            wire::need(&mut parse, Some(&v1::Need::decode(bytes)?), 1);
        }
        Shape::Policy => {
            wire::policy(&mut parse, &v1::Policy::decode(bytes)?);
        }
        Shape::PageToken => {
            let message = v1::ListCasesRequest::decode(bytes)?;
            PageToken::read::<(i32, String)>(&mut parse, &message.page_token);
            wire::page_size(&mut parse, message.page_size);
        }
    }
    Ok(match parse.finish(Some(())) {
        Err(HubError::Invalid(violations)) => {
            violations.into_iter().map(|violation| violation.field).collect()
        }
        Ok(()) | Err(_) => vec![],
    })
}
