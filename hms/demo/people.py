"""Invented staff of Riverside General: nobody here exists."""

from dataclasses import dataclass

PASSWORD = "riverside-demo-2026"  # noqa: S105  # pragma: allowlist secret
ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Colleague:
    """One invented person and where they work; the root of the site is the empty unit code."""

    username: str
    given: str
    family: str
    role: str
    unit: str
    shift: str = "day"
    title: str = ""
    profession: str = ""
    specialty: str = ""


def _login(role: str, unit: str, given: str, family: str, **rest: str) -> Colleague:
    return Colleague(role.replace("_", "-"), given, family, role, unit, **rest)


# One login for each role of config/roles.yaml; the administrator is made by the set-up itself.
ADMINISTRATOR = Colleague(ADMIN, "Ingrid", "Solheim", "system_administrator", "")
LOGINS = (
    _login("front_desk", "FRONT", "Amina", "Okafor"),
    _login("records_officer", "FRONT", "Hanna", "Lindqvist"),
    _login("nurse", "W-MED-A", "Rosa", "Delgado", profession="Nurse"),
    _login(
        "doctor",
        "CL-MED",
        "Kenji",
        "Watanabe",
        title="Dr",
        profession="Physician",
        specialty="Internal medicine",
    ),
    _login("ward_manager", "W-MED-A", "Chipo", "Moyo", profession="Nurse"),
    _login("bed_manager", "INPAT", "Lucas", "Meyer"),
    _login("lab_technician", "LAB", "Thanh", "Nguyen", profession="Laboratory technician"),
    _login(
        "lab_physician",
        "LAB",
        "Farah",
        "Haddad",
        title="Dr",
        profession="Physician",
        specialty="Laboratory medicine",
    ),
    _login("pharmacist", "PHARM", "Olena", "Kovalenko", profession="Pharmacist"),
    _login("storekeeper", "STORE", "Samuel", "Adjei"),
    _login("cashier", "BILLING", "Priya", "Raman"),
    _login("claims_clerk", "CLAIMS", "Marek", "Nowak"),
    _login("rollout_manager", "", "Claire", "Fontaine"),
    _login("super_user", "OPD", "Tomas", "Ribeiro"),
    _login("auditor", "", "Hannah", "Lindqvist"),
    _login("privacy_officer", "", "Ngozi", "Eze"),
    _login("integration_client", "IT", "Interface", "Engine", shift="float"),
    _login("patient", "OPD", "Elif", "Demir"),
)

