//! The articles in force that the hub acts on. Each has its behaviour in exactly one place that names it.

use crate::code::coded;

coded! {
    /// An article, by its citation.
    pub enum Article {
        /// Serasi: by referral or direct resolution.
        P16Ps1No8 = "P16 Ps.1 no.8",
        P16Ps3 = "P16 Ps.3",
        P16Ps5 = "P16 Ps.5",
        P16Ps6 = "P16 Ps.6",
        P16Ps7 = "P16 Ps.7",
        P16Ps8 = "P16 Ps.8",
        P16Ps10 = "P16 Ps.10(1)",
        P16Ps10Ay5 = "P16 Ps.10(5)",
        P16Ps12 = "P16 Ps.12",
        P16Ps18 = "P16 Ps.18",
        P16Ps18Ay2 = "P16 Ps.18(2)-(3)",
        P16Ps19 = "P16 Ps.19",
        P16Ps20 = "P16 Ps.20",
        P16Ps21 = "P16 Ps.21",
        P16Ps22 = "P16 Ps.22",
        P16Ps23 = "P16 Ps.23",
        P16Ps24 = "P16 Ps.24(3)",
        P16Ps25 = "P16 Ps.25",
        P16Ps26 = "P16 Ps.26",
        P16Ps27 = "P16 Ps.27",
        P16Ps28 = "P16 Ps.28(2)",
        P16Ps29c = "P16 Ps.29c",
        P16Ps31 = "P16 Ps.31",
        P16Ps34 = "P16 Ps.34",
        P16Ps35 = "P16 Ps.35(2)",
        P16Ps36 = "P16 Ps.36",
        P16Ps45 = "P16 Ps.45",
        P7Ps4 = "P7 Ps.4(1)a",
        P7Ps6 = "P7 Ps.6",
        Uu11Ps19 = "UU 11/2012 Ps.19",
        Uu21Ps44 = "UU 21/2007 Ps.44",
        Uu27Ps4 = "UU 27/2022 Ps.4(2)",
        Uu27Ps16 = "UU 27/2022 Ps.16(2)",
        Uu27Ps30 = "UU 27/2022 Ps.30",
        Uu27Ps32 = "UU 27/2022 Ps.32",
        Uu27Ps33 = "UU 27/2022 Ps.33",
        Uu27Ps40 = "UU 27/2022 Ps.40",
        Uu27Ps41 = "UU 27/2022 Ps.41",
        Uu35Ps64 = "UU 35/2014 Ps.64",
    }
}

/// What an article asks, in one sentence of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duty {
    pub id: &'static str,
    pub en: &'static str,
}

