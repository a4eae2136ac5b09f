// Mengirim satu laporan dan membaca jawabannya.
//
// Pemakaian: npx tsx lapor.ts ALAMAT BERKAS_TOKEN, misalnya http://127.0.0.1:50051 operator.token
// Stub di folder `gen`: lihat ../panggilan-pertama.md.

import { readFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Channel, Cluster, Urgency } from "./gen/serasi/v1/classification_pb.js";
import { LegalBasis } from "./gen/serasi/v1/intake_pb.js";
import { IntakeService } from "./gen/serasi/v1/intake_service_pb.js";

const [alamat, berkasToken] = process.argv.slice(2);
const token = readFileSync(berkasToken, "utf8").trim();
const kartu: Interceptor = (lanjut) => (permintaan) => {
  permintaan.header.set("authorization", `Bearer ${token}`);
  return lanjut(permintaan);
};
const intake = createClient(IntakeService, createGrpcTransport({ baseUrl: alamat, interceptors: [kartu] }));

const permintaan = {
  requestId: randomUUID(),
  intake: {
    sourceSystem: "hotline-contoh",
    sourceRef: "contoh-typescript-1",
    channel: Channel.OUTREACH,
    legalBasis: LegalBasis.PUBLIC_TASK,
    reportTime: timestampFromDate(new Date(Date.now() - 60_000)),
    regionCode: "33.74.01",
    story: "Ditemui saat penjangkauan: seorang pemuda dengan kursi roda yang rusak.",
    cluster: Cluster.DISABILITAS,
    urgency: Urgency.REGULAR,
    persons: [{ name: "Cempaka Contoh", estimatedAgeYears: 24 }],
  },
};

for (let percobaan = 0; ; percobaan++) {
  try {
    // requestId yang sama pada setiap percobaan: satu akibat saja.
    const jawaban = await intake.submitIntake(permintaan, { timeoutMs: 10_000 });
    console.log("kasus:", jawaban.case?.caseId);
    console.log("untuk pelapor:", jawaban.outcome?.messageId);
    console.log("kode pelapor:", jawaban.publicCode);
    break;
  } catch (galat) {
    const kode = ConnectError.from(galat).code;
    const sementara = kode === Code.Unavailable || kode === Code.DeadlineExceeded;
    if (!sementara || percobaan === 4) throw galat;
    await new Promise((selesai) => setTimeout(selesai, 500 * 2 ** percobaan));
  }
}
