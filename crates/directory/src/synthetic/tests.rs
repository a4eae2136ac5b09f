//! The generated tables, byte by byte as every machine must make them.

use sha2::{Digest, Sha256};

use super::{Accreditation, Lks, Uptd, lks, uptd};
use crate::codes::{BASES, CLUSTERS};
use crate::draw::pick;
use crate::reference::known_uptd_by_province;

#[test]
fn the_lks_table_is_the_same_on_every_machine() {
    let header = "lks_id,name,cluster,regency_code,district_code,lat,lon,island_id,basis,capacity,accreditation,legal_status";
    let lines: Vec<_> = lks().map(|lks| lks_line(&lks)).collect();
    assert_eq!(lines.len(), 4_405);
    assert_eq!(
        lines[0],
        "LKS-1101-001,LKS-TS Kasih Pelita Aceh Selatan,tuna_sosial_kpo,11.01,11.01.12,3.5750,96.9672,sumatera,komunitas,80,C,berbadan hukum"
    );
    assert_table(
        header,
        &lines,
        532_752,
        "51f9ade135d90ab495e7312767e0404d58ea6cfab72de3e5a71d4d5b9296b1e9",
    );
}

#[test]
fn the_uptd_table_is_the_same_on_every_machine() {
    let header = "uptd_id,name,cluster,province_code,regency_code,lat,lon,island_id,capacity";
    let lines: Vec<_> = uptd(&known_uptd_by_province())
        .map(|uptd| uptd_line(&uptd))
        .collect();
    assert_eq!(lines.len(), 49);
    assert_eq!(
        lines[0],
        "UPTD-12-01,UPTD PSTW Tunas Bakti Medan,lansia,12,12.71,3.5904,98.6821,sumatera,130"
    );
    assert_table(
        header,
        &lines,
        4_394,
        "46a76aabab1060fb06bf8fa1ad2147579608aff8e1b8d2754530401dee9e2dc0",
    );
}

fn assert_table(header: &str, lines: &[String], bytes: usize, sha256: &str) {
    let table = format!("{header}\n{}\n", lines.join("\n"));
    assert_eq!(table.len(), bytes);
    let digest: String = Sha256::digest(&table)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(digest, sha256);
}

fn lks_line(lks: &Lks) -> String {
    let Lks {
        id,
        name,
        places,
        district,
        ..
    } = lks;
    let accreditation = match lks.accreditation {
        Accreditation::A => "A",
        Accreditation::B => "B",
        Accreditation::C => "C",
        Accreditation::None => "-",
    };
    // No rule of routing asks for the legal form; it is drawn here because the digest covers it.
    let legal = [("berbadan hukum", 80), ("tidak berbadan hukum", 20)];
    [
        id.as_str(),
        name,
        CLUSTERS.text(lks.cluster.into()).unwrap(),
        &district.code.regency().unwrap().to_string(),
        &district.code.to_string(),
        &district.coordinates.unwrap().to_string(),
        &district.island.unwrap().id,
        BASES.text(lks.base.into()).unwrap(),
        &places.to_string(),
        accreditation,
        pick(&format!("{}legal", lks.key), &legal),
    ]
    .join(",")
}

fn uptd_line(uptd: &Uptd) -> String {
    let Uptd {
        id,
        name,
        places,
        regency,
        ..
    } = uptd;
    [
        id.as_str(),
        name,
        CLUSTERS.text(uptd.cluster.into()).unwrap(),
        &regency.code.province().unwrap().to_string(),
        &regency.code.to_string(),
        &regency.coordinates.unwrap().to_string(),
        &regency.island.unwrap().id,
        &places.to_string(),
    ]
    .join(",")
}
