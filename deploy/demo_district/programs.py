"""Partners and programs of the demo district, as a CSV file with Crosswalk's own columns: 20 partners, 40 programs."""

import csv
from pathlib import Path
from typing import NamedTuple

from deploy.demo_district.names import PARTNER_CONTACTS
from deploy.demo_district.roster import plain

COLUMNS = (
    "organization", "name", "description", "needs", "grades", "schools", "languages", "schedule", "capacity",
    "contact name", "contact email", "contact phone", "site", "neighborhood", "latitude", "longitude", "times", "cost",
    "open places",
)  # fmt: skip
MAPPING = "crosswalk"
"""The mapping that fits these columns."""


class Program(NamedTuple):
    """What one program offers, to whom, in which languages, when, with how many places."""

    name: str
    description: str
    needs: str
    grades: str
    languages: str
    schedule: str
    capacity: int
    schools: str = ""


class Partner(NamedTuple):
    """An organization with its programs."""

    name: str
    site: str
    programs: tuple[Program, ...]


PARTNERS = (
    Partner("Harbor Lights Youth Center", "14 Wharf Street", (
        Program("Homework Harbor", "Quiet rooms, snacks and tutors who know the district's books.",
                "academic;after_school", "1-5", "Spanish;Haitian Creole", "Monday to Thursday, 3 to 6 pm", 60),
        Program("Tide Pool Summer", "Six weeks of reading, swimming and science by the water.",
                "summer;academic", "K-5", "Spanish", "July and August, weekdays 8:30 am to 4 pm", 80),
    )),
    Partner("Millbrook Reads", "Public Library, 2 Common Square", (
        Program("Reading Partners", "A trained volunteer reads with one child, twice a week, for a year.",
                "academic;mentoring", "K-3", "Spanish;Vietnamese;Portuguese", "Twice a week in the school day", 45),
        Program("Family Story Hour", "Stories in two languages, and a book to take home.",
                "family_support;english_learning", "K-2", "Cape Verdean Creole;Portuguese", "Saturdays, 10 am", 30),
    )),
    Partner("New Shore Family Services", "210 Quincy Road", (
        Program("Family Navigator", "One person who helps with forms, benefits, housing and school.",
                "family_support;housing", "", "Spanish;Haitian Creole;Cape Verdean Creole;Somali",
                "Weekdays, 9 am to 5 pm", 40),
        Program("Warm Coats, Full Shelves", "Food parcels every week, and winter clothes in the right size.",
                "food;family_support", "", "Spanish;Haitian Creole", "Fridays, 2 to 6 pm", 120),
    )),
    Partner("Bridgewell Counseling", "88 Elm Street, 2nd floor", (
        Program("Counseling at School", "A clinician at the school, one hour a week, at no cost to the family.",
                "mental_health", "K-8", "Spanish;Portuguese", "In the school day", 36),
        Program("Teen Talk", "A small group for worries, grief and hard times at home.",
                "mental_health", "9-12", "Haitian Creole;French", "Wednesdays, 3:30 to 5 pm", 24),
    )),
    Partner("Casa Abierta", "31 Mercado Lane", (
        Program("Mentores", "A grown-up who speaks your language, two afternoons a month.",
                "mentoring", "4-12", "Spanish", "Two afternoons a month", 50),
        Program("Inglés en Familia", "English for parents and children in the same evening.",
                "english_learning;family_support", "", "Spanish", "Tuesdays and Thursdays, 6 to 8 pm", 40),
    )),
    Partner("Kay Lakay", "5 Toussaint Place", (
        Program("Apre Lekòl", "After school with homework, dance and dinner.",
                "after_school;arts", "K-8", "Haitian Creole;French", "Weekdays, 2:30 to 6 pm", 35),
        Program("Papers and School", "Help for families who came lately: enrollment, health forms, transport.",
                "family_support;attendance", "", "Haitian Creole;French", "Mondays and Wednesdays, 10 am to 4 pm", 30),
    )),
    Partner("Ilha Verde Association", "402 Dudley Avenue", (
        Program("Batuku Drum and Dance", "Drumming and dance, with a show in June.",
                "arts;after_school", "3-12", "Cape Verdean Creole;Portuguese", "Fridays, 3 to 5:30 pm", 25),
        Program("Ponte: Bridge to College", "From the first visit to the last form, with the whole family.",
                "college_career", "10-12", "Cape Verdean Creole;Portuguese", "Thursdays, 4 to 6 pm", 30),
    )),
    Partner("Lotus Community House", "77 Fields Corner Road", (
        Program("Saturday School", "Mathematics and English in small groups, lunch included.",
                "academic;english_learning", "2-8", "Vietnamese;Simplified Chinese;Traditional Chinese",
                "Saturdays, 9 am to 1 pm", 48),
        Program("Grandparents and Grandchildren", "Cooking and stories across generations.",
                "family_support;arts", "K-5", "Vietnamese;Traditional Chinese", "Sundays, 2 to 4 pm", 20),
    )),
    Partner("North Star Somali Council", "19 Station Street", (
        Program("Homework Club at the Council", "Help with homework, tea, and someone who speaks Somali.",
                "academic;after_school", "1-12", "Somali;Arabic", "Tuesdays to Thursdays, 4 to 7 pm", 28),
        Program("School and Home", "A liaison who visits when a child has missed many days.",
                "attendance;family_support", "", "Somali;Arabic", "By appointment", 20),
    )),
    Partner("Cedar and Olive", "63 Brook Road", (
        Program("First Year Here", "A year of welcome: English, a mentor family, the way to everything.",
                "english_learning;family_support", "", "Arabic;French", "Weekdays, 9 am to 3 pm", 25),
        Program("Girls Build", "Robots, bridges and circuits for girls.",
                "academic;after_school", "5-8", "Arabic", "Mondays, 3 to 5 pm", 18),
    )),
    Partner("Millbrook Athletic Union", "Field House, 1 River Road", (
        Program("Every Kid Plays", "Soccer, track and basketball; shoes are lent.",
                "sports;after_school", "2-8", "Spanish;Portuguese", "Weekdays, 3 to 5:30 pm", 150),
        Program("Morning Mile", "A run and breakfast before the bell, for those who find mornings hard.",
                "attendance;sports", "6-12", "", "Weekdays, 6:45 to 7:45 am", 40),
    )),
    Partner("Tinker Yard", "9 Foundry Lane", (
        Program("Open Workshop", "Wood, wires and code, with people who do it for a living.",
                "after_school;college_career", "6-12", "", "Tuesdays and Thursdays, 3 to 6 pm", 32),
        Program("Summer Makers", "Four weeks, one thing built from start to end.",
                "summer;arts", "5-9", "Spanish", "July, weekdays 9 am to 3 pm", 24),
    )),
    Partner("Bright Smiles Mobile Clinic", "in front of each school", (
        Program("Teeth and Eyes", "Check-ups and glasses at school; no insurance needed.",
                "health", "", "Spanish;Haitian Creole;Vietnamese", "Each school four times a year", 200),
        Program("Asthma at School", "A nurse who teaches child and family, and visits the home.",
                "health;attendance", "K-8", "Spanish", "By appointment", 40),
    )),
    Partner("Open Door Housing Trust", "300 Central Avenue", (
        Program("Stay at Home Fund", "Help with rent before it is too late, within five days.",
                "housing;family_support", "", "Spanish;Haitian Creole;Portuguese;Somali", "Weekdays, 9 am to 5 pm", 30),
        Program("Young and on Your Own", "A room and a person to ask, for students without a home.",
                "housing;mental_health", "9-12", "Spanish", "At any hour", 12),
    )),
    Partner("Sound Street Music", "41 Opera Place", (
        Program("Instrument Library", "Lessons in small groups, and an instrument to keep at home.",
                "arts", "3-12", "Spanish;Cape Verdean Creole", "One afternoon a week", 70),
        Program("City Choir", "Sing together; everyone is taken.",
                "arts;after_school", "2-8", "", "Wednesdays, 3 to 5 pm", 60),
    )),
    Partner("First Rung", "12 Exchange Street", (
        Program("Paid Internships", "Twelve weeks in a hospital, a workshop or an office.",
                "college_career", "10-12", "", "Afternoons, ten hours a week", 55),
        Program("First in the Family", "A coach from tenth grade until the second year of college.",
                "college_career;mentoring", "10-12", "Spanish;Portuguese;Haitian Creole", "Every other week", 40),
    )),
    Partner("Big Table Kitchen", "26 Market Street", (
        Program("Weekend Backpack", "Food for Saturday and Sunday, handed out without questions.",
                "food", "", "Spanish", "Fridays at school", 180),
        Program("Cook and Eat", "Children cook dinner, families come to eat it.",
                "food;family_support", "3-8", "Spanish;Cape Verdean Creole", "Thursdays, 4 to 7 pm", 24),
    )),
    Partner("Steady Steps", "150 Park Drive", (
        Program("Check and Connect", "The same grown-up, every day, for two years.",
                "attendance;mentoring", "6-10", "Spanish", "In the school day", 30),
        Program("Back on Track", "Credits made up in the evening, with child care.",
                "academic;college_career", "9-12", "Spanish;Haitian Creole", "Mondays to Thursdays, 5 to 8 pm", 45),
    )),
    Partner("Garden State of Mind", "End of Meadow Lane", (
        Program("School Gardens", "Grow it, measure it, eat it.",
                "after_school;health", "K-5", "", "One afternoon a week, April to November", 50),
        Program("Quiet Mornings", "Time with animals and plants for children who need calm.",
                "mental_health", "1-6", "Spanish", "Tuesdays and Fridays, 8 to 9:30 am", 14),
    )),
    Partner("Millbrook Mentors", "City Hall Annex, room 12", (
        Program("One to One", "A mentor for at least a year; every mentor is checked and trained.",
                "mentoring", "3-12", "Spanish;Simplified Chinese;French", "Once a week", 65),
        Program("Older and Wiser", "High school students look after sixth graders.",
                "mentoring;attendance", "6", "", "Mondays after school", 40),
    )),
)  # fmt: skip


