"""The directory: further fields of programs, and `listing`, which triggers keep for searches.

`plain` does in SQL what `services.agreements.words.plain` does in Python: unaccent is not in every PostgreSQL.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


PLAIN = r"""
CREATE FUNCTION plain(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN octet_length(words) = length(words) THEN lower(words) ELSE regexp_replace(
    translate(
        regexp_replace(normalize(lower(words), NFKD), '[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670]', '', 'g'),
        'đøłıæœß', 'dolieos'
    ),
    '([\u3400-\u9fff\uf900-\ufaff])', ' \1 ', 'g'
) END
"""

WORDS_OF = """
CREATE FUNCTION words_of(words text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE bare text := plain(words);
BEGIN
    RETURN strip(to_tsvector('simple', bare)) || strip(to_tsvector('english', bare))
        || strip(to_tsvector('spanish', bare)) || strip(to_tsvector('french', bare))
        || strip(to_tsvector('portuguese', bare)) || strip(to_tsvector('arabic', bare));
END $$
"""

ASKED_FOR = """
CREATE FUNCTION asked_for(word text) RETURNS tsquery LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN to_tsquery('simple', quote_literal(word) || ':*') || plainto_tsquery('english', word)
    || plainto_tsquery('spanish', word) || plainto_tsquery('french', word)
    || plainto_tsquery('portuguese', word) || plainto_tsquery('arabic', word)
"""

LIST_PROGRAMS = r"""
CREATE FUNCTION list_programs(ids uuid[]) RETURNS void LANGUAGE sql AS $$
INSERT INTO listing (
    program_id, organization_id, sinks, name_key, partner_key, latitude, longitude, changed_at, title, words
)
SELECT
    p.id, p.organization_id, (p.freshness = 'stale')::int * 2 + (p.open_places IS NOT DISTINCT FROM 0)::int,
    p.name_key, o.name_key, p.latitude, p.longitude, greatest(p.changed_at, p.confirmed_at),
    words_of(concat_ws(' ', p.name, o.name)),
    words_of(concat_ws(' ', p.name, o.name, p.description, p.schedule, p.site, p.neighborhood, p.cost_note))
        || array_to_tsvector(
            array['status:' || p.status, 'org:' || p.organization_id]
            || array(SELECT 'need:' || need FROM unnest(p.needs) need)
            || array(SELECT 'grade:' || g FROM unnest(CASE WHEN p.grades = '{}' THEN '{any}' ELSE p.grades END) g)
            || array(SELECT 'lang:' || tag FROM unnest(p.languages) tag)
            || array(
                SELECT 'school:' || s
                FROM unnest(CASE WHEN p.school_ids = '{}' THEN '{any}' ELSE p.school_ids::text[] END) s
            )
            || CASE WHEN p.minimum_age IS NULL AND p.maximum_age IS NULL THEN array['age:any'] ELSE array(
                SELECT 'age:' || age
                FROM generate_series(least(coalesce(p.minimum_age, 0), 25), least(coalesce(p.maximum_age, 25), 25)) age
            ) END
            || array(SELECT DISTINCT 'day:' || left(t, 2) FROM unnest(p.times) t)
            || array(
                SELECT DISTINCT word FROM unnest(p.times) t
                JOIN (VALUES
                    ('morning', '00:00', '12:00'), ('afternoon', '12:00', '17:00'), ('evening', '17:00', '24:00')
                ) AS period (name, since, until) ON substr(t, 4, 5) < until AND substr(t, 10, 5) > since
                CROSS JOIN LATERAL unnest(array['time:' || name, 'when:' || left(t, 2) || ':' || name]) word
            )
            || CASE WHEN p.cost_cents = 0 THEN array['cost:free'] ELSE '{}' END
            || CASE WHEN p.open_places > 0 THEN array['room:yes'] ELSE '{}' END
            || CASE WHEN p.neighborhood <> '' THEN array['hood:' || plain(p.neighborhood)] ELSE '{}' END
            || CASE WHEN postcode_of(p.site) <> '' THEN array['zip:' || postcode_of(p.site)] ELSE '{}' END
        )
FROM program p JOIN organization o ON o.id = p.organization_id
WHERE p.id = ANY (ids)
ON CONFLICT (program_id) DO UPDATE SET
    organization_id = excluded.organization_id, sinks = excluded.sinks, name_key = excluded.name_key,
    partner_key = excluded.partner_key, latitude = excluded.latitude, longitude = excluded.longitude,
    changed_at = excluded.changed_at, title = excluded.title, words = excluded.words
$$
"""

POSTCODE_OF = r"""
CREATE FUNCTION postcode_of(site text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN coalesce(substring(site from '(?:^|[^0-9])([0-9]{5})(?:-[0-9]{4})?\s*$'), '')
"""

TRIGGERS = """
CREATE FUNCTION program_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM list_programs(array(SELECT id FROM changed)); RETURN NULL; END $$;
CREATE TRIGGER list_new AFTER INSERT ON program REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION program_changed();
CREATE TRIGGER list_changed AFTER UPDATE ON program REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION program_changed();
CREATE FUNCTION organization_renamed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM list_programs(array(SELECT id FROM program WHERE organization_id = NEW.id)); RETURN NULL; END $$;
CREATE TRIGGER list_renamed AFTER UPDATE OF name ON organization FOR EACH ROW
    WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION organization_renamed();
"""


def upgrade() -> None:
    # ### commands auto generated by Alembic - please adjust! ###
    op.create_table(
        "place",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=False),
        sa.Column("longitude", sa.Double(), nullable=False),
        sa.Column("programs", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name=op.f("pk_place")),
    )
    op.create_table(
        "listing",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("sinks", sa.Integer(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("partner_key", sa.Text(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("title", postgresql.TSVECTOR(), nullable=False),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name=op.f("fk_listing_program_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("program_id", name=op.f("pk_listing")),
    )
    op.create_index("ix_listing_changed_at", "listing", ["changed_at", "program_id"], unique=False)
    op.create_index("ix_listing_order", "listing", ["sinks", "name_key", "program_id"], unique=False)
    op.create_index("ix_listing_partner", "listing", ["partner_key", "name_key", "program_id"], unique=False)
    op.create_index(
        "ix_listing_point",
        "listing",
        [sa.literal_column("point(longitude, latitude)")],
        unique=False,
        postgresql_using="gist",
    )
    op.create_index("ix_listing_title", "listing", ["title"], unique=False, postgresql_using="gin")
    op.create_index("ix_listing_words", "listing", ["words"], unique=False, postgresql_using="gin")
    op.add_column("program", sa.Column("neighborhood", sa.Text(), server_default="", nullable=False))
    op.add_column("program", sa.Column("minimum_age", sa.Integer(), nullable=True))
    op.add_column("program", sa.Column("maximum_age", sa.Integer(), nullable=True))
    op.add_column("program", sa.Column("cost_cents", sa.Integer(), nullable=True))
    op.add_column("program", sa.Column("cost_note", sa.Text(), server_default="", nullable=False))
    op.add_column("program", sa.Column("times", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.add_column("program", sa.Column("open_places", sa.Integer(), nullable=True))
    op.add_column("program", sa.Column("url", sa.Text(), server_default="", nullable=False))
    op.add_column(
        "program",
        sa.Column("confirmed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.add_column("program", sa.Column("freshness", sa.Text(), server_default="fresh", nullable=False))
    op.create_index(op.f("ix_program_freshness_confirmed_at"), "program", ["freshness", "confirmed_at"], unique=False)
    # ### end Alembic commands ###
    op.execute("UPDATE program SET confirmed_at = changed_at")
    for sql in (PLAIN, WORDS_OF, ASKED_FOR, POSTCODE_OF, LIST_PROGRAMS, *TRIGGERS.split(";\n")[:-1]):
        op.get_bind().exec_driver_sql(sql)
    op.execute("SELECT list_programs(array(SELECT id FROM program))")


def downgrade() -> None:
    op.execute("DROP TRIGGER list_renamed ON organization")
    for function in ("organization_renamed()", "program_changed()", "list_programs(uuid[])", "postcode_of(text)"):
        op.execute(f"DROP FUNCTION {function} CASCADE")
    for function in ("asked_for(text)", "words_of(text)", "plain(text)"):
        op.execute(f"DROP FUNCTION {function}")
    # ### commands auto generated by Alembic - please adjust! ###
    op.drop_index(op.f("ix_program_freshness_confirmed_at"), table_name="program")
    op.drop_column("program", "freshness")
    op.drop_column("program", "confirmed_at")
    op.drop_column("program", "url")
    op.drop_column("program", "open_places")
    op.drop_column("program", "times")
    op.drop_column("program", "cost_note")
    op.drop_column("program", "cost_cents")
    op.drop_column("program", "maximum_age")
    op.drop_column("program", "minimum_age")
    op.drop_column("program", "neighborhood")
    op.drop_index("ix_listing_words", table_name="listing", postgresql_using="gin")
    op.drop_index("ix_listing_title", table_name="listing", postgresql_using="gin")
    op.drop_index("ix_listing_point", table_name="listing", postgresql_using="gist")
    op.drop_index("ix_listing_partner", table_name="listing")
    op.drop_index("ix_listing_order", table_name="listing")
    op.drop_index("ix_listing_changed_at", table_name="listing")
    op.drop_table("listing")
    op.drop_table("place")
    # ### end Alembic commands ###