# given, family, role, unit, shift, profession, specialty
_OTHERS = (
    ("Fatou", "Diallo", "front_desk", "FRONT", "day", "", ""),
    ("George", "Papadakis", "front_desk", "FRONT", "night", "", ""),
    ("Mei", "Chen", "front_desk", "FRONT", "weekend", "", ""),
    ("Nomsa", "Dlamini", "front_desk", "ED", "day", "", ""),
    ("Bilal", "Rahman", "front_desk", "ED", "night", "", ""),
    ("Aisha", "Bello", "nurse", "CL-MED", "day", "Nurse", ""),
    ("Henrik", "Larsen", "nurse", "CL-PAED", "day", "Nurse", ""),
    ("Leilani", "Kealoha", "nurse", "CL-ORTHO", "day", "Nurse", ""),
    ("Sofia", "Marino", "nurse", "CL-ANC", "day", "Midwife", ""),
    ("Kwame", "Boateng", "nurse", "ED", "day", "Nurse", ""),
    ("Ana", "Popescu", "nurse", "ED", "night", "Nurse", ""),
    ("Daniel", "Osei", "nurse", "ED", "weekend", "Nurse", ""),
    ("Yuki", "Tanaka", "nurse", "W-MED-A", "night", "Nurse", ""),
    ("Miriam", "Cohen", "nurse", "W-MED-A", "weekend", "Nurse", ""),
    ("Joao", "Carvalho", "nurse", "W-MED-B", "day", "Nurse", ""),
    ("Grace", "Wanjiru", "nurse", "W-MED-B", "night", "Nurse", ""),
    ("Petra", "Novotna", "nurse", "W-SURG", "day", "Nurse", ""),
    ("Arjun", "Sharma", "nurse", "W-SURG", "night", "Nurse", ""),
    ("Layla", "Mansour", "nurse", "W-MAT", "day", "Midwife", ""),
    ("Esther", "Mwangi", "nurse", "W-MAT", "night", "Midwife", ""),
    ("Camille", "Bernard", "nurse", "W-PAED", "day", "Nurse", ""),
    ("Jin", "Park", "nurse", "ICU", "day", "Nurse", "Intensive care"),
    ("Nadia", "Ivanova", "nurse", "ICU", "night", "Nurse", "Intensive care"),
    ("Patrick", "Murphy", "nurse", "THEATRE", "day", "Nurse", "Theatre"),
    ("Sunita", "Thapa", "nurse", "ICU", "float", "Nurse", ""),
    ("Ibrahim", "Yilmaz", "doctor", "CL-PAED", "day", "Physician", "Paediatrics"),
    ("Charlotte", "Dubois", "doctor", "CL-ORTHO", "day", "Physician", "Orthopaedics"),
    ("Adaeze", "Nwosu", "doctor", "CL-ANC", "day", "Physician", "Obstetrics"),
    ("Viktor", "Horvat", "doctor", "ED", "day", "Physician", "Emergency medicine"),
    ("Salma", "Benali", "doctor", "ED", "night", "Physician", "Emergency medicine"),
    ("Rajesh", "Iyer", "doctor", "W-MED-A", "day", "Physician", "Internal medicine"),
    ("Astrid", "Nilsen", "doctor", "W-MED-B", "night", "Physician", "Internal medicine"),
    ("Mateo", "Vargas", "doctor", "W-SURG", "day", "Physician", "Surgery"),
    ("Zanele", "Khumalo", "doctor", "W-MAT", "day", "Physician", "Obstetrics"),
    ("Oskar", "Weiss", "doctor", "ICU", "day", "Physician", "Anaesthesia"),
    ("Hoa", "Tran", "ward_manager", "W-SURG", "day", "Nurse", ""),
    ("Beatriz", "Soto", "ward_manager", "W-MAT", "day", "Midwife", ""),
    ("Emeka", "Eze", "bed_manager", "INPAT", "night", "", ""),
    ("Ruta", "Kazlauskas", "lab_technician", "LAB", "night", "Laboratory technician", ""),
    ("Manoj", "Perera", "lab_technician", "LAB", "weekend", "Laboratory technician", ""),
    ("Dina", "Farouk", "pharmacist", "PHARM", "night", "Pharmacist", ""),
    ("Simon", "Keller", "storekeeper", "STORE", "day", "", ""),
    ("Thandi", "Zulu", "cashier", "BILLING", "day", "", ""),
)


def _other(row: tuple[str, ...]) -> Colleague:
    given, family, role, unit, shift, profession, specialty = row
    return Colleague(
        f"{given}.{family}".lower(),
        given,
        family,
        role,
        unit,
        shift,
        "Dr" if role == "doctor" else "",
        profession,
        specialty,
    )


STAFF = (*LOGINS, *(_other(row) for row in _OTHERS))
NEWCOMERS = (
    ("Ravi", "Menon"),
    ("Lena", "Fischer"),
    ("Kofi", "Asante"),
    ("Marta", "Silva"),
    ("Omar", "Aziz"),
    ("Hye-jin", "Lee"),
    ("Pilar", "Ortega"),
    ("Jonas", "Berg"),
    ("Wambui", "Kamau"),
    ("Elena", "Rossi"),
    ("Tariq", "Saleh"),
    ("Noor", "de Vries"),
)
