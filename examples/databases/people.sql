-- A shop's users as its own tables hold them. Made up; nobody here has an address that could be real.
CREATE TABLE users (
    id bigint PRIMARY KEY,
    email text NOT NULL,
    first_name text,
    city text,
    country char(2),
    interests text[] NOT NULL DEFAULT '{}',
    newsletter boolean NOT NULL DEFAULT false,
    joined_at timestamptz NOT NULL
);
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users (id),
    total numeric(10, 2) NOT NULL,
    ordered_at timestamptz NOT NULL
);
INSERT INTO users VALUES
    (1, 'ada@example.org', 'Ada', 'London', 'GB', '{reading,walking}', true, '2024-03-01 09:30:00+00'),
    (2, 'bo@example.org', 'Bo', 'Malmö', 'SE', '{}', false, '2024-05-12 22:15:00+02'),
    (3, 'chidi@example.org', 'Chidi', NULL, 'NG', '{chess}', true, '2024-08-30 23:45:00-05'),
    (4, 'dora@example.org', 'Dora', 'Brno', 'CZ', '{walking,chess}', true, '2025-01-20 00:10:00+01'),
    (5, 'emil@example.org', NULL, 'Oulu', 'FI', '{reading}', false, '2025-02-02 12:00:00+02'),
    (6, 'fumiko@example.org', 'Fumiko', '札幌', 'JP', '{}', true, '2025-06-18 08:00:00+09'),
    (7, 'gert@example.org', 'Gert', 'O''Higgins', 'XX', '{chess,reading}', false, '2025-11-05 17:20:00+00'),
    (8, 'not an address', 'Hana', 'Plzeň', 'CZ', '{}', true, '2026-01-01 00:00:00+00');
INSERT INTO orders VALUES
    (1, 1, 120.00, '2024-04-01 10:00:00+00'), (2, 1, 380.50, '2026-10-02 10:00:00+00'),
    (3, 3, 15.90, '2025-01-07 10:00:00+00'),
    (4, 4, 700.00, '2026-11-01 10:00:00+00'), (5, 6, 49.99, '2026-09-14 10:00:00+00'),
    (6, 6, 0.01, '2026-09-15 10:00:00+00');
