#!/usr/bin/env python3
"""A second invented population, made in another way than `serasi registry generate`: a check against tuning to one's own errors.

Names by province and rank, districts of the whole nation, three generations and twins under one roof, nicknames, NIK of a
relative, dates of a neighbour. Standard library only. Same seed, same files; nobody in them is real.
"""

import argparse
import collections
import csv
import random
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CULTURES = {"11": "aceh", "12": "batak", "13": "minang", "33": "jawa", "34": "jawa", "35": "jawa", "51": "bali",
            "52": "sasak", "53": "ntt", "71": "minahasa", "73": "bugis-makassar", "81": "maluku", "82": "maluku",
            "91": "papua", "92": "papua", "94": "papua", "95": "papua"}
SLIPS = [("oe", "u"), ("dj", "j"), ("tj", "c"), ("sj", "sy"), ("y", "j"), ("i", "y"), ("f", "p"), ("z", "s"), ("kh", "h"),
         ("ch", "h"), ("dh", "d"), ("o", "a"), ("v", "f"), ("q", "k"), ("ie", "i"), ("ai", "ae"), ("ll", "l"), ("mm", "m"),
         ("nn", "n"), ("tt", "t"), ("h", "")]
KEYS = {"a": "sq", "i": "uo", "u": "yi", "n": "mb", "r": "te", "s": "ad", "o": "ip", "d": "sf", "t": "ry", "e": "rw", "m": "n",
        "h": "gj", "l": "k", "k": "lj"}


