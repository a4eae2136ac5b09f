"""A client we did not write: grpcio with stubs generated from our proto.

Usage: client.py STUBS ADDRESS HOTLINE_TOKEN
Reads the officer's token from standard input once it has printed the facility id.
Submits a case, plays the facility that is asked, accepts, and reads the error details of a bad request.
"""

import sys
import uuid

import grpc
from google.protobuf import timestamp_pb2
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

stubs, address, hotline_token = sys.argv[1:4]
sys.path.insert(0, stubs)

from serasi.v1 import (  # noqa: E402
    case_pb2,
    classification_pb2,
    decision_pb2,
    intake_pb2,
    intake_service_pb2,
    intake_service_pb2_grpc,
    offer_pb2,
    person_pb2,
    placement_pb2,
    referral_service_pb2,
    referral_service_pb2_grpc,
)


def bearer(token):
    return [("authorization", f"Bearer {token}")]


def report():
    return intake_pb2.Intake(
        source_system="python-uji",
        source_ref="1",
        channel=classification_pb2.CHANNEL_REFERRAL,
        legal_basis=intake_pb2.LEGAL_BASIS_PUBLIC_TASK,
        report_time=timestamp_pb2.Timestamp(seconds=1793500000),
        region_code="32.73.01",
        story="Dirujuk oleh puskesmas; anak tanpa pengasuh.",
        cluster=classification_pb2.CLUSTER_ANAK,
        persons=[person_pb2.Person(name="Teratai Contoh", estimated_age_years=9)],
    )


channel = grpc.insecure_channel(address)

health = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
assert health.status == health_pb2.HealthCheckResponse.SERVING, health

services = ProtoReflectionDescriptorDatabase(channel).get_services()
assert "serasi.v1.IntakeService" in services, services

intakes = intake_service_pb2_grpc.IntakeServiceStub(channel)
request = intake_service_pb2.SubmitIntakeRequest(request_id=str(uuid.uuid4()), intake=report())
answer = intakes.SubmitIntake(request, metadata=bearer(hotline_token))
assert answer.outcome.result == decision_pb2.ROUTE_RESULT_OFFERED, answer
assert answer.case.state == case_pb2.CASE_STATE_OFFERED
again = intakes.SubmitIntake(request, metadata=bearer(hotline_token))
assert again == answer, "a retry with the same request_id gets the first response"

print(answer.outcome.offer.facility_id, flush=True)
officer_token = sys.stdin.readline().strip()
referrals = referral_service_pb2_grpc.ReferralServiceStub(channel)
offers = referrals.ListOffers(
    referral_service_pb2.ListOffersRequest(states=[offer_pb2.OFFER_STATE_OFFERED]), metadata=bearer(officer_token)
)
assert [offer.offer_id for offer in offers.offers] == [answer.outcome.offer.offer_id]
accepted = referrals.AcceptOffer(
    referral_service_pb2.AcceptOfferRequest(request_id=str(uuid.uuid4()), offer_id=offers.offers[0].offer_id),
    metadata=bearer(officer_token),
)
assert accepted.placement.state == placement_pb2.PLACEMENT_STATE_RESERVED, accepted

bad = report()
bad.source_ref = "2"
bad.persons[0].nik = "327301410790001"
bad.story = ""
try:
    intakes.SubmitIntake(
        intake_service_pb2.SubmitIntakeRequest(request_id=str(uuid.uuid4()), intake=bad),
        metadata=bearer(hotline_token),
    )
    raise AssertionError("a bad report was taken")
except grpc.RpcError as error:
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT, error
    fields, reasons, messages = [], [], []
    for detail in rpc_status.from_call(error).details:
        for kind in (error_details_pb2.BadRequest, error_details_pb2.ErrorInfo, error_details_pb2.LocalizedMessage):
            if detail.Is(kind.DESCRIPTOR):
                message = kind()
                detail.Unpack(message)
                if kind is error_details_pb2.BadRequest:
                    fields += [violation.field for violation in message.field_violations]
                elif kind is error_details_pb2.ErrorInfo:
                    reasons.append(message.reason)
                else:
                    messages.append(message.locale)
    assert fields == ["intake.story", "intake.persons[0].nik"], fields
    assert reasons == ["REQUEST_INVALID"] and messages == ["id-ID"], (reasons, messages)

try:
    intakes.SubmitIntake(request)
    raise AssertionError("a call without a token was taken")
except grpc.RpcError as error:
    assert error.code() == grpc.StatusCode.UNAUTHENTICATED, error

print("done", flush=True)
