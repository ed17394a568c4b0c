"""The account that every system begins with: somebody of the district office, who can give roles to others."""

from uuid import UUID

OFFICE = UUID("1c1a2b0e-6a53-5a0f-9a5e-5f2f0f6c3d11")
OFFICE_EMAIL = "office@district.example.org"