class Names:
    def __init__(self, rng):
        self.rng, self.lists = rng, collections.defaultdict(list)
        with open(ROOT / "crates/linkage/data/names.csv", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                for sex in "LP":
                    if row["gender"] == {"L": "F", "P": "M"}[sex]:
                        continue
                    for culture in {row["culture"], row["culture"].removesuffix("-klasik")}:
                        self.lists[row["role"], sex, culture].append((int(row["weight"]), row["name"]))
        self.ranked = {}

    def pick(self, role, sex, culture):
        key = role, sex, culture
        if key not in self.ranked:
            # By rank, as names are: the tenth is a good deal rarer than the first.
            names = [name for _, name in sorted(self.lists[key], key=lambda item: (-item[0], self.rng.random()))]
            self.ranked[key] = names, [1 / (rank + 3) ** 0.95 for rank in range(len(names))]
        names, weights = self.ranked[key]
        return self.rng.choices(names, weights)[0] if names else None

    def given(self, sex, culture):
        own = self.rng.random() < 0.5 and self.pick("given", sex, culture)
        return own or self.pick("given", sex, "umum")

    def full(self, sex, culture, family, father):
        words = [self.given(sex, culture)]
        if self.rng.random() < 0.35:
            words.append(self.given(sex, culture))
        if family and self.rng.random() < 0.9:
            words.append(family)
        elif father and self.rng.random() < 0.12:
            words.append(father)
        elif self.rng.random() < 0.65:
            words.append(self.pick("last", sex, "umum"))
        return list(dict.fromkeys(words))


class Nation:
    def __init__(self, rng):
        with open(ROOT / "crates/geography/data/districts.csv", encoding="utf-8") as file:
            self.districts = [row["code"] for row in csv.DictReader(file)]
        regencies = collections.defaultdict(list)
        for code in self.districts:
            regencies[code[:5]].append(code)
        chosen = [regencies[code] for code in rng.sample(sorted(regencies), 12)]
        self.near = [code for codes in chosen for code in codes[:9]]
        self.villages = [f"{code}.{kind}{number:03}" for code in self.near for kind, number in ((1, 1), (2, 2), (2, 3), (2, 5), (2, 8))]


def date(rng, year):
    return year, rng.randint(1, 12), rng.randint(1, 28)


def show(birth):
    return "%04d-%02d-%02d" % birth


class Invention:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.names, self.nation = Names(self.rng), Nation(self.rng)
        self.serials = collections.Counter()

    def nik(self, place, birth, sex):
        day = birth[2] + (40 if sex == "P" else 0)
        head = place.replace(".", "")[:6] + "%02d%02d%02d" % (day, birth[1], birth[0] % 100)
        self.serials[head] += self.rng.choice((1, 1, 1, 2, 3))
        return head + "%04d" % self.serials[head]

    def person(self, home, sex, birth, mother, family=None, father=None):
        rng, culture = self.rng, CULTURES.get(home["village"][:2], "umum")
        issued = home["village"] if rng.random() < 0.8 else rng.choice(self.nation.districts)
        return {"nik": self.nik(issued, birth, sex), "name": self.names.full(sex, culture, family, father), "birth": birth, "sex": sex,
                "mother": mother or self.names.full("P", culture, None, None), **home}

    def household(self):
        rng = self.rng
        village = rng.choice(self.nation.villages)
        home = {"village": village, "kk": self.nik(village, date(rng, rng.randint(2005, 2024)), "L"), "id": rng.getrandbits(60)}
        culture = CULTURES.get(village[:2], "umum")
        family = self.names.pick("family", "L", culture)
        year = rng.randint(1945, 1996)
        mother = self.person(home, "P", date(rng, year), None)
        father = self.person(home, "L", date(rng, year - rng.randint(-2, 9)), None, family)
        members = [mother] + ([father] if rng.random() < 0.85 else [])
        if rng.random() < 0.12:
            # The father's mother: his mother's name is hers.
            members.append(self.person(home, "P", date(rng, year - rng.randint(20, 32)), None))
            father["mother"] = members[-1]["name"]
        at = year + rng.randint(18, 28)
        for _ in range(rng.choice((0, 1, 1, 2, 2, 2, 3, 3, 4, 5))):
            birth = date(rng, min(at, 2023))
            for _ in range(2 if rng.random() < 0.012 else 1):
                sex = rng.choice("LP")
                members.append(self.person(home, sex, birth, mother["name"], family, father["name"][0]))
            at += rng.choice((1, 2, 2, 3, 4, 5))
        return members

    # Ways to err.

    def wrong_nik(self, nik, relatives):
        rng, digits = self.rng, list(nik)
        kind, at = rng.random(), rng.randrange(15)
        if kind < 0.45:
            digits[rng.randrange(16)] = str(rng.randrange(10))
        elif kind < 0.7:
            digits[at], digits[at + 1] = digits[at + 1], digits[at]
        elif kind < 0.85:
            return rng.choice(relatives)["nik"]
        else:
            digits[12:] = "%04d" % rng.randint(1, 30)
        return "".join(digits)

    def slip(self, word):
        rng, word = self.rng, word.lower()
        kind, at = rng.random(), rng.randrange(len(word))
        if kind < 0.5:
            fits = [(a, b) for pair in SLIPS for a, b in (pair, pair[::-1]) if a and a in word]
            if fits:
                return word.replace(*rng.choice(fits), 1) or word
        if len(word) < 4:
            return word
        if kind < 0.65:
            return word[:at] + word[at + 1:]
        if kind < 0.8 and word[at] in KEYS:
            return word[:at] + rng.choice(KEYS[word[at]]) + word[at + 1:]
        if kind < 0.9 and at:
            return word[:at - 1] + word[at] + word[at - 1] + word[at + 1:]
        return word[:at] + word[at] + word[at:]

    def write(self, words, wrong, familiar=0.0):
        rng, words = self.rng, list(words)
        if rng.random() < wrong:
            for _ in range(rng.choice((1, 1, 2))):
                at, kind = rng.randrange(len(words)), rng.random()
                if kind < 0.55:
                    words[at] = self.slip(words[at])
                elif kind < 0.67 and len(words) > 1:
                    words.pop(rng.randrange(1, len(words)))
                elif kind < 0.72 and len(words) > 1:
                    words.pop(0)
                elif kind < 0.82 and len(words) > 1:
                    words[at] = words[at][0] + rng.choice(("", "."))
                elif kind < 0.87:
                    rng.shuffle(words)
                elif kind < 0.92 and len(words) > 1:
                    words[-2:] = [words[-2] + words[-1].lower()]
                else:
                    words.insert(0, rng.choice(("H.", "Hj", "Pak", "Bu", "Mbah", "Sdr.", "Alm")))
        if familiar and rng.random() < familiar and len(words[0]) > 4:
            words[0] = rng.choice((words[0][:3], words[0][-3:], words[0][:4])).title()
        text = " ".join(words)
        return text.upper() if rng.random() < 0.5 else text

    def guess(self, birth, known):
        rng, kind = self.rng, self.rng.random()
        if kind < known:
            return show(birth)
        kind = rng.random()
        if kind < 0.3:
            return str(birth[0])
        if kind < 0.45:
            return ""
        if kind < 0.6:
            return str(birth[0] + rng.choice((-3, -2, -1, 1, 2, 3)))
        if kind < 0.72:
            return show((birth[0], *rng.choice(((1, 1), (7, 1), (12, 31)))))
        if kind < 0.82 and birth[2] <= 12:
            return show((birth[0], birth[2], birth[1]))
        if kind < 0.9:
            return show((birth[0], birth[1], rng.randint(1, 28)))
        if kind < 0.95:
            return show((birth[0], rng.randint(1, 12), birth[2]))
        return show((birth[0] + rng.choice((-10, -1, 1, 10)), birth[1], birth[2]))

    def row(self, one, relatives):
        rng = self.rng
        nik = "" if rng.random() < 0.06 else one["nik"] if rng.random() < 0.97 else self.wrong_nik(one["nik"], relatives)
        place = one["village"] if rng.random() < 0.9 else one["village"][:8] if rng.random() < 0.5 else rng.choice(self.nation.villages)
        birth = show(one["birth"]) if rng.random() < 0.9 else self.guess(one["birth"], 0) or show(one["birth"])
        sex = one["sex"] if rng.random() < 0.996 else {"L": "P", "P": "L"}[one["sex"]]
        mother = "" if rng.random() < 0.25 else self.write(one["mother"], 0.15)
        street = f"Dusun {rng.randint(1, 9)} RT {rng.randint(1, 20):03}"
        return [nik, one["kk"], self.write(one["name"], 0.12), birth, sex, place, street, mother]

    def said(self, one, relatives):
        rng = self.rng
        nik = "" if rng.random() < 0.55 else one["nik"] if rng.random() < 0.88 else self.wrong_nik(one["nik"], relatives)
        village = one["village"] if rng.random() < 0.87 else rng.choice(self.nation.villages)
        place = "" if rng.random() < 0.06 else village[:rng.choice((5, 5, 8, 8, 8, 13))]
        sex = "" if rng.random() < 0.05 else one["sex"] if rng.random() < 0.99 else {"L": "P", "P": "L"}[one["sex"]]
        mother = "" if rng.random() < 0.45 else self.write(one["mother"], 0.35, familiar=0.03)
        return [nik, self.write(one["name"], 0.4, familiar=0.04), self.guess(one["birth"], 0.55), sex, place, mother]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--registry", type=int, required=True)
    parser.add_argument("--persons", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    invention = Invention(args.seed)
    rng, people = invention.rng, []
    while len(people) < args.registry * 1.25:
        members = invention.household()
        people += [(one, members) for one in members]
    rng.shuffle(people)
    inside, outside = people[:args.registry], people[args.registry:]
    args.out.mkdir(parents=True, exist_ok=True)

    def write(name, header, rows):
        with open(args.out / name, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)

    rows = [[f"B{at:08}", *invention.row(*one)] for at, one in enumerate(inside)]
    known = iter(enumerate(inside))
    unknown = iter(outside)
    persons, truth = [], []
    for at in range(args.persons):
        if rng.random() < 0.65:
            position, one = next(known)
            row = rows[position][0]
        else:
            one, row = next(unknown), ""
        persons.append([f"p{at}", *invention.said(*one)])
        truth.append([f"p{at}", row])
    order = list(range(len(rows)))
    rng.shuffle(order)
    write("snapshot.csv", "registry_id,nik,no_kk,nama,tanggal_lahir,jenis_kelamin,kode_wilayah,alamat,nama_ibu_kandung".split(","), [rows[at] for at in order])
    write("persons.csv", "person_ref,nik,nama,tanggal_lahir,jenis_kelamin,kode_wilayah,nama_ibu_kandung".split(","), persons)
    write("truth.csv", ["person_ref", "registry_id"], truth)


if __name__ == "__main__":
    main()