impl Article {
    /// The instrument the article stands in.
    #[must_use]
    pub const fn instrument(self) -> &'static str {
        match self {
            Self::P7Ps4 | Self::P7Ps6 => "Peraturan Menteri Sosial Nomor 7 Tahun 2021",
            Self::P16Ps1No8
            | Self::P16Ps3
            | Self::P16Ps5
            | Self::P16Ps6
            | Self::P16Ps7
            | Self::P16Ps8
            | Self::P16Ps10
            | Self::P16Ps10Ay5
            | Self::P16Ps12
            | Self::P16Ps18
            | Self::P16Ps18Ay2
            | Self::P16Ps19
            | Self::P16Ps20
            | Self::P16Ps21
            | Self::P16Ps22
            | Self::P16Ps23
            | Self::P16Ps24
            | Self::P16Ps25
            | Self::P16Ps26
            | Self::P16Ps27
            | Self::P16Ps28
            | Self::P16Ps29c
            | Self::P16Ps31
            | Self::P16Ps34
            | Self::P16Ps35
            | Self::P16Ps36
            | Self::P16Ps45 => "Peraturan Menteri Sosial Nomor 16 Tahun 2020",
            Self::Uu11Ps19 => "Undang-Undang Nomor 11 Tahun 2012 tentang Sistem Peradilan Pidana Anak",
            Self::Uu21Ps44 => {
                "Undang-Undang Nomor 21 Tahun 2007 tentang Pemberantasan Tindak Pidana Perdagangan Orang"
            }
            Self::Uu27Ps4
            | Self::Uu27Ps16
            | Self::Uu27Ps30
            | Self::Uu27Ps32
            | Self::Uu27Ps33
            | Self::Uu27Ps40
            | Self::Uu27Ps41 => "Undang-Undang Nomor 27 Tahun 2022 tentang Pelindungan Data Pribadi",
            Self::Uu35Ps64 => "Undang-Undang Nomor 35 Tahun 2014 tentang Perlindungan Anak",
        }
    }

    /// What the article asks.
    #[expect(
        clippy::too_many_lines,
        reason = "a catalogue: one entry an article, nothing to follow"
    )]
    #[must_use]
    pub const fn duty(self) -> Duty {
        let (id, en) = match self {
            Self::P16Ps1No8 => (
                "Serasi memberi solusi melalui rujukan atau penyelesaian secara langsung.",
                "Serasi gives a solution by referral or by direct resolution.",
            ),
            Self::P16Ps3 => (
                "Sasaran program terdiri atas lima kluster.",
                "The programme serves five clusters.",
            ),
            Self::P16Ps5 => (
                "ATENSI dilaksanakan balai; UPTD dan LKS sebagai mitra, UPTD juga mandiri di bawah supervisi.",
                "ATENSI is carried out by balai; UPTD and LKS as partners, UPTD also alone under supervision.",
            ),
            Self::P16Ps6 => (
                "ATENSI berbasis keluarga, komunitas, dan/atau residensial.",
                "ATENSI is based on family, community and/or residence.",
            ),
            Self::P16Ps7 => (
                "Sasaran ATENSI: individu, keluarga, kelompok, dan/atau komunitas.",
                "ATENSI is for individuals, families, groups and/or communities.",
            ),
            Self::P16Ps8 => (
                "Sasaran memenuhi salah satu dari tujuh kriteria.",
                "Recipients meet one of seven criteria.",
            ),
            Self::P16Ps10 => (
                "ATENSI memiliki tujuh bentuk layanan.",
                "ATENSI has seven forms of service.",
            ),
            Self::P16Ps10Ay5 => (
                "Dalam situasi darurat layanan diberikan melalui respon kasus.",
                "In an emergency the service is given as a case response.",
            ),
            Self::P16Ps12 => (
                "Perawatan dan pengasuhan menjamin keselamatan dan kelekatan.",
                "Care secures safety and attachment.",
            ),
            Self::P16Ps18 => (
                "ATENSI berjalan dalam tujuh tahapan, masing-masing dengan supervisi.",
                "ATENSI runs in seven stages, each supervised.",
            ),
            Self::P16Ps18Ay2 => (
                "Setiap tahapan melalui supervisi oleh Pekerja Sosial yang berkompetensi supervisi.",
                "Each stage is supervised by a Pekerja Sosial with supervision competence.",
            ),
            Self::P16Ps19 => (
                "Akses berasal dari rujukan, laporan pengaduan, dan/atau penjangkauan kasus.",
                "Access comes from referral, complaint and/or outreach.",
            ),
            Self::P16Ps20 => (
                "Pendekatan awal meliputi asesmen awal, respon kasus, dan/atau kesepakatan awal.",
                "The initial approach holds an initial assessment, a case response and/or an initial agreement.",
            ),
            Self::P16Ps21 => (
                "Asesmen komprehensif dan berkelanjutan meliputi sembilan aspek.",
                "The comprehensive and continuous assessment covers nine aspects.",
            ),
            Self::P16Ps22 => (
                "Perencanaan dilakukan dengan pemetaan sistem sumber, rencana layanan, dan penetapan bersama.",
                "Planning is done by a resource map, a service plan and a joint decision.",
            ),
            Self::P16Ps23 => (
                "Implementasi berbasis keluarga, komunitas, dan/atau residensial.",
                "Implementation is based on family, community and/or residence.",
            ),
            Self::P16Ps24 => (
                "Monitoring dan evaluasi memakai indikator masukan, proses, keluaran, manfaat, dan dampak.",
                "Monitoring and evaluation use indicators of input, process, output, benefit and impact.",
            ),
            Self::P16Ps25 => (
                "Pascalayanan diberikan berdasarkan asesmen; terminasi mengakhiri rangkaian program.",
                "After-care is given by an assessment; termination ends the programme.",
            ),
            Self::P16Ps26 => (
                "Jangka waktu ditetapkan berdasarkan asesmen, konferensi kasus, dan/atau konferensi keluarga.",
                "The duration is set by assessment, case conference and/or family conference.",
            ),
            Self::P16Ps27 => (
                "Mekanisme ATENSI setiap klaster ditetapkan Direktur Jenderal dalam pedoman operasional.",
                "How ATENSI works in each cluster is set by the Director General's operational guidance.",
            ),
            Self::P16Ps28 => (
                "Serasi dilaksanakan di lingkup nasional dan regional.",
                "Serasi works in national and regional scope.",
            ),
            Self::P16Ps29c => (
                "Keluhan dan kejadian luar biasa ditangani cepat dan akurat.",
                "Complaints and extraordinary events are handled fast and accurately.",
            ),
            Self::P16Ps31 => (
                "Serasi dilaksanakan balai bersama dinas/instansi terkait.",
                "Serasi is run by the balai with the agencies concerned.",
            ),
            Self::P16Ps35 => (
                "Layanan tetap diberikan; penerima yang belum terdata segera dilaporkan ke dinas sosial atau Kementerian.",
                "Service is given in any case; whoever is not registered is reported at once to a dinas or the ministry.",
            ),
            Self::P16Ps36 => (
                "Pendaftaran dalam data terpadu mengikuti tata cara peraturan perundang-undangan.",
                "Registration in the integrated data follows the procedure of the regulations.",
            ),
            Self::P16Ps34 => (
                "Pekerja Sosial mengoordinasikan pendamping dan bekerja sama dengan profesi lain.",
                "A Pekerja Sosial coordinates the companions and works with other professions.",
            ),
            Self::P16Ps45 => (
                "Pendanaan bersumber dari APBN, APBD, dan sumber lain yang sah.",
                "Funds come from APBN, APBD and other lawful sources.",
            ),
            Self::P7Ps4 => (
                "Multifungsi layanan: merespon ragam masalah sosial yang mendesak.",
                "Multifunction: respond to the variety of urgent social problems.",
            ),
            Self::P7Ps6 => (
                "UPTD dan LKS dapat melaksanakan ATENSI mandiri dengan supervisi Kementerian Sosial.",
                "UPTD and LKS may carry out ATENSI on their own under supervision of the ministry.",
            ),
            Self::Uu11Ps19 => (
                "Identitas anak pelaku, korban, dan saksi wajib dirahasiakan.",
                "The identity of a child as offender, victim or witness is kept secret.",
            ),
            Self::Uu21Ps44 => (
                "Korban dan saksi perdagangan orang beserta keluarganya berhak atas kerahasiaan identitas.",
                "Victims and witnesses of trafficking and their families have a right to a secret identity.",
            ),
            Self::Uu27Ps4 => (
                "Data kesehatan dan data anak adalah data pribadi spesifik.",
                "Data on health and on children are specific personal data.",
            ),
            Self::Uu27Ps16 => (
                "Data pribadi diproses terbatas dan spesifik sesuai tujuannya.",
                "Personal data are processed in a limited way, for their purpose only.",
            ),
            Self::Uu27Ps30 => (
                "Kesalahan data pribadi diperbaiki paling lambat 3 x 24 jam sejak permintaan diterima.",
                "Errors in personal data are corrected within 3 x 24 hours of the request.",
            ),
            Self::Uu27Ps32 => (
                "Akses kepada data pribadi beserta rekam jejak pemrosesannya diberikan paling lambat 3 x 24 jam.",
                "Access to personal data and the trail of their processing is given within 3 x 24 hours.",
            ),
            Self::Uu27Ps33 => (
                "Akses wajib ditolak jika membahayakan seseorang atau mengungkap data orang lain.",
                "Access must be refused where it endangers somebody or discloses the data of others.",
            ),
            Self::Uu27Ps40 => (
                "Pemrosesan dihentikan paling lambat 3 x 24 jam sejak persetujuan ditarik kembali.",
                "Processing ends within 3 x 24 hours of a withdrawn consent.",
            ),
            Self::Uu27Ps41 => (
                "Pemrosesan ditunda dan dibatasi paling lambat 3 x 24 jam sejak permintaan diterima.",
                "Processing is suspended and limited within 3 x 24 hours of the request.",
            ),
            Self::Uu35Ps64 => (
                "Anak yang berhadapan dengan hukum dilindungi dari publikasi identitasnya.",
                "A child in contact with the law is protected from its identity becoming known.",
            ),
        };
        Duty { id, en }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Rust source of the crate, this file left out.
    fn sources(folder: &Path, out: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, out);
            } else if !path.ends_with("regulation.rs") {
                out.push_str(&std::fs::read_to_string(&path).unwrap());
            }
        }
    }

    #[test]
    fn every_article_of_the_catalogue_is_named_by_the_behaviour_it_orders() {
        let mut code = String::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut code);
        for article in Article::ALL {
            let name = format!("Article::{article:?}");
            let named = code
                .match_indices(&name)
                .any(|(at, _)| !code[at + name.len()..].starts_with(|next: char| next.is_alphanumeric()));
            assert!(
                named,
                "{name} ({article}) is in the catalogue, but nothing acts on it"
            );
        }
    }
}
