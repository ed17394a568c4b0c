"""The SQL of a roster import. `t` is what the bundle says, `p` and `r` what is stored; `touched` must be published."""

TABLES = """
    CREATE TEMP TABLE staged_school (
        id uuid, source_id text, name text, gone boolean, latitude float8, longitude float8
    ) ON COMMIT DROP;
    CREATE TEMP TABLE staged_person (
        id uuid, source_id text, kind text, given_name text, family_name text, email text, phone text,
        language text, grade text, enabled boolean, gone boolean, search text, kept boolean NOT NULL DEFAULT false
    ) ON COMMIT DROP;
    CREATE TEMP TABLE staged_role (person_id uuid, name text, scope_id uuid, place int, source_id text) ON COMMIT DROP;
    CREATE TEMP TABLE named_role (source_id text) ON COMMIT DROP;
    CREATE TEMP TABLE touched (id uuid) ON COMMIT DROP;
"""

WITHOUT_ERASED = """
    DELETE FROM staged_role t USING erased_person e
        WHERE t.person_id = e.id OR (t.name = 'guardian' AND t.scope_id = e.id);
    DELETE FROM staged_person t USING erased_person e WHERE t.id = e.id;
"""

# In bulk, who is not in the bundle is gone.
MISSING_SCHOOLS = """
    INSERT INTO staged_school (id, source_id, name, gone)
    SELECT p.id, p.source_id, p.name, true FROM school p
    WHERE p.source_id IS NOT NULL AND p.active AND NOT EXISTS (SELECT 1 FROM staged_school t WHERE t.id = p.id)
"""
MISSING_PERSONS = """
    INSERT INTO staged_person (id, source_id, enabled, gone)
    SELECT p.id, p.source_id, false, true FROM person p
    WHERE p.source_id IS NOT NULL AND p.listed AND NOT EXISTS (SELECT 1 FROM staged_person t WHERE t.id = p.id)
"""
# A role from elsewhere keeps a person active whom the roster disabled or no longer knows, for that role alone.
KEPT_ENABLED = """
    UPDATE staged_person t SET enabled = true, kept = true FROM role r
    WHERE NOT t.enabled AND r.person_id = t.id AND r.origin <> 'roster'
"""

SCHOOL_FATES = """
    CREATE TEMP TABLE school_fate ON COMMIT DROP AS
    SELECT t.id, CASE WHEN p.id IS NULL THEN 'added' WHEN t.gone THEN 'gone' ELSE 'changed' END AS fate
    FROM staged_school t LEFT JOIN school p ON p.id = t.id
    WHERE CASE
        WHEN p.id IS NULL THEN NOT t.gone
        WHEN t.gone THEN p.active
        -- What a file does not say stays as an earlier one said it.
        ELSE (p.name, p.active, p.latitude, p.longitude) IS DISTINCT FROM
             (t.name, true, coalesce(t.latitude, p.latitude), coalesce(t.longitude, p.longitude))
    END
"""
PERSON_FATES = """
    CREATE TEMP TABLE person_fate ON COMMIT DROP AS
    SELECT t.id, CASE WHEN p.id IS NULL THEN 'added' WHEN t.gone THEN 'gone' ELSE 'changed' END AS fate
    FROM staged_person t LEFT JOIN person p ON p.id = t.id
    WHERE CASE
        WHEN p.id IS NULL THEN NOT t.gone
        WHEN t.gone THEN p.listed OR p.active <> t.enabled
        ELSE (p.kind, p.given_name, p.family_name, p.email, p.phone, p.language, p.grade, p.active, p.listed,
              p.disabled_by_roster)
            IS DISTINCT FROM
            (t.kind, t.given_name, t.family_name, t.email, t.phone, t.language, t.grade, t.enabled, true,
              t.kept OR NOT t.enabled)
    END
"""
COUNT_FATES = """
    SELECT fate, count(*) FROM (SELECT fate FROM school_fate UNION ALL SELECT fate FROM person_fate) AS fates
    GROUP BY fate
"""
COUNT_LEAVING = """
    SELECT (SELECT count(*) FROM person WHERE listed) AS listed,
           (SELECT count(*) FROM person_fate f JOIN person p USING (id) WHERE f.fate = 'gone' AND p.listed) AS leaving
"""