NEIGHBORHOODS = {
    "Harborside": (42.3010, -71.0160), "Common": (42.2885, -71.0420), "Foundry Hill": (42.2790, -71.0610),
    "Fields Corner": (42.3075, -71.0650), "Meadow End": (42.2655, -71.0300),
}  # fmt: skip
"""Where a neighborhood's programs are, more or less; the town is made up, and so are they."""
WHERE = {
    "Harbor Lights Youth Center": "Harborside", "Millbrook Reads": "Common", "New Shore Family Services": "Harborside",
    "Bridgewell Counseling": "Common", "Casa Abierta": "Foundry Hill", "Kay Lakay": "Fields Corner",
    "Ilha Verde Association": "Fields Corner", "Lotus Community House": "Fields Corner",
    "North Star Somali Council": "Foundry Hill", "Cedar and Olive": "Meadow End",
    "Millbrook Athletic Union": "Harborside", "Tinker Yard": "Foundry Hill", "Open Door Housing Trust": "Common",
    "Sound Street Music": "Common", "First Rung": "Common", "Big Table Kitchen": "Fields Corner",
    "Steady Steps": "Meadow End", "Garden State of Mind": "Meadow End", "Millbrook Mentors": "Common",
}  # fmt: skip
"""Partners with a place of their own; the others come to the schools."""
TIMES = {
    "Homework Harbor": "Mon-Thu 15:00-18:00", "Family Story Hour": "Sat 10:00-11:30",
    "Family Navigator": "Mon-Fri 9:00-17:00", "Warm Coats, Full Shelves": "Fri 14:00-18:00",
    "Teen Talk": "Wed 15:30-17:00", "Inglés en Familia": "Tue, Thu 18:00-20:00", "Apre Lekòl": "Mon-Fri 14:30-18:00",
    "Papers and School": "Mon, Wed 10:00-16:00", "Batuku Drum and Dance": "Fri 15:00-17:30",
    "Ponte: Bridge to College": "Thu 16:00-18:00", "Saturday School": "Sat 9:00-13:00",
    "Grandparents and Grandchildren": "Sun 14:00-16:00", "Homework Club at the Council": "Tue-Thu 16:00-19:00",
    "First Year Here": "Mon-Fri 9:00-15:00", "Girls Build": "Mon 15:00-17:00", "Every Kid Plays": "Mon-Fri 15:00-17:30",
    "Morning Mile": "Mon-Fri 6:45-7:45", "Open Workshop": "Tue, Thu 15:00-18:00",
    "Stay at Home Fund": "Mon-Fri 9:00-17:00", "City Choir": "Wed 15:00-17:00", "Cook and Eat": "Thu 16:00-19:00",
    "Back on Track": "Mon-Thu 17:00-20:00", "Quiet Mornings": "Tue, Fri 8:00-9:30",
}  # fmt: skip
"""Weekly times of the programs that have some."""
COSTS = {"Tide Pool Summer": "120", "Every Kid Plays": "15", "Instrument Library": "40", "Summer Makers": "90"}
"""In dollars; all others are free."""


