"""Mengirim satu laporan dan membaca jawabannya.

Pemakaian: lapor.py ALAMAT BERKAS_TOKEN [SOURCE_REF]
Perlu: pip install grpcio grpcio-tools grpcio-status, dan stub di folder `stub` (lihat ../panggilan-pertama.md).
"""

import pathlib
import sys
import time
import uuid

import grpc
from google.protobuf import timestamp_pb2
from google.rpc import error_details_pb2
from grpc_status import rpc_status

sys.path.insert(0, "stub")

from serasi.v1 import (  # noqa: E402
    classification_pb2,
    intake_pb2,
    intake_service_pb2,
    intake_service_pb2_grpc,
    person_pb2,
)

alamat, berkas_token = sys.argv[1:3]
source_ref = sys.argv[3] if len(sys.argv) > 3 else "contoh-python-1"
token = pathlib.Path(berkas_token).read_text().strip()

laporan = intake_pb2.Intake(
    # Pasangan ini adalah kunci laporan di sistem Anda: dikirim ulang berarti kasus yang sama.
    source_system="hotline-contoh",
    source_ref=source_ref,
    channel=classification_pb2.CHANNEL_COMPLAINT,
    legal_basis=intake_pb2.LEGAL_BASIS_PUBLIC_TASK,
    report_time=timestamp_pb2.Timestamp(seconds=1793500000),
    region_code="32.73.02",
    story="Seorang lanjut usia tinggal sendiri dan sudah dua hari tidak makan.",
    cluster=classification_pb2.CLUSTER_LANSIA,
    urgency=classification_pb2.URGENCY_URGENT,
    # Semua isian orang boleh kosong: banyak yang belum memiliki dokumen.
    persons=[person_pb2.Person(name="Kenanga Contoh", estimated_age_years=71, sex=person_pb2.SEX_FEMALE)],
)
permintaan = intake_service_pb2.SubmitIntakeRequest(request_id=str(uuid.uuid4()), intake=laporan)


def jelaskan(galat):
    """Alasan yang tetap, pesan dalam bahasa Indonesia, dan setiap isian yang perlu diperbaiki."""
    status = rpc_status.from_call(galat)
    for rincian in status.details if status else []:
        for jenis in (error_details_pb2.ErrorInfo, error_details_pb2.LocalizedMessage, error_details_pb2.BadRequest):
            if rincian.Is(jenis.DESCRIPTOR):
                isi = jenis()
                rincian.Unpack(isi)
                if jenis is error_details_pb2.ErrorInfo:
                    print("alasan:", isi.reason)
                elif jenis is error_details_pb2.LocalizedMessage:
                    print("pesan:", isi.message)
                else:
                    for salah in isi.field_violations:
                        print("isian:", salah.field, "-", salah.description)


# Untuk hub dengan TLS: grpc.secure_channel(alamat, grpc.ssl_channel_credentials(...))
with grpc.insecure_channel(alamat) as saluran:
    intake = intake_service_pb2_grpc.IntakeServiceStub(saluran)
    for percobaan in range(5):
        try:
            # request_id yang sama pada setiap percobaan: satu akibat saja.
            jawaban = intake.SubmitIntake(permintaan, timeout=10, metadata=[("authorization", f"Bearer {token}")])
            break
        except grpc.RpcError as galat:
            if galat.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
                jelaskan(galat)
                sys.exit(2)
            time.sleep(0.5 * 2**percobaan)
    else:
        sys.exit("hub tidak terjangkau; kirim lagi nanti, aman")

print("kasus:", jawaban.case.case_id)
print("untuk penelepon:", jawaban.outcome.message_id)
print("kode pelapor:", jawaban.public_code)
print("sudah dikenal:", "ya" if jawaban.already_known else "tidak")