WRITE_SCHOOLS = (
    """
    INSERT INTO school (id, source_id, name, active, latitude, longitude)
    SELECT t.id, t.source_id, t.name, true, t.latitude, t.longitude
    FROM staged_school t JOIN school_fate f USING (id) WHERE f.fate = 'added'
    """,
    """
    UPDATE school p SET name = CASE WHEN t.gone THEN p.name ELSE t.name END, active = NOT t.gone,
        latitude = coalesce(t.latitude, p.latitude), longitude = coalesce(t.longitude, p.longitude)
    FROM staged_school t JOIN school_fate f USING (id) WHERE p.id = t.id AND f.fate <> 'added'
    """,
)
WRITE_PERSONS = (
    """
    INSERT INTO person (id, source_id, kind, given_name, family_name, email, phone, language, grade, listed, active,
                        disabled_by_roster, search)
    SELECT t.id, t.source_id, t.kind, t.given_name, t.family_name, t.email, t.phone, t.language, t.grade, true,
           t.enabled, t.kept OR NOT t.enabled, t.search
    FROM staged_person t JOIN person_fate f USING (id) WHERE f.fate = 'added'
    """,
    """
    UPDATE person p SET kind = t.kind, given_name = t.given_name, family_name = t.family_name, email = t.email,
           phone = t.phone, language = t.language, grade = t.grade, listed = true, active = t.enabled,
           disabled_by_roster = t.kept OR NOT t.enabled, search = t.search
    FROM staged_person t JOIN person_fate f USING (id) WHERE p.id = t.id AND f.fate = 'changed'
    """,
    """
    UPDATE person p SET listed = false, active = t.enabled
    FROM staged_person t JOIN person_fate f USING (id) WHERE p.id = t.id AND f.fate = 'gone'
    """,
    "INSERT INTO touched SELECT id FROM person_fate",
)

# Also of persons whom the bundle does not name: a student's row names guardians, a line of roles.csv somebody stored.
WITHOUT_KEPT = """
    DELETE FROM staged_role t USING person p
    WHERE p.disabled_by_roster AND p.active AND t.person_id = p.id AND t.name IN ('school_staff', 'guardian')
"""

# In bulk ($1), what the bundle does not say is gone. A delta may take away: everything of who is gone; what lets in
# whom it disabled; a student's guardians; in 1.1 ($2) the roles of who is named; in 1.2 the lines of roles.csv that it
# names.
DROP_ROLES = """
    WITH dropped AS (
        DELETE FROM role r
        WHERE r.origin = 'roster'
            AND NOT EXISTS (
                SELECT 1 FROM staged_role t
                WHERE t.person_id = r.person_id AND t.name = r.name AND t.scope_id = r.scope_id
                    AND t.source_id = r.source_id
            )
            AND (
                $1
                OR r.source_id <> '' AND r.source_id IN (SELECT source_id FROM named_role)
                OR EXISTS (
                    SELECT 1 FROM staged_person t
                    WHERE t.id = r.person_id
                        AND (t.gone OR t.kept AND r.name <> 'student' OR $2 AND r.name <> 'guardian')
                )
                OR r.name = 'guardian' AND EXISTS (
                    SELECT 1 FROM staged_person t WHERE t.id = r.scope_id AND (t.gone OR t.kind = 'student')
                )
            )
        RETURNING r.person_id, r.name, r.scope_id
    )
    INSERT INTO touched SELECT person_id FROM dropped UNION ALL SELECT scope_id FROM dropped WHERE name = 'guardian'
"""
MOVE_ROLES = """
    WITH moved AS (
        UPDATE role r SET place = t.place FROM staged_role t
        WHERE r.origin = 'roster' AND r.place <> t.place AND t.person_id = r.person_id AND t.name = r.name
            AND t.scope_id = r.scope_id AND t.source_id = r.source_id
        RETURNING r.person_id, r.name, r.scope_id
    )
    INSERT INTO touched SELECT CASE WHEN name = 'guardian' THEN scope_id ELSE person_id END FROM moved
"""
ADD_ROLES = """
    WITH added AS (
        INSERT INTO role (person_id, name, scope_id, place, origin, source_id)
        SELECT t.person_id, t.name, t.scope_id, t.place, 'roster', t.source_id FROM staged_role t
        WHERE NOT EXISTS (
            SELECT 1 FROM role r
            WHERE r.origin = 'roster' AND t.person_id = r.person_id AND t.name = r.name AND t.scope_id = r.scope_id
                AND t.source_id = r.source_id
        )
        RETURNING person_id, name, scope_id
    )
    INSERT INTO touched SELECT person_id FROM added UNION ALL SELECT scope_id FROM added WHERE name = 'guardian'
"""

TOUCHED_SCHOOLS = "SELECT id FROM school_fate"
TOUCHED_PERSONS = "SELECT id FROM touched JOIN person USING (id) GROUP BY id, kind ORDER BY kind"