def _place(partner: Partner, number: int) -> tuple[str, str, str]:
    """Neighborhood, latitude and longitude: partners of a neighborhood a few streets from each other."""
    name = WHERE.get(partner.name, "")
    if not name:
        return "", "", ""
    latitude, longitude = NEIGHBORHOODS[name]
    north, east = (number * 7 % 11 - 5) * 0.0011, (number * 5 % 9 - 4) * 0.0014
    return name, f"{latitude + north:.4f}", f"{longitude + east:.4f}"


def _free(program: Program) -> str:
    """Open places: some have a few, some none, some do not say."""
    letters = len(program.name)
    return "" if letters % 4 == 0 else "0" if letters % 11 == 0 else str(2 + letters % 6)


def rows() -> list[tuple[str, ...]]:
    """The lines of the file; each partner has one contact person."""
    made: list[tuple[str, ...]] = []
    for number, partner in enumerate(PARTNERS):
        contact = PARTNER_CONTACTS[number]
        email = f"{plain(contact).replace('-', '.')}@{plain(partner.name)}.example.org"
        for program in partner.programs:
            made.append((
                partner.name, program.name, program.description, program.needs, program.grades, program.schools,
                program.languages, program.schedule, str(program.capacity), contact, email,
                f"(413) 555-01{number + 70:02}", f"{partner.site}, Millbrook", *_place(partner, number),
                TIMES.get(program.name, ""), COSTS.get(program.name, "0"), _free(program),
            ))  # fmt: skip
    return made


def write(path: Path) -> Path:
    """The file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(rows())
    return path
